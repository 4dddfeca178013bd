"""The program when its disk is full, read-only or taken away: nothing acknowledged, nothing lost, and told."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.program import Program, until
from tests.e2e.screen import close_windows, visible

Join = Callable[[str], Page]

SMALL_DISK = ["unshare", "--mount", "sh", "-ec", 'mount -t tmpfs -o size=512k none "$0"; exec "$@"']
"""Run a command, and the folder before it is a small disk of its own; everybody else sees the folder as it was."""
PATIENCE = 15_000


def small_disk(data: Path, *words: str) -> list[str]:
    """Run a command with a small disk in place of `data`; skips the test where that can't be."""
    data.mkdir(exist_ok=True)
    can = subprocess.run([*SMALL_DISK, str(data), "true"], capture_output=True, text=True, check=False)
    if can.returncode:
        pytest.skip(f"no disk of one's own can be made here: {can.stderr.strip() or can.returncode}")
    return [*SMALL_DISK, str(data), *words]


@pytest.fixture
def server(data: Path) -> Iterator[Program]:
    """The program without a window, its data folder on a small disk."""
    with Program(data, "--headless", under=small_disk(data)) as running:
        yield running


def inside(program: Program, data: Path) -> Path:
    """The data folder as the program sees it."""
    return Path(f"/proc/{program.process.pid}/root{data}")


def fill(folder: Path) -> Path:
    """Leave no byte; returns the file to delete."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        size = 1 << 16
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2
    return filler


def shows(page: Page, value: int) -> None:
    expect(page.locator("html")).to_have_attribute("data-value", str(value), timeout=PATIENCE)


def says(page: Page, text: str) -> None:
    expect(page.locator(".note")).to_contain_text(text, timeout=PATIENCE)


def add_one(page: Page) -> None:
    page.get_by_role("button", name="Add one").click()


def kept_in(folder: Path, copy: Path) -> int:
    """The number that a start on a copy of these files finds."""
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*-shm", "filler", "lock"))
    with Program(copy, "--headless") as again:
        counter = again.counter
        again.end()
        assert again.errors == ""
    return counter


def test_on_a_full_disk_everybody_is_told_and_what_they_count_is_recorded_once_there_is_room(
    server: Program, data: Path, join: Join, tmp_path: Path
) -> None:
    host, ada, bob = join(server.host_url), join(server.join_url), join(server.join_url)
    add_one(ada)
    shows(bob, 1)
    filler = fill(inside(server, data))

    # Until what is left of the log's last pages is used up, some may still be recorded.
    for _ in range(20):
        add_one(ada)
    says(ada, "Kept, not yet recorded.")
    says(host, "Kept, not yet recorded.")
    recorded = server.counter
    add_one(bob)
    says(bob, "Kept, not yet recorded.")
    assert server.counter == recorded, "it goes on serving, and acknowledges nothing"
    shows(ada, 21)

    filler.unlink()
    for page in (host, ada, bob):
        shows(page, 22)
    expect(host.locator(".note")).not_to_contain_text("Kept", timeout=PATIENCE)
    assert kept_in(inside(server, data), tmp_path / "copy") == 22
    assert "tried again every second" in server.errors
    assert server.errors.count("could not be written") == 1, "told once, not every second"


def test_files_that_turn_read_only_are_told_and_written_once_they_are_not(
    data: Path, join: Join, tmp_path: Path
) -> None:
    with Program(data, "--headless") as server:
        page = join(server.join_url)
        add_one(page)
        until(lambda: server.counter == 1)
        files = [str(data / name) for name in ("counter.db", "counter.db-wal")]
        can = subprocess.run(["chattr", "+i", *files], capture_output=True, text=True, check=False)
        if can.returncode:
            pytest.skip(f"no open file can be made read-only here: {can.stderr.strip()}")
        try:
            add_one(page)
            says(page, "Kept, not yet recorded.")
            assert server.counter == 1
        finally:
            subprocess.run(["chattr", "-i", *files], check=True)
        until(lambda: server.counter == 2)
        assert kept_in(data, tmp_path / "copy") == 2


def test_a_disk_that_is_taken_away_is_missed_and_the_whole_counter_written_anew(
    server: Program, data: Path, join: Join, tmp_path: Path
) -> None:
    page = join(server.join_url)
    add_one(page)
    until(lambda: server.counter == 1)
    subprocess.run(["nsenter", "--mount", f"--target={server.process.pid}", "umount", "--lazy", str(data)], check=True)

    add_one(page)
    until(lambda: server.counter == 2)

    # The folder under it is everybody's.
    assert kept_in(data, tmp_path / "copy") == 2
    assert "taken away or replaced" in server.errors


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_on_a_disk_that_takes_nothing_at_the_start_it_counts_in_memory_and_says_so(
    data: Path, join: Join, how: str
) -> None:
    spoil = {
        "full": 'dd if=/dev/zero of="$1"/filler bs=4k 2>/dev/null || true',
        "read-only": 'mount -o remount,ro "$1"',
    }[how]
    spoiled = small_disk(data, "sh", "-ec", f'{spoil}; shift; exec "$@"', "sh", str(data))
    with Program(data, "--headless", under=spoiled) as server:
        host, page = join(server.host_url), join(server.join_url)
        expect(host.get_by_text("Nothing is being saved.")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_text("Nothing is being saved.")).to_have_count(0)
        add_one(page)
        shows(host, 1)
        assert server.end() == 143
        why, *more, told = server.errors.splitlines()
        assert all(str(data) in line for line in (why, *more))
        assert told == "Nothing is being saved. The number is lost when the program ends."


def test_a_full_disk_is_no_reason_for_the_window_not_to_open(data: Path, screen: str) -> None:
    fill_up = 'export XDG_CACHE_HOME="$1"; dd if=/dev/zero of="$1"/filler bs=4k 2>/dev/null || true; shift; exec "$@"'
    with Program(data, screen=screen, under=small_disk(data, "sh", "-ec", fill_up, "sh", str(data))) as program:
        until(lambda: program.health["people"] == 1, within=30)
        until(lambda: len(visible(screen, "LAN Counter")) == 1)
        assert close_windows(screen, "LAN Counter") == 1
        assert program.ended() == 0
