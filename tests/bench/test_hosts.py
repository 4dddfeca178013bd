"""What is said of several hosts; how it is measured is seen by measuring it."""

from tests.bench import hosts


def test_the_median_of_the_rounds_is_shown_and_what_was_not_measured_is_not() -> None:
    rounds = {count: [{"state_us": us, "redis_us": None} for us in (9.0, 12.0, 10.0)] for count in hosts.COUNTS}
    found: hosts.Found = {**rounds, hosts.APPENDS: [{"always": {"1": 2869.0, "3": None}, "everysec": {"1": None}}]}
    lines = hosts.table(found).splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines if line.startswith("  ")}
    assert rows["alone"] == ["10", *"-" * (len(hosts.COLUMNS) - 1)]
    assert lines[-2].endswith("always: 2,869 from 1")
    assert lines[-1].endswith("everysec: not measured")
