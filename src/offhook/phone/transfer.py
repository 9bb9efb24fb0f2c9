"""Sending the far end of a call to somebody else: blind, semi-attended and attended (RFC 5589)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import holding
from .call import Call, CallState
from .effects import EndCall, SetTimer, TransferAttended, TransferBlind
from .events import Timer
from .number import Dialled
from .refusal import Refused
from .views import Entry, Purpose

if TYPE_CHECKING:
    from .phone import Phone

OUTCOME_WITHIN = 32.0
"""Seconds after a 202 until a transfer that is not heard of again counts as done."""


def transfer(phone: Phone, call: Call) -> str:
    """Ask for the target, or complete the transfer where the call to the target is there."""
    if call.conference:
        raise Refused("a conference cannot be transferred; end it or leave it to the others first")
    if call.transferring_to is not None:
        raise Refused(f"{call.who} is being transferred to {call.transferring_to} already")
    if call.state is CallState.RINGING:
        raise Refused(f"{call.who} is ringing; Forward deflects the call, and Answer takes it")
    waiting = _waiting_for(phone, call)
    if waiting and call.state is CallState.TALKING:
        return _attended(phone, waiting, call)
    if waiting and call.state is CallState.CALLING and call.consults_for == waiting.id:
        return _semi_attended(phone, waiting, call)
    if call.state is CallState.CALLING:
        raise Refused(f"the phone is still calling {call.who}; only a call that is up can be transferred")
    ask_for_number(phone, call, Purpose.TRANSFER)
    return f"transfer {call.who} to?"


def ask_for_number(phone: Phone, call: Call, purpose: Purpose) -> None:
    """Hold the call and let a number be typed for it."""
    holding.hold_all_but(phone, [])
    phone.bring_to_front(call)
    phone.views.append(Entry(purpose, call=call.id))


def blind(phone: Phone, call_id: str | None, target: Dialled) -> str:
    call = phone.find(call_id)
    if call is None:
        raise Refused("the call that was to be transferred is over")
    account = phone.accounts.get(call.account) if call.account is not None else None
    if target.uri is None and account is None:
        raise Refused("a direct call has no account to complete a number with; write user@host")
    phone.bring_to_front(call)
    _refer(phone, call, target.target(account.domain if account else ""), target.shown)
    return f"transferring {call.who} to {target.shown}"


def _semi_attended(phone: Phone, call: Call, consultation: Call) -> str:
    """The target still rings: that call is cancelled, then a plain REFER (RFC 3891 §3)."""
    phone.settings.dial_rules.expect_allowed(consultation.remote)
    phone.ask(EndCall(consultation.id))
    phone.drop(consultation, here=False)
    phone.bring_to_front(call)
    phone.open_path()
    _refer(phone, call, consultation.remote, consultation.who)
    return f"transferring {call.who} to {consultation.who}"


def _attended(phone: Phone, call: Call, consultation: Call) -> str:
    call.transferring_to = consultation.who
    consultation.consults_for = call.id
    phone.ask(TransferAttended(call.id, consultation.id))
    return f"transferring {call.who} to {consultation.who}"


def _refer(phone: Phone, call: Call, target: str, shown: str) -> None:
    call.transferring_to = shown
    phone.ask(TransferBlind(call.id, target))


def _waiting_for(phone: Phone, call: Call) -> Call | None:
    """The held call that this one, placed here, was placed for or beside."""
    for name in (call.consults_for, call.beside):
        other = phone.find(name)
        if other and other.state is CallState.HELD and other.transferring_to is None and not other.conference:
            return other
    return None


def accepted(phone: Phone, call: Call) -> None:
    phone.ask(SetTimer(Timer.TRANSFER, OUTCOME_WITHIN, call.id))


def finished(phone: Phone, call: Call) -> str:
    """The far end is with the target; what this phone had with either is over."""
    if call.transferring_to is None:
        return ""
    text = f"transferred {call.who} to {call.transferring_to}"
    consultations = [other for other in phone.calls.values() if other.consults_for == call.id and other.up]
    for over in (call, *consultations):
        phone.ask(EndCall(over.id))
        phone.drop(over, here=True)
    phone.show_notice(text)
    return text


def failed(phone: Phone, call: Call, why: str) -> str:
    """The first call is back, held, and says why; a conversation that has nothing to do with it goes on."""
    if call.transferring_to is None:
        return ""
    text = f"{call.who} was not transferred to {call.transferring_to}: {why}"
    call.transferring_to = None
    in_front = phone.focused
    if in_front is None or in_front is call or in_front.consults_for == call.id:
        holding.hold_all_but(phone, [])
        phone.bring_to_front(call)
    phone.show_notice(text)
    return text
