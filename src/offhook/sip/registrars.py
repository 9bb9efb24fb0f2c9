"""An account's registrars: the first, and a second for as long as the first is not to be had.

One at a time, not both: a phone that two registrars know rings twice for one call, or is called by one whose
binding it no longer keeps. So the second is asked only once the first has been silent for a few seconds or
is in trouble (5xx), and forgotten as soon as the first is back. The first's own retries are what finds that
out. A refusal (401, 403) is an answer: the second would only be asked for what is not granted.
"""

from collections.abc import Callable, Mapping
from typing import Final

from .account import Account
from .account_credentials import AccountCredentials
from .events import Binding, BindingChanged
from .hop import Hop
from .hosted_registration import HostedRegistration
from .learned_address import LearnedAddress
from .registration import LONGEST_RETRY
from .transaction_layer import TransactionLayer

LONGEST_PROBE: Final = 300.0
"""Seconds between two looks whether the first is back."""


class Registrars:
    """`tell` hears each change of state or reason; `credentials` are those of each account there is."""

    def __init__(
        self,
        account: Account,
        layer: TransactionLayer,
        credentials: Mapping[Account, AccountCredentials],
        tell: Callable[[BindingChanged, float], None],
    ) -> None:
        backup = account.at_backup()
        learned = LearnedAddress()
        self._hosted = [
            HostedRegistration(
                each,
                layer,
                credentials[each],
                learned,
                self._changed,
                reg_id=reg_id,
                longest_retry=LONGEST_PROBE if backup else LONGEST_RETRY,
            )
            for reg_id, each in enumerate((account, backup), start=1)
            if each is not None
        ]
        self._account = account
        self._layer = layer
        self._learned = learned
        self._tell = tell
        self._running = False
        self._told: tuple[Binding, str | None] = (Binding.UNREGISTERED, None)

    @property
    def account(self) -> Account:
        """At the registrar that holds the binding; at the first while none does."""
        return self._holder.account

    @property
    def service_route(self) -> tuple[str, ...]:
        return self._holder.registration.service_route

    def start(self, now: float) -> None:
        self._running = False
        for backup in self._hosted[1:]:
            backup.stop(now)
        self._running = True
        self._hosted[0].start(now)

    def stop(self, now: float) -> None:
        self._running = False
        for each in reversed(self._hosted):
            each.stop(now)

    def forget(self, now: float) -> None:
        """Leave the binding to whoever makes it anew."""
        self._running = False
        for each in self._hosted:
            each.forget(now)

    def moved(self, now: float) -> None:
        """This end is reached at another address: what was learned of the one before is worth nothing."""
        self._learned.forget()
        self._layer.learned.pop(self._account.id, None)
        for each in self._hosted:
            each.moved(now)

    def flow_lost(self, hop: Hop, reason: str, now: float) -> None:
        for each in self._hosted:
            each.flow_lost(hop, reason, now)

    def pong(self, source: Hop) -> None:
        for each in self._hosted:
            each.pong(source)

    @property
    def _holder(self) -> HostedRegistration:
        return next((each for each in self._hosted if _holds(each)), self._hosted[0])

    def _changed(self, now: float) -> None:
        first, *backups = self._hosted
        for backup in backups:
            if _holds(first) and backup.started:
                backup.stop(now)
            elif self._running and first.registration.unavailable and not backup.started:
                backup.start(now)
        shown = self._shown
        if shown != self._told:
            self._told = shown
            self._tell(BindingChanged(self._account.id, *shown), now)

    @property
    def _shown(self) -> tuple[Binding, str | None]:
        first, *backups = (each.registration for each in self._hosted)
        if first.state is Binding.UNREGISTERED or not self._running:
            return Binding.UNREGISTERED, None
        for backup, hosted in zip(backups, self._hosted[1:], strict=True):
            if hosted is self._holder:
                return Binding.REGISTERED, f"at {hosted.where}; the first: {first.reason}"
            if hosted.started and first.state is not Binding.REGISTERED:
                tried = f"{first.reason}; {hosted.where}: {backup.reason or 'being asked'}"
                return (backup.state if first.state is Binding.REGISTERING else first.state), tried
        return first.state, first.reason


def _holds(hosted: HostedRegistration) -> bool:
    registration = hosted.registration
    return registration.state is Binding.REGISTERED and not registration.unavailable
