"""Drawing the screen from the phone's state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from . import holding, menus
from .call import Call, CallState, short
from .events import Diverted, Registration
from .keys import soft_keys
from .screen import Icon, Page, Screen
from .settings import SPOKEN, Forwarding
from .views import Entry, Menu, Purpose

if TYPE_CHECKING:
    from .account import Account
    from .phone import Phone

Painted = tuple[str, tuple[str, ...]]

LINES_SHOWN = 100
"""Of a list at a time: a phone book has thousands, and whoever reads the state would be sent all of them."""


def screen(phone: Phone, now: float) -> Screen:
    page = phone.page
    title, lines = PAINTERS[page](phone, now)
    view = phone.view
    return Screen(
        page,
        title,
        lines,
        tuple(label for label, _ in soft_keys(phone)),
        tuple(_icons(phone)),
        selected=view.selected - _first_shown(view) if page is Page.MENU and isinstance(view, Menu) else None,
        notice=phone.notice,
        cursor=view.cursor if page in {Page.ENTRY, Page.TRANSFER} and isinstance(view, Entry) else None,
    )


def _icons(phone: Phone) -> Iterator[Icon]:
    focused = phone.focused
    if focused is not None and all(leg.encrypted for leg in holding.legs(phone, focused)):
        yield Icon.ENCRYPTED
    states = {account.state for account in phone.accounts.values()}
    if Registration.REGISTERED in states:
        yield Icon.REGISTERED
    elif states & {Registration.FAILED, Registration.REGISTERING}:
        yield Icon.UNREGISTERED
    if phone.settings.dnd:
        yield Icon.DND
    if any(phone.settings.forward.values()):
        yield Icon.FORWARD
    if phone.muted:
        yield Icon.MUTED
    if phone.ringer_muted:
        yield Icon.RINGER_MUTED
    if phone.log.unseen:
        yield Icon.MISSED
    if any(phone.messages.values()):
        yield Icon.MESSAGE


def _idle(phone: Phone, now: float) -> Painted:
    accounts = list(phone.accounts.values())
    title = accounts[0].name or accounts[0].username if accounts else "offhook"
    calls = [_call_line(call, now) for call in phone.calls.values()]
    accounts_shown = [_account_line(account) for account in accounts] or ([] if calls else ["no account"])
    return title, (*calls, *accounts_shown, *_waiting(phone))


def _waiting(phone: Phone) -> Iterator[str]:
    for count, what in ((phone.log.unseen, "missed call"), (sum(phone.messages.values()), "new message")):
        if count:
            yield f"{count} {what}{'s' if count > 1 else ''}"


def _account_line(account: Account) -> str:
    if account.state is Registration.DIRECT:
        return account.username
    return f"{account.username}: {account.whereabouts()}"


def _call_line(call: Call, now: float) -> str:
    line = f"{call.who}: {call.state}"
    return f"{line} {_clock(call, now)}" if call.answered is not None else line


ENTRY_TITLES: dict[Purpose, Callable[[Phone, Entry], str]] = {
    Purpose.CALL: lambda _phone, _typed: "Dial",
    Purpose.TRANSFER: lambda phone, typed: f"Transfer {_who(phone, typed)} to",
    Purpose.CONFERENCE: lambda phone, typed: f"Conference of {_who(phone, typed)} with",
    Purpose.DEFLECT: lambda phone, typed: f"Forward {_who(phone, typed)} to",
    Purpose.FORWARD: lambda _phone, typed: f"Forward {SPOKEN[typed.forwarding or Forwarding.ALWAYS]} to",
}


def _who(phone: Phone, typed: Entry) -> str:
    call = phone.find(typed.call)
    return holding.names(phone, call) if call else "the call"


def _entry(phone: Phone, _now: float) -> Painted:
    typed = phone.view
    if not isinstance(typed, Entry):
        return "Dial", ()
    return ENTRY_TITLES[typed.purpose](phone, typed), (typed.text,)


def _off_hook(phone: Phone, _now: float) -> Painted:
    return "Dial", (f"{phone.path}: {'hang up' if phone.busy_tone else 'dial a number'}",)


def _menu(phone: Phone, _now: float) -> Painted:
    menu = phone.view
    if not isinstance(menu, Menu):
        return "Menu", ()
    listed = menus.items(phone, menu)
    first = _first_shown(menu)
    lines = tuple(item.text for item in listed[first : first + LINES_SHOWN])
    return menu.title, lines or ("nothing here",)


def _first_shown(menu: Menu) -> int:
    return menu.selected - menu.selected % LINES_SHOWN


def _on_call(title: Callable[[Call], str]) -> Callable[[Phone, float], Painted]:
    def paint(phone: Phone, now: float) -> Painted:
        call = phone.ringing if phone.page is Page.RINGING else phone.focused
        if call is None:
            return "", ()
        lines = [call.who]
        if call.name:
            # Whoever calls says the number: what it is called by shows where it comes from, too.
            lines.append(call.remote)
        if call.diverted_by is not None:
            lines.append(_diverted(call.diverted_by))
        if call.referred_by:
            lines.append(f"transferred by {short(call.referred_by)}")
        if call.answered is not None:
            lines.append(_clock(call, now))
        if call.held_by_peer:
            lines.append("held by the far end")
        if call.transferring_to is not None:
            lines.append(f"transferring to {call.transferring_to}")
        if call.digits_sent:
            lines.append(call.digits_sent)
        lines += [_call_line(other, now) for other in phone.calls.values() if other is not call]
        return title(call), tuple(lines)

    return paint


DIVERTED = {
    "user-busy": "busy",
    "no-answer": "no answer",
    "unavailable": "not reachable",
    "time-of-day": "time of day",
    "do-not-disturb": "Do Not Disturb",
    "follow-me": "follow me",
    "out-of-service": "out of service",
    "away": "away",
}
"""Why a call was sent on, where it says something to a person (RFC 5806 §4)."""


def _diverted(by: Diverted) -> str:
    why = DIVERTED.get(by.reason)
    return f"forwarded by {by.remote_name or short(by.remote)}" + (f" ({why})" if why else "")


def _conference(phone: Phone, now: float) -> Painted:
    legs = phone.conference
    held = all(leg.state is CallState.HELD for leg in legs)
    others = [call for call in phone.calls.values() if not call.conference]
    digits = legs[0].digits_sent if legs else ""
    return (
        "Conference, held" if held else "Conference",
        (
            *(f"{_clock(leg, now)} {leg.who}" for leg in legs),
            *([digits] if digits else []),
            *(_call_line(call, now) for call in others),
        ),
    )


def _clock(call: Call, now: float) -> str:
    minutes, seconds = divmod(int(call.duration(now)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


PAINTERS: dict[Page, Callable[[Phone, float], Painted]] = {
    Page.IDLE: _idle,
    Page.ENTRY: _entry,
    Page.TRANSFER: _entry,
    Page.OFF_HOOK: _off_hook,
    Page.MENU: _menu,
    Page.RINGING: _on_call(lambda _: "Incoming call"),
    Page.CALLING: _on_call(lambda call: "Ringing" if call.rings_there else "Calling"),
    Page.TALKING: _on_call(lambda _: "Talking"),
    Page.HELD: _on_call(lambda _: "On hold"),
    Page.CONFERENCE: _conference,
}
