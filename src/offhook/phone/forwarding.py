"""Sending calls elsewhere: the rules for those that arrive, and deflecting one that rings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .call import Call, CallState
from .call_log import Kind
from .effects import RedirectCall
from .number import Dialled
from .refusal import Refused
from .settings import SPOKEN, Forwarding
from .views import Entry, List, Menu, Purpose

if TYPE_CHECKING:
    from .phone import Phone


def open_page(phone: Phone) -> str:
    if not phone.calls and not phone.lifted:
        phone.hang_up()
    phone.views.append(Menu(List.FORWARDING))
    return "forwarding"


def ask_for_target(phone: Phone, rule: Forwarding, number: str = "") -> str:
    phone.views.append(Entry(Purpose.FORWARD, number, len(number), forwarding=rule))
    return f"forward {SPOKEN[rule]} to?"


def take_entry(phone: Phone) -> str:
    """`Forward` on a typed number: it becomes the always-forward target, once `OK` says yes."""
    typed = phone.view
    if not isinstance(typed, Entry) or typed.purpose is not Purpose.CALL:
        raise Refused("Forward has nothing to do here")
    typed.purpose, typed.forwarding = Purpose.FORWARD, Forwarding.ALWAYS
    return f"always forward to {typed.text}? OK"


def set_target(phone: Phone, typed: Entry, target: Dialled) -> str:
    rule = typed.forwarding or Forwarding.ALWAYS
    phone.settings.forward[rule] = target.shown
    phone.keep()
    phone.views.pop()
    return f"forwarding {SPOKEN[rule]} to {target.shown}"


def toggle(phone: Phone, rule: Forwarding) -> str:
    """A rule that is set ends; one that is not asks where to."""
    if phone.settings.forward[rule] is None:
        return ask_for_target(phone, rule)
    phone.settings.forward[rule] = None
    return f"forwarding {SPOKEN[rule]} is off"


def ask_deflection(phone: Phone, call: Call) -> str:
    phone.views.append(Entry(Purpose.DEFLECT, call=call.id))
    return f"deflect {call.who} to?"


def deflect(phone: Phone, call_id: str | None, target: Dialled) -> str:
    call = phone.find(call_id)
    if call is None or call.state is not CallState.RINGING:
        raise Refused("the call that was to be deflected rings no more")
    redirect(phone, call, target)
    return f"deflected {call.who} to {target.shown}"


def redirect(phone: Phone, call: Call, target: Dialled) -> None:
    phone.ask(RedirectCall(call.id, completed(phone, call.account, target)))
    phone.drop(call, here=True)
    phone.record(call, Kind.FORWARDED)


def completed(phone: Phone, account_id: int | None, target: Dialled) -> str:
    """A number goes to the host of the account that was called, of the first one for a direct call."""
    accounts = phone.accounts
    account = accounts.get(account_id) if account_id is not None else next(iter(accounts.values()), None)
    if target.uri is None and account is None:
        raise Refused("there is no account to complete a number with; write user@host")
    return target.target(account.domain if account else "")
