"""The person's own menu on a Linux desktop: putting the program into it, and taking it out again.

Two files below $XDG_DATA_HOME, as the specifications of freedesktop.org say: "Desktop Entry", "Icon Theme".
"""

import re
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from desktop.machine.instance import FolderError
from desktop.machine.place import persons_folder

NAME = "lan-counter"
ENTRY = """\
[Desktop Entry]
Type=Application
Name=LAN Counter
Comment=One number that everybody on this network counts together
Comment[fr]=Un nombre que tout le réseau compte ensemble
Exec={command}
Path={folder}
Icon={name}
Terminal=false
Categories=Education;
"""


class InstallError(Exception):
    """The menu can't be changed; the text says why, in a sentence."""


def own_command() -> list[str]:
    """The command that starts this program: the binary, or the one from source."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "desktop"]


def install(command: Sequence[str], folder: Path, icon: Path) -> str:
    """Put `command`, started in `folder`, into the menu; returns a sentence for the person. Raises InstallError."""
    entry, picture = _files()
    text = ENTRY.format(command=" ".join(map(quoted, command)), folder=escaped(str(folder)), name=NAME)
    try:
        for path in (entry, picture):
            path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(icon, picture)
        entry.write_text(text, "utf-8")
    except OSError as error:
        raise InstallError(f"{error.filename} can't be written: {error.strerror}.") from error
    return f"LAN Counter is in the menu now ({entry}). It starts from here: after moving it, do this again."


def uninstall() -> str:
    """Take it out of the menu; returns a sentence for the person. Raises InstallError."""
    wanted = _files()
    try:
        files = [path for path in wanted if path.exists()]
        for path in files:
            path.unlink()
    except OSError as error:
        raise InstallError(f"{error.filename} can't be deleted: {error.strerror}.") from error
    for path in files:
        # Up to the first that holds something else; those of an empty home were made by us.
        with suppress(OSError):
            for folder in path.relative_to(_data()).parents:
                (_data() / folder).rmdir()
    return "LAN Counter is out of the menu." if files else "LAN Counter was not in the menu."


def quoted(argument: str) -> str:
    """An argument as the key Exec takes it: quoted, then escaped as any string is."""
    inner = re.sub(r'(["`$\\])', r"\\\1", argument).replace("%", "%%")
    return escaped(f'"{inner}"')


def escaped(text: str) -> str:
    """A string as a desktop entry takes it."""
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _files() -> tuple[Path, Path]:
    if sys.platform != "linux":
        raise InstallError("Only Linux needs this: put the program where you like, and start it from there.")
    return _data() / "applications" / f"{NAME}.desktop", _data() / "icons/hicolor/scalable/apps" / f"{NAME}.svg"


def _data() -> Path:
    try:
        return persons_folder("")
    except FolderError as error:
        raise InstallError(str(error)) from None
