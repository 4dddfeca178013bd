"""What is printed, and the end. Outputs that are broken are in ../test_cli.py."""

import subprocess
import sys
from pathlib import Path

import pytest

from desktop.machine.console import say

TOP = Path(__file__).resolve().parents[3]


def test_a_line_goes_where_it_belongs(capsys: pytest.CaptureFixture[str]) -> None:
    say("Join: here")
    say("No.", error=True)
    assert capsys.readouterr() == ("Join: here\n", "No.\n")


def test_leaving_runs_nothing_more_and_loses_nothing_that_was_said() -> None:
    script = """
import atexit, sys
from desktop.machine.console import leave
atexit.register(print, "taken apart")
sys.stdout.write("said")
leave(7)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=TOP, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "said", "")
