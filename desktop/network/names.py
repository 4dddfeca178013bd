"""How this machine is called: in the Host header of a request, and in the address of the page."""

import re
import socket
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

HOST: Final = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+(?:%\w+)?)\]|(?P<name>[\w.-]+))(?::(?P<port>[1-9]\d{0,4}))?", re.A)


def url(address: str, port: int) -> str:
    """The address of the page."""
    return f"http://[{address}]:{port}/" if ":" in address else f"http://{address}:{port}/"


def own_names() -> frozenset[str]:
    """The names that this machine has without our doing."""
    full = socket.gethostname().lower()
    own = full.partition(".")[0]
    return frozenset({"localhost", full, own, f"{own}.local"})


def addressed_to_us(hosts: Sequence[str], port: int, names: frozenset[str]) -> bool:
    """Whether there is one Host header, and it names us: any literal address (rebinding needs a name), or one of
    `names`, in any case and with or without a trailing dot; with our port."""
    found = HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if found is None or int(found["port"] or 80) != port:
        return False
    if found["name"] and found["name"].lower().removesuffix(".") in names:
        return True
    return _is_address(found["v6"] or found["name"])


@lru_cache(maxsize=64)
def _is_address(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False


@lru_cache(maxsize=512)
def is_loopback(address: str) -> bool:
    """Whether an address leads back to this machine."""
    return ip_address(address).is_loopback
