"""Commands, run where they can be seen."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

SILENCE = 10.0
"""Seconds from one line to the next that says how far a long command is."""


class Stop(Exception):
    """Nothing more can be done; the message is for the person."""


def say(line: str) -> None:
    """Print a line at once, so that it stands before what a command prints next."""
    print(line, flush=True)


def show(command: list[str]) -> None:
    """Print a command as one would type it."""
    say("+ " + shlex.join(command))


def call(
    command: list[str],
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    progress: Callable[[], str] | None = None,
) -> int:
    """Print and run a command, and return its exit code; meanwhile print from time to time what `progress` gives.

    Ctrl-C reaches the command too: it is given the time to end by itself, then KeyboardInterrupt goes on.
    """
    show(command)
    try:
        process = subprocess.Popen(command, cwd=cwd, env=env)
    except OSError as problem:
        say(f"{command[0]} does not start: {problem.strerror}.")
        return 127
    interrupted = False
    begun = time.monotonic()
    while True:
        try:
            code = process.wait(SILENCE if progress else None)
        except subprocess.TimeoutExpired:
            if progress:
                say(f"  ({time.monotonic() - begun:.0f} s: {progress()})")
            continue
        except KeyboardInterrupt:
            interrupted = True
            continue
        if interrupted:
            raise KeyboardInterrupt
        return code
