"""Real addresses, on machines of our own making: who can join where, while the network comes and goes."""

import json
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, expect

from tests.e2e.conftest import CHROMIUM_OPTIONS
from tests.e2e.lan import Machine, Talker, lan, refused
from tests.e2e.program import browser, until

reason = refused()
pytestmark = pytest.mark.skipif(reason is not None, reason=reason or "")

HOST = "host" + "h" * 20
V1 = "lan-counter.v1"
TEACHER, CLASSMATE = "192.168.1.42", "192.168.1.77"
WIRED, WIRED_CLASSMATE = "10.20.4.7", "10.20.4.9"


@pytest.fixture
def machines() -> Iterator[tuple[Machine, Machine]]:
    with lan() as both:
        yield both


@pytest.fixture
def wireless(machines: tuple[Machine, Machine]) -> tuple[Machine, Machine]:
    teacher, classmate = machines
    teacher.plug("wlan0", f"{TEACHER}/24")
    classmate.plug("wlan0", f"{CLASSMATE}/24")
    return machines


def urls(program: Talker) -> tuple[str, str, str]:
    """Where others join, the host's own address, and the secret."""
    join = program.line().removeprefix("Join: ")
    host, _, secret = program.line().removeprefix("Host: ").partition("#host=")
    return join, host, secret


@contextmanager
def host_page(teacher: Machine, url: str, secret: str) -> Iterator[Talker]:
    with teacher.client(url, V1) as page:
        page.say(type="hello", client=HOST, host=secret)
        yield page


def test_a_classmate_joins_at_the_address_on_display(wireless: tuple[Machine, Machine], tmp_path: Path) -> None:
    teacher, classmate = wireless
    with teacher.running(tmp_path / "data") as program:
        join, _, _ = urls(program)
        assert join == f"http://{TEACHER}:8000/"
        with classmate.client(join) as phone:
            assert phone.line() == '{"counter":0}'
            phone.say(counter=7)
            assert phone.line() == '{"counter":7}'
        assert "<html" in classmate.fetch(join)


def test_whoever_comes_by_a_name_that_the_router_made_is_told_the_address(
    wireless: tuple[Machine, Machine], tmp_path: Path
) -> None:
    teacher, classmate = wireless
    with teacher.running(tmp_path / "data") as program:
        join, _, _ = urls(program)
        by_name = ("--resolve", f"teacher.fritz.box:8000:{TEACHER}", "http://teacher.fritz.box:8000/")
        assert classmate.fetch(*by_name) == f"The counter has another address. The counter is at {join}\n"
        assert f'<a class="to" href="{join}">' in classmate.fetch("-H", "Accept: text/html", *by_name)


def test_the_secret_counts_for_nothing_over_the_network(wireless: tuple[Machine, Machine], tmp_path: Path) -> None:
    teacher, classmate = wireless
    with teacher.running(tmp_path / "data") as program:
        join, _, secret = urls(program)
        with classmate.client(join, V1) as phone:
            phone.say(type="hello", client=HOST, host=secret)
            assert phone.message(lambda m: m["type"] == "error")["code"] == "not_host"
            assert phone.message(lambda m: "ack" in m)["role"] == "guest"
        assert "Only the host" in classmate.fetch("-H", f"Authorization: Bearer {secret}", f"{join}host/help")


def test_nobody_else_reaches_a_program_for_this_machine_only(wireless: tuple[Machine, Machine], tmp_path: Path) -> None:
    teacher, classmate = wireless
    with teacher.running(tmp_path / "data", "--local-only") as program:
        join, _, _ = urls(program)
        assert join == "http://127.0.0.1:8000/"
        assert teacher.reaches(join)
        assert not classmate.reaches(f"http://{TEACHER}:8000/")


def test_on_all_interfaces_every_address_is_reached_and_stays_so(
    wireless: tuple[Machine, Machine], tmp_path: Path
) -> None:
    teacher, classmate = wireless
    teacher.plug("eth0", f"{WIRED}/24")
    classmate.plug("eth0", f"{WIRED_CLASSMATE}/24")
    addresses = [f"http://{address}:8000/" for address in (TEACHER, WIRED)]
    with teacher.running(tmp_path / "data", "--all-interfaces") as program:
        join, own, secret = urls(program)
        assert join in addresses
        assert all(classmate.reaches(address) for address in addresses)
        (other,) = {TEACHER, WIRED} - {a for a in (TEACHER, WIRED) if a in join}
        with host_page(teacher, own, secret) as page:
            bearer = ("-H", f"Authorization: Bearer {secret}")
            teacher.fetch(*bearer, "-d", json.dumps({"address": other}), f"{own}host/address")
            page.message(lambda m: m["type"] == "network" and m["join"] == f"http://{other}:8000/")
            assert all(classmate.reaches(address) for address in addresses)
        with classmate.client(f"http://{other}:8000/", V1) as phone:
            phone.say(type="hello", client=HOST, host=secret)
            assert phone.message(lambda m: "ack" in m)["role"] == "guest"


