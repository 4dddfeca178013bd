"""Who may talk to this server, and what every answer tells the browser.

Two attacks need no network access of the attacker's own, only a page that somebody here opens: DNS rebinding, which
ends when a request has to name us, and cross-site requests, which end when a page has to be ours.
"""

import ipaddress
import re
import socket
from collections.abc import Callable
from typing import Final

from aiohttp.web import HTTPMisdirectedRequest, Request, StreamResponse

HEADERS: Final = {
    # `ws:` beside 'self' for older Safari, which doesn't count a socket to the page's own host as 'self'.
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self' ws:; "
    "img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "LAN-Counter",
}
HOST: Final = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+(?:%\w+)?)\]|(?P<name>[\w.-]+))(?::(?P<port>[1-9]\d{0,4}))?", re.A)


async def add_headers(request: Request, response: StreamResponse) -> None:
    """For every answer, those to mistakes too."""
    response.headers.update(HEADERS)
    # Even an error may be kept by a browser that isn't told (RFC 9111, section 4.2.2).
    response.headers.setdefault("Cache-Control", "no-store")


def named(port: int, local_name: Callable[[], str | None]) -> Callable[[Request], None]:
    """Makes what refuses, with 421, a request that is addressed to somebody else. `local_name` gives the .local name
    held, if any."""
    own = own_names()

    def guard(request: Request) -> None:
        held = local_name()
        # Whatever else a target may be, we are no proxy (RFC 9112, section 3.2).
        is_target = request.raw_path.startswith("/")
        if not (is_target and addressed_to_us(request.headers.getall("Host", []), port, own | {held} if held else own)):
            raise HTTPMisdirectedRequest(text="This server is not known by that name.")

    return guard


def own_names() -> frozenset[str]:
    """The names that this machine has without our doing."""
    full = socket.gethostname().lower()
    own = full.partition(".")[0]
    return frozenset({"localhost", full, own, f"{own}.local"})


def addressed_to_us(hosts: list[str], port: int, names: frozenset[str]) -> bool:
    """Whether there is one Host header, and it names us: any literal address (rebinding needs a name), or one of
    `names`, in any case and with or without a trailing dot; with our port."""
    found = HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if found is None or int(found["port"] or 80) != port:
        return False
    if found["name"] and found["name"].lower().removesuffix(".") in names:
        return True
    try:
        return bool(ipaddress.ip_address(found["v6"] or found["name"]))
    except ValueError:
        return False


def same_origin(request: Request) -> bool:
    """Whether a request comes from our own page, or from no page at all (then nobody is being tricked)."""
    origins = [origin.lower() for origin in request.headers.getall("Origin", [])]
    return not origins or origins == [f"http://{request.headers['Host'].lower()}"]
