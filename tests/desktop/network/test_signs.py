"""What systems tell of their adapters, as each writes it."""

from pathlib import Path

import psutil
import pytest

from desktop.network.signs import Signs, WindowsAdapter, linux, macos, told, windows

LAN, POINT = "up,broadcast,running,multicast", "up,pointopoint,running,noarp,multicast"


class Kernel:
    """A /sys/class/net and a /proc/net."""

    def __init__(self, folder: Path) -> None:
        self.devices, self.proc = folder / "sys", folder / "proc"
        self.proc.mkdir()

    def has(self, name: str, *signs: str, **files: str) -> None:
        adapter = self.devices / name
        adapter.mkdir(parents=True)
        for sign in signs:
            (adapter / sign).mkdir()
        for file, content in files.items():
            (adapter / file).write_text(f"{content}\n")

    def tells(self, name: str, flags: str = LAN) -> Signs:
        return linux({name: flags}, self.devices, self.proc).adapters[name]


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


@pytest.mark.parametrize(
    ("signs", "files", "flags", "expected"),
    [
        (["device"], {"type": "1"}, LAN, Signs(hardware=True)),
        (["device", "phy80211"], {"type": "1"}, LAN, Signs(hardware=True, wireless=True)),
        (["device", "wireless"], {"type": "1"}, LAN, Signs(hardware=True, wireless=True)),
        (["bridge", "lower_veth7", "lower_eth0"], {}, LAN, Signs(bridge=True, parts=("eth0", "veth7"))),
        (["lower_eth0"], {}, LAN, Signs(parts=("eth0",))),
        ([], {"type": "65534", "tun_flags": "0x1001"}, POINT, Signs(tunnel=True)),
        ([], {"type": "1", "tun_flags": "0x1002"}, LAN, Signs(tunnel=True)),
        ([], {"type": "65534"}, LAN, Signs(tunnel=True)),
        ([], {"type": "1"}, "up,running,noarp", Signs(tunnel=True)),
        (["device"], {"type": "1", "uevent": "DEVTYPE=wwan"}, LAN, Signs(hardware=True, tunnel=True)),
        # A namespace's end of a pair shows nothing.
        ([], {"type": "1"}, LAN, Signs()),
    ],
)
def test_linux_shows_what_is_behind_an_adapter(
    kernel: Kernel, signs: list[str], files: dict[str, str], flags: str, expected: Signs
) -> None:
    kernel.has("x", *signs, **files)
    assert kernel.tells("x", flags) == expected


def test_an_adapter_that_goes_while_it_is_looked_at_shows_nothing(kernel: Kernel) -> None:
    assert kernel.tells("gone") == Signs()


def test_linux_says_which_ipv6_addresses_pass_and_which_are_not_ready(kernel: Kernel) -> None:
    states = {0x80: "stable", 0x01: "temporary", 0x20: "deprecated", 0xC0: "tentative", 0xC8: "failed"}
    lines = [f"fd{'00' * 14}{state:02x} 03 40 00 {state:02x}    wlan0" for state in states]
    (kernel.proc / "if_inet6").write_text("\n".join(lines))
    told = linux({}, kernel.devices, kernel.proc)
    assert set(told.passing) == {"fd00::1", "fd00::20"}
    assert set(told.unready) == {"fd00::c0"}
    assert set(told.others) == {"fd00::c8"}


def test_linux_says_how_dear_the_ways_out_are(kernel: Kernel) -> None:
    (kernel.proc / "route").write_text(
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
        "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
        "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t20600\t00000000\t0\t0\t0\n"
        "tun0\t00000000\t0508080A\t0003\t0\t0\t0\t00000080\t0\t0\t0\n"
        "tun0\t00000080\t0508080A\t0003\t0\t0\t0\t00000080\t0\t0\t0\n"
        "wlan0\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n"
    )
    zeros, way = "0" * 32, "fe80" + "0" * 28
    (kernel.proc / "ipv6_route").write_text(
        f"{zeros} 00 {zeros} 00 {way} 00000400 00000001 00000000 00000003    wlan0\n"
        f"{zeros} 00 {zeros} 00 {zeros} ffffffff 00000001 00000000 00200200       lo\n"
        f"fd{zeros[2:]} 40 {zeros} 00 {zeros} 00000100 00000001 00000000 00000001    wlan0\n"
    )
    assert linux({}, kernel.devices, kernel.proc).routes == {("wlan0", 4): 600, ("wlan0", 6): 1024}


