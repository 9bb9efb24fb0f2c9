"""The phone book: whom numbers belong to."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from .number import NotDiallable, dialled
from .party import INTERNATIONAL, digits_of, key_of, keys_of, user_part

MOST_CONTACTS: Final = 5000
MOST_NUMBERS: Final = 16
MOST_GROUPS: Final = 16
LONGEST_NAME: Final = 100

ENDING: Final = 7
"""Digits that two ways to write a number have in common at least, where only one says its country.

Fewer would give strangers the names of friends: internal numbers have three to six digits. More would miss
the whole numbers of countries without area codes, which have seven.
"""
COUNTRY_CODE: Final = 3
"""Digits that a country code has at most (E.164 §6.2.1)."""


class BadContact(ValueError):
    """The text says what is wrong, for a person."""


class FullBook(ValueError):
    def __init__(self) -> None:
        super().__init__(f"a phone book has {MOST_CONTACTS} contacts at most")


@dataclass(frozen=True, slots=True)
class Number:
    """`number` can be dialled; `label` says which of the contact's it is, such as mobile."""

    number: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    name: str
    numbers: tuple[Number, ...]
    groups: tuple[str, ...] = ()


def contact(name: str, numbers: Iterable[tuple[str, str]], groups: Iterable[str] = ()) -> Contact:
    """From what a person or a file has: `numbers` are number and label. Raises BadContact.

    Numbers that nobody could dial are left out; without a name the first number is the name.
    """
    usable: dict[str, Number] = {}
    wrong = ""
    for text, label in numbers:
        try:
            number = dialled(_as_written(text)).shown
        except NotDiallable as error:
            wrong = wrong or str(error)
            continue
        usable.setdefault(number, Number(number, cleaned(label)))
    name = cleaned(name)
    if not usable:
        raise BadContact(f"{name or 'a contact without a name'}: {wrong or 'there is no number'}")
    named = dict.fromkeys(filter(None, (cleaned(group.replace(";", " ")) for group in groups)))
    kept = tuple(usable.values())[:MOST_NUMBERS]
    return Contact(name or kept[0].number, kept, tuple(named)[:MOST_GROUPS])


def _as_written(number: str) -> str:
    """With the separators of a keyboard, and without the zero that is dialled only where the country code is
    not: +49 (0)30 is +49 30."""
    return _TRUNK_ZERO.sub(r"\1", cleaned(number).translate(_DASHES))


_TRUNK_ZERO: Final = re.compile(r"^(\+[0-9]{1,3}[ .-]*)\(0\)")
_DASHES: Final = {**dict.fromkeys(range(0x2010, 0x2016), "-"), 0x2212: "-", 0x200E: None}


def cleaned(text: str) -> str:
    """On one line, without what a display obeys instead of showing it, and not too long."""
    shown = "".join(
        " " if unicodedata.category(each) in {"Cc", "Zl", "Zp", "Cs"} else each
        for each in text[: 4 * LONGEST_NAME]
        if each not in _TURNS
    )
    return " ".join(shown.split())[:LONGEST_NAME].rstrip()


# They write what follows from the other side: a name could look like another one.
_TURNS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


class PhoneBook:
    """Contacts by name. Each name stands once."""

    def __init__(self, contacts: Iterable[Contact] = ()) -> None:
        """Contacts of one name become one. Raises FullBook."""
        by_name: dict[str, Contact] = {}
        for each in contacts:
            before = by_name.get(each.name.casefold())
            by_name[each.name.casefold()] = each if before is None else _joined(before, each)
        if len(by_name) > MOST_CONTACTS:
            raise FullBook
        self.contacts = tuple(by_name[name] for name in sorted(by_name))
        self._names: dict[str, str] = {}
        self._endings: dict[str, list[tuple[str, str]]] = {}
        for each in self.contacts:
            for number in each.numbers:
                self._enter(number.number, each.name)

    def __iter__(self) -> Iterator[Contact]:
        return iter(self.contacts)

    def __len__(self) -> int:
        return len(self.contacts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PhoneBook) and self.contacts == other.contacts

    __hash__ = None  # type: ignore[assignment]

    def name_of(self, address: str) -> str:
        """Who is behind a SIP URI or a number; empty for a stranger.

        Whoever is entered with a host is known at that host alone, whoever is entered by a number anywhere.
        """
        if not self._names:
            return ""
        for key in keys_of(address):
            if key in self._names:
                return self._names[key]
        return self._by_ending(user_part(address))

    def _enter(self, number: str, name: str) -> None:
        address = _address(number)
        key = key_of(address)
        self._names.setdefault(key, name)
        if "@" not in key and len(national := _national(number)) >= ENDING:
            self._endings.setdefault(national[-ENDING:], []).append((number, name))

    def _by_ending(self, number: str) -> str:
        """One number says its country and the other does not: the shorter one whole, without its trunk zero,
        is how the longer one ends. Two that fit are none: a wrong name is worse than none."""
        national = _national(number)
        if len(national) < ENDING:
            return ""
        abroad = number.startswith(INTERNATIONAL)
        names = {
            name
            for entered, name in self._endings.get(national[-ENDING:], ())
            if entered.startswith(INTERNATIONAL) is not abroad and _ends_as(_national(entered), national)
        }
        return names.pop() if len(names) == 1 else ""


def _joined(one: Contact, other: Contact) -> Contact:
    numbers = {each.number: each for each in (*other.numbers, *one.numbers)}
    in_order = dict.fromkeys(each.number for each in (*one.numbers, *other.numbers))
    return Contact(
        one.name,
        tuple(numbers[number] for number in in_order)[:MOST_NUMBERS],
        tuple(dict.fromkeys((*one.groups, *other.groups)))[:MOST_GROUPS],
    )


def _address(number: str) -> str:
    target = dialled(number)
    return target.uri or target.user or ""


def _national(number: str) -> str:
    return digits_of(number).lstrip("0")


def _ends_as(one: str, other: str) -> bool:
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    return longer.endswith(shorter) and len(longer) - len(shorter) <= COUNTRY_CODE
