"""A registration on the transaction layer: its requests sent, its responses handed back, its clock wound."""

from collections.abc import Callable
from functools import partial

from sipmessage import Request

from .account import Account
from .account_credentials import AccountCredentials
from .events import BindingChanged
from .message import ReceivedResponse
from .registration import Registration
from .target import hop_of_account
from .timers import Timer
from .transaction_layer import TransactionLayer
from .uri import parse_uri


class HostedRegistration:
    """`tell` hears each change of state or reason."""

    def __init__(
        self,
        account: Account,
        layer: TransactionLayer,
        credentials: AccountCredentials,
        tell: Callable[[BindingChanged], None],
    ) -> None:
        self._hop = hop_of_account(account)
        contact = parse_uri(layer.contact_uri(account.user, self._hop))
        self._account = account
        self._layer = layer
        self._registration = Registration(account, contact, credentials.digest, layer.random)
        self._credentials = credentials
        self._tell = tell
        self._timer: Timer | None = None

    def start(self, now: float) -> None:
        self._drive(self._registration.start, now)

    def stop(self, now: float) -> None:
        self._drive(self._registration.stop, now)

    def _drive(self, step: Callable[[float], Request | None], now: float) -> None:
        registration = self._registration
        before = (registration.state, registration.reason)
        request = step(now)
        after = (registration.state, registration.reason)
        if after != before:
            self._tell(BindingChanged(self._account.id, *after))
        if request is not None:
            self._layer.send(request, self._hop, self._on_response, now)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if registration.deadline is not None:
            self._timer = self._layer.timers.start(
                registration.deadline, partial(self._drive, registration.tick)
            )

    def _on_response(self, response: ReceivedResponse, now: float) -> None:
        if response.code >= 200:
            self._drive(partial(self._take, response), now)

    def _take(self, response: ReceivedResponse, now: float) -> Request | None:
        if response.own:
            self._registration.failed(response.message.phrase, now)
            return None
        if response.code in {401, 407}:
            self._credentials.registrar_asked(response.message)
        return self._registration.response(response.message, now)
