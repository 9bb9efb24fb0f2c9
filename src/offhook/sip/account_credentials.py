"""Whom an account proves itself to.

Whoever is given a digest may try passwords against it at leisure, and strangers can ask for one: any far end
may answer 401 or 407. So credentials go with a request, ahead of a challenge or in answer to one, only where

- its next hop is the account's host or outbound proxy, or where the registrar wants the account's requests
  (Service-Route): what these name themselves, or a hop that was found for them (see `Home`);
- and the realm is one that the registrar itself has asked for, once it has asked for any: what lies beyond
  the proxy may ask for one of its own. An outbound proxy has a realm of its own, too (RFC 3261 §22.3): the
  one of the first 407 that comes by it, for who asks at all asks before he lets anything pass.

This holds for every method, and for the ACK that repeats its INVITE's credentials too. Where a response came
from says nothing: whoever is called through the proxy has read our Via, and can answer past it.
"""

import random

from sipmessage import Request, Response

from .account import Account
from .digest import Credentials
from .home import Home, remember
from .hop import Hop
from .name_addr import one_line

MAX_REALMS = 16
"""Realms of one registrar: the latest are kept."""


class AccountCredentials:
    """Raises ValueError for a user name that cannot stand in a header."""

    def __init__(self, account: Account, rng: random.Random) -> None:
        self.digest = Credentials(one_line(account.auth_name or account.user), account.password, rng)
        """Without the rule above: for what goes to the registrar anyway."""
        self.home = Home(account)
        self._realms: dict[str, None] = {}
        self._proxy_realm: str | None = None

    def authorize(self, request: Request, hop: Hop) -> None:
        """Ahead of a challenge; see `Credentials.authorize`."""
        if self.home.is_at(hop):
            self.digest.authorize(request, by_proxy=True)

    def answer(self, request: Request, response: Response, hop: Hop) -> bool:
        """Answer a 401 or 407; `hop` is where `request` was sent and is to be sent again.

        False: nothing is answered. See `Credentials.answer`.
        """
        if not self.home.is_at(hop):
            return False
        realms: set[str | None] = set(self._realms)
        if self.home.is_proxy(hop):
            self._proxy_asked(response)
            if realms:
                realms.add(self._proxy_realm)
        return self.digest.answer(request, response, realms)

    def repeat(self, invite: Request, ack: Request, hop: Hop) -> None:
        """Give the ACK of a 2xx the credentials of its INVITE (RFC 3261 §13.2.2.4)."""
        if not self.home.is_at(hop):
            return
        for name in ("Authorization", "Proxy-Authorization"):
            if values := invite.headers.getlist(name):
                ack.headers.setlist(name, list(values))

    def registrar_asked(self, challenge: Response) -> None:
        """The account's REGISTER was answered with this 401 or 407."""
        for realm in self.digest.realms(challenge):
            remember(self._realms, realm, MAX_REALMS)
        self._proxy_asked(challenge)

    def _proxy_asked(self, challenge: Response) -> None:
        if self._proxy_realm is None and challenge.code == 407:
            self._proxy_realm = self.digest.proxy_realm(challenge)
