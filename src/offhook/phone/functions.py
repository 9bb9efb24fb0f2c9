"""What each function of the Action URI does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from . import conversation, entry, hook
from .account import Account
from .call import Call, CallState
from .events import Function, MakeCall
from .refusal import Refused
from .reply import Verdict
from .screen import Page

if TYPE_CHECKING:
    from .phone import Phone

Verb = Callable[["Phone", Call | None], str]


def make_call(phone: Phone, event: MakeCall) -> str:
    target = entry.read(event.number)
    account = _named(phone, event)
    if account is not None and not account.ready:
        raise Refused(f"account {account.username} is not ready: {account.whereabouts()}")
    _expect_free(phone)
    return entry.place(phone, target, account or entry.first_ready(phone, target))


def perform(phone: Phone, function: Function, call_id: str | None) -> str:
    verb = TABLE.get(function)
    if verb is None:
        raise Refused(f"action={function} is not built yet", Verdict.NOT_BUILT)
    if call_id is not None and call_id not in phone.calls:
        calls = ", ".join(phone.calls) or "none"
        raise Refused(f"no call has the id {call_id!r}; calls now: {calls}", Verdict.INVALID)
    return verb(phone, phone.focused if call_id is None else phone.calls[call_id])


def _named(phone: Phone, event: MakeCall) -> Account | None:
    """The account that `line` or `lineID` names, None where the phone is to pick."""
    if event.line is not None:
        named = [account for account in phone.accounts.values() if account.is_called(event.line)]
        if not named:
            names = ", ".join(account.username for account in phone.accounts.values()) or "none"
            raise Refused(f"no account has the user name {event.line!r}; accounts: {names}", Verdict.INVALID)
        return next((account for account in named if account.ready), named[0])
    if event.line_id:
        if event.line_id not in phone.accounts:
            numbers = ", ".join(str(number) for number in phone.accounts) or "none"
            raise Refused(
                f"there is no account number {event.line_id}; there are {numbers}; 0 lets the phone pick",
                Verdict.INVALID,
            )
        return phone.accounts[event.line_id]
    return None


def _expect_free(phone: Phone) -> None:
    call = phone.focused
    if call is None:
        return
    match call.state:
        case CallState.CALLING:
            raise Refused(f"the phone is calling {call.who} already; CallEnd gives that up")
        case CallState.RINGING:
            raise Refused(f"{call.who} is ringing; Answer or Reject that call first")
        case _:
            raise Refused(
                f"the phone talks to {call.who}; a second call beside it is not built yet", Verdict.NOT_BUILT
            )


# --- cells


def _call_end(phone: Phone, call: Call | None) -> str:
    if call is not None:
        return conversation.end(phone, call)
    if phone.page is Page.IDLE:
        raise Refused("there is no call to end")
    return hook.back_on_hook(phone)


def _back(phone: Phone, _call: Call | None) -> str:
    match phone.page:
        case Page.ENTRY:
            return entry.leave(phone)
        case Page.OFF_HOOK:
            return hook.back_on_hook(phone)
        case _:
            return "nothing changes"


def _needs_ringing(verb: Callable[[Phone, Call], str]) -> Verb:
    def cell(phone: Phone, call: Call | None) -> str:
        if call is None:
            raise Refused("no call is ringing")
        return verb(phone, call)

    return cell


def _needs_call(function: Function) -> Verb:
    """What a later version carries out on a call; without a call it is impossible in any version."""

    def cell(_phone: Phone, call: Call | None) -> NoReturn:
        if call is None:
            raise Refused(f"{function} needs a call, and there is none")
        raise Refused(f"action={function} is not built yet", Verdict.NOT_BUILT)

    return cell


TABLE: dict[Function, Verb] = {
    Function.CALL_END: _call_end,
    Function.BACK: _back,
    Function.ANSWER: _needs_ringing(conversation.answer),
    Function.REJECT: _needs_ringing(conversation.reject),
    Function.HOLD: _needs_call(Function.HOLD),
    Function.UNHOLD: _needs_call(Function.UNHOLD),
    Function.TRANSFER: _needs_call(Function.TRANSFER),
    Function.CONFERENCE: _needs_call(Function.CONFERENCE),
}
