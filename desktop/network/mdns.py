"""A name for the counter on the local network, such as lan-counter.local: a second way in.

Multicast DNS (RFC 6762). Not every phone resolves such names, so it is never the only way that is shown.
"""

import asyncio
import importlib
import logging
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

log = logging.getLogger(__name__)

SERVICE: Final = "_http._tcp.local."
NAME: Final = "lan-counter"
NAMES_TRIED: Final = 9
ANSWER_TIMEOUT: Final = 1_000
"""Milliseconds that another holder of the name has to answer: RFC 6762, section 8.1, asks for three times 250."""


class LocalName:
    """Holds a name while a counter can be reached at one address."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._zeroconf: AsyncZeroconf | None = None

    async def hold(self, address: str, port: int | None = None) -> str | None:
        """Let go of the former address, and hold a name for this one: the first that nobody else on the network has.
        `port` is where it can be reached from now on, if elsewhere than before.

        Returns the name, None if there is none to be had.
        """
        await self.release()
        self._port = port or self._port
        # It takes long to load, and nobody waits for the name: so not at the start, and beside the server's loop.
        await asyncio.to_thread(importlib.import_module, "zeroconf.asyncio")
        from zeroconf import IPVersion
        from zeroconf.asyncio import AsyncZeroconf

        try:
            zeroconf = self._zeroconf = AsyncZeroconf(interfaces=[address], ip_version=IPVersion.V4Only)
            for number in range(1, NAMES_TRIED + 1):
                name = NAME if number == 1 else f"{NAME}-{number}"
                if not await self._taken(zeroconf, name, address):
                    await zeroconf.async_register_service(self._service(name, address), allow_name_change=True)
                    return f"{name}.local"
        except Exception as error:
            # A network without multicast, a port that is closed to us: the address itself still works.
            log.info("No .local name: %s", error)
        await self.release()
        return None

    async def release(self) -> None:
        """Say goodbye to whoever has noted the name."""
        if self._zeroconf:
            zeroconf, self._zeroconf = self._zeroconf, None
            await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()

    async def _taken(self, zeroconf: "AsyncZeroconf", name: str, address: str) -> bool:
        from zeroconf import AddressResolverIPv4

        resolver = AddressResolverIPv4(f"{name}.local.")
        await resolver.async_request(zeroconf.zeroconf, ANSWER_TIMEOUT)
        return any(found != address for found in resolver.parsed_addresses())

    def _service(self, name: str, address: str) -> "AsyncServiceInfo":
        from zeroconf.asyncio import AsyncServiceInfo

        return AsyncServiceInfo(
            SERVICE,
            f"LAN Counter ({name}).{SERVICE}",
            addresses=[socket.inet_aton(address)],
            port=self._port,
            server=f"{name}.local.",
            properties={"path": "/"},
        )
