"""The engines that browsers have: Chromium driven by Playwright, Firefox by Marionette and WebKitGTK by its own driver,
these two with the commands of W3C WebDriver. Nothing is fetched for it."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Protocol
from urllib.request import Request

import pytest
from playwright.sync_api import Page

from tests.e2e.program import free_port, open_url, until

ENDS_WITHIN = 30
ENTER = "\ue007"
"""As WebDriver calls the key (section 17.4.2)."""
# Prepared at once, so that nothing but the page is loaded, and no start is a first one.
PREFERENCES = {
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "intl.accept_languages": "en-US",
    "marionette.port": 0,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}
PLACE = """
    const box = document.querySelector(arguments[0]).getBoundingClientRect();
    return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
"""
# WebKitGTK's driver has a mouse only.
FINGERS = """
    const [resting, tapping, times] = arguments;
    const tell = (selector, kind, pointerId) => {
      const element = document.querySelector(selector);
      const box = element.getBoundingClientRect();
      element.dispatchEvent(new PointerEvent(`pointer${kind}`, {
        pointerId, pointerType: 'touch', bubbles: true, width: 20, height: 20,
        clientX: box.x + box.width / 2, clientY: box.y + box.height / 2,
      }));
    };
    tell(resting, 'down', 7);
    for (let i = 0; i < times; i += 1) ['down', 'up'].forEach((kind) => tell(tapping, kind, 8));
    tell(resting, 'up', 7);
