"""Hold and resume. A conference is held and resumed as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .call import Call, CallState
from .effects import HoldCall, ResumeCall
from .refusal import Refused

if TYPE_CHECKING:
    from .phone import Phone


def hold(phone: Phone, call: Call) -> str:
    if call.state is CallState.HELD:
        return f"the call with {call.who} is held already"
    if call.state is not CallState.TALKING:
        raise Refused(f"the call with {call.who} is {call.state}; only one that is up can be held")
    for leg in legs(phone, call):
        _hold(phone, leg)
    return f"held {names(phone, call)}"


def resume(phone: Phone, call: Call) -> str:
    """The sound goes to this call; one that is talking is held first."""
    if not call.up:
        raise Refused(f"the call with {call.who} is {call.state}; only a held one can be resumed")
    if call.transferring_to is not None:
        raise Refused(f"{call.who} is being transferred to {call.transferring_to}")
    talked = call.state is CallState.TALKING
    resumed = legs(phone, call)
    hold_all_but(phone, resumed)
    phone.bring_to_front(call)
    phone.open_path()
    for leg in resumed:
        if leg.state is CallState.HELD:
            leg.state = CallState.TALKING
            phone.ask(ResumeCall(leg.id))
    return f"the call with {call.who} is not held" if talked else f"resumed {names(phone, call)}"


def hold_all_but(phone: Phone, kept: list[Call]) -> None:
    """At most one conversation talks."""
    for call in phone.calls.values():
        if call.state is CallState.TALKING and call not in kept:
            _hold(phone, call)


def legs(phone: Phone, call: Call) -> list[Call]:
    """The call, or all of the conference that it is part of."""
    return phone.conference if call.conference else [call]


def names(phone: Phone, call: Call) -> str:
    return ", ".join(leg.who for leg in legs(phone, call))


def _hold(phone: Phone, call: Call) -> None:
    call.state = CallState.HELD
    phone.ask(HoldCall(call.id))


def next_call(phone: Phone, by: int) -> str:
    """Another of several calls comes to the front, held, and waits for `OK`; the one that talks is held."""
    waiting = [call for call in phone.calls.values() if call.up]
    call = phone.focused
    if call is None or call not in waiting or len(waiting) < 2:
        raise Refused("there is no other call to go to")
    if call.conference:
        waiting = [other for other in waiting if not other.conference or other is call]
        if len(waiting) < 2:
            raise Refused("there is no other call to go to")
    other = waiting[(waiting.index(call) + by) % len(waiting)]
    hold_all_but(phone, [])
    phone.bring_to_front(other)
    return f"{other.who}, held"
