"""Where others join: follows this machine's addresses, and keeps the site, the name and the host's page in step."""

import asyncio
import logging
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

from desktop.core.protocol import Device, Network, NetworkAddress
from desktop.network import addresses
from desktop.network.mdns import LocalName
from desktop.server.sites import LOOPBACK, ListenError, Sites

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 2.0
"""Seconds between two looks at the addresses: a cable that is pulled shows within five."""
DEVICES_LIMIT: Final = 200


def url(address: str, port: int) -> str:
    """The address of the page."""
    return f"http://[{address}]:{port}/" if ":" in address else f"http://{address}:{port}/"


class Reach:
    """Chooses the address that others join at.

    `fixed` is the only one that may be it (None: any; one of loopback's: nobody else joins), `interface` the one whose
    address the host has chosen before. `announce` is told whenever something has changed, `remember` of the interface
    that the host chooses.
    """

    def __init__(
        self,
        sites: Sites,
        name: LocalName,
        port: int,
        *,
        fixed: str | None,
        interface: str | None,
        announce: Callable[[Network], None],
        remember: Callable[[str], None],
    ) -> None:
        self._sites = sites
        self._name = name
        self._port = port
        self._fixed = fixed
        self._interface = interface
        self._announce = announce
        self._remember = remember
        self._local = fixed is not None and ip_address(fixed).is_loopback
        self._looking = asyncio.Lock()
        self._found: list[addresses.Address] | None = None
        self._address: str | None = None
        self._local_name: str | None = None
        self._devices: dict[str, str] = {}

    @property
    def join(self) -> str | None:
        """The address of the page for others, if there is one."""
        return url(self._address, self._port) if self._address else None

    @property
    def local_name(self) -> str | None:
        return self._local_name

    async def follow(self) -> None:
        """Look at the addresses for ever; whatever goes wrong meanwhile may be right at the next look."""
        said = ""
        while True:
            try:
                await self.look()
            # Broad, because systems and libraries fail in ways of their own, and the watching must go on.
            except Exception as error:
                if str(error) != said:
                    said = str(error)
                    log.warning("The addresses can't be followed: %s", said, exc_info=error)
            await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> None:
        """Look once; move the site if it is time to."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        if self._local:
            found, address = [], self._fixed
        else:
            found = addresses.current()
            chosen = addresses.choose(found, self._fixed, self._interface)
            address = chosen.ip if chosen else None
        if found == self._found and address == self._address:
            return
        try:
            await self._sites.move(address)
        except ListenError as error:
            log.info("%s", error)
            return
        self._found = found
        if address == self._address:
            self._tell()
            return
        self._address, self._local_name = address, None
        self._tell()
        await self._name.release()
        if address and not self._local and ":" not in address:
            self._local_name = await self._name.hold(address)
            self._tell()

    async def choose(self, address: str) -> bool:
        """The host wants others to join at this address: False if it isn't one of this machine's."""
        chosen = next((a for a in self._found or () if a.ip == address), None)
        if chosen is None or self._fixed:
            return False
        self._interface = chosen.interface
        self._remember(chosen.interface)
        await self.look()
        return self._address == address

    def visited(self, device: str, via: str) -> None:
        """A device has reached the server at one of its addresses."""
        ours = {LOOPBACK, *(address.ip for address in self._found or ())}
        if device not in ours and device not in self._devices and len(self._devices) < DEVICES_LIMIT:
            self._devices[device] = via
            self._tell()

    def _tell(self) -> None:
        self._announce(
            Network(
                join=self.join,
                reach="local" if self._local else "lan" if self._address else "none",
                name=url(self._local_name, self._port) if self._local_name else None,
                addresses=[
                    NetworkAddress(
                        address=a.ip,
                        interface=a.interface,
                        kind=a.kind.name.lower().replace("_", "-"),
                        chosen=a.ip == self._address,
                    )
                    for a in self._found or ()
                ],
                devices=[Device(address=device, via=via) for device, via in self._devices.items()],
            )
        )
