"""What each function of the Action URI does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import conferencing, conversation, entry, holding, menus, paths, transfer
from .account import Account
from .call import Call
from .effects import FetchConfiguration, Restart
from .events import Function, MakeCall
from .refusal import Refused
from .reply import Verdict
from .screen import Page
from .views import Entry, Purpose

if TYPE_CHECKING:
    from .phone import Phone

Verb = Callable[["Phone", Call | None], str]


def make_call(phone: Phone, event: MakeCall) -> str:
    target = entry.read(phone, event.number)
    account = _named(phone, event)
    if account is not None and not account.ready:
        raise Refused(f"account {account.username} is not ready: {account.whereabouts()}")
    return entry.place(phone, target, account or entry.first_ready(phone, target))


def perform(phone: Phone, function: Function, call_id: str | None) -> str:
    """`call_id` names the call where the function takes one; else it is the one that the function means."""
    verb = TABLE[function]
    if call_id is None:
        return verb(phone, None)
    if call_id not in phone.calls:
        calls = ", ".join(phone.calls) or "none"
        raise Refused(f"no call has the id {call_id!r}; calls now: {calls}", Verdict.INVALID)
    return verb(phone, phone.calls[call_id])


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


# --- cells


def _on_focused(verb: Callable[[Phone, Call], str], wish: str) -> Verb:
    def cell(phone: Phone, named: Call | None) -> str:
        call = named or phone.focused
        if call is None:
            raise Refused(f"there is no call to {wish}")
        return verb(phone, call)

    return cell


def _on_ringing(verb: Callable[[Phone, Call], str]) -> Verb:
    def cell(phone: Phone, named: Call | None) -> str:
        call = named or phone.ringing
        if call is None:
            raise Refused("no call is ringing")
        return verb(phone, call)

    return cell


def _call_end(phone: Phone, named: Call | None) -> str:
    if named is not None and named.conference:
        return conversation.end_one(phone, named)
    call = named or phone.focused
    if call is not None:
        return conversation.end(phone, call)
    if phone.page is Page.IDLE:
        raise Refused("there is no call to end")
    return paths.back_on_hook(phone)


def _transfer(phone: Phone, named: Call | None) -> str:
    typed = phone.view
    if (
        isinstance(typed, Entry)
        and typed.purpose is Purpose.TRANSFER
        and (not named or named.id == typed.call)
    ):
        return entry.blind_transfer(phone)
    call = named or phone.focused
    if call is None:
        raise Refused("there is no call to transfer")
    return transfer.transfer(phone, call)


def _conference(phone: Phone, named: Call | None) -> str:
    typed = phone.view
    if isinstance(typed, Entry) and typed.purpose is Purpose.CONFERENCE:
        return entry.done(phone)
    return _on_focused(conferencing.conference, "join")(phone, named)


def _back(phone: Phone, _named: Call | None) -> str:
    match phone.page:
        case Page.ENTRY | Page.TRANSFER:
            return entry.leave(phone)
        case Page.MENU:
            return menus.up_one_level(phone)
        case Page.OFF_HOOK:
            return paths.back_on_hook(phone)
        case _:
            return "nothing changes"


def _dnd(on: bool) -> Verb:
    def cell(phone: Phone, _named: Call | None) -> str:
        phone.settings.dnd = on
        phone.keep()
        return f"do not disturb is {'on' if on else 'off'}"

    return cell


def _mute(on: bool) -> Verb:
    return lambda phone, _named: paths.mute(phone, on=on)


def _restart(*, reset: bool) -> Verb:
    def cell(phone: Phone, _named: Call | None) -> str:
        phone.ask(Restart(reset))
        return "restarting with the factory's settings" if reset else "restarting"

    return cell


def _fetch_configuration(phone: Phone, _named: Call | None) -> str:
    if not phone.settings.autop:
        raise Refused("there is no address to fetch a configuration from; set the one of AutoP")
    phone.ask(FetchConfiguration())
    return "looking for a new configuration"


TABLE: dict[Function, Verb] = {
    Function.CALL_END: _call_end,
    Function.HOLD: _on_focused(holding.hold, "hold"),
    Function.UNHOLD: _on_focused(holding.resume, "resume"),
    Function.TRANSFER: _transfer,
    Function.CONFERENCE: _conference,
    Function.ANSWER: _on_ringing(conversation.answer),
    Function.REJECT: _on_ringing(conversation.reject),
    Function.BACK: _back,
    Function.DND_ON: _dnd(on=True),
    Function.DND_OFF: _dnd(on=False),
    Function.REBOOT: _restart(reset=False),
    Function.RESET: _restart(reset=True),
    Function.AUTOP_NOW: _fetch_configuration,
    Function.MUTE: _mute(on=True),
    Function.UNMUTE: _mute(on=False),
}
