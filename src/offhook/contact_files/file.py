"""Files of contacts: which format one has, and what all of them have in common."""

from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import Final, NamedTuple

from offhook.phone.phone_book import MOST_CONTACTS, BadContact, Contact, contact

LARGEST: Final = 16 * 1024 * 1024
"""Bytes of a file: a thousand vCards with their pictures."""

MOST_SAID: Final = 20
"""Contacts that were left out and are named one by one."""


class BadFile(ValueError):
    """Nothing of the file is taken; the text says why, for a person."""


class Raw(NamedTuple):
    """A contact as a file has it: `numbers` are number and label."""

    name: str
    numbers: list[tuple[str, str]]
    groups: list[str]


class Contents(NamedTuple):
    """`left_out` says of each contact that cannot be used why not, of the first of them at least."""

    contacts: list[Contact]
    left_out: list[str]


class Format(NamedTuple):
    """How a format is read and written. `read` raises BadFile, whatever the bytes."""

    read: Callable[[bytes], Iterable[Raw]]
    write: Callable[[Iterable[Contact]], str]


def read_contacts(name: str, data: bytes) -> Contents:
    """The contacts in a file of that name. Raises BadFile."""
    format_ = _format_of(name)
    if len(data) > LARGEST:
        raise BadFile(f"it is longer than {LARGEST // 1024 // 1024} MB")
    contents = Contents([], [])
    for number, raw in enumerate(format_.read(data), 1):
        if number > 2 * MOST_CONTACTS:
            raise BadFile(f"it has more contacts than a phone book, which holds {MOST_CONTACTS}")
        try:
            contents.contacts.append(contact(*raw))
        except BadContact as why:
            if len(contents.left_out) < MOST_SAID:
                contents.left_out.append(str(why))
            elif len(contents.left_out) == MOST_SAID:
                contents.left_out.append("and more")
    if not contents.contacts and not contents.left_out:
        raise BadFile("there is no contact in it")
    return contents


def write_contacts(name: str, contacts: Iterable[Contact]) -> bytes:
    """As a file of that name. Raises BadFile."""
    return _format_of(name).write(contacts).encode()


def decoded(data: bytes) -> str:
    """Text as people's programs save it: UTF-8, with a mark at the beginning or without, or UTF-16 with one.

    Raises BadFile.
    """
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise BadFile("it is not UTF-8; save it anew in that encoding") from None
    if "\0" in text:
        raise BadFile("it is no text")
    return text


def _format_of(name: str) -> Format:
    # Each brings a parser of its own, and whoever imports one file needs one of them.
    suffix = PurePath(name).suffix.lower()
    match suffix:
        case ".csv":
            from . import comma_separated  # noqa: PLC0415

            return Format(comma_separated.read, comma_separated.write)
        case ".vcf" | ".vcard":
            from . import vcard  # noqa: PLC0415

            return Format(vcard.read, vcard.write)
        case ".xml":
            from . import directory_xml  # noqa: PLC0415

            return Format(directory_xml.read, directory_xml.write)
    raise BadFile(f"{name}: it is told by its name what a file is; let it end in .csv, .vcf or .xml")
