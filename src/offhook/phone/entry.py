"""Typing a number and dialling it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .account import Account
from .call import Call, CallState
from .effects import PlaceCall
from .number import Dialled, NotDiallable, dialled
from .refusal import Refused
from .reply import Verdict

if TYPE_CHECKING:
    from .phone import Phone

MAX_ENTRY = 64


def append(phone: Phone, digit: str) -> str:
    typed = phone.entry or ""
    if len(typed) >= MAX_ENTRY:
        raise Refused(f"the entry is full: {MAX_ENTRY} characters at most")
    phone.entry = typed + digit
    phone.notice = None
    return f"entry: {phone.entry}"


def delete(phone: Phone) -> str:
    phone.entry = (phone.entry or "")[:-1] or None
    return f"entry: {phone.entry or 'empty'}"


def leave(phone: Phone) -> str:
    phone.entry = None
    return "entry left"


def dial(phone: Phone) -> str:
    return _dial(phone, phone.entry or "")


def redial(phone: Phone) -> str:
    if phone.last_dialled is None:
        raise Refused("nothing has been dialled yet that could be dialled again")
    return _dial(phone, phone.last_dialled)


def _dial(phone: Phone, number: str) -> str:
    target = read(number)
    return place(phone, target, first_ready(phone, target))


def read(number: str) -> Dialled:
    try:
        return dialled(number)
    except NotDiallable as wrong:
        raise Refused(str(wrong), Verdict.INVALID) from wrong


def place(phone: Phone, target: Dialled, account: Account | None) -> str:
    """Start the call; without an account it is a direct one, to a URI that names its own host."""
    call = Call(
        id=next(phone.ids),
        direction="out",
        state=CallState.CALLING,
        remote=target.target(account.domain if account else ""),
        remote_name="",
        account=account.id if account else None,
        started=phone.now,
    )
    phone.calls[call.id] = call
    phone.entry = None
    phone.notice = None
    phone.last_dialled = target.shown
    phone.open_path()
    phone.ask(PlaceCall(call.id, call.account, call.remote))
    return f"calling {target.shown}" + (f" from {account.username}" if account else "")


def first_ready(phone: Phone, target: Dialled) -> Account | None:
    """The first account that is ready, in order; a URI of its own host can be called directly without one."""
    for account in phone.accounts.values():
        if account.ready:
            return account
    if target.uri is not None:
        return None
    if not phone.accounts:
        raise Refused("there is no account to call a number from; user@host or an IP address can be called")
    whereabouts = ", ".join(f"{each.username}: {each.whereabouts()}" for each in phone.accounts.values())
    raise Refused(f"no account is ready ({whereabouts})")
