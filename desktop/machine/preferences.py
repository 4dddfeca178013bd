"""What the program remembers from one start to the next, beside the counter itself."""

import logging
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, structs

log = logging.getLogger(__name__)


class Place(Struct, frozen=True, kw_only=True):
    """Where the window was, in the screen's pixels."""

    x: int
    y: int
    width: int
    height: int
    maximized: bool = False


class Preferences(Struct, frozen=True, kw_only=True):
    interface: str | None = None
    """The network adapter whose address others join at; None: the likeliest."""
    address: str | None = None
    """The address that it had when the host chose it; None: its likeliest (older files keep only the adapter)."""
    window: Place | None = None
    port: Annotated[int, Meta(ge=1, le=65_535)] | None = None
    """The last one that the program chose itself: the address that others have kept is still good."""
    redis: str | None = None
    """The server through which other hosts share the counter, without its password; None: nobody shares it."""
    session: str | None = None
    """Which counter it is there."""


def load(path: Path) -> Preferences:
    """What was saved; the defaults if there is nothing, or nothing that can be read: no reason not to start."""
    try:
        written = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except FileNotFoundError:
        return Preferences()
    except (OSError, ValueError, RecursionError) as error:
        log.warning("%s can't be read, so what it kept is as at the first start: %s", path, error)
        return Preferences()
    found = {}
    # One by one: a wrong window is no reason to forget the port.
    for field in structs.fields(Preferences):
        try:
            if field.name in written:
                found[field.name] = msgspec.convert(written[field.name], field.type)
        except ValueError as error:
            log.warning("%s can't be read, so its %s is as at the first start: %s", path, field.name, error)
    return Preferences(**found)


def save(path: Path, preferences: Preferences) -> None:
    """Keep them. A disk that is full loses them, and nothing else."""
    fresh = path.with_suffix(".new")
    try:
        fresh.write_bytes(msgspec.json.encode(preferences))
        fresh.replace(path)
    except OSError as error:
        log.warning("%s can't be written: %s", path, error)


def change(path: Path, **changed: Any) -> None:
    """Keep what has changed, beside what is kept already."""
    save(path, structs.replace(load(path), **changed))
