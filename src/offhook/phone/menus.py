"""The menus and lists that keys alone can walk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import entry, forwarding, refer
from .effects import SeeMissed
from .refusal import Refused
from .settings import SPOKEN, Forwarding
from .views import List, Menu

if TYPE_CHECKING:
    from .phone import Phone


@dataclass(frozen=True, slots=True)
class Item:
    """`open` is what `OK` does with it, None where it is only to be read."""

    text: str
    open: Callable[[Phone], str] | None = None


def open_menu(phone: Phone) -> str:
    return _open(phone, List.MENU)


def open_dialled(phone: Phone) -> str:
    if not phone.log.dialled:
        raise Refused("nothing has been dialled yet")
    phone.views = [view for view in phone.views if not isinstance(view, Menu)]
    return _open(phone, List.DIALLED)


def open_missed(phone: Phone) -> str:
    text = _open(phone, List.MISSED)
    if phone.log.unseen:
        phone.log.see()
        phone.ask(SeeMissed())
    return text


def _open(phone: Phone, shown: List) -> str:
    phone.views.append(Menu(shown))
    return shown.value.lower()


def items(phone: Phone, menu: Menu) -> list[Item]:
    return ITEMS[menu.shown](phone, menu)


def _menu(phone: Phone, _menu: Menu) -> list[Item]:
    return [
        Item("Dialled calls", open_dialled),
        Item(f"Missed calls ({len(phone.log.missed)})", open_missed),
        Item("Forwarding", lambda phone: _open(phone, List.FORWARDING)),
        Item(f"Do not disturb: {'on' if phone.settings.dnd else 'off'}", toggle_dnd),
        Item("Accounts", lambda phone: _open(phone, List.ACCOUNTS)),
    ]


def _dialled(phone: Phone, _menu: Menu) -> list[Item]:
    return [Item(number, _calling(number)) for number in phone.log.dialled]


def _missed(phone: Phone, _menu: Menu) -> list[Item]:
    return [Item(each.who, _calling(each.remote) if each.remote else None) for each in phone.log.missed]


def _forwarding(phone: Phone, _menu: Menu) -> list[Item]:
    return [
        Item(f"{SPOKEN[rule].capitalize()}: {phone.settings.forward[rule] or 'off'}", _toggling(rule))
        for rule in Forwarding
    ]


def _accounts(phone: Phone, _menu: Menu) -> list[Item]:
    return [Item(f"{each.username}: {each.whereabouts()}") for each in phone.accounts.values()]


def _refer(phone: Phone, menu: Menu) -> list[Item]:
    call = phone.find(menu.call)
    if call is None:
        return []
    return [
        Item(f"Call {call.refer_target}", lambda phone: refer.follow(phone, call)),
        Item("Refuse", lambda phone: refer.refuse(phone, call)),
    ]


ITEMS: dict[List, Callable[[Phone, Menu], list[Item]]] = {
    List.MENU: _menu,
    List.DIALLED: _dialled,
    List.MISSED: _missed,
    List.FORWARDING: _forwarding,
    List.ACCOUNTS: _accounts,
    List.REFER: _refer,
}


def _calling(number: str) -> Callable[[Phone], str]:
    return lambda phone: entry.call_number(phone, number)


def _toggling(rule: Forwarding) -> Callable[[Phone], str]:
    return lambda phone: forwarding.toggle(phone, rule)


def toggle_dnd(phone: Phone) -> str:
    phone.settings.dnd = not phone.settings.dnd
    return f"do not disturb is {'on' if phone.settings.dnd else 'off'}"


# --- what keys do in a menu


def in_dialled(phone: Phone) -> bool:
    return isinstance(phone.view, Menu) and phone.view.shown is List.DIALLED


def move(phone: Phone, by: int) -> str:
    menu = _shown(phone)
    count = len(items(phone, menu))
    if not count:
        raise Refused(f"{menu.shown} is empty")
    menu.selected = (menu.selected + by) % count
    return items(phone, menu)[menu.selected].text


def open_selected(phone: Phone) -> str:
    menu = _shown(phone)
    return _open_item(phone, menu, menu.selected)


def pick(phone: Phone, digit: str) -> str:
    """A digit opens that item, counted from 1."""
    menu = _shown(phone)
    if not digit.isdecimal() or digit == "0":
        raise Refused(f"{digit} is no item of this list")
    return _open_item(phone, menu, int(digit) - 1)


def _open_item(phone: Phone, menu: Menu, place: int) -> str:
    listed = items(phone, menu)
    if place >= len(listed):
        raise Refused(f"{menu.shown} has {len(listed)} items, and no number {place + 1}")
    opened = listed[place].open
    if opened is None:
        raise Refused(f"{listed[place].text!r} is only to be read")
    text = opened(phone)
    menu.selected = place
    return text


def up_one_level(phone: Phone) -> str:
    menu = _shown(phone)
    call = phone.find(menu.call)
    if menu.shown is List.REFER and call:
        return refer.refuse(phone, call)
    phone.views.pop()
    return "one level up"


def _shown(phone: Phone) -> Menu:
    if not isinstance(phone.view, Menu):
        raise Refused("no list is open")
    return phone.view
