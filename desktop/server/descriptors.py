"""Descriptors: how many connections they are enough for, and what is said when there are none left."""

import asyncio
import errno
import logging
import sys
from typing import Any, Final

log = logging.getLogger(__name__)

HOST_PLACES: Final = 16
"""Connections kept for this machine's own: a window that is opened again must get in."""
OWN_DESCRIPTORS: Final = 128
"""Files and sockets that the program needs besides connections; a window's are another process's, but for a few."""
USED_UP: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


def places(wanted: int) -> int:
    """How many connections fit: `wanted`, or fewer where the system allows fewer descriptors even when asked."""
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


def on_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """asyncio's exception handler: without a traceback for what no program can help."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in USED_UP:
        log.warning("Nobody new can join just now: %s.", error.strerror)
    else:
        log.error("%s", context["message"], exc_info=error)
