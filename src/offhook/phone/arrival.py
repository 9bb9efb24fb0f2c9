"""What becomes of a call that arrives: forwarded, refused, rung or answered at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import conversation, forwarding, holding
from .call import Call, CallState
from .call_log import Kind
from .effects import AnswerCall, EndCall, HoldCall, RedirectCall, RefuseCall, RingCall, SetTimer
from .events import CallArrived, CallReplaced, Timer
from .number import NotDiallable, dialled
from .refusal import Refused
from .settings import AutoAnswer, Forwarding

if TYPE_CHECKING:
    from .phone import Phone

BUSY_HERE = 486
ANONYMITY_DISALLOWED = 433
"""RFC 5079."""

AT_ONCE = {False: {AutoAnswer.ALWAYS}, True: {AutoAnswer.ALWAYS, AutoAnswer.ASKED}}
"""The settings under which a call is answered at once, by whether its caller asks for it."""


def arrived(phone: Phone, event: CallArrived) -> str:
    settings = phone.settings
    call = Call(
        id=event.call,
        direction="in",
        state=CallState.RINGING,
        remote=event.remote,
        remote_name=event.remote_name,
        account=event.account,
        started=phone.now,
        anonymous=event.anonymous,
        diverted_by=event.diverted_by,
        stranger=event.stranger,
    )
    phone.name(call)
    if settings.blocked.has(call.remote):
        return _block(phone, call)
    phone.notice = None
    if event.anonymous and settings.reject_anonymous:
        return _refuse(phone, call, ANONYMITY_DISALLOWED)
    if target := _forwarded_to(phone, call, Forwarding.ALWAYS):
        return _forward(phone, call, target, Forwarding.ALWAYS)
    if settings.dnd:
        return _refuse(phone, call, settings.dnd_code)
    if phone.calls and (not settings.call_waiting or _is_full(phone, call)):
        if target := _forwarded_to(phone, call, Forwarding.BUSY):
            return _forward(phone, call, target, Forwarding.BUSY)
        return _refuse(phone, call, BUSY_HERE)
    _ring(phone, call)
    alone = len(phone.calls) == 1
    if alone and (settings.auto_answer in AT_ONCE[event.answer_asked]):
        return conversation.answer(phone, call)
    return f"{call.who} is calling"


def replaced(phone: Phone, event: CallReplaced) -> str:
    """The new call goes on where the old one was."""
    old = phone.calls.get(event.replaced)
    if old is None:
        phone.ask(RefuseCall(event.call, 481))
        return ""
    heard = (old.conference or phone.focus == old.id) and old.state is not CallState.HELD
    new = replace(
        old,
        id=event.call,
        direction="in",
        state=CallState.TALKING if heard else CallState.HELD,
        remote=event.remote,
        remote_name=event.remote_name,
        started=phone.now,
        answered=phone.now,
        held_by_peer=False,
        srtp=None,
        encrypted=False,
        anonymous=False,
        diverted_by=None,
        transferring_to=None,
        refer_target=None,
    )
    phone.name(new)
    phone.succeed(old, new)
    if new.state is CallState.TALKING:
        holding.hold_all_but(phone, holding.legs(phone, new))
        phone.open_path()
    phone.ask(AnswerCall(new.id))
    phone.ask(EndCall(old.id))
    if new.state is CallState.HELD:
        phone.ask(HoldCall(new.id))
    phone.show_notice(f"{new.who} took the place of {old.who}")
    return ""


def unanswered(phone: Phone, call: Call) -> str:
    """The no-answer rule's time is up."""
    target = _forwarded_to(phone, call, Forwarding.NO_ANSWER)
    if target is None:
        return ""
    phone.ask(RedirectCall(call.id, target, Forwarding.NO_ANSWER))
    phone.drop(call, here=True)
    phone.record(call, Kind.FORWARDED)
    phone.show_notice(f"forwarded {call.who} to {phone.settings.forward[Forwarding.NO_ANSWER]}")
    return ""


def _is_full(phone: Phone, call: Call) -> bool:
    """Strangers who ring leave one line free: for its owner, and for whoever is no stranger."""
    others_ring = any(each.stranger and each.state is CallState.RINGING for each in phone.calls.values())
    kept_free = 1 if call.stranger and others_ring else 0
    return len(phone.calls) >= phone.settings.most_calls - kept_free


def _ring(phone: Phone, call: Call) -> None:
    phone.calls[call.id] = call
    if phone.focus is None:
        phone.focus = call.id
    phone.at_home = False
    phone.ask(RingCall(call.id))
    phone.ask(SetTimer(Timer.RING, phone.settings.ring_for, call.id))
    if phone.settings.forward[Forwarding.NO_ANSWER] is not None:
        phone.ask(SetTimer(Timer.NO_ANSWER, phone.settings.no_answer_after, call.id))


def _forward(phone: Phone, call: Call, target: str, rule: Forwarding) -> str:
    phone.ask(RedirectCall(call.id, target, rule))
    phone.record(call, Kind.FORWARDED)
    text = f"forwarded {call.who}"
    phone.show_notice(text)
    return text


def _block(phone: Phone, call: Call) -> str:
    """As if the owner had rejected it, and without a word: whoever is blocked is not to disturb."""
    phone.ask(RefuseCall(call.id, phone.settings.reject_code))
    phone.record(call, Kind.RECEIVED)
    return f"refused {call.who}, who is blocked"


def _refuse(phone: Phone, call: Call, code: int) -> str:
    phone.ask(RefuseCall(call.id, code))
    phone.miss(call)
    return f"refused {call.who}"


def _forwarded_to(phone: Phone, call: Call, rule: Forwarding) -> str | None:
    number = phone.settings.forward[rule]
    if number is None:
        return None
    try:
        target = phone.settings.dial_rules.applied(dialled(number))
        return forwarding.completed(phone, call.account, target)
    except (NotDiallable, Refused) as wrong:
        phone.show_notice(f"{call.who} is not forwarded: {wrong}")
        return None
