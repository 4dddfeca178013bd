"""ufw's rules, as its own source writes them down, and whom they let in."""

from pathlib import Path

import pytest

from desktop.network.addresses import Address, Kind
from desktop.network.ufw import lets_in

WIFI = Address("192.168.1.42", "wlan0", Kind.PRIVATE, True, prefix=24)
V6 = Address("2001:db8::7", "wlan0", Kind.PUBLIC, True, prefix=64)
ALL, ALL6 = "0.0.0.0/0 any 0.0.0.0/0", "::/0 any ::/0"


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    (tmp_path / "ufw").mkdir()
    (tmp_path / "default").mkdir()
    return tmp_path


def verdict(
    etc: Path, *rules: str, shown: Address | None = WIFI, policy: str = "DROP", ipv6: str = "yes"
) -> bool | None:
    (etc / "default/ufw").write_text(f'# set\nIPV6={ipv6}\nDEFAULT_INPUT_POLICY="{policy}"\n')
    text = "*filter\n### RULES ###\n" + "".join(f"\n### tuple ### {rule}\n-A ufw-user-input …\n" for rule in rules)
    (etc / "ufw/user.rules").write_text(text if not shown or ":" not in shown.ip else "")
    (etc / "ufw/user6.rules").write_text(text if shown and ":" in shown.ip else "")
    return lets_in(etc, 8000, shown)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (f"allow tcp 8000 {ALL} in", True),
        (f"allow any 8000 {ALL} in", True),
        (f"allow any any {ALL} in", True),
        (f"allow tcp 8000 {ALL}", True),
        (f"allow tcp 8000 {ALL} in comment=636f756e746572", True),
        (f"allow_log tcp 8000 {ALL} in", True),
        (f"allow_log-all tcp 8000 {ALL} in", True),
        (f"allow udp 8000 {ALL} in", False),
        (f"allow tcp 80 {ALL} in", False),
        (f"deny tcp 8000 {ALL} in", False),
        (f"reject tcp 8000 {ALL} in", False),
        # Ranges and lists.
        (f"allow tcp 8000:8010 {ALL} in", True),
        (f"allow tcp 7000:8000 {ALL} in", True),
        (f"allow tcp 8001:8010 {ALL} in", False),
        (f"allow tcp 80,443 {ALL} in", False),
        (f"allow tcp 80,443,8000 {ALL} in", True),
        (f"allow tcp 80,7990:8010 {ALL} in", True),
        (f"allow tcp what {ALL} in", None),
        # What is limited gets in, but not as often as a page asks.
        (f"limit tcp 8000 {ALL} in", None),
        (f"limit tcp 22 {ALL} in", False),
        # Applications.
        (f"allow tcp 80,443 {ALL} WWW%20Full - in", False),
        (f"allow tcp 80,8000 {ALL} WWW%20Full - in", True),
        (f"allow tcp 8000 {ALL} - WWW%20Full in", True),
        # From and to somewhere.
        ("allow any any 0.0.0.0/0 any 192.168.0.0/16 in", True),
        ("allow tcp 8000 0.0.0.0/0 any 192.168.1.0/24 in", True),
        ("allow tcp 8000 0.0.0.0/0 any 10.0.0.0/8 in", False),
        ("allow tcp 8000 0.0.0.0/0 any 192.168.1.77 in", None),
        ("allow tcp 8000 0.0.0.0/0 any 192.168.1.0/25 in", None),
        ("allow tcp 8000 192.168.1.42 any 0.0.0.0/0 in", True),
        ("allow tcp 8000 192.168.0.0/16 any 0.0.0.0/0 in", True),
        ("allow tcp 8000 10.0.0.1 any 0.0.0.0/0 in", False),
        ("allow tcp 8000 0.0.0.0/0 5000 0.0.0.0/0 in", None),
        ("allow tcp 8000 nonsense any 0.0.0.0/0 in", None),
        # By an adapter.
        (f"allow tcp 8000 {ALL} in_wlan0", True),
        (f"allow tcp 8000 {ALL} in_eth0", False),
        # What goes out, or through.
        (f"allow tcp 8000 {ALL} out", False),
        (f"allow tcp 8000 {ALL} out_wlan0", False),
        (f"route:allow tcp 8000 {ALL} in_wlan0!out_eth0", False),
        (f"route:allow tcp 8000 {ALL} in", False),
        # What this ufw doesn't know.
        ("allow tcp 8000", None),
        (f"welcome tcp 8000 {ALL} in", None),
    ],
)
def test_a_rule_lets_in_whom_it_names(etc: Path, rule: str, expected: bool | None) -> None:
    assert verdict(etc, rule) is expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([f"deny tcp 8000 {ALL} in", f"allow tcp 8000 {ALL} in"], False),
        ([f"allow tcp 8000 {ALL} in", f"deny any any {ALL} in"], True),
        ([f"allow tcp 22 {ALL} in", f"deny any any {ALL} in", f"allow tcp 8000 {ALL} in"], False),
        (["deny tcp 8000 0.0.0.0/0 any 192.168.1.9 in", f"allow tcp 8000 {ALL} in"], None),
        (["allow tcp 8000 0.0.0.0/0 any 192.168.1.9 in", f"allow tcp 8000 {ALL} in"], True),
        (["deny tcp 8000 0.0.0.0/0 any 10.0.0.0/8 in", f"allow tcp 8000 {ALL} in"], True),
        ([f"allow tcp 8000 {ALL} in_wlan0", f"deny tcp 8000 {ALL} in"], True),
    ],
)
def test_the_first_rule_that_matches_decides(etc: Path, rules: list[str], expected: bool | None) -> None:
    assert verdict(etc, *rules) is expected


@pytest.mark.parametrize(("policy", "expected"), [("DROP", False), ("REJECT", False), ("ACCEPT", True), ("odd", None)])
def test_where_no_rule_matches_the_policy_does(etc: Path, policy: str, expected: bool | None) -> None:
    assert verdict(etc, f"allow tcp 22 {ALL} in", policy=policy) is expected
    assert verdict(etc, f"deny tcp 8000 {ALL} in", policy=policy) is False


def test_ipv6_has_rules_of_its_own(etc: Path) -> None:
    assert verdict(etc, f"allow tcp 8000 {ALL6} in", shown=V6) is True
    assert verdict(etc, "allow tcp 8000 ::/0 any 2001:db8::/32 in", shown=V6) is True
    assert verdict(etc, "allow tcp 8000 ::/0 any fd00::/8 in", shown=V6) is False
    assert verdict(etc, f"allow tcp 8000 {ALL6} in", shown=V6, ipv6="no") is False
    # The IPv4 rules say nothing of it.
    verdict(etc, f"allow tcp 8000 {ALL} in")
    assert lets_in(etc, 8000, V6) is False


def test_what_is_not_known_of_the_network_leaves_it_open(etc: Path) -> None:
    assert verdict(etc, f"allow tcp 8000 {ALL} in", shown=None) is True
    assert verdict(etc, "allow tcp 8000 0.0.0.0/0 any 192.168.0.0/16 in", shown=None) is None
    assert verdict(etc, "allow tcp 8000 0.0.0.0/0 any 192.168.0.0/16 in", shown=WIFI._replace(prefix=None)) is None
    assert verdict(etc, f"allow tcp 8000 {ALL} in_wlan0", shown=None) is None


def test_rules_that_only_root_may_read_are_an_error(etc: Path) -> None:
    with pytest.raises(OSError):
        lets_in(etc, 8000, WIFI)
