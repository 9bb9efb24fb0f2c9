"""The menus and lists that keys alone can walk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import entry, forwarding, refer
from .call_log import CallRecord, Kind
from .effects import SeeMissed
from .local_time import shown
from .phone_book import Contact, PhoneBook
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


def _open(phone: Phone, which: List) -> str:
    phone.views.append(Menu(which))
    return which.value.lower()


def items(phone: Phone, menu: Menu) -> list[Item]:
    return ITEMS[menu.shown](phone, menu)


def _menu(phone: Phone, _menu: Menu) -> list[Item]:
    return [
        Item("Dialled calls", open_dialled),
        Item(f"Missed calls ({len(phone.log.missed)})", open_missed),
        Item("Received calls", lambda phone: _open(phone, List.RECEIVED)),
        Item("Forwarded calls", lambda phone: _open(phone, List.FORWARDED)),
        Item("Phone book", lambda phone: _open(phone, List.PHONE_BOOK)),
        Item("Forwarding", lambda phone: _open(phone, List.FORWARDING)),
        Item(f"Do not disturb: {'on' if phone.settings.dnd else 'off'}", toggle_dnd),
        Item("Accounts", lambda phone: _open(phone, List.ACCOUNTS)),
    ]


def _dialled(phone: Phone, _menu: Menu) -> list[Item]:
    """By what was dialled, which is dialled again: as it was called, it might be rewritten twice."""
    return [
        Item(_told(phone, each, _book_name(phone, each) or each.number), _calling(each.number))
        for each in phone.log.last_dialled
    ]


def _calls(kind: Kind) -> Callable[[Phone, Menu], list[Item]]:
    return lambda phone, _menu: [
        Item(
            _told(phone, each, _book_name(phone, each) or each.who),
            _calling(each.remote) if each.remote else None,
        )
        for each in phone.log.of(kind)
    ]


def _told(phone: Phone, record: CallRecord, who: str) -> str:
    settings = phone.settings
    return f"{who}, {shown(settings.local_time(record.started), hours_24=settings.hours_24)}"


def _book_name(phone: Phone, record: CallRecord) -> str:
    return phone.book.name_of(record.remote) or phone.book.name_of(record.number)


def _phone_book(phone: Phone, _menu: Menu) -> list[Item]:
    return [Item(each.name, _calling_one_of(each)) for each in phone.book]


def _contact(_phone: Phone, menu: Menu) -> list[Item]:
    numbers = menu.contact.numbers if menu.contact else ()
    return [
        Item(f"{each.label}: {each.number}" if each.label else each.number, _calling(each.number))
        for each in numbers
    ]


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
    List.MISSED: _calls(Kind.MISSED),
    List.RECEIVED: _calls(Kind.RECEIVED),
    List.FORWARDED: _calls(Kind.FORWARDED),
    List.PHONE_BOOK: _phone_book,
    List.CONTACT: _contact,
    List.FORWARDING: _forwarding,
    List.ACCOUNTS: _accounts,
    List.REFER: _refer,
}


def _calling(number: str) -> Callable[[Phone], str]:
    return lambda phone: entry.call_number(phone, number)


def _calling_one_of(contact: Contact) -> Callable[[Phone], str]:
    if len(contact.numbers) == 1:
        return _calling(contact.numbers[0].number)

    def open_contact(phone: Phone) -> str:
        phone.views.append(Menu(List.CONTACT, contact=contact))
        return contact.name

    return open_contact


def adopt_book(phone: Phone, book: PhoneBook) -> None:
    """Calls are named anew; a contact whose numbers are shown may be gone."""
    phone.book = book
    for call in phone.calls.values():
        phone.name(call)
    phone.views = [
        view for view in phone.views if not (isinstance(view, Menu) and view.shown is List.CONTACT)
    ]
    for view in phone.views:
        if isinstance(view, Menu) and view.shown is List.PHONE_BOOK:
            view.selected = 0


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
        raise Refused(f"{menu.title} is empty")
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
        raise Refused(f"{menu.title} has {len(listed)} items, and no number {place + 1}")
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
