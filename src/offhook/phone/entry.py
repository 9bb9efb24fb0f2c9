"""Typing a number, and what it is typed for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import forwarding, holding, placing, transfer
from .account import Account
from .call import Call, CallState
from .effects import PlaceCall
from .number import Dialled, NotDiallable, dialled
from .refusal import Refused
from .reply import Verdict
from .views import Entry, Purpose

if TYPE_CHECKING:
    from .phone import Phone

MAX_ENTRY = 64


def append(phone: Phone, digit: str) -> str:
    typed = phone.view
    if not isinstance(typed, Entry):
        typed = Entry(Purpose.CALL)
        phone.views.append(typed)
    elif len(typed.text) >= MAX_ENTRY:
        raise Refused(f"the entry is full: {MAX_ENTRY} characters at most")
    typed.insert(digit)
    phone.notice = None
    return f"entry: {typed.text}"


def delete(phone: Phone) -> str:
    typed = _typed(phone)
    typed.delete()
    if not typed.text and typed.purpose is Purpose.CALL:
        phone.views.pop()
    return f"entry: {typed.text or 'empty'}"


def move(phone: Phone, by: int) -> str:
    typed = _typed(phone)
    typed.move(by)
    return f"before character {typed.cursor + 1}"


def leave(phone: Phone) -> str:
    """Back to what was there before; a call that was held for the entry is resumed."""
    typed = _typed(phone)
    phone.views.pop()
    call = phone.find(typed.call)
    if call and call.up and call.transferring_to is None:
        holding.resume(phone, call)
    return "entry left"


def done(phone: Phone) -> str:
    """`OK`: do what the number was typed for."""
    typed = _typed(phone)
    return DONE[typed.purpose](phone, typed)


def _call(phone: Phone, typed: Entry) -> str:
    target = read(phone, typed.text)
    return place(phone, target, first_ready(phone, target))


def _consult(phone: Phone, typed: Entry) -> str:
    target = read(phone, typed.text)
    waiting = phone.find(typed.call)
    account = phone.accounts.get(waiting.account) if waiting and waiting.account is not None else None
    if account is None or not account.ready:
        account = first_ready(phone, target)
    return place(phone, target, account, consults_for=typed.call, purpose=typed.purpose)


DONE: dict[Purpose, Callable[[Phone, Entry], str]] = {
    Purpose.CALL: _call,
    Purpose.TRANSFER: _consult,
    Purpose.CONFERENCE: _consult,
    Purpose.DEFLECT: lambda phone, typed: forwarding.deflect(phone, typed.call, read(phone, typed.text)),
    Purpose.FORWARD: lambda phone, typed: forwarding.set_target(phone, typed, read(phone, typed.text)),
}


def redial(phone: Phone) -> str:
    dialled = phone.log.dialled
    if not dialled:
        raise Refused("nothing has been dialled yet that could be dialled again")
    return call_number(phone, dialled[0])


def call_number(phone: Phone, number: str) -> str:
    target = read(phone, number)
    return place(phone, target, first_ready(phone, target))


def read(phone: Phone, number: str) -> Dialled:
    """As it is called, by the dial rules."""
    if not number:
        raise Refused("nothing is typed yet")
    try:
        target = dialled(number)
    except NotDiallable as wrong:
        raise Refused(str(wrong), Verdict.INVALID) from wrong
    return phone.settings.dial_rules.applied(target)


def place(
    phone: Phone,
    target: Dialled,
    account: Account | None,
    *,
    consults_for: str | None = None,
    purpose: Purpose = Purpose.CALL,
) -> str:
    """Start the call, holding the one that talks; without an account it is a direct one, to a URI."""
    placing.expect_room(phone)
    waiting = phone.focused
    call = Call(
        id=next(phone.ids),
        direction="out",
        state=CallState.CALLING,
        remote=target.target(account.domain if account else ""),
        remote_name="",
        account=account.id if account else None,
        started=phone.now,
        number=target.shown,
        consults_for=consults_for,
        joins=purpose is Purpose.CONFERENCE,
        beside=waiting.id if waiting and waiting.up else None,
    )
    placing.put_out(phone, call, PlaceCall(call.id, call.account, call.remote))
    whom = f"{call.book_name} ({target.shown})" if call.book_name else target.shown
    return f"calling {whom}" + (f" from {account.username}" if account else "")


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


def blind_transfer(phone: Phone) -> str:
    """`Transfer` while its number is typed."""
    typed = _typed(phone)
    return transfer.blind(phone, typed.call, read(phone, typed.text))


def _typed(phone: Phone) -> Entry:
    if not isinstance(phone.view, Entry):
        raise Refused("no number is being typed")
    return phone.view
