"""The accounts that are registered, and what follows from a registration: where calls go, whose messages are
asked for."""

from collections.abc import Callable

from .account import Account
from .accounts import Accounts
from .events import Binding, BindingChanged, UserAgentEvent
from .hop import Hop
from .message import ReceivedRequest
from .message_subscription import MessageSubscription
from .registrars import Registrars
from .transaction_layer import TransactionLayer


class Bindings:
    def __init__(
        self, layer: TransactionLayer, accounts: Accounts, emit: Callable[[UserAgentEvent], None]
    ) -> None:
        self._layer = layer
        self._accounts = accounts
        self._emit = emit
        self._bindings: dict[int, Registrars] = {}
        self._messages: dict[int, MessageSubscription] = {}

    def register(self, account_id: int, now: float) -> None:
        account = self._accounts[account_id]
        binding = self._bindings.get(account_id)
        if binding is None:
            binding = Registrars(account, self._layer, self._accounts.credentials, self._bound)
            self._bindings[account_id] = binding
        binding.start(now)

    def unregister(self, account_id: int, now: float) -> None:
        """Nothing, where nothing was registered."""
        binding = self._bindings.get(self._accounts[account_id].id)
        if (messages := self._messages.get(account_id)) is not None:
            messages.stop(now)
        if binding is not None:
            binding.stop(now)

    def remove(self, account_id: int, now: float) -> None:
        self.unregister(account_id, now)
        self._bindings.pop(account_id, None)
        self._messages.pop(account_id, None)

    def replace(self, before: Account, after: Account, now: float) -> None:
        """Forget how an account was registered that has changed.

        Where both are bound at the same place nothing is removed there: the REGISTER that removes could
        arrive after the one that binds anew.
        """
        if (messages := self._messages.pop(before.id, None)) is not None:
            messages.stop(now)
        binding = self._bindings.pop(before.id, None)
        if binding is not None:
            if after.register and after.is_bound_as(before):
                binding.forget(now)
            else:
                binding.stop(now)

    def acting(self, account: Account | None) -> tuple[Account | None, tuple[str, ...]]:
        """The account at the registrar that holds its binding, and the route that this one wants."""
        binding = None if account is None else self._bindings.get(account.id)
        return (account, ()) if binding is None else (binding.account, binding.service_route)

    # --- what happens to the ways there

    def pong(self, source: Hop) -> None:
        for binding in self._bindings.values():
            binding.pong(source)

    def flow_lost(self, hop: Hop, reason: str, now: float) -> None:
        for binding in self._bindings.values():
            binding.flow_lost(hop, reason, now)

    def moved(self, now: float) -> None:
        for binding in self._bindings.values():
            binding.moved(now)
        for messages in self._messages.values():
            messages.moved(now)

    # --- waiting messages

    def subscription_of(self, request: ReceivedRequest) -> MessageSubscription | None:
        """The one that a request is within."""
        if request.method != "NOTIFY":
            return None
        return next((each for each in self._messages.values() if each.owns(request)), None)

    def heard_of_messages(self, account_id: int | None) -> None:
        """An exchange tells of them unasked."""
        if account_id in self._messages:
            self._messages[account_id].heard()

    def _bound(self, changed: BindingChanged, now: float) -> None:
        binding = self._bindings.get(changed.account)
        if binding is None:
            # What becomes of a binding that an account had before says nothing of the account of now.
            return
        self._emit(changed)
        if changed.state is not Binding.REGISTERED or binding.account.mwi == "no":
            return
        messages = self._messages.get(changed.account)
        if messages is None:
            messages = MessageSubscription(self._layer, self._accounts.credentials, self._emit)
            self._messages[changed.account] = messages
        messages.start(binding.account, lambda: binding.service_route, now)
