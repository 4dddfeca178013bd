"""Listening sockets: all on one port, or none; on addresses of loopback."""

import errno
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import cast

import pytest

from desktop.network import listening as module
from desktop.network import ports
from desktop.network.listening import EVERYWHERE, LOOPBACK, ListenError, PortTakenError, listen, listen_for, reached
from desktop.network.ports import ANY, PORT, PORTS_TRIED

OTHER, THIRD = "127.0.0.2", "127.0.0.3"


def listens(address: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


@contextmanager
def listening(addresses: Sequence[str], port: int | None, wished: str | None = None) -> Iterator[list[int]]:
    """Yields the ports."""
    sockets = listen(addresses, port, wished=wished)
    try:
        yield [sock.getsockname()[1] for sock in sockets]
    finally:
        for sock in sockets:
            sock.close()


def test_all_addresses_listen_on_one_port() -> None:
    with listening([LOOPBACK, OTHER, THIRD], 0) as ports:
        assert len(ports) == 3
        assert len(set(ports)) == 1
        assert all(listens(address, ports[0]) for address in (LOOPBACK, OTHER, THIRD))


def test_the_first_free_port_is_taken() -> None:
    with listening([LOOPBACK], None) as (port,):
        assert PORT <= port < PORT + PORTS_TRIED
        for taken in range(PORT, port + 1):
            with pytest.raises(PortTakenError):
                listen([LOOPBACK], taken)


@pytest.mark.parametrize("where", [LOOPBACK, OTHER])
def test_a_port_that_is_taken_on_one_of_the_addresses_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    with listening([where], 0) as (taken,):
        monkeypatch.setattr(ports, "PORT", taken)
        with listening([LOOPBACK, OTHER], None) as (port, same):
            assert taken < port == same


def test_the_last_port_comes_first_where_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening([LOOPBACK], 0) as (last,):
        pass
    sockets = listen([LOOPBACK], None, last)
    with sockets[0]:
        assert sockets[0].getsockname()[1] == last
        with listen([LOOPBACK], None, last)[0] as other:
            assert other.getsockname()[1] != last


@pytest.mark.parametrize("last", [6000, 10080])
def test_a_port_that_browsers_refuse_is_never_picked(last: int) -> None:
    with listen([LOOPBACK], None, last)[0] as sock:
        assert sock.getsockname()[1] != last


def test_of_any_ports_one_that_browsers_refuse_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening([LOOPBACK], ANY) as (first,):
        pass
    given: list[int] = []
    bind = socket.socket.bind

    def bind_to(sock: socket.socket, address: tuple[str, int]) -> None:
        bind(sock, address if given else (address[0], first))
        given.append(sock.getsockname()[1])

    monkeypatch.setattr(module, "BLOCKED", {first})
    monkeypatch.setattr(socket.socket, "bind", bind_to)
    with listen([LOOPBACK], ANY)[0] as sock:
        assert sock.getsockname()[1] != first
    assert given[0] == first and len(given) > 1


def test_when_all_of_those_are_taken_any_other_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening([LOOPBACK], 0) as (taken,):
        monkeypatch.setattr(ports, "PORT", taken)
        monkeypatch.setattr(ports, "PORTS_TRIED", 1)
        with listening([LOOPBACK], None) as (port,):
            assert port != taken


def test_a_port_that_is_asked_for_is_not_replaced_by_another() -> None:
    with (
        listening([LOOPBACK], 0) as (taken,),
        pytest.raises(PortTakenError, match=rf"^Port {taken} is taken by another program\. .*--port\.$"),
    ):
        listen([LOOPBACK], taken)


def test_an_address_of_no_machine_is_named() -> None:
    with pytest.raises(ListenError, match=r"^This machine doesn't have the address 192\.0\.2\.7\.$"):
        listen(["192.0.2.7"], 0)


def test_all_listen_or_none() -> None:
    with listening([THIRD], 0) as (port,):
        with pytest.raises(PortTakenError):
            listen([LOOPBACK, OTHER, THIRD], port)
        assert not listens(LOOPBACK, port)
        assert not listens(OTHER, port)
    with listening([LOOPBACK, OTHER, THIRD], port) as ports:
        assert ports == [port] * 3


# --- what nobody asked for ---


def test_an_address_that_was_only_wished_for_is_left_out_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    sockets = listen([LOOPBACK], 0, wished="192.0.2.7")
    with sockets[0]:
        assert [sock.getsockname()[0] for sock in sockets] == [LOOPBACK]


@pytest.mark.parametrize("port", [None, ANY])
def test_one_that_is_there_is_listened_at_on_the_same_port(port: int | None) -> None:
    sockets = listen([LOOPBACK], port, wished=OTHER)
    with sockets[0], sockets[1]:
        assert [sock.getsockname()[0] for sock in sockets] == [LOOPBACK, OTHER]
        assert len({sock.getsockname()[1] for sock in sockets}) == 1


def test_a_port_that_is_taken_there_is_passed_over_but_not_one_that_was_asked_for() -> None:
    with listening([OTHER], None) as (taken,):
        with pytest.raises(PortTakenError):
            listen([LOOPBACK], taken, wished=OTHER)
        sockets = listen([LOOPBACK], None, taken, wished=OTHER)
        with sockets[0], sockets[1]:
            assert taken not in [sock.getsockname()[1] for sock in sockets]


def refuse(monkeypatch: pytest.MonkeyPatch, refused: Callable[[str, int], OSError | None]) -> None:
    bind = socket.socket.bind

    def bind_unless(sock: socket.socket, address: tuple[str, int]) -> None:
        if error := refused(*address):
            raise error
        bind(sock, address)

    monkeypatch.setattr(socket.socket, "bind", bind_unless)


# As Windows refuses what Hyper-V has reserved (WinError 10013), and Linux what is below ip_unprivileged_port_start.
RESERVED = PermissionError(errno.EACCES, "Permission denied")


def test_a_reserved_port_is_like_a_taken_one(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, lambda address, port: RESERVED if 0 < port < PORT + 5 else None)
    with listening([LOOPBACK, OTHER], None) as (port, _):
        assert port >= PORT + 5
    with pytest.raises(PortTakenError, match=r"^Port 8001 is kept back by this system\. .*--port\.$"):
        listen([LOOPBACK], 8001)


def test_where_all_usual_ports_are_reserved_any_other_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, lambda address, port: RESERVED if port else None)
    with listening([LOOPBACK], None, wished=None) as (port,):
        assert port not in range(PORT, PORT + PORTS_TRIED)