def test_the_host_sees_which_devices_have_reached_the_server(wireless: tuple[Machine, Machine], tmp_path: Path) -> None:
    teacher, classmate = wireless
    with teacher.running(tmp_path / "data") as program:
        join, own, secret = urls(program)
        with host_page(teacher, own, secret) as page:
            page.message(lambda m: m["type"] == "network" and m["addresses"] and not m["devices"])
            assert classmate.reaches(join)
            told = page.message(lambda m: m["type"] == "network" and m["devices"])
            assert told["devices"] == [{"address": CLASSMATE, "via": TEACHER}]


def test_a_network_that_comes_and_goes_is_followed(machines: tuple[Machine, Machine], tmp_path: Path) -> None:
    teacher, classmate = machines
    classmate.plug("wlan0", f"{CLASSMATE}/24")
    with teacher.running(tmp_path / "data") as program:
        join, own, secret = urls(program)
        assert join == "http://127.0.0.1:8000/"
        with host_page(teacher, own, secret) as page:
            assert page.message(lambda m: m["type"] == "network")["reach"] == "none"
            teacher.plug("wlan0", f"{TEACHER}/24")
            told = page.message(lambda m: m["type"] == "network" and m["join"])
            assert (told["join"], told["reach"]) == (f"http://{TEACHER}:8000/", "lan")
            assert classmate.reaches(told["join"])
            teacher.unplug("wlan0")
            assert page.message(lambda m: m["type"] == "network" and not m["join"])["reach"] == "none"


def test_the_host_chooses_another_address_and_nobody_is_dropped(
    wireless: tuple[Machine, Machine], tmp_path: Path
) -> None:
    teacher, classmate = wireless
    teacher.plug("eth0", f"{WIRED}/24")
    classmate.plug("eth0", f"{WIRED_CLASSMATE}/24")
    with teacher.running(tmp_path / "data") as program:
        join, own, secret = urls(program)
        here, other = sorted((TEACHER, WIRED), key=lambda address: address not in join)
        bearer = ("-H", f"Authorization: Bearer {secret}")
        with host_page(teacher, own, secret) as page, classmate.client(join, V1) as phone:
            phone.say(type="hello", client="c" * 22)
            phone.message(lambda m: "ack" in m)
            assert not classmate.reaches(f"http://{other}:8000/")
            teacher.fetch(*bearer, "-d", json.dumps({"address": other}), f"{own}host/address")
            told = page.message(lambda m: m["type"] == "network" and m["join"] == f"http://{other}:8000/")
            assert {a["address"]: a["chosen"] for a in told["addresses"]} == {here: False, other: True}
            assert classmate.reaches(told["join"])
            assert not classmate.reaches(f"http://{here}:8000/")
            phone.say(type="add", op=1, delta=3)
            assert phone.message(lambda m: m.get("ack") == 1)["counter"] == 3
    # The choice is kept.
    with teacher.running(tmp_path / "data") as program:
        assert urls(program)[0] == f"http://{other}:8000/"


def choose(teacher: Machine, own: str, secret: str, address: str) -> None:
    teacher.fetch("-H", f"Authorization: Bearer {secret}", "-d", json.dumps({"address": address}), f"{own}host/address")


def is_shown(network: dict[str, Any], address: str) -> bool:
    return any(a["address"] == address and a["chosen"] for a in network["addresses"])


