"""Which hops belong to an account's registrar or proxy: whom it proves itself to, and whom it believes.

Where something is sent, the port counts too: another port of the same machine may be anybody's. Where
something came from, the address alone does: a registrar calls by connections whose ports the system chose.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import TypeVar

from .account import Account
from .destination import Destination, destination_of, numeric_hop
from .hop import Hop
from .target import destination_of_account
from .uri import parse_uri

Key = TypeVar("Key")

MAX_REMEMBERED = 32
"""Places where one account was found to be at home: the latest are kept."""


class Home:
    """The account's own host and its outbound proxy, and where those were located.

    A name that somebody else uses for one of them is no home by itself, nor is another port of it.
    """

    def __init__(self, account: Account) -> None:
        destinations = [destination_of_account(account)]
        self._proxy = destination_of(parse_uri(account.proxy)) if account.proxy else None
        self._at_proxy: dict[tuple[str, int], None] = {}
        if self._proxy is not None:
            destinations.append(self._proxy)
        self._asked = {(each.host, each.port) for each in destinations}
        """By whichever transport: a domain says itself who serves it by each."""
        self._places: dict[tuple[str, int], None] = {}
        self._route: Destination | None = None
        self._on_route: dict[tuple[str, int], None] = {}
        for destination in destinations:
            hop = numeric_hop(destination)
            if hop is not None:
                _add(self._places, hop)
                if destination == self._proxy:
                    _add(self._at_proxy, hop)

    def route(self, route: Destination | None) -> None:
        """Where the registrar wants the account's requests to go first (Service-Route, RFC 3608)."""
        if route == self._route:
            return
        self._route, self._on_route = route, {}
        hop = None if route is None else numeric_hop(route)
        if hop is not None:
            _add(self._on_route, hop)

    def located(self, destination: Destination, hops: Iterable[Hop]) -> None:
        """A destination was looked up."""
        for hop in hops:
            if (destination.host, destination.port) in self._asked:
                _add(self._places, hop)
            if destination == self._proxy:
                _add(self._at_proxy, hop)
            if destination == self._route:
                _add(self._on_route, hop)

    def is_at(self, hop: Hop) -> bool:
        """What is sent to `hop` goes there, by any transport (a proxy's Record-Route has its address)."""
        place = (_comparable(hop.host), hop.port)
        return place in self._places or place in self._on_route

    def is_proxy(self, hop: Hop) -> bool:
        """What is sent to `hop` goes to the account's outbound proxy."""
        return (_comparable(hop.host), hop.port) in self._at_proxy

    def sent_by(self, source: Hop) -> bool:
        """What came from `source` came from there. Over UDP whoever can forge an address is believed too."""
        host = _comparable(source.host)
        return any(host == known for known, _ in (*self._places, *self._on_route))


def _add(places: dict[tuple[str, int], None], hop: Hop) -> None:
    remember(places, (_comparable(hop.host), hop.port), MAX_REMEMBERED)


@lru_cache
def _comparable(host: str) -> str:
    """IPv6 can be written in many ways."""
    try:
        return str(ip_address(host))
    except ValueError:
        return host.lower()


def remember(things: dict[Key, None], thing: Key, most: int) -> None:
    """Put it last, and drop the first where there are more than `most`."""
    things.pop(thing, None)
    things[thing] = None
    while len(things) > most:
        del things[next(iter(things))]
