"""Descriptors: how many connections they are enough for, and what is said when there are none left."""

import asyncio
import errno
import logging
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

log = logging.getLogger(__name__)

PLAIN_PLACES: Final = 500
"""Connections at once that only fetch the page's files."""
HOST_PLACES: Final = 16
"""Connections kept for this machine's own: a window that is opened again must get in."""
OWN_DESCRIPTORS: Final = 128
"""Files and sockets that the program needs besides connections; a window's are another process's, but for a few."""
USED_UP: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


def places(websockets: int) -> int:
    """How many connections fit, so many WebSockets among them: fewer than are wanted where the system allows fewer
    descriptors even when asked."""
    wanted = websockets + PLAIN_PLACES
    if sys.platform == "win32":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = wanted + HOST_PLACES + OWN_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < enough:
        soft = enough if hard == resource.RLIM_INFINITY else min(enough, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, soft - HOST_PLACES - OWN_DESCRIPTORS))


def make_room(websockets: int) -> None:
    """Let the table of descriptors grow for that many WebSockets, while the process has but one thread. Later, all who
    join would wait for it: Linux lets a table that threads share grow by doubling it, 10 to 20 ms each time."""
    if sys.platform == "win32":
        return
    import fcntl

    highest = places(websockets) + HOST_PLACES + OWN_DESCRIPTORS - 1
    with suppress(OSError), Path(os.devnull).open("rb") as anything:
        os.close(fcntl.fcntl(anything, fcntl.F_DUPFD, highest))


def on_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """asyncio's exception handler: without a traceback for what no program can help."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in USED_UP:
        log.warning("Nobody new can join just now: %s.", error.strerror)
    else:
        # Over the name of a host that nobody can read aiohttp trips; whatever else is a mistake of ours.
        level = logging.DEBUG if isinstance(error, UnicodeError) else logging.ERROR
        log.log(level, "%s", context["message"], exc_info=error)
