"""Ports: which ones others can be given, and in which order they are tried."""

from collections.abc import Iterator
from typing import Final

PORT: Final = 8000
PORTS_TRIED: Final = 20
ANY: Final = 0
"""Whichever port the system gives."""
LAST: Final = 65_535

_BLOCKED: Final = """
    1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 135
    137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995
    1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080"""
BLOCKED: Final = frozenset(map(int, _BLOCKED.split()))
"""Those that no browser opens a page at (fetch.spec.whatwg.org, "Port blocking"; its 0 is no port to listen on)."""


def from_on(port: int) -> range:
    """The ports that are tried where `port` can't be had: PORTS_TRIED of them, itself the first."""
    return range(port, min(port + PORTS_TRIED, LAST + 1))


def candidates(*first: int) -> Iterator[int]:
    """The ports to try, each once and none that browsers refuse: `first`, then from PORT on, then ANY."""
    return (port for port in dict.fromkeys((*first, *from_on(PORT), ANY)) if port not in BLOCKED)
