"""A phone at one moment, as far as others are told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from offhook.phone.audio_path import Path
from offhook.phone.call import Call
from offhook.phone.events import Registration
from offhook.phone.phone import Phone
from offhook.phone.settings import Forwarding

from .happening import AccountSeen, CallSeen


@dataclass(frozen=True, slots=True)
class RegistrationSeen:
    """`outcome` is what the last attempt that is over came to; None while there was none."""

    account: AccountSeen
    outcome: Registration | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    off_hook: bool
    muted: bool
    dnd: bool
    forward: Mapping[Forwarding, str | None]
    focus: str | None
    registrations: Mapping[int, RegistrationSeen]
    calls: Mapping[str, CallSeen]
    address: str

    @classmethod
    def of(cls, phone: Phone, address: str, before: Self | None = None) -> Self:
        """`address` is the phone's own; `before` knows the outcome of a registration that is tried again."""
        return cls(
            off_hook=phone.path is not Path.NONE,
            muted=phone.muted,
            dnd=phone.settings.dnd,
            forward=dict(phone.settings.forward),
            focus=phone.focus,
            registrations=_registrations(phone, before.registrations if before else {}),
            calls={call.id: _seen(call) for call in phone.calls.values()},
            address=address,
        )

    def account_of(self, call: CallSeen | None) -> AccountSeen | None:
        """A direct call has none; without a call it is the first."""
        if call is not None:
            seen = None if call.account is None else self.registrations.get(call.account)
        else:
            seen = next(iter(self.registrations.values()), None)
        return seen.account if seen else None


def _registrations(phone: Phone, before: Mapping[int, RegistrationSeen]) -> Mapping[int, RegistrationSeen]:
    now: dict[int, RegistrationSeen] = {}
    for each in phone.accounts.values():
        account = AccountSeen(each.id, each.username, each.domain, each.name)
        outcome: Registration | None = each.state
        if each.state is Registration.REGISTERING:
            known = before.get(each.id)
            outcome = known.outcome if known and same(known.account, account) else None
        now[each.id] = RegistrationSeen(account, outcome, each.reason)
    return now


def same(one: AccountSeen, other: AccountSeen) -> bool:
    """Whether registering the one is registering the other."""
    return (one.user, one.domain) == (other.user, other.domain)


def _seen(call: Call) -> CallSeen:
    return CallSeen(
        call.id,
        call.direction,
        call.state.value,
        call.account,
        call.remote,
        call.remote_name,
        call.started,
        call.answered,
        call.transferring_to,
        call.consults_for,
    )
