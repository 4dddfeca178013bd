"""Where others join: follows this machine's addresses, and keeps the site, the name and the host's page in step."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Final

from msgspec import UNSET

from desktop.core.answers import Device, Network, NetworkAddress, Offer, Trouble
from desktop.network import addresses
from desktop.network.addresses import Address, Kind, likelihood
from desktop.network.choice import NOTHING, Choice, Visits, better, candidates
from desktop.network.listening import LOOPBACK, ListenError, NotHereError, PortTakenError
from desktop.network.mdns import LocalName
from desktop.network.names import url
from desktop.network.ports import ANY, BLOCKED, from_on
from desktop.server.sites import Sites

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 2.0
"""Seconds between two looks at the addresses: a cable that is pulled shows within five."""


class Reach:
    """Decides on the address that others join at.

    `fixed` is the only one that may be it (None: any; one of loopback's: nobody else joins), `choice` what the host has
    chosen before, and `shown` the one that is on display already, if any. `announce` is told whenever something has
    changed, `remember` what the host chooses.
    """

    def __init__(
        self,
        sites: Sites,
        name: LocalName,
        port: int,
        *,
        fixed: str | None,
        choice: Choice,
        shown: str | None = None,
        announce: Callable[[Network], None],
        remember: Callable[[Choice], None],
    ) -> None:
        self._sites = sites
        self._name = name
        self._ports = [port for port in from_on(port) if port not in BLOCKED]
        self._fixed = fixed
        self._choice = choice
        self._announce = announce
        self._remember = remember
        self._local = fixed is not None and ip_address(fixed).is_loopback
        self._looking = asyncio.Lock()
        self._found: list[Address] | None = None
        self._here = Choice(shown)
        self._port = port
        self._left = NOTHING
        """What others have been given before, and is gone."""
        self._named: tuple[str | None, int] | None = None
        self._local_name: str | None = None
        self._declined: set[str] = set()
        self._trouble: Trouble | None = None
        self._told: Network | None = None
        self._visits = Visits()

    @property
    def join(self) -> str | None:
        """The address of the page for others, if there is one."""
        return url(self._here.address, self._port) if self._here.address else None

    @property
    def port(self) -> int:
        """The port that others join at."""
        return self._port

    @property
    def shown(self) -> Address | None:
        """The address that they join at, as this machine has it."""
        return next((address for address in self._found or () if address.ip == self._here.address), None)

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
        """Look once; move where the address is gone."""
        async with self._looking:
            await self._look()
        await self._hold_name()

    async def _look(self) -> None:
        found = self._current()
        order = [a for a in found if a.ip == self._fixed] if self._fixed else self._candidates(found)
        if found == self._found and (order[0].ip if order else None) == self._here.address:
            return
        self._go(found, *await self._first_of(order))
        self._tell()

    def _current(self) -> list[Address]:
        if self._local and self._fixed:
            return [Address(self._fixed, "", Kind.PRIVATE, default=False)]
        return addresses.current()

    def _candidates(self, found: Sequence[Address]) -> list[Address]:
        return candidates(found, self._choice, self._here.address, self._left, self._visits.addresses)

    async def _first_of(self, order: Sequence[Address]) -> tuple[Address | None, int]:
        """Listen at the first of these where that can be, and on no other; returns it, and the port."""
        is_waiting = False
        for address in order:
            # What may be ready in a moment is not given up for what hardly anybody can reach.
            if is_waiting and address.unlikely and address.ip != self._here.address:
                continue
            try:
                return address, await self._sites.move(address.ip, [*self._ports, ANY])
            except ListenError as error:
                log.info("%s", error)
                is_waiting = is_waiting or isinstance(error, NotHereError)
        return None, await self._sites.move(None)

    def _go(self, found: list[Address], to: Address | None, port: int) -> None:
        """Others join there now."""
        was, is_first = self._here, self._found is None
        self._found = found
        is_gone = was.address is not None and all(address.ip != was.address for address in found)
        if is_gone and (self._left == NOTHING or was.address in self._visits.addresses):
            self._left = was
        self._here, self._port = (Choice(to.ip, to.interface) if to else NOTHING), port
        if self._here.address != was.address:
            self._local_name = None
            self._trouble = None
            if to and to.ip == self._left.address:
                self._left = NOTHING
            if to and (is_gone or was.address is None):
                self._trouble = self._changed(to)
        elif self._trouble and self._trouble.code == "gone" and self._left.address in {a.ip for a in found}:
            self._trouble = None
        if to and (is_first or self._here.address != was.address) and self._choice.distance(to) < 3:
            self._declined |= {a.ip for a in found if likelihood(a) < likelihood(to)}

    def _changed(self, to: Address) -> Trouble | None:
        """What the host must know where `to` has come in the place of another, or at another port."""
        usual = self._ports[0]
        ports = (usual, self._port) if self._port != usual else (UNSET, UNSET)
        if self._left.address:
            interface = self._left.interface or ""
            return Trouble(code="gone", address=self._left.address, interface=interface, port=ports[0], found=ports[1])
        if self._port != usual:
            return Trouble(code="port_taken", address=to.ip, interface=to.interface, port=usual, found=self._port)
        return None

    async def _hold_name(self) -> None:
        """Hold a name for the address, if it is one that takes a name. Nobody waits for that: it takes a second."""
        here = (self._here.address, self._port)
        if here == self._named:
            return
        self._named = here
        await self._name.release()
        if here[0] and not self._local and ":" not in here[0]:
            name = await self._name.hold(here[0], here[1])
            if here == (self._here.address, self._port):
                self._local_name = name
                self._tell()

    async def choose(self, address: str) -> bool:
        """The host wants others to join at this address: False if they can't, and then they join where they did."""
        async with self._looking:
            return await self._choose(address)

    async def _choose(self, address: str) -> bool:
        found = self._current()
        chosen = next((a for a in found if a.ip == address), None)
        if chosen is None or self._fixed not in (None, address):
            return False
        try:
            port = await self._sites.move(chosen.ip, self._ports)
        except ListenError as error:
            log.info("%s", error)
            ports = (self._ports[0], self._ports[-1]) if isinstance(error, PortTakenError) else (UNSET, UNSET)
            self._trouble = Trouble(
                code="not_listening", address=address, interface=chosen.interface, first=ports[0], last=ports[1]
            )
            self._tell()
            return False
        is_new = (chosen.ip, port) != (self._here.address, self._port)
        if not self._fixed:
            self._choice = Choice(chosen.ip, chosen.interface)
            self._remember(self._choice)
        self._go(found, chosen, port)
        self._left = NOTHING
        self._declined = {a.ip for a in found if likelihood(a) < likelihood(chosen)}
        self._trouble = self._changed(chosen) if is_new else None
        self._tell()
        return True

    def visited(self, device: str, via: str) -> None:
        """A device has reached the server at one of its addresses."""
        if device == LOOPBACK or any(device == address.ip for address in self._found or ()):
            return
        if self._visits.note(device, via, self._here.address):
            self._tell()

    def _tell(self) -> None:
        """Announce where others join, unless that is known."""
        network = Network(
            join=self.join,
            reach="local" if self._local else "lan" if self._here.address else "none",
            name=url(self._local_name, self._port) if self._local_name else None,
            addresses=[
                NetworkAddress(
                    address=a.ip,
                    interface=a.interface,
                    kind=a.kind.name.lower().replace("_", "-"),
                    chosen=a.ip == self._here.address,
                )
                for a in self._found or ()
                if a.ready and not self._local and self._fixed in (None, a.ip)
            ],
            devices=[Device(address=device, via=via) for device, via in self._visits.devices.items()],
            offer=self._offer() or UNSET,
            trouble=self._trouble or UNSET,
        )
        if network != self._told:
            self._told = network
            self._announce(network)

    def _offer(self) -> Offer | None:
        offered = None if self._fixed else better(self._found or (), self._here.address, self._declined)
        if offered is None:
            return None
        came = list(self._visits.devices.values()).count(self._here.address or "")
        return Offer(address=offered.ip, interface=offered.interface, came=came)