"""


class Engine(Protocol):
    """One browser with one page."""

    def open(self, url: str) -> None: ...

    def run(self, script: str, *arguments: Any) -> Any:
        """What a function of this body returns."""

    def click(self, selector: str) -> None:
        """With the mouse."""

    def type(self, text: str) -> None:
        """Into whatever has the focus."""

    def tap(self, selector: str, times: int, resting: str) -> None:
        """With one finger, while another rests."""


class Driven:
    """What WebDriver's commands do in whichever browser `tell` tells them to."""

    def tell(self, command: str, /, **parameters: Any) -> Any:
        raise NotImplementedError

    def run(self, script: str, *arguments: Any) -> Any:
        return self.tell("ExecuteScript", script=script, args=list(arguments))

    def open(self, url: str) -> None:
        self.tell("Navigate", url=url)

    def click(self, selector: str) -> None:
        self._act(_pointer("mouse", "mouse", self._move(selector), "pointerDown", "pointerUp"))

    def type(self, text: str) -> None:
        keys = [{"type": kind, "value": sign} for sign in text for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keys", "actions": keys})

    def _move(self, selector: str) -> dict[str, Any]:
        x, y = self.run(PLACE, selector)
        return {"type": "pointerMove", "duration": 0, "x": x, "y": y}

    def _act(self, *sources: dict[str, Any]) -> None:
        self.tell("PerformActions", actions=list(sources))


class Firefox(Driven):
    def __init__(self, connection: socket.socket) -> None:
        """Say hello (firefox-source-docs.mozilla.org, Marionette, "Protocol")."""
        self._connection = connection
        self._answers = connection.makefile("rb")
        self._read()
        self._told = 0
        self.tell("NewSession")

    def tell(self, command: str, /, **parameters: Any) -> Any:
        self._told += 1
        message = json.dumps([0, self._told, f"WebDriver:{command}", parameters]).encode()
        self._connection.sendall(b"%d:%s" % (len(message), message))
        _, _, error, answer = self._read()
        assert error is None, error
        return answer.get("value") if isinstance(answer, dict) else answer

    def _read(self) -> Any:
        length = b""
        while (sign := self._answers.read(1)) != b":":
            length += sign
        return json.loads(self._answers.read(int(length)))

    def tap(self, selector: str, times: int, resting: str) -> None:
        taps = ["pointerDown", "pointerUp"] * times
        self._act(
            _pointer("touch", "one", self._move(resting), "pointerDown", *["pause"] * len(taps), "pointerUp"),
            _pointer("touch", "two", self._move(selector), "pause", *taps),
        )


class WebKit(Driven):
    WAYS: ClassVar = {"ExecuteScript": "/execute/sync", "Navigate": "/url", "PerformActions": "/actions"}

    def __init__(self, url: str, browser: str) -> None:
        options = {"webkitgtk:browserOptions": {"binary": browser, "args": ["--automation"]}}
        self._session = url + "/session"
        found = self._post("", {"capabilities": {"alwaysMatch": options}})
        self._session += "/" + found["sessionId"]

    def tell(self, command: str, /, **parameters: Any) -> Any:
        return self._post(self.WAYS[command], parameters)

    def _post(self, way: str, body: dict[str, Any]) -> Any:
        with open_url(Request(self._session + way, json.dumps(body).encode()), timeout=30) as answer:
            return json.load(answer)["value"]

    def tap(self, selector: str, times: int, resting: str) -> None:
        self.run(FINGERS, resting, selector, times)

    def end(self) -> None:
        with open_url(Request(self._session, method="DELETE"), timeout=30):
            pass


class Chromium:
    def __init__(self, page: Page) -> None:
        self._page = page
        self._session = page.context.new_cdp_session(page)

    def open(self, url: str) -> None:
        self._page.goto(url)

    def run(self, script: str, *arguments: Any) -> Any:
        return self._page.evaluate(f"(given) => (function () {{ {script} }})(...given)", list(arguments))

    def click(self, selector: str) -> None:
        self._page.locator(selector).click()

    def type(self, text: str) -> None:
        for sign in text:
            self._page.keyboard.press({ENTER: "Enter"}.get(sign, sign))

    def tap(self, selector: str, times: int, resting: str) -> None:
        one, two = ({"id": n, **self._place(which)} for n, which in enumerate((resting, selector)))
        self._touch("Start", one)
        for _ in range(times):
            self._touch("Start", one, two)
            self._touch("End", two)
        self._touch("End", one)

    def _place(self, selector: str) -> dict[str, float]:
        return dict(zip("xy", self.run(PLACE, selector), strict=True))

    def _touch(self, what: str, *points: dict[str, float]) -> None:
        self._session.send("Input.dispatchTouchEvent", {"type": f"touch{what}", "touchPoints": list(points)})


def _pointer(kind: str, name: str, *actions: dict[str, Any] | str) -> dict[str, Any]:
    """A pointer's input source; an action without values is its name."""
    written = [{"type": action, "button": 0} if isinstance(action, str) else action for action in actions]
    return {"type": "pointer", "id": name, "parameters": {"pointerType": kind}, "actions": written}


@contextmanager
def firefox(folder: Path) -> Iterator[Engine]:
    """Firefox with a profile of its own, in a folder that is there and empty."""
    program = _found(shutil.which("firefox-esr") or shutil.which("firefox"), "Firefox")
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items()]
    (folder / "user.js").write_text("".join(lines))
    command = [program, "--headless", "--marionette", "--no-remote", "--profile", str(folder)]
    with _running(command, {"HOME": str(folder)}) as process:
        port = folder / "MarionetteActivePort"
        until(lambda: process.poll() is not None or (port.exists() and port.read_text() != ""), within=60)
        with socket.create_connection(("127.0.0.1", int(port.read_text())), timeout=60) as connection:
            yield Firefox(connection)


@contextmanager
def webkit(folder: Path, screen: str) -> Iterator[Engine]:
    """WebKitGTK's own small browser, on a screen."""
    driver = _found(shutil.which("WebKitWebDriver"), "WebKitGTK's driver")
    browser = next(map(str, Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser")), None)
    port = free_port()
    environment = {"DISPLAY": screen, "HOME": str(folder), "LANGUAGE": "en", "NO_AT_BRIDGE": "1"}
    with _running([driver, f"--port={port}"], environment) as process:
        until(lambda: process.poll() is not None or _answers(port))
        running = WebKit(f"http://127.0.0.1:{port}", _found(browser, "WebKitGTK's browser"))
        try:
            yield running
        finally:
            running.end()


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    silent = subprocess.DEVNULL
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=silent, stderr=silent)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(ENDS_WITHIN)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _found(path: str | None, name: str) -> str:
    if path is None:
        pytest.fail(f"{name} is missing: `python3 build/dev.py test` installs it.")
    return path
