"""Putting a call out: what every call that this phone places has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import holding
from .call import Call, CallState
from .call_log import Kind
from .effects import FollowRefer, PlaceCall, SetTimer
from .events import Timer
from .refusal import Refused

if TYPE_CHECKING:
    from .phone import Phone


def expect_room(phone: Phone) -> None:
    for call in phone.calls.values():
        if call.state is CallState.CALLING:
            raise Refused(f"the phone is calling {call.who} already; CallEnd gives that up")
    if len(phone.calls) >= phone.settings.most_calls:
        raise Refused(f"there are {len(phone.calls)} calls, and {phone.settings.most_calls} are the most")


def put_out(phone: Phone, call: Call, effect: PlaceCall | FollowRefer) -> None:
    """Holds the call that talks, and brings this one to the front, on the path that is open."""
    followed = isinstance(effect, FollowRefer)
    if followed:
        # Who asked for it is to hear of it at once (RFC 3515 §2.4.4), and not after being held.
        phone.ask(effect)
    holding.hold_all_but(phone, [])
    phone.name(call)
    phone.calls[call.id] = call
    phone.bring_to_front(call)
    phone.open_path()
    phone.record(call, Kind.DIALLED, over=False)
    if not followed:
        phone.ask(effect)
    phone.ask(SetTimer(Timer.CALL, phone.settings.call_for, call.id))
