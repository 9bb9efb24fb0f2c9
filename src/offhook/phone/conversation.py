"""Answering, refusing and ending calls, and speaking digits into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .call import Call, CallState
from .effects import AnswerCall, EndCall, RefuseCall, SendDigit
from .refusal import Refused

if TYPE_CHECKING:
    from .phone import Phone

BUSY_HERE = 486
DIGITS_KEPT = 64


def answer(phone: Phone, call: Call) -> str:
    _expect(call, CallState.RINGING, "answered")
    call.state = CallState.TALKING
    call.answered = phone.now
    phone.entry = None
    phone.notice = None
    phone.open_path()
    phone.ask(AnswerCall(call.id))
    return f"answered {call.who}"


def reject(phone: Phone, call: Call) -> str:
    _expect(call, CallState.RINGING, "rejected")
    # The caller's wish ends, not the owner's: what was typed or lifted before it rang is still there.
    del phone.calls[call.id]
    phone.ask(RefuseCall(call.id, BUSY_HERE))
    return f"rejected {call.who}"


def end(phone: Phone, call: Call) -> str:
    """Hang up, give up or reject, by the call's state."""
    if call.state is CallState.RINGING:
        return reject(phone, call)
    phone.ask(EndCall(call.id))
    phone.forget(call)
    return f"{'hung up on' if call.answered is not None else 'gave up calling'} {call.who}"


def send_digit(phone: Phone, call: Call, digit: str) -> str:
    call.digits_sent = (call.digits_sent + digit)[-DIGITS_KEPT:]
    phone.ask(SendDigit(call.id, digit))
    return f"sent {digit}"


def _expect(call: Call, state: CallState, done: str) -> None:
    if call.state is not state:
        raise Refused(f"the call with {call.who} is {call.state}; only a {state} one can be {done}")
