"""Which hops belong to an account's registrar or proxy: whom it proves itself to, and whom it believes.

Where something is sent, the port counts too: another port of the same machine may be anybody's. Where
something came from, the address alone does: a registrar calls by connections whose ports the system chose.

One that is reached over TLS has a certificate to show, and an address proves nothing in its place. So it is
at the other end of a connection that was opened from here for its name, and of no other; the rest it sent
is at best admitted.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from typing import TypeVar

from .account import Account
from .destination import Destination, destination_of, numeric_hop
from .hop import Hop
from .target import destination_of_account, first_of_all
from .uri import parse_uri

Key = TypeVar("Key")

Place = tuple[str, int, str | None]
"""Host, port, and of one that is reached over TLS the name that its certificate is for."""

MAX_REMEMBERED = 32
"""Places where one account was found to be at home: the latest are kept."""


class Home:
    """The account's own host and its outbound proxy, and where those were located.

    A name that somebody else uses for one of them is no home by itself, nor is another port of it.
    """

    def __init__(self, account: Account) -> None:
        destinations = [destination_of_account(account)]
        self._proxy = destination_of(parse_uri(account.proxy)) if account.proxy else None
        self._at_proxy: dict[Place, None] = {}
        if self._proxy is not None:
            destinations.append(self._proxy)
        self._over_tls = first_of_all(account).over_tls
        self._asked = {(each.host, each.port): self._name(each) for each in destinations}
        """By whichever transport: a domain says itself who serves it by each."""
        self._places: dict[Place, None] = {}
        self._route: Destination | None = None
        self._on_route: dict[Place, None] = {}
        for destination in destinations:
            hop = numeric_hop(destination)
            if hop is not None:
                _add(self._places, hop, self._name(destination))
                if destination == self._proxy:
                    _add(self._at_proxy, hop, self._name(destination))

    def route(self, route: Destination | None) -> None:
        """Where the registrar wants the account's requests to go first (Service-Route, RFC 3608)."""
        if route == self._route:
            return
        self._route, self._on_route = route, {}
        hop = None if route is None else numeric_hop(route)
        if hop is not None and route is not None:
            _add(self._on_route, hop, self._name(route))

    def located(self, destination: Destination, hops: Iterable[Hop]) -> None:
        """A destination was looked up."""
        for hop in hops:
            asked = (destination.host, destination.port)
            if asked in self._asked:
                _add(self._places, hop, self._asked[asked])
            if destination == self._proxy:
                _add(self._at_proxy, hop, self._name(destination))
            if destination == self._route:
                _add(self._on_route, hop, self._name(destination))

    def is_at(self, hop: Hop) -> bool:
        """What is sent to `hop` goes there, by any transport where TLS is not asked for (a proxy's
        Record-Route has its address)."""
        return _among(self._all, hop)

    def is_proxy(self, hop: Hop) -> bool:
        """What is sent to `hop` goes to the account's outbound proxy."""
        return _among(self._at_proxy, hop)

    def sent_by(self, source: Hop) -> bool:
        """What came from `source` came from there. Over UDP whoever can forge an address is believed too,
        where it is UDP that was asked for."""
        host = _comparable(source.host)
        return any(host == place[0] and _proves(source, place) for place in self._all)

    def may_be(self, source: Hop) -> bool:
        """So it seems: over TLS an exchange may connect to this end too, of which no proof is asked."""
        host = _comparable(source.host)
        return any(
            host == place[0] and (place[2] is None or source.transport == "TLS") for place in self._all
        )

    @property
    def _all(self) -> tuple[Place, ...]:
        return (*self._places, *self._on_route)

    def _name(self, destination: Destination) -> str | None:
        """Where the account is spoken to over TLS, no other way is home, whatever a Service-Route says."""
        return destination.host if self._over_tls or destination.over_tls else None


def _among(places: Iterable[Place], hop: Hop) -> bool:
    host = _comparable(hop.host)
    return any((host, hop.port) == place[:2] and _proves(hop, place) for place in places)


def _proves(hop: Hop, place: Place) -> bool:
    name = place[2]
    return name is None or (hop.transport == "TLS" and not hop.accepted and hop.domain in {"", name})


def _add(places: dict[Place, None], hop: Hop, name: str | None) -> None:
    remember(places, (_comparable(hop.host), hop.port, name), MAX_REMEMBERED)


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
