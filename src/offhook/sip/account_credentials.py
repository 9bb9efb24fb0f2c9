"""Whom an account proves itself to.

Whoever is given a digest may try passwords against it at leisure, and strangers can ask for one: any far end
may answer 401 or 407. So credentials go with a request, ahead of a challenge or in answer to one, only where

- its next hop is the account's host at the account's port, under the name that the account has for it or an
  address that this name was found to have (a proxy's Record-Route has its address), or the hop by which the
  registrar wants the account's requests (Service-Route);
- and the realm is one that the registrar itself has asked for, once it has asked for any: what lies beyond
  the proxy may ask for one of its own.

This holds for every method, and for the ACK that repeats its INVITE's credentials too. Where a response came
from says nothing: whoever is called through the proxy has read our Via, and can answer past it.
"""

import random
from ipaddress import ip_address

from sipmessage import Request, Response

from .account import Account
from .digest import Credentials
from .hop import Hop
from .name_addr import one_line
from .target import hop_of_account

MAX_REMEMBERED = 16
"""Addresses of one host, and realms of one registrar: the latest are kept."""


class AccountCredentials:
    """Raises ValueError for a user name that cannot stand in a header."""

    def __init__(self, account: Account, rng: random.Random) -> None:
        self.digest = Credentials(one_line(account.auth_name or account.user), account.password, rng)
        """Without the rule above: for what goes to the registrar anyway."""
        home = hop_of_account(account)
        self._host = _host(home.host)
        self._port = home.port
        self._addresses: dict[str, None] = {}
        self._realms: dict[str, None] = {}
        self.route: Hop | None = None
        """Where the registrar has sent the account's requests (Service-Route, RFC 3608)."""

    def authorize(self, request: Request, hop: Hop) -> None:
        """Ahead of a challenge; see `Credentials.authorize`."""
        if self._is_home(hop):
            self.digest.authorize(request)

    def answer(self, request: Request, response: Response, hop: Hop) -> bool:
        """Answer a 401 or 407; `hop` is where `request` was sent and is to be sent again.

        False: nothing is answered. See `Credentials.answer`.
        """
        return self._is_home(hop) and self.digest.answer(request, response, self._realms.keys())

    def repeat(self, invite: Request, ack: Request, hop: Hop) -> None:
        """Give the ACK of a 2xx the credentials of its INVITE (RFC 3261 §13.2.2.4)."""
        if not self._is_home(hop):
            return
        for name in ("Authorization", "Proxy-Authorization"):
            if values := invite.headers.getlist(name):
                ack.headers.setlist(name, list(values))

    def located(self, name: str, address: str) -> None:
        """A host name was looked up."""
        if _host(name) == self._host:
            _remember(self._addresses, _host(address))

    def registrar_asked(self, challenge: Response) -> None:
        """The account's REGISTER was answered with this 401 or 407."""
        for realm in self.digest.realms(challenge):
            _remember(self._realms, realm)

    def sent_by(self, source: Hop) -> bool:
        """What came from `source` came from the account's host: its port may be any that the system chose.
        Over UDP whoever can forge an address is believed too."""
        host = _host(source.host)
        return host == self._host or host in self._addresses

    def _is_home(self, hop: Hop) -> bool:
        if hop == self.route:
            return True
        host = _host(hop.host)
        return hop.port == self._port and (host == self._host or host in self._addresses)


def _host(text: str) -> str:
    """As it compares: IPv6 can be written in many ways."""
    try:
        return str(ip_address(text))
    except ValueError:
        return text.lower()


def _remember(things: dict[str, None], thing: str) -> None:
    things.pop(thing, None)
    things[thing] = None
    while len(things) > MAX_REMEMBERED:
        del things[next(iter(things))]
