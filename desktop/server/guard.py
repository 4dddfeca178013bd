"""Who may talk to this server, and what every answer tells the browser.

Two attacks need no network access of the attacker's own, only a page that somebody here opens: DNS rebinding, which
ends when a request has to name us, and cross-site requests, which end when a page has to be ours.
"""

import hmac
from collections.abc import Callable, Collection, Sequence
from typing import Final

from aiohttp import web
from aiohttp.web import Request, StreamResponse

from desktop.network.names import addressed_to_us, own_names
from desktop.server.gate import Connection, connection_of

# The page's own socket beside 'self' for older Safari, which doesn't count it as 'self'.
POLICY: Final = (
    "default-src 'self'; script-src 'self'{inline}; style-src 'self'; connect-src 'self'{socket}; "
    "img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "LAN-Counter",
}
INLINE: Final = web.ResponseKey("inline", list[str])
"""Under this a response names its inline scripts, as the sources of a policy do (CSP Level 3, section 2.3.1)."""
ADMITTED: Final = web.RequestKey("admitted", str)
"""Under this a request that was admitted has its Host header."""


async def add_headers(request: Request, response: StreamResponse) -> None:
    """For every answer, those to mistakes too."""
    response.headers.update(HEADERS)
    # A policy knows no literal IPv6 addresses (CSP Level 3, section 2.3.1): browsers that are told one complain.
    host = request.get(ADMITTED)
    response.headers["Content-Security-Policy"] = POLICY.format(
        inline="".join(f" {source}" for source in response.get(INLINE, [])),
        socket=f" ws://{host}" if host and "[" not in host else "",
    )
    # Even an error may be kept by a browser that isn't told (RFC 9111, section 4.2.2).
    response.headers.setdefault("Cache-Control", "no-store")


class Guard:
    """Refuses what is addressed to somebody else. `local_name` gives the .local name held, if any; `visited` is told
    which device reached which of our addresses; `ports` gives those that are listened on besides `port`."""

    def __init__(
        self,
        port: int,
        local_name: Callable[[], str | None],
        visited: Callable[[str, str], None],
        ports: Callable[[], Collection[int]] = frozenset,
    ) -> None:
        self._port = port
        self._ports = ports
        self._local_name = local_name
        self._visited = visited
        self._own = own_names()

    def admits(self, request: Request, connection: Connection) -> bool:
        """Whether a request is for us, by its Host header."""
        hosts, held = request.headers.getall("Host", []), self._local_name()
        names = self._own | {held} if held else self._own
        if not any(addressed_to_us(hosts, port, names) for port in {self._port, *self._ports()}):
            return False
        request[ADMITTED] = hosts[0]
        if connection.peer and connection.own:
            self._visited(connection.peer, connection.own)
        return True


def proves(request: Request, token: str) -> bool:
    """Whether a request comes with this token (RFC 6750), over loopback, and from our own page if from a page."""
    offered = request.headers.get("Authorization", "").encode(errors="replace")
    is_from_us = same_origin(request.headers.getall("Origin", []), request.headers["Host"])
    is_right = hmac.compare_digest(offered, f"Bearer {token}".encode())
    return connection_of(request).local and is_from_us and is_right


def same_origin(origins: Sequence[str], host: str) -> bool:
    """Whether a request comes from our own page, or from no page at all (then nobody is being tricked)."""
    return not origins or [origin.lower() for origin in origins] == [f"http://{host.lower()}"]
