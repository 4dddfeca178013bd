"""Other programs of this machine that show something to the person: the browser, and a message where nothing else can.

None of them is waited for, and none gets what the binary has set for itself.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

TITLE: Final = "LAN Counter"
GIVEN: Final = dict(os.environ)
"""The environment as this program was given it: what it adds later is for Qt."""
# Of these the first that is there; the text comes last.
LINUX_BOXES: Final = (
    ("zenity", "--error", "--no-markup", f"--title={TITLE}", "--text"),
    ("kdialog", "--title", TITLE, "--error"),
    ("xmessage", "-center"),
)


def has_desktop() -> bool:
    """Whether there is a session that a browser could open in."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_page(url: str) -> bool:
    """Open an address in the person's browser, soon; False if there is nothing to open it with.

    Others who use this machine can read it in the list of its programs: it must hold no lasting secret.
    """
    if sys.platform == "win32":
        try:
            os.startfile(url)
        except OSError:
            return False
        return True
    return has_desktop() and _start(["open" if sys.platform == "darwin" else "xdg-open", url])


def alert(text: str) -> bool:
    """Show a message that waits until it has been read; False if there is nothing to show it with."""
    if sys.platform == "win32":
        import ctypes

        error_icon = 0x10
        return bool(ctypes.windll.user32.MessageBoxW(None, text, TITLE, error_icon))
    if sys.platform == "darwin":
        script = "on run argv\ndisplay alert (item 1 of argv) message (item 2 of argv) as critical\nend run"
        return _start(["osascript", "-e", script, TITLE, text])
    return has_desktop() and any(_start([*box, text]) for box in LINUX_BOXES)


def _start(command: Sequence[str]) -> bool:
    program = shutil.which(command[0])
    if program is None:
        return False
    with suppress(OSError):
        started = subprocess.Popen(
            [program, *command[1:]],
            env=environment(GIVEN),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # It outlives this program, and its Ctrl-C.
            start_new_session=True,
        )
        # Some browsers go on until they are closed; none is left behind as a zombie.
        threading.Thread(target=started.wait, name=command[0], daemon=True).start()
        return True
    return False


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment as it was before the binary put its own libraries first (pyinstaller.org, "Run-time
    Information"): other programs would crash with them."""
    theirs = {name: value for name, value in given.items() if name not in ("LD_LIBRARY_PATH", "LD_LIBRARY_PATH_ORIG")}
    if "LD_LIBRARY_PATH_ORIG" in given:
        theirs["LD_LIBRARY_PATH"] = given["LD_LIBRARY_PATH_ORIG"]
    elif not getattr(sys, "frozen", False) and "LD_LIBRARY_PATH" in given:
        theirs["LD_LIBRARY_PATH"] = given["LD_LIBRARY_PATH"]
    return theirs
