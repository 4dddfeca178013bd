"""What the options become; those that make no sense are tried on the whole program, in test_cli.py."""

from pathlib import Path

import pytest

from desktop.options import OptionError, is_windowless, parse


def test_what_is_given_is_taken(tmp_path: Path) -> None:
    options = parse(["--headless", "--port", "0", "--address", "192.168.1.42", "--data-dir", str(tmp_path)])
    assert (options.headless, options.port, options.address) == (True, 0, "192.168.1.42")
    assert options.data_dir == tmp_path


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--headless"], True),
        (["--port", "0", "--head"], True),
        (["--self-test=report.txt"], True),
        (["--version"], True),
        (["--export", "folder"], True),
        (["-h"], True),
        ([], False),
        (["--port", "0", "--local-only"], False),
        (["--", "-"], False),
        (["--headlesser"], False),
    ],
)
def test_what_opens_no_window_is_known_beforehand(given: list[str], expected: bool) -> None:
    assert is_windowless(given) is expected


def test_what_is_not_given_is_left_to_the_program() -> None:
    options = parse([])
    assert (options.headless, options.port, options.address, options.data_dir) == (False, None, None, None)
    assert (options.self_test, options.connections, options.all_interfaces) == (None, 5_000, False)


def test_local_only_is_an_address() -> None:
    assert parse(["--local-only"]).address == "127.0.0.1"


def test_everybody_may_be_fewer_or_come_from_everywhere() -> None:
    options = parse(["--connections", "40", "--all-interfaces"])
    assert (options.connections, options.all_interfaces) == (40, True)


@pytest.mark.parametrize(("given", "report"), [([], ""), (["report.txt"], "report.txt")])
def test_the_self_test_may_write_to_a_file(given: list[str], report: str) -> None:
    assert parse(["--self-test", *given]).self_test == report


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("null", "null"),
        ("file://", "file://"),
        ("http://127.0.0.1:5500", "http://127.0.0.1:5500"),
        ("HTTP://LocalHost:5500", "http://localhost:5500"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("https://course.example", "https://course.example"),
        ("https://course.example:443", "https://course.example"),
        ("http://course.example:80", "http://course.example"),
        ("https://course.example:80", "https://course.example:80"),
        ("http://course.example:1080", "http://course.example:1080"),
    ],
)
def test_an_origin_is_what_browsers_send(given: str, origin: str) -> None:
    assert parse(["--allow-origin", given]).allow_origin == [origin]


def test_several_origins_may_be_allowed_and_none_is_at_first() -> None:
    assert parse(["--allow-origin", "null", "--allow-origin", "http://x"]).allow_origin == ["null", "http://x"]
    assert parse([]).allow_origin == []


@pytest.mark.parametrize(
    "given",
    [
        "",
        "*",
        "nul",
        "localhost:5500",
        "http://",
        "http://localhost:5500/",
        "http://localhost/page.html",
        "http://localhost?",
        "http://localhost:",
        "http://localhost:0",
        "http://localhost:65536",
        "http://ada@localhost",
        "http://local host",
        "http://localhost http://other",
        "http://é.example",
        "file:///home/ada/page.html",
        "file://localhost",
    ],
)
def test_what_is_no_origin_is_named(given: str) -> None:
    with pytest.raises(OptionError, match=r"--allow-origin: .* no origin like .*, without a path.*See --help\.$"):
        parse(["--allow-origin", given])


def test_an_option_that_makes_no_sense_is_named() -> None:
    with pytest.raises(OptionError, match=r"--port.*See --help\.$"):
        parse(["--port", "many"])


@pytest.mark.parametrize("port", ["1", "25", "6000", "06000", "6667", "10080"])
def test_a_port_that_browsers_refuse_is_named(port: str) -> None:
    with pytest.raises(OptionError, match=rf"--port: browsers open no page at port {port}, .*See --help\.$"):
        parse(["--port", port])


@pytest.mark.parametrize("port", [0, 80, 443, 6001, 8080, 65_535])
def test_any_other_port_may_be_asked_for(port: int) -> None:
    assert parse(["--port", str(port)]).port == port


def test_a_counter_may_be_shared(tmp_path: Path) -> None:
    options = parse(["--redis", "redis://h:6379/0"])
    assert (options.redis, options.session, options.room, options.redis_password_file) == (
        "redis://h:6379/0",
        "counter",
        None,
        None,
    )
    options = parse(
        ["--redis", "unix:///r.sock", "--session", " room 12 ", "--room", "Lab", "--redis-password-file", "p"]
    )
    assert (options.session, options.room, options.redis_password_file) == ("room 12", "Lab", Path("p"))
    assert parse([]).redis is None


@pytest.mark.parametrize(
    "given", [["--redis", "h:6379"], ["--redis", "redis://:secret@"], ["--session", "{}"], ["--room", ""]]
)
def test_what_can_not_be_shared_is_said_without_a_password(given: list[str]) -> None:
    with pytest.raises(OptionError, match=r"no address like redis|a name has 1 to 64") as raised:
        parse(given)
    assert "secret" not in str(raised.value)
