"""Keeping a real bus's desktop awake."""

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.machine.awake import Awake
from tests.e2e.bus import POWER_MANAGEMENT, SCREEN_SAVER, SESSION_MANAGER, desktop, session_bus
from tests.e2e.program import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such a bus")
NO_GRACE = 0.01


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.delenv("XDG_SESSION_DESKTOP", raising=False)
    with session_bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address


@pytest.fixture
def awake() -> Iterator[Awake]:
    made = Awake(NO_GRACE)
    yield made
    made.end()


def info(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]


@pytest.mark.parametrize("name", [SCREEN_SAVER, SESSION_MANAGER, POWER_MANAGEMENT])
def test_it_is_held_while_there_is_a_reason_and_let_go_after(bus: str, awake: Awake, name: str) -> None:
    with desktop(bus, name) as session:
        awake.want("others", True)
        until(lambda: session.inhibited == [1])
        awake.want("others", False)
        until(lambda: session.inhibited == [])
        awake.want("others", True)
        until(lambda: session.inhibited == [2])
        awake.end()
        until(lambda: session.inhibited == [])


def test_two_reasons_hold_it_once_until_both_are_gone(bus: str, awake: Awake) -> None:
    with desktop(bus) as session:
        for reason in ("others", "projector"):
            for _ in range(2):
                awake.want(reason, True)
        until(lambda: session.inhibited == [1])
        awake.want("others", False)
        awake.want("projector", False)
        until(lambda: session.inhibited == [])
        assert session.times == 1


def test_whoever_is_back_in_a_moment_finds_it_as_it_was(bus: str) -> None:
    awake = Awake(grace=3_600)
    with desktop(bus) as session:
        awake.want("others", True)
        until(lambda: session.inhibited == [1])
        for there in (False, True, False):
            awake.want("others", there)
        awake.end()
        until(lambda: session.inhibited == [])
        assert session.times == 1


def test_nobody_is_waited_for_without_a_reason() -> None:
    before = threading.active_count()
    awake = Awake()
    awake.want("others", False)
    awake.end()
    awake.want("others", True)
    assert threading.active_count() == before


@pytest.mark.parametrize("address", [None, "", "unix:path=/nowhere", "tcp:host=127.0.0.1,port=1", "nonsense"])
def test_without_a_bus_it_says_so_in_a_line_and_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, awake: Awake, address: str | None
) -> None:
    caplog.set_level(logging.INFO)
    if address is None:
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    else:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    awake.want("others", True)
    until(lambda: bool(info(caplog)))
    awake.want("others", False)
    awake.want("others", True)
    awake.end()
    (line,) = info(caplog)
    assert line.startswith("This machine may fall asleep")
    assert "\n" not in line
    assert all(record.exc_info is None and record.levelno <= logging.INFO for record in caplog.records)


def test_a_desktop_that_refuses_is_no_reason_to_say_more(
    bus: str, caplog: pytest.LogCaptureFixture, awake: Awake
) -> None:
    caplog.set_level(logging.INFO)
    with desktop(bus, refuses=True):
        awake.want("others", True)
        until(lambda: bool(info(caplog)))
        awake.end()
    assert len(info(caplog)) == 1


def test_a_bus_that_ends_meanwhile_ends_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, awake: Awake
) -> None:
    caplog.set_level(logging.INFO)
    with session_bus(tmp_path) as address, desktop(address) as session:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        awake.want("others", True)
        until(lambda: session.inhibited == [1])
        session.close()
    awake.want("others", False)
    until(lambda: bool(info(caplog)))
    assert info(caplog)[0].startswith("The system has not let go")
    assert caplog.records[-1].exc_info is None
