"""What becomes of the accounts' registrations, for whoever reads the terminal."""

import logging
from collections.abc import Mapping

from offhook.sip.account import Account
from offhook.sip.events import Binding, BindingChanged, UserAgentEvent
from offhook.sip.hop import uri_host

_log = logging.getLogger(__name__)


class RegistrationLog:
    """One line for each change; what stays as it was at the next attempt is not said again."""

    def __init__(self, accounts: Mapping[int, Account]) -> None:
        self._accounts = accounts
        self._said: dict[int, str] = {}

    def hear(self, told: UserAgentEvent) -> None:
        match told:
            case BindingChanged(id_, Binding.REGISTERED, reason):
                self._say(logging.INFO, id_, f"registered: {reason}" if reason else "registered")
            case BindingChanged(id_, Binding.REGISTERING, str(reason)):
                self._say(logging.WARNING, id_, reason)
            case BindingChanged(id_, Binding.FAILED, reason):
                self._say(logging.WARNING, id_, f"not registered: {reason or 'no reason given'}")

    def _say(self, level: int, id_: int, what: str) -> None:
        if self._said.get(id_) != what:
            self._said[id_] = what
            account = self._accounts[id_]
            where = uri_host(account.host) + (f":{account.port}" if account.port else "")
            _log.log(level, "%s@%s: %s", account.user, where, what, extra={"account": id_})