def test_what_works_stays_and_whatever_is_offered_can_be_chosen(
    wireless: tuple[Machine, Machine], tmp_path: Path
) -> None:
    teacher, classmate = wireless
    second, third, v6 = "192.168.1.43", "192.168.1.44", "fd00::42"
    classmate.plug("wlan0", "fd00::77/64", "nodad")
    classmate.plug("eth0", f"{WIRED_CLASSMATE}/24")
    with teacher.running(tmp_path / "data") as program:
        join, own, secret = urls(program)
        with host_page(teacher, own, secret) as page, classmate.client(join, V1) as phone:
            phone.say(type="hello", client="c" * 22)
            phone.message(lambda m: "ack" in m)
            # A dock has the better way out, then a VPN takes it from both.
            teacher.plug("eth0", f"{WIRED}/24")
            teacher.ip("route", "add", "default", "via", WIRED_CLASSMATE, "dev", "eth0")
            told = page.message(lambda m: m["type"] == "network" and "offer" in m)
            assert told["join"] == join
            assert told["offer"] == {"address": WIRED, "interface": "eth0", "came": 1}
            teacher.make("CloudflareWARP")
            teacher.plug("CloudflareWARP", "172.16.0.2/32")
            for half in ("0.0.0.0/1", "128.0.0.0/1"):
                teacher.ip("route", "add", half, "dev", "CloudflareWARP")
            teacher.plug("wlan0", f"{second}/24", "label", "wlan0:1")
            teacher.plug("wlan0", f"{third}/24", "label", "wlan0work")
            teacher.plug("wlan0", f"{v6}/64", "nodad")
            told = page.message(lambda m: m["type"] == "network" and len(m["addresses"]) == 6)
            assert told["join"] == join
            assert told["addresses"][-1]["kind"] == "tunnel"
            assert {a["interface"] for a in told["addresses"]} == {"wlan0", "eth0", "CloudflareWARP"}
            assert classmate.reaches(join)
            for address in (second, third, v6):
                choose(teacher, own, secret, address)
                told = page.message(lambda m: m["type"] == "network" and is_shown(m, address))  # noqa: B023
                assert told["join"] == f"http://{f'[{v6}]' if address == v6 else address}:8000/"
                assert "offer" not in told
                assert classmate.reaches(told["join"])
    with teacher.running(tmp_path / "data") as program:
        assert urls(program)[0] == f"http://[{v6}]:8000/"


def test_where_the_port_is_taken_at_the_next_address_another_is_found(
    wireless: tuple[Machine, Machine], tmp_path: Path
) -> None:
    teacher, classmate = wireless
    teacher.plug("eth0", f"{WIRED}/24")
    classmate.plug("eth0", f"{WIRED_CLASSMATE}/24")
    with teacher.running(tmp_path / "data") as program:
        join, own, secret = urls(program)
        assert join == f"http://{TEACHER}:8000/"
        with teacher.listening(WIRED, 8000), host_page(teacher, own, secret) as page:
            assert classmate.reaches(join)
            teacher.unplug("wlan0")
            told = page.message(lambda m: m["type"] == "network" and m["join"] != join)
            assert told["join"] == f"http://{WIRED}:8001/"
            assert told["trouble"] == {
                "code": "gone",
                "address": TEACHER,
                "interface": "wlan0",
                "port": 8000,
                "found": 8001,
            }
            with classmate.client(told["join"]) as phone:
                assert phone.line() == '{"counter":0}'


def test_an_ipv6_address_that_is_not_ready_is_shown_once_it_is(
    machines: tuple[Machine, Machine], tmp_path: Path
) -> None:
    teacher, classmate = machines
    classmate.plug("wlan0", "fd00::77/64", "nodad")
    # So often it asks whether somebody has the address, a second each (RFC 4862, section 5.4).
    subprocess.run(teacher.command("sysctl", "-qw", "net.ipv6.conf.wlan0.dad_transmits=5"), check=True)
    teacher.make("incusbr0", "bridge")
    teacher.plug("incusbr0", "10.168.4.1/24")
    teacher.plug("wlan0", "fd00::42/64")
    until(lambda: teacher.runs("wlan0") and teacher.runs("incusbr0"))
    with teacher.running(tmp_path / "data") as program:
        join, own, secret = urls(program)
        assert join == "http://127.0.0.1:8000/"
        with host_page(teacher, own, secret) as page:
            told = page.message(lambda m: m["type"] == "network" and m["join"])
            assert told["join"] == "http://[fd00::42]:8000/"
            assert classmate.reaches(told["join"])


def test_a_start_takes_the_likeliest_address_and_the_first_port_that_it_may_have(
    machines: tuple[Machine, Machine], tmp_path: Path
) -> None:
    teacher, classmate = machines
    teacher.make("incusbr0", "bridge")
    teacher.plug("incusbr0", "10.168.4.1/24")
    teacher.plug("wlan0", f"{TEACHER}/24", "label", "wlan0:1")
    classmate.plug("wlan0", f"{CLASSMATE}/24")
    subprocess.run(teacher.command("sysctl", "-qw", "net.ipv4.ip_unprivileged_port_start=8005"), check=True)
    until(lambda: teacher.runs("wlan0") and teacher.runs("incusbr0"))
    without = ("setpriv", "--bounding-set", "-net_bind_service", "--inh-caps", "-all")
    with teacher.running(tmp_path / "data", under=without) as program:
        join, _, _ = urls(program)
        assert join == f"http://{TEACHER}:8005/"
        assert classmate.reaches(join)


