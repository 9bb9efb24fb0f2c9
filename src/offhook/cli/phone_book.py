"""`offhook phone-book`: the phone book from files and into files, without the phone running."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from offhook.cli.failed import Failed, Misused
from offhook.cli.saved import Data, Phone, change, memory_of
from offhook.contact_files.file import LARGEST, BadFile, Contents, read_contacts, write_contacts
from offhook.memory import Memory
from offhook.phone.phone_book import FullBook, PhoneBook

app = App(
    name="phone-book",
    help="Fill a phone's phone book from files, and write it into files, while the phone does not run.",
)

File = Annotated[Path, Parameter(help="A file of contacts: .csv, .vcf (vCard) or .xml (IPPhoneDirectory).")]


@app.command(name="import")
def import_(
    file: File,
    *,
    replace: Annotated[bool, Parameter(negative="", help="Forget the contacts that are there.")] = False,
    data: Data = None,
    phone: Phone = "phone",
) -> None:
    """Add contacts to the phone book, all of them or, where the file cannot be read, none.

    A contact whose name is there already gets the numbers and groups that are new.
    """
    contents = _read(file)
    size = 0

    async def add(memory: Memory) -> None:
        nonlocal size
        book = PhoneBook([*(() if replace else memory.book), *contents.contacts])
        await memory.change_book(book)
        size = len(book)

    try:
        change(data, phone, add)
    except FullBook as full:
        raise Failed(f"{file}: nothing is imported: {full}") from None
    for why in contents.left_out:
        print(f"left out: {why}", file=sys.stderr)
    print(f"{len(contents.contacts)} contacts read; the phone book has {size}")


@app.command
def export(file: File, *, data: Data = None, phone: Phone = "phone") -> None:
    """Write the phone book into a file, in the format that its name says."""
    book = memory_of(data, phone).book
    try:
        written = write_contacts(file.name, book)
        file.write_bytes(written)
    except BadFile as bad:
        raise Misused(str(bad)) from None
    except OSError as error:
        raise Failed(f"{file}: {error.strerror or error}") from None
    print(f"{len(book)} contacts written")


def _read(file: Path) -> Contents:
    try:
        with file.open("rb") as opened:
            return read_contacts(file.name, opened.read(LARGEST + 1))
    except BadFile as bad:
        raise Failed(f"{file}: nothing is imported: {bad}") from None
    except OSError as error:
        raise Failed(f"{file}: {error.strerror or error}") from None
