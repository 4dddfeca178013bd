"""Names on the local network, spoken on loopback alone. Two machines of one network are in e2e/test_network.py."""

import re
from collections.abc import AsyncIterator

import pytest
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from desktop.network import mdns
from desktop.network.mdns import LocalName


@pytest.fixture
async def names() -> AsyncIterator[list[LocalName]]:
    held = [LocalName(8000), LocalName(8001)]
    yield held
    for name in held:
        await name.release()


# One test, not several: whoever else holds a name on this loopback meanwhile would be in the way of each.
async def test_two_counters_hold_two_names_and_let_go_of_them(
    names: list[LocalName], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mdns, "NAME", f"lan-counter-test-{id(names)}")
    one, two = names
    assert await one.hold("127.0.0.1", 8005) == f"{mdns.NAME}.local"
    async with AsyncZeroconf(interfaces=["127.0.0.1"]) as asking:
        service = AsyncServiceInfo(mdns.SERVICE, f"LAN Counter ({mdns.NAME}).{mdns.SERVICE}")
        assert await service.async_request(asking.zeroconf, 3_000)
        assert service.port == 8005, "the one that it can be reached at now"
    assert await two.hold("127.0.0.2") == f"{mdns.NAME}-2.local"
    await one.release()
    assert await two.hold("127.0.0.2") == f"{mdns.NAME}.local"


# What zeroconf had opened before it failed it leaves to the garbage collector.
@pytest.mark.windows_itself  # Wine lets a multicast leave from an address that is not there
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_where_there_is_no_such_address_there_is_no_name(names: list[LocalName]) -> None:
    assert await names[0].hold("192.0.2.7") is None


def test_the_name_is_one_that_may_stand_in_an_address() -> None:
    assert re.fullmatch(r"[a-z0-9-]{1,60}", mdns.NAME)