def test_where_one_address_is_barred_the_others_listen_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, lambda address, port: RESERVED if address == OTHER else None)
    with listening([LOOPBACK], None, wished=OTHER) as opened:
        assert len(opened) == 1


def test_a_start_ends_where_nothing_at_all_may_be_listened_at(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, lambda address, port: RESERVED)
    with pytest.raises(ListenError):
        listen([LOOPBACK], None, wished=OTHER)


# --- what Windows has of its own: a port is nobody's exclusively until all old connections are gone ---

TAKEN = OSError(errno.EADDRINUSE, "Address already in use")


@pytest.fixture
def lingering(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A port that nobody listens on, and a connection is still at."""
    monkeypatch.setattr(module, "EXCLUSIVE", socket.SO_REUSEADDR)
    monkeypatch.setattr(module, "PAUSE", 0.01)
    with listen([LOOPBACK], 0)[0] as sock:
        address = sock.getsockname()
        client = socket.create_connection(address)
        accepted, _ = sock.accept()
    with client, accepted:
        yield address[1]


@pytest.mark.parametrize("is_asked_for", [True, False])
def test_a_port_that_old_connections_keep_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, lingering: int, is_asked_for: bool
) -> None:
    tries: list[int] = []

    def refused(address: str, port: int) -> OSError | None:
        tries.append(port)
        return TAKEN if len(tries) < 4 else None

    refuse(monkeypatch, refused)
    monkeypatch.setattr(module, "LINGERING", 3600.0)
    sockets = listen([LOOPBACK], lingering) if is_asked_for else listen([LOOPBACK], None, lingering)
    with sockets[0]:
        assert tries == [lingering] * 4


def test_in_the_end_it_is_passed_over(monkeypatch: pytest.MonkeyPatch, lingering: int) -> None:
    refuse(monkeypatch, lambda address, port: TAKEN if port == lingering else None)
    monkeypatch.setattr(module, "LINGERING", 0.05)
    with listen([LOOPBACK], None, lingering)[0] as sock:
        assert sock.getsockname()[1] != lingering
    with pytest.raises(PortTakenError):
        listen([LOOPBACK], lingering)


@pytest.mark.parametrize("is_windows", [True, False])
def test_a_port_that_another_program_listens_on_is_waited_for_by_nobody(
    monkeypatch: pytest.MonkeyPatch, is_windows: bool
) -> None:
    monkeypatch.setattr(module, "EXCLUSIVE", socket.SO_REUSEADDR if is_windows else None)
    monkeypatch.setattr(module, "LINGERING", 3600.0)
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("it waits"))
    with listening([OTHER], 0) as (taken,), pytest.raises(PortTakenError):
        listen([LOOPBACK, OTHER], taken)


def test_a_port_that_the_system_keeps_back_is_waited_for_by_nobody(
    monkeypatch: pytest.MonkeyPatch, lingering: int
) -> None:
    refuse(monkeypatch, lambda address, port: RESERVED)
    monkeypatch.setattr(module, "LINGERING", 3600.0)
    with pytest.raises(PortTakenError, match="kept back"):
        listen([LOOPBACK], lingering)


# --- what is asked for on the command line ---


@pytest.mark.parametrize(
    ("address", "everywhere", "likeliest", "expected"),
    [
        (None, False, None, [LOOPBACK]),
        (None, False, OTHER, [LOOPBACK, OTHER]),
        (None, False, "192.0.2.7", [LOOPBACK]),
        (THIRD, False, OTHER, [LOOPBACK, THIRD]),
        (LOOPBACK, False, OTHER, [LOOPBACK]),
        (None, True, OTHER, [EVERYWHERE]),
    ],
)
def test_it_listens_where_that_is_asked_for_and_on_loopback(
    address: str | None, everywhere: bool, likeliest: str | None, expected: list[str]
) -> None:
    sockets = listen_for(address, everywhere, ANY, None, likeliest)
    try:
        assert [sock.getsockname()[0] for sock in sockets] == expected
        assert len({sock.getsockname()[1] for sock in sockets}) == 1
    finally:
        for sock in sockets:
            sock.close()


# --- what else is in the way ---


def test_a_machine_without_ipv6_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> socket.socket:
        raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")

    monkeypatch.setattr("desktop.network.listening.socket.socket", none)
    with pytest.raises(ListenError, match="not supported"):
        listen(["::1"], 0)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "Port 80 needs rights that this program doesn't have."),
        (OSError(errno.EIO, "Input/output error"), "Can't listen on 127.0.0.1, port 80: Input/output error."),
    ],
)
def test_whatever_else_is_in_the_way_is_a_sentence_too(
    monkeypatch: pytest.MonkeyPatch, error: OSError, sentence: str
) -> None:
    def bind(sock: socket.socket, address: object) -> None:
        raise error

    monkeypatch.setattr(socket.socket, "bind", bind)

    with pytest.raises(ListenError) as raised:
        listen([LOOPBACK], 80)

    assert str(raised.value).startswith(sentence)


@pytest.mark.parametrize(
    ("at", "address", "expected"),
    [
        (LOOPBACK, LOOPBACK, True),
        (LOOPBACK, OTHER, False),
        (EVERYWHERE, OTHER, True),
        (EVERYWHERE, "fd00::7", False),
    ],
)
def test_an_address_is_reached_by_itself_or_by_all_of_its_kind(at: str, address: str, expected: bool) -> None:
    sock = cast(socket.socket, SimpleNamespace(getsockname=lambda: (at, 8000)))
    assert reached(address, [sock]) is expected