def test_a_kernel_without_ipv6_tells_the_rest(kernel: Kernel) -> None:
    assert linux({}, kernel.devices, kernel.proc).routes == {}


IFCONFIG = """\
en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
    ether f0:18:98:00:00:01
    inet6 fe80::1%en0 prefixlen 64 secured scopeid 0xb
    inet 192.168.1.42 netmask 0xffffff00 broadcast 192.168.1.255
    inet6 2001:db8::7 prefixlen 64 autoconf secured
    inet6 2001:db8::1a2b prefixlen 64 autoconf temporary
    inet6 2001:db8::3c4d prefixlen 64 deprecated autoconf temporary
    status: active
bridge100: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
    Configuration:
        id 0:0:0:0:0:0 priority 0 hellotime 0 fwddelay 0
    member: ap1 flags=3<LEARNING,DISCOVER>
        ifmaxaddr 0 port 18 priority 0 path cost 0
    member: vmenet0 flags=3<LEARNING,DISCOVER>
    inet 192.168.2.1 netmask 0xffffff00 broadcast 192.168.2.255
utun3: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> mtu 1380
    inet 10.5.0.2 --> 10.5.0.2 netmask 0xffffffff
"""


def test_macos_tells_what_a_bridge_joins_and_which_addresses_pass() -> None:
    told = macos(IFCONFIG, {"en0": LAN, "bridge100": LAN, "utun3": POINT})
    assert told.adapters == {
        "en0": Signs(),
        "bridge100": Signs(bridge=True, parts=("ap1", "vmenet0")),
        "utun3": Signs(tunnel=True),
    }
    assert told.passing == {"2001:db8::1a2b", "2001:db8::3c4d"}
    assert macos("", {"en0": LAN}).adapters == {"en0": Signs()}


def test_windows_tells_whether_there_is_a_device_and_whether_it_is_wireless() -> None:
    told = windows(
        [
            WindowsAdapter("Conexão sem fio", 0x84, 71),
            WindowsAdapter("Ethernet", 0x84, 6),
            WindowsAdapter("Ethernet 2", 0x81, 6),  # a VPN's or VirtualBox's
            WindowsAdapter("vEthernet (WSL)", 0x29, 6),
            WindowsAdapter("LAN-Verbindung* 10", 0x1, 71),  # this machine's own hotspot
        ]
    )
    assert told.adapters == {
        "Conexão sem fio": Signs(hardware=True, wireless=True),
        "Ethernet": Signs(hardware=True),
        "Ethernet 2": Signs(hardware=False),
        "vEthernet (WSL)": Signs(hardware=False),
        "LAN-Verbindung* 10": Signs(hardware=True, wireless=True),
    }


@pytest.mark.parametrize(
    "platform",
    [
        "linux",
        "win32",
        # It starts ifconfig, which Wine too finds where there is one.
        pytest.param("darwin", marks=pytest.mark.unix),
        "freebsd14",
    ],
)
def test_whatever_the_system_is_it_is_asked_without_harm(platform: str) -> None:
    found = told({"lo": "up,loopback,running", "eth0": LAN}, ["127.0.0.1"], platform)
    assert set(found.adapters) <= {"lo", "eth0"}


def test_this_system_tells_of_each_of_its_adapters() -> None:
    flags = {name: stat.flags for name, stat in psutil.net_if_stats().items()}
    assert set(told(flags, []).adapters) <= set(flags)
