"""The options of the command line, each checked before anything starts."""

import argparse
import ipaddress
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from desktop import __version__
from desktop.export.words import languages
from desktop.journal.shared import SESSION, checked_name, checked_url
from desktop.network.listening import LOOPBACK
from desktop.network.ports import BLOCKED
from desktop.server.pages import folder
from desktop.server.websockets import CONNECTION_LIMIT

MOST_CONNECTIONS: Final = 50_000
"""More than one machine's descriptors and memory are good for."""
ORIGIN: Final = re.compile(
    r"null|file://|(?!file:)(?P<scheme>[a-z][a-z0-9+.-]*)://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?",
    re.A,
)
DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
WINDOWLESS: Final = ("--headless", "--self-test", "--export", "--install", "--uninstall", "--version", "--help")
"""What opens no window, but prints."""


class OptionError(Exception):
    """An option that makes no sense; the text says which and why, in a sentence."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise OptionError(f"{message[:1].upper()}{message[1:]}. See --help.")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the options; None: the process's own.

    Raises OptionError, and SystemExit once --help or --version has answered.
    """
    parser = _Parser(
        prog="lan-counter",
        description="One counter, shared by everyone on this network. Others join with a browser.",
    )
    parser.add_argument("--headless", action="store_true", help="no window: serve until stopped")
    parser.add_argument(
        "--port", type=_port, metavar="N", help="listen on this port (else the last one, or 8000, or the next free one)"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--address", type=_address, metavar="A", help="the address of this machine that others join at")
    where.add_argument(
        "--local-only", dest="address", action="store_const", const=LOOPBACK, help="let nobody but this machine join"
    )
    where.add_argument(
        "--all-interfaces", action="store_true", help="let others join at every IPv4 address of this machine"
    )
    parser.add_argument(
        "--connections",
        type=_count,
        default=CONNECTION_LIMIT,
        metavar="N",
        help="let so many be connected at once (default: %(default)s)",
    )
    parser.add_argument(
        "--allow-origin",
        type=_origin,
        action="append",
        default=[],
        metavar="O",
        help="let pages from this origin connect too, as guests (null: files opened in a browser); may be repeated",
    )
    shared = parser.add_argument_group("one counter, several hosts")
    shared.add_argument(
        "--redis",
        type=_redis,
        metavar="URL",
        help="share the counter through this Redis or Valkey server, as redis://192.168.1.5:6379/0; its password is "
        "taken from the environment's REDIS_PASSWORD",
    )
    shared.add_argument("--redis-password-file", type=Path, metavar="F", help="or from this file")
    shared.add_argument(
        "--session", type=_named, default=SESSION, metavar="NAME", help="which counter there (default: %(default)s)"
    )
    shared.add_argument(
        "--room", type=_named, metavar="NAME", help="what this host is called there (default: this machine's name)"
    )
    parser.add_argument("--data-dir", type=Path, metavar="D", help="keep the counter in this folder")
    parser.add_argument(
        "--export",
        type=Path,
        metavar="DIR",
        help="write all rounds and changes into this folder, and end; with --redis those of the shared counter",
    )
    parser.add_argument(
        "--language",
        choices=sorted(languages(folder() / "locales")),
        help="of what is exported (else this system's)",
    )
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="warning", help="default: warning"
    )
    parser.add_argument(
        "--self-test", nargs="?", const="", metavar="F", help="test this program, write to file F too, and end"
    )
    menu = parser.add_mutually_exclusive_group()
    menu.add_argument("--install", action="store_true", help="Linux: put the program into your menu, and end")
    menu.add_argument("--uninstall", action="store_true", help="Linux: take it out of your menu, and end")
    parser.add_argument("--version", action="version", version=f"LAN Counter {__version__}")
    return parser.parse_args(argv)


def is_windowless(argv: Sequence[str] | None) -> bool:
    """Whether no window will open, but something be printed; asked before they are parsed, which may print itself.
    None: the process's own options."""
    given = [word.partition("=")[0] for word in (sys.argv[1:] if argv is None else argv)]
    # The beginning of an option's name is as good as the whole.
    return "-h" in given or any(name.startswith(word) for word in given if len(word) > 2 for name in WINDOWLESS)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 1 to 65535, or 0 for any free one")
    if int(text) in BLOCKED:
        raise argparse.ArgumentTypeError(f"browsers open no page at port {text}, which is another service's: try 8080")
    return int(text)


def _redis(text: str) -> str:
    try:
        return checked_url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _named(text: str) -> str:
    try:
        return checked_name(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_CONNECTIONS):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MOST_CONNECTIONS}")
    return int(text)


def _origin(text: str) -> str:
    """As browsers send it (WHATWG HTML, "serialization of an origin"); libraries that are no browser send file://."""
    found = ORIGIN.fullmatch(text.lower())
    if not found or int(found["port"] or 1) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no origin like http://127.0.0.1:5500, without a path, or null")
    return text.lower().removesuffix(DEFAULT_PORTS.get(found["scheme"], " "))


def _address(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no address like 192.168.1.42") from None
    if address.is_unspecified or address.is_multicast:
        raise argparse.ArgumentTypeError(f"{text} is not an address that others could open in a browser")
    return str(address)
