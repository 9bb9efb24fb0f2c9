"""A conference of this phone and up to three others, mixed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import holding, transfer
from .call import Call, CallState
from .effects import ResumeCall
from .refusal import Refused
from .views import Purpose

if TYPE_CHECKING:
    from .phone import Phone

MOST_LEGS = 3


def conference(phone: Phone, call: Call) -> str:
    """Join the focused and the held calls; with only one call, hold it and ask for another."""
    if not call.up:
        raise Refused(f"the call with {call.who} is {call.state}; only calls that are up can be joined")
    if call.transferring_to is not None:
        raise Refused(f"{call.who} is being transferred to {call.transferring_to}")
    others = _others(phone, call)
    if others:
        return _join(phone, call, others)
    if len(phone.conference) >= MOST_LEGS:
        raise Refused(f"a conference has at most {MOST_LEGS} others")
    transfer.ask_for_number(phone, call, Purpose.CONFERENCE)
    return "conference with?"


def _others(phone: Phone, call: Call) -> list[Call]:
    """Whom the call is joined with: for a conference one held call beyond it, for a call the conference."""
    legs = phone.conference
    free = [
        other
        for other in phone.calls.values()
        if other.up and not other.conference and other is not call and other.transferring_to is None
    ]
    if call.conference:
        return free[-1:]
    if legs:
        return legs
    named = [other for other in free if other.id in {call.consults_for, call.beside}]
    return (named or free)[-1:]


def _join(phone: Phone, call: Call, others: list[Call]) -> str:
    joined = list({each.id: each for each in (*phone.conference, *others, call)}.values())
    if len(joined) > MOST_LEGS:
        raise Refused(f"a conference has at most {MOST_LEGS} others")
    holding.hold_all_but(phone, joined)
    phone.bring_to_front(call)
    phone.open_path()
    for each in joined:
        each.conference = True
        each.consults_for = each.beside = None
        each.joins = False
        if each.state is CallState.HELD:
            each.state = CallState.TALKING
            phone.ask(ResumeCall(each.id))
    return "conference with " + ", ".join(each.who for each in joined)
