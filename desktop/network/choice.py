"""Where others are to join: at the address that they have as long as it is there, else where the host has said, else at
the likeliest. What is merely better is offered, not taken."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from desktop.network.addresses import Address, Kind, likelihood

DEVICES_LIMIT: Final = 200


class Choice(NamedTuple):
    """What the host has chosen: an address and the adapter that had it. One of them may be all that was kept."""

    address: str | None = None
    interface: str | None = None

    def distance(self, address: Address) -> int:
        """How far an address is from it, 3 being no part of it: its adapter may have got another address, or the
        address another adapter (a dock that was replaced, an adapter that was renamed). One that an adapter makes up
        where no network gives it any (RFC 3927) doesn't stand for what was lost."""
        if address.ip == self.address:
            return 0 if address.interface == self.interface else 1
        return 2 if address.interface == self.interface and address.kind is not Kind.LINK_LOCAL else 3


NOTHING = Choice()


def candidates(
    found: Sequence[Address],
    choice: Choice,
    shown: str | None = None,
    left: Choice = NOTHING,
    visited: Collection[str] = (),
) -> list[Address]:
    """The addresses to join at, in the order in which to try them; `found` has them by likelihood.

    While the one that is `shown` is there, it is the only one. But where nobody has ever come by it (`visited` are
    those that somebody has), two come before it: one that is nearer to the host's choice; and the one that was shown
    before and was `left` because it was gone, if somebody has come by that, or if the one shown is a makeshift that
    hardly anybody can reach.
    """
    here = next((address for address in found if address.ip == shown), None)
    if here is None:
        return sorted(found, key=lambda address: (choice.distance(address), left.distance(address)))
    if here.ip in visited:
        return [here]
    may_come_back = left.address in visited or here.unlikely

    def distance(address: Address) -> tuple[int, bool]:
        return choice.distance(address), not (may_come_back and address.ip == left.address)

    return [*(address for address in sorted(found, key=distance) if distance(address) < distance(here)), here]


def better(found: Sequence[Address], shown: str | None, declined: Collection[str] = ()) -> Address | None:
    """The likeliest address, if others can reach it likelier than the one that is `shown`; not one of those that the
    host has `declined`."""
    here = next((address for address in found if address.ip == shown), None)
    if here is None:
        return None
    likelier = (a for a in found if likelihood(a) < likelihood(here) and a.ready and a.ip not in declined)
    return next(likelier, None)


class Visits:
    """Who has come by which of this machine's `addresses`: DEVICES_LIMIT `devices` at most, each with one of them."""

    def __init__(self) -> None:
        self.devices: dict[str, str] = {}
        self.addresses: set[str] = set()

    def note(self, device: str, via: str, shown: str | None) -> bool:
        """A device has come by an address; returns whether that is news. It is kept with the first one, until it comes
        by the one that is `shown`."""
        known = self.devices.get(device)
        if known == via:
            return False
        self.addresses.add(via)
        is_news = len(self.devices) < DEVICES_LIMIT if known is None else via == shown
        if is_news:
            self.devices[device] = via
        return is_news
