"""A session bus of its own, with a desktop on it that can be kept from falling asleep."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from jeepney import HeaderFields, Message, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection

SCREEN_SAVER = "org.freedesktop.ScreenSaver"
SESSION_MANAGER = "org.gnome.SessionManager"
POWER_MANAGEMENT = "org.freedesktop.PowerManagement"
ENDS_WITHIN = 10


@contextmanager
def session_bus(folder: Path) -> Iterator[str]:
    """Start a bus; yields its address, as DBUS_SESSION_BUS_ADDRESS has it."""
    daemon = shutil.which("dbus-daemon")
    if daemon is None:
        pytest.fail("dbus-daemon is missing: `python3 build/dev.py test` installs it.")
    # Not the test's own folder: a socket's path is short.
    command = [daemon, "--session", "--nofork", "--nopidfile", "--print-address", f"--address=unix:dir={folder}"]
    bus = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert bus.stdout is not None
        yield bus.stdout.readline().strip()
    finally:
        bus.terminate()
        bus.communicate(timeout=ENDS_WITHIN)


class Desktop:
    """A service by one of the names above: who inhibits it, or has done so."""

    def __init__(self, address: str, name: str, *, refuses: bool = False) -> None:
        self.inhibited: list[int] = []
        self.times = 0
        self._refuses = refuses
        self._connection = open_dbus_connection(bus=address)
        Proxy(message_bus, self._connection).RequestName(name)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=[self._connection])
        self._thread.start()

    def _serve(self, connection: DBusConnection) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                message = connection.receive(timeout=0.05)
                if message.header.message_type is MessageType.method_call:
                    connection.send(self._answer(message))

    def _answer(self, message: Message) -> Message:
        if self._refuses:
            return new_error(message, "org.freedesktop.DBus.Error.AccessDenied")
        # Its name is written in two ways.
        if message.header.fields[HeaderFields.member].lower() == "inhibit":
            self.times += 1
            self.inhibited.append(self.times)
            return new_method_return(message, "u", (self.times,))
        self.inhibited.remove(message.body[0])
        return new_method_return(message)

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._connection.close()


@contextmanager
def desktop(address: str, name: str = SCREEN_SAVER, *, refuses: bool = False) -> Iterator[Desktop]:
    service = Desktop(address, name, refuses=refuses)
    try:
        yield service
    finally:
        service.close()
