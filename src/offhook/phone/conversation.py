"""Answering, refusing and ending calls, and speaking digits into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import holding
from .call import Call, CallState
from .effects import AnswerCall, EndCall, RefuseCall, SendDigit
from .refusal import Refused

if TYPE_CHECKING:
    from .phone import Phone

DIGITS_KEPT = 64


def answer(phone: Phone, call: Call) -> str:
    _expect(call, CallState.RINGING, "answered")
    holding.hold_all_but(phone, [call])
    call.state = CallState.TALKING
    call.answered = phone.now
    phone.bring_to_front(call)
    phone.open_path()
    phone.ask(AnswerCall(call.id))
    return f"answered {call.who}"


def reject(phone: Phone, call: Call) -> str:
    _expect(call, CallState.RINGING, "rejected")
    phone.ask(RefuseCall(call.id, phone.settings.reject_code))
    phone.drop(call, here=True)
    return f"rejected {call.who}"


def silence(_phone: Phone, call: Call) -> str:
    call.silenced = not call.silenced
    return "silenced" if call.silenced else "rings again"


def end(phone: Phone, call: Call) -> str:
    """Hang up, give up or reject, by the call's state; a conference ends whole."""
    if call.state is CallState.RINGING:
        return reject(phone, call)
    who = holding.names(phone, call)
    for leg in holding.legs(phone, call):
        phone.ask(EndCall(leg.id))
        phone.drop(leg, here=True)
    return f"{'hung up on' if call.answered is not None else 'gave up calling'} {who}"


def end_one(phone: Phone, leg: Call) -> str:
    """One party leaves a conference, and the rest go on."""
    phone.ask(EndCall(leg.id))
    phone.drop(leg, here=True)
    return f"hung up on {leg.who}"


def send_digit(phone: Phone, call: Call, digit: str) -> str:
    for leg in holding.legs(phone, call):
        leg.digits_sent = (leg.digits_sent + digit)[-DIGITS_KEPT:]
        phone.ask(SendDigit(leg.id, digit))
    return f"sent {digit}"


def _expect(call: Call, state: CallState, done: str) -> None:
    if call.state is not state:
        raise Refused(f"the call with {call.who} is {call.state}; only a {state} one can be {done}")
