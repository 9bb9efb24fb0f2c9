"""What the network and the clock tell the phone.

News of a call that the phone no longer has is old news: the two crossed on the way, and nothing happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from . import arrival, conversation, holding, menus, refer, transfer
from .audio_path import Path
from .call import Call, CallState
from .conversation import DIGITS_KEPT
from .effects import EndCall, HoldCall, RefuseCall
from .events import (
    AccountsChanged,
    Announced,
    CallAnswered,
    CallArrived,
    CallFailed,
    CallGone,
    CallReplaced,
    CallRinging,
    CallSecured,
    DigitReceived,
    HeldByPeer,
    HoldRefused,
    MessagesWaiting,
    News,
    PhoneBookChanged,
    PoweredOff,
    ReferAsked,
    RegistrationChanged,
    RemoteChanged,
    SettingsChanged,
    Timer,
    TimerFired,
    TransferAccepted,
    TransferDone,
    TransferFailed,
)
from .screen import Page

if TYPE_CHECKING:
    from .phone import Phone

TEMPORARILY_UNAVAILABLE = 480

FAILURES = {
    403: "is not allowed",
    404: "is not a number there",
    408: "does not answer",
    410: "is gone",
    433: "takes no anonymous calls",
    480: "does not answer",
    484: "is not a whole number",
    486: "is busy",
    487: "was given up",
    488: "found no way to talk with us",
    500: "could not be reached",
    503: "could not be reached",
    600: "is busy",
    603: "declined",
    604: "is not a number anywhere",
}


def take(phone: Phone, event: News) -> str:
    match event:
        case CallArrived():
            return arrival.arrived(phone, event)
        case CallReplaced():
            return arrival.replaced(phone, event)
        case ReferAsked():
            return refer.asked(phone, event)
        case RegistrationChanged(account_id, state, reason):
            if account := phone.accounts.get(account_id):
                account.state, account.reason = state, reason
            return ""
        case SettingsChanged(settings):
            phone.adopt(settings)
            return ""
        case PhoneBookChanged(book):
            menus.adopt_book(phone, book)
            return ""
        case AccountsChanged(accounts):
            phone.accounts = {account.id: account for account in accounts}
            return ""
        case Announced(text):
            phone.show_notice(text)
            return ""
        case PoweredOff():
            for each in list(phone.calls.values()):
                if each.id in phone.calls:
                    conversation.end(phone, each)
            return ""
        case MessagesWaiting(account_id, new):
            phone.messages[account_id] = new
            return ""
        case TimerFired(timer, call_id):
            return _timer(phone, timer, phone.find(call_id))
        case _:
            call = phone.calls.get(event.call)
            return "" if call is None else _of_call(phone, call, event)


def _of_call(
    phone: Phone,
    call: Call,
    event: CallRinging
    | RemoteChanged
    | CallAnswered
    | CallFailed
    | CallGone
    | CallSecured
    | HeldByPeer
    | HoldRefused
    | DigitReceived
    | TransferAccepted
    | TransferDone
    | TransferFailed,
) -> str:
    match event:
        case CallRinging(_, early_media):
            if call.state is CallState.CALLING:
                call.rings_there = True
                call.early_media = early_media
        case CallAnswered():
            if call.state is CallState.CALLING:
                _answered(phone, call)
        case RemoteChanged(_, remote, remote_name):
            call.remote, call.remote_name, call.anonymous = remote, remote_name, False
            phone.name(call)
        case CallFailed(_, code, reason, moved_to):
            what = f"is at {moved_to} now" if moved_to else FAILURES.get(code, "could not be called")
            why = f"{call.who} {what} ({code} {reason})"
            _failed(phone, call, why)
        case CallGone(_, reason, elsewhere):
            _gone(phone, call, reason, elsewhere)
        case CallSecured(_, srtp, signalling):
            call.srtp, call.encrypted = srtp, srtp is not None and signalling
        case HeldByPeer(_, held):
            call.held_by_peer = held
        case HoldRefused(_, code, reason):
            _hold_refused(phone, call, f"{code} {reason}")
        case DigitReceived(_, digit):
            call.digits_received = (call.digits_received + digit)[-DIGITS_KEPT:]
        case TransferAccepted():
            if call.transferring_to is not None:
                transfer.accepted(phone, call)
        case TransferDone():
            return transfer.finished(phone, call)
        case TransferFailed(_, code, reason):
            return transfer.failed(phone, call, f"{code} {reason}")
        case _:
            assert_never(event)
    return ""


def _answered(phone: Phone, call: Call) -> None:
    call.answered = phone.now
    if phone.focus == call.id:
        holding.hold_all_but(phone, [call])
        call.state = CallState.TALKING
        phone.open_path()
    else:
        # The owner went on to another call meanwhile.
        call.state = CallState.HELD
        phone.ask(HoldCall(call.id))


def _failed(phone: Phone, call: Call, why: str) -> None:
    phone.drop(call, here=False)
    referrer = phone.find(call.referred_in)
    if (
        referrer
        and call.interrupts
        and phone.focused is referrer
        and referrer.state is CallState.HELD
        and referrer.transferring_to is None
    ):
        holding.resume(phone, referrer)
    phone.show_notice(why)


def _gone(phone: Phone, call: Call, reason: str, elsewhere: bool) -> None:
    missed = call.state is CallState.RINGING
    phone.drop(call, here=False)
    if missed and not elsewhere:
        phone.miss(call)
    elif missed:
        phone.show_notice(f"{call.who} was answered elsewhere")
    elif call.transferring_to is not None:
        phone.show_notice(f"{call.who} hung up before the transfer to {call.transferring_to} was confirmed")
    else:
        phone.show_notice(f"{call.who} is gone: {reason}")


def _hold_refused(phone: Phone, call: Call, why: str) -> None:
    """The sound follows what the far end agreed to, as long as no other call talks meanwhile."""
    talking = any(other.state is CallState.TALKING for other in phone.calls.values() if other is not call)
    alone = not talking and not phone.views and not call.conference
    if call.state is CallState.HELD and phone.focus == call.id and alone:
        call.state = CallState.TALKING
        phone.open_path()
        phone.show_notice(f"{call.who} cannot be held ({why})")
    elif call.state is CallState.TALKING:
        call.state = CallState.HELD
        phone.leave_conference(call)
        phone.show_notice(f"{call.who} cannot be resumed ({why})")
    else:
        phone.show_notice(f"{call.who} does not know that it is on hold ({why})")


def _timer(phone: Phone, timer: Timer, call: Call | None) -> str:
    match timer:
        case Timer.NOTICE:
            phone.notice = None
        case Timer.DIAL:
            if phone.page is Page.OFF_HOOK and phone.path is not Path.NONE:
                phone.busy_tone = True
        case Timer.RING:
            if call and call.state is CallState.RINGING:
                phone.ask(RefuseCall(call.id, TEMPORARILY_UNAVAILABLE))
                phone.drop(call, here=True)
                phone.miss(call)
        case Timer.NO_ANSWER:
            if call and call.state is CallState.RINGING:
                return arrival.unanswered(phone, call)
        case Timer.CALL:
            if call and call.state is CallState.CALLING:
                phone.ask(EndCall(call.id))
                _failed(phone, call, f"{call.who} does not answer")
        case Timer.TRANSFER:
            if call:
                return transfer.finished(phone, call)
        case _:
            assert_never(timer)
    return ""