def test_an_address_that_others_have_is_refused(wireless: tuple[Machine, Machine], tmp_path: Path) -> None:
    teacher, _ = wireless
    with teacher.running(tmp_path / "data") as program:
        _, own, secret = urls(program)
        told = teacher.fetch(
            "-H", f"Authorization: Bearer {secret}", "-d", json.dumps({"address": CLASSMATE}), f"{own}host/address"
        )
        assert told == "Others can't join at this address."


def test_two_counters_on_one_network_get_two_names(wireless: tuple[Machine, Machine], tmp_path: Path) -> None:
    def named(page: Talker) -> str:
        name: str = page.message(lambda m: m["type"] == "network" and m["name"])["name"]
        return name

    teacher, classmate = wireless
    with teacher.running(tmp_path / "one") as one:
        _, own, secret = urls(one)
        with host_page(teacher, own, secret) as page:
            assert named(page) == "http://lan-counter.local:8000/"
        with classmate.running(tmp_path / "two") as two:
            _, own, secret = urls(two)
            with host_page(classmate, own, secret) as page:
                assert named(page) == "http://lan-counter-2.local:8000/"
    # The name is free again, and answered to by whoever has it.
    with classmate.running(tmp_path / "two") as two:
        _, own, secret = urls(two)
        with host_page(classmate, own, secret) as page:
            assert named(page) == "http://lan-counter.local:8000/"
        join = f"http://{CLASSMATE}:8000/"
        until(lambda: teacher.reaches(join))
        assert "ok" in teacher.fetch("-H", "Host: lan-counter.local:8000", f"{join}health")
        assert "has another address" in teacher.fetch("-H", "Host: lan-counter-2.local:8000", f"{join}health")


@contextmanager
def browser_on(machine: Machine, playwright: Playwright, folder: Path) -> Iterator[Browser]:
    """A browser that runs on this machine."""
    path = browser()
    if path is None:
        pytest.fail("Chromium is missing: `python3 build/dev.py test` installs it.")
    start = folder / "chromium"
    start.write_text(f'#!/bin/sh\nexec {shlex.join(machine.command(path))} "$@"\n', "utf-8")
    start.chmod(0o755)
    launched = playwright.chromium.launch(executable_path=start, args=CHROMIUM_OPTIONS)
    try:
        yield launched
    finally:
        launched.close()


def test_the_host_moves_by_one_click_and_is_told_where_the_port_is_taken(
    wireless: tuple[Machine, Machine], playwright: Playwright, tmp_path: Path
) -> None:
    teacher, classmate = wireless
    classmate.plug("eth0", f"{WIRED_CLASSMATE}/24")
    with teacher.running(tmp_path / "data") as program, browser_on(teacher, playwright, tmp_path) as chromium:
        join, own, secret = urls(program)
        page = chromium.new_context(locale="en-US").new_page()
        page.goto(f"{own}#host={secret}")
        address, news = page.locator(".join > .url"), page.locator(".tiding")
        expect(address).to_have_text(f"{TEACHER}:8000")
        assert classmate.reaches(join)
        teacher.plug("eth0", f"{WIRED}/24")
        teacher.ip("route", "add", "default", "via", WIRED_CLASSMATE, "dev", "eth0")
        expect(news).to_contain_text(f"eth0 is there now: {WIRED}.", timeout=20_000)
        expect(news).to_contain_text("1 person came by the old one")
        expect(address).to_have_text(f"{TEACHER}:8000")
        with teacher.listening(WIRED, 8000):
            page.get_by_role("button", name="Move there").click()
            expect(address).to_have_text(f"{WIRED}:8001")
        expect(news).to_contain_text(f"The port is 8001 here. Another program has port 8000 at {WIRED}.")
        assert classmate.reaches(f"http://{WIRED}:8001/")
        page.get_by_role("button", name="OK").click()
        expect(news).to_have_count(0)
        teacher.unplug("eth0")
        expect(news).to_contain_text(f"The address has changed. eth0, {WIRED}, is gone.", timeout=20_000)
        expect(address).to_have_text(f"{TEACHER}:8000")
        assert classmate.reaches(join)
