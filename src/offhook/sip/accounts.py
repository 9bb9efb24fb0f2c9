"""The accounts of a user agent: which of them a request is for, and what each proves itself with."""

import random

from .account import Account
from .account_credentials import AccountCredentials
from .destination import Destination
from .home import Home
from .hop import Hop
from .message import ReceivedRequest
from .name_addr import one_line
from .uri import parse_uri, sip_uri


class Accounts:
    def __init__(self, rng: random.Random) -> None:
        self._random = rng
        self._accounts: dict[int, Account] = {}
        self._homes: dict[int, list[Home]] = {}
        self.credentials: dict[Account, AccountCredentials] = {}
        """Of each account, and of it at its second registrar."""

    def add(self, account: Account) -> None:
        """Raises ValueError for what cannot stand in a header."""
        one_line(account.display_name)
        sip_uri(account.user, account.host, account.port)
        self._accounts[account.id] = account
        self._homes[account.id] = []
        for each in (account, account.at_backup()):
            if each is not None:
                self.credentials[each] = AccountCredentials(each, self._random)
                self._homes[account.id].append(self.credentials[each].home)

    def remove(self, account_id: int) -> None:
        """Its credentials stay, for the calls that are made with them."""
        del self._accounts[account_id], self._homes[account_id]

    def __getitem__(self, account_id: int) -> Account:
        return self._accounts[account_id]

    def located(self, destination: Destination, hops: list[Hop]) -> None:
        """A destination was looked up."""
        for credentials in self.credentials.values():
            credentials.home.located(destination, hops)

    def trusts(self, source: Hop, account: Account | None = None) -> bool:
        """What came from `source` came from the account's registrar or proxy; for no account, from any's."""
        if account is not None:
            return any(home.sent_by(source) for home in self._homes.get(account.id, ()))
        return any(home.sent_by(source) for homes in self._homes.values() for home in homes)

    def admits(self, source: Hop, account: Account | None = None) -> bool:
        """It may have come from there: enough to be heard, and for nothing else (see `Home.may_be`)."""
        if account is not None:
            return any(home.may_be(source) for home in self._homes.get(account.id, ()))
        return any(home.may_be(source) for homes in self._homes.values() for home in homes)

    def of_mailbox(self, uri: str) -> int | None:
        """The account that a URI names by its user, and by its host where several have that user."""
        try:
            mailbox = parse_uri(uri)
        except ValueError:
            return None
        matching = [account for account in self._accounts.values() if account.user == mailbox.user]
        host = mailbox.host.lower()
        return next((each.id for each in matching if each.host.lower() == host or len(matching) == 1), None)

    def called(self, request: ReceivedRequest) -> tuple[bool, Account | None]:
        """Whose request it is: an account's by its user, anybody's without one (a direct call)."""
        uri = request.message.uri
        if uri.user is None:
            return True, None
        matching = [account for account in self._accounts.values() if account.user == uri.user]
        if not matching:
            return False, None
        # A registered Contact names this end's host; the domain that was dialled is in To.
        domains = (uri.host.lower(), _host(request.to.uri))
        return True, next((account for account in matching if account.host.lower() in domains), matching[0])


def _host(uri: str) -> str:
    try:
        return parse_uri(uri).host.lower()
    except ValueError:
        return ""
