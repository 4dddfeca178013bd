"""A Redis or Valkey server, as the journal reaches it: what it is called, what it promises, and what is wrong with it.

Whatever is said names the server by its address without the password, which is in no message, log or repr.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, NoReturn
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,
)
from redis.retry import Retry

from desktop.journal import JournalError
from desktop.journal.shared import without_password

PATIENCE: Final = 2.0
"""Seconds for a connection, and for an answer: a network that takes longer is as good as cut."""
KEEPS: Final = ("noeviction", "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl")
"""The policies that throw away no key of a session: none of them has a time to live."""


class Address(NamedTuple):
    """Where a server is; `name` is what it is called in messages."""

    url: str
    name: str
    password: str | None

    def __repr__(self) -> str:
        return f"Address({self.name!r})"

    @property
    def subject(self) -> str:
        """What a sentence about it begins with."""
        return f"The server {self.name}"

    @classmethod
    def of(cls, url: str, password: str | None = None) -> "Address":
        """Read a URL; a password in it is taken out, and holds unless another is given."""
        bare, inside = without_password(url)
        netloc = urlsplit(bare).netloc
        name = bare.partition("?")[0].replace(netloc, netloc.rpartition("@")[2], 1)
        return cls(bare, name, password or inside or None)

    def connect(self, waits: float = 0.0) -> "redis.Redis":
        """A client with one connection, which is made when it is used first, for answers that may take so many seconds
        by themselves. It tries nothing again."""
        options: dict[str, Any] = {"password": self.password} if self.password else {}
        return redis.Redis.from_url(
            self.url,
            max_connections=1,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=PATIENCE,
            socket_timeout=PATIENCE + waits,
            client_name="lan-counter",
            **options,
        )

    @contextmanager
    def plainly(self) -> Iterator[None]:
        """Whatever Redis raises becomes a JournalError, one sentence."""
        try:
            yield
        except (RedisError, OSError) as error:
            self._explain(error)

    def _explain(self, error: Exception) -> NoReturn:
        raise JournalError(f"{self.subject} {self._wrong(error)}.") from error

    def _wrong(self, error: Exception) -> str:
        cause = error.__cause__ or error.__context__
        text = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(error)
        text = self._masked(text).rstrip(".")
        match error:
            case NoPermissionError():
                return f"lets this user do too little: {text}"
            case AuthenticationError() if self.password:
                return "refuses the password"
            case AuthenticationError():
                return "wants a password: it is given by REDIS_PASSWORD, a file or the settings"
            case ReadOnlyError():
                return "is a replica, which can only be read: name the primary"
            case OutOfMemoryError():
                return "has no memory left"
            case BusyLoadingError():
                return "is still reading its data"
            case TimeoutError():
                return "does not answer"
            case ConnectionError():
                return f"can't be reached: {text}"
            case ResponseError() if text.startswith("OOM "):
                return "has no memory left"
            case ResponseError() if text.startswith("NOAUTH"):
                return "wants a password: it is given by REDIS_PASSWORD, a file or the settings"
            case ResponseError() if "READONLY" in text:
                return "is a replica, which can only be read: name the primary"
            case _:
                return f"could not do it: {text}"

    def _masked(self, text: str) -> str:
        return text.replace(self.password, "***") if self.password else text


def not_promised(client: "redis.Redis", name: str) -> Sequence[str]:
    """What the server doesn't promise of what is acknowledged, in sentences. Raises what Redis does, but where it may
    not be asked."""
    found: list[str] = []
    persistence = _config(client, "appendonly"), _config(client, "appendfsync"), _config(client, "maxmemory-policy")
    appendonly, fsync, policy = persistence
    if None in persistence:
        found.append(
            f"{name} does not tell how it is set up (CONFIG is forbidden): what is acknowledged outlasts a power cut "
            "only with appendonly yes and appendfsync always, and is never thrown away only with maxmemory-policy "
            "noeviction."
        )
    if appendonly == "no":
        found.append(f"{name} keeps nothing on its disk: what is acknowledged outlasts it only with appendonly yes.")
    elif fsync not in (None, "always"):
        found.append(
            f"{name} writes to its disk a moment later: what is acknowledged outlasts a power cut only with "
            "appendfsync always."
        )
    if policy is not None and policy not in KEEPS:
        found.append(f"{name} may throw the counter away when its memory is full: set maxmemory-policy noeviction.")
    replicas = _replicas(client)
    if replicas:
        found.append(
            f"{name} does not wait for its replicas: what one of them lacks when it takes over is lost, and the "
            "counter then begins a new history from the newest number known."
        )
    return found


def _config(client: "redis.Redis", name: str) -> str | None:
    try:
        found: Any = client.config_get(name)
    except ResponseError:
        return None
    value = {_text(key): _text(value) for key, value in found.items()}.get(name)
    return value.lower() if value else None


def _replicas(client: "redis.Redis") -> int:
    try:
        found: Any = client.info("replication")
    except ResponseError:
        return 0
    return int(found.get("connected_slaves", 0))


def _text(value: bytes | str) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
