"""What the network and the clock tell the phone.

News of a call that the phone no longer has is old news: the two crossed on the way, and nothing happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from .call import Call, CallState
from .conversation import BUSY_HERE, DIGITS_KEPT
from .effects import RefuseCall, RingCall
from .events import (
    CallAnswered,
    CallArrived,
    CallFailed,
    CallGone,
    CallRinging,
    DigitReceived,
    RegistrationChanged,
    Timer,
    TimerFired,
)

if TYPE_CHECKING:
    from .phone import Phone

News = (
    CallArrived
    | CallRinging
    | CallAnswered
    | CallFailed
    | CallGone
    | DigitReceived
    | RegistrationChanged
    | TimerFired
)

FAILURES = {
    403: "is not allowed",
    404: "is not a number there",
    408: "does not answer",
    410: "is gone",
    480: "does not answer",
    484: "is not a whole number",
    486: "is busy",
    487: "was given up",
    488: "speaks no codec of ours",
    500: "could not be reached",
    503: "could not be reached",
    600: "is busy",
    603: "declined",
    604: "is not a number anywhere",
}


def take(phone: Phone, event: News) -> None:
    match event:
        case CallArrived():
            _arrived(phone, event)
        case CallRinging(call_id):
            if (call := phone.calls.get(call_id)) and call.state is CallState.CALLING:
                call.rings_there = True
        case CallAnswered(call_id):
            if (call := phone.calls.get(call_id)) and call.state is CallState.CALLING:
                call.state = CallState.TALKING
                call.answered = phone.now
        case CallFailed(call_id, code, reason):
            if call := phone.calls.get(call_id):
                phone.lose(call, f"{call.who} {FAILURES.get(code, 'could not be called')} ({code} {reason})")
        case CallGone(call_id, reason):
            if call := phone.calls.get(call_id):
                missed = call.state is CallState.RINGING
                phone.lose(call, f"missed {call.who}" if missed else f"{call.who} is gone: {reason}")
        case DigitReceived(call_id, digit):
            if call := phone.calls.get(call_id):
                call.digits_received = (call.digits_received + digit)[-DIGITS_KEPT:]
        case RegistrationChanged(account_id, state, reason):
            account = phone.accounts[account_id]
            account.state, account.reason = state, reason
        case TimerFired(Timer.NOTICE):
            phone.notice = None
        case _:
            assert_never(event)


def _arrived(phone: Phone, event: CallArrived) -> None:
    if phone.calls:
        phone.ask(RefuseCall(event.call, BUSY_HERE))
        return
    phone.calls[event.call] = Call(
        id=event.call,
        direction="in",
        state=CallState.RINGING,
        remote=event.remote,
        remote_name=event.remote_name,
        account=event.account,
        started=phone.now,
    )
    phone.notice = None
    phone.ask(RingCall(event.call))
