"""By which names this machine may be called."""

import socket

import pytest

from desktop.network.names import addressed_to_us, is_loopback, own_names, url

NAMES = frozenset({"localhost", "teacher", "teacher.local", "lan-counter.local"})


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8000",
        "192.168.1.42:8000",
        "[::1]:8000",
        "[fd00::7]:8000",
        "localhost:8000",
        "LOCALHOST:8000",
        "teacher:8000",
        "teacher.local.:8000",
        "Lan-Counter.local:8000",
        "[fe80::1%eth0]:8000",
    ],
)
def test_an_address_or_one_of_our_names_is_us(host: str) -> None:
    assert addressed_to_us([host], 8000, NAMES)


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [""],
        ["192.168.1.42"],
        ["192.168.1.42:8001"],
        ["192.168.1.42:8000", "192.168.1.42:8000"],
        ["evil.example:8000"],
        ["localhost.evil.example:8000"],
        ["evil.example@127.0.0.1:8000"],
        ["127.0.0.1:8000/evil"],
        ["127.0.0.1:8000#evil"],
        ["127.0.0.1.:8000"],
        ["127.1:8000"],
        ["0x7f.0.0.1:8000"],
        ["[::1:8000"],
        ["localhost..:8000"],
        ["[::1]x:8000"],
        ["127.0.0.1:08000"],
        ["127.0.0.1:8000:8000"],
        ["127.0.0.1:+8000"],
        ["[127.0.0.1]:8000x"],
        ["\u0661.0.0.1:8000"],
        ["localhost:port"],
        [":8000"],
    ],
)
def test_nothing_else_is(hosts: list[str]) -> None:
    assert not addressed_to_us(hosts, 8000, NAMES)


def test_port_80_goes_without_saying() -> None:
    assert addressed_to_us(["192.168.1.42"], 80, NAMES)


def test_our_names_are_this_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Teacher.local")
    assert own_names() == {"localhost", "teacher", "teacher.local"}
    monkeypatch.setattr(socket, "gethostname", lambda: "box.uni.example")
    assert own_names() == {"localhost", "box", "box.local", "box.uni.example"}


def test_an_addresss_page_has_brackets_around_what_has_colons() -> None:
    assert url("192.168.1.42", 8000) == "http://192.168.1.42:8000/"
    assert url("fd00::7", 8001) == "http://[fd00::7]:8001/"


def test_loopback_is_more_than_one_address() -> None:
    addresses = ["127.0.0.1", "127.9.9.9", "::1", "192.168.1.42", "fe80::1"]
    assert [is_loopback(address) for address in addresses] == [True, True, True, False, False]
