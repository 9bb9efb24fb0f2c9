"""Being transferred: the other party of a call asks this phone to call somebody else (RFC 3515)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import placing
from .call import Call, CallState
from .effects import FollowRefer, RefuseRefer
from .events import ReferAsked
from .refusal import Refused
from .settings import ReferPolicy
from .views import List, Menu

if TYPE_CHECKING:
    from .phone import Phone

DECLINE = 603


def asked(phone: Phone, event: ReferAsked) -> str:
    call = phone.calls.get(event.call)
    policy = phone.settings.refer
    if call is None or not call.up or call.refer_target is not None or policy is ReferPolicy.REFUSE:
        phone.ask(RefuseRefer(event.call, DECLINE))
        return ""
    try:
        phone.settings.dial_rules.expect_allowed(event.target)
    except Refused as refused:
        phone.ask(RefuseRefer(event.call, DECLINE))
        phone.show_notice(refused.text)
        return refused.text
    call.refer_target, call.referred_by = event.target, event.by
    # What is followed goes out by the account that the call came to, at its cost (RFC 3515 §5.2).
    if policy is ReferPolicy.ASK or event.stranger:
        phone.views.append(Menu(List.REFER, call=call.id))
        return f"{call.who} asks to call {event.target}"
    try:
        return follow(phone, call)
    except Refused as refused:
        refuse(phone, call)
        return refused.text


def follow(phone: Phone, call: Call) -> str:
    target = call.refer_target
    if target is None:
        raise Refused(f"{call.who} asks for no transfer")
    phone.settings.dial_rules.expect_allowed(target)
    placing.expect_room(phone)
    new = Call(
        id=next(phone.ids),
        direction="out",
        state=CallState.CALLING,
        remote=target,
        remote_name="",
        account=call.account,
        started=phone.now,
        referred_by=call.referred_by,
        referred_in=call.id,
        interrupts=call.state is CallState.TALKING,
    )
    call.refer_target, call.referred_by = None, ""
    placing.put_out(phone, new, FollowRefer(new.id, new.account, call.id))
    return f"calling {new.who}, as {call.who} asked"


def refuse(phone: Phone, call: Call) -> str:
    call.refer_target = None
    phone.views = [view for view in phone.views if not (isinstance(view, Menu) and view.shown is List.REFER)]
    phone.ask(RefuseRefer(call.id, DECLINE))
    return f"did not follow {call.who}"
