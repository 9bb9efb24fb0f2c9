"""The phone book: its contacts, and files of them.

What is made of 5,000 contacts is made in a thread, for it takes longer than the loop may wait; changes wait
for one another, so that none is lost.
"""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Final

from fastapi import Path, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from offhook.contact_files.file import BadFile, Contents, read_contacts, write_contacts
from offhook.phone.phone_book import (
    LONGEST_NAME,
    MOST_CONTACTS,
    MOST_GROUPS,
    MOST_NUMBERS,
    BadContact,
    Contact,
    FullBook,
    PhoneBook,
    cleaned,
    contact,
)
from offhook.web.desk import LONGEST_BODY, Desk, desk

from .answer import NOT_STORED, Answer, Json, Refused, Result, answer
from .operation import JSON, Operation

Change = Callable[[PhoneBook], PhoneBook]

LONGEST_PAGE: Final = 1000
_OF_NUMBERS: Final = "+0123456789 -./()"
MEDIA_TYPES: Final = {"csv": "text/csv", "vcf": "text/vcard", "xml": "application/xml"}
READ: Final = (*MEDIA_TYPES.values(), "text/x-vcard", "text/xml", "application/octet-stream")


class ContactNumber(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: str = Field(min_length=1, max_length=255, description="What can be dialled.")
    label: str = Field(
        default="", max_length=LONGEST_NAME, description="Which of them it is, such as mobile."
    )


class PhoneBookContact(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"name": "Ada", "numbers": [{"number": "1002", "label": "work"}], "groups": ["team"]}
            ]
        },
    )

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    numbers: list[ContactNumber] = Field(min_length=1, max_length=MOST_NUMBERS)
    groups: list[Annotated[str, Field(max_length=LONGEST_NAME)]] = Field(default=[], max_length=MOST_GROUPS)


class ContactsPage(BaseModel):
    total: int = Field(description="How many were found, on this page or not.")
    contacts: list[PhoneBookContact]


class Saved(Answer):
    contact: PhoneBookContact = Field(description="As it is kept: numbers as they are dialled.")


class Imported(Answer):
    read: int = Field(description="Contacts in the file that can be used.")
    total: int = Field(description="Contacts in the phone book now.")
    left_out: list[str] = Field(description="Of each contact that cannot be used, why not.")


Name = Annotated[str, Path(max_length=LONGEST_NAME, description="In any letter case.", examples=["Ada"])]
Format = Annotated[str, Path(json_schema_extra={"enum": [*MEDIA_TYPES]}, examples=["csv"])]


async def contacts(
    request: Request,
    search: Annotated[
        str, Query(max_length=LONGEST_NAME, description="A part of a name, a group or a number.")
    ] = "",
    offset: Annotated[int, Query(ge=0, le=MOST_CONTACTS)] = 0,
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = 100,
) -> Response:
    """Contacts by name."""
    book = desk(request).station.memory.book
    found = await run_in_threadpool(_found, book, search) if search else list(book)
    return Json({"total": len(found), "contacts": [asdict(each) for each in found[offset : offset + limit]]})


async def add(wanted: PhoneBookContact, request: Request) -> Response:
    """Adds a contact of a name that is not there yet."""
    new = _contact(wanted)

    def added(book: PhoneBook) -> PhoneBook:
        if _named(book, new.name):
            raise Refused(Result.EXISTS, f"{new.name} is in the phone book already; PUT changes who is there")
        return PhoneBook([*book, new])

    await _change(desk(request), added)
    return answer(Result.DONE, f"{new.name} is in the phone book", 201, contact=asdict(new))


async def one(name: Name, request: Request) -> Response:
    return Json(asdict(_there(desk(request).station.memory.book, name)))


async def put(name: Name, wanted: PhoneBookContact, request: Request) -> Response:
    """Makes the contact what is sent, and adds it where there is none. Another name renames it."""
    new = _contact(wanted)
    was_there = False

    def changed(book: PhoneBook) -> PhoneBook:
        nonlocal was_there
        before = _named(book, name)
        was_there = before is not None
        other = _named(book, new.name)
        if other is not None and other is not before:
            raise Refused(Result.EXISTS, f"{other.name} is in the phone book already: names are unique")
        return PhoneBook([*(each for each in book if each is not before), new])

    await _change(desk(request), changed)
    return answer(
        Result.DONE, f"{new.name} is in the phone book", 200 if was_there else 201, contact=asdict(new)
    )


async def remove(name: Name, request: Request) -> Response:
    def removed(book: PhoneBook) -> PhoneBook:
        gone = _there(book, name)
        return PhoneBook(each for each in book if each is not gone)

    await _change(desk(request), removed)
    return answer(Result.DONE, f"{name} is in the phone book no more")


async def export(format: Format, request: Request) -> Response:  # noqa: A002  # as it is called in the path
    """The whole phone book as a file."""
    _known(format)
    book = desk(request).station.memory.book
    data = await run_in_threadpool(write_contacts, f"book.{format}", book)
    headers = {**NOT_STORED, "Content-Disposition": f'attachment; filename="phone-book.{format}"'}
    return Response(data, headers=headers, media_type=MEDIA_TYPES[format])


async def import_(format: Format, request: Request) -> Response:  # noqa: A002
    """Adds the contacts of a file: all of them or, where it cannot be read, none. Who is there already gets
    the numbers and groups that are new. What the file is, its path says."""
    return await _import(format, request, replaces=False)


async def replace(format: Format, request: Request) -> Response:  # noqa: A002
    """As POST, and those that are not in the file go."""
    return await _import(format, request, replaces=True)


async def _import(kind: str, request: Request, *, replaces: bool) -> Response:
    _known(kind)
    contents = await run_in_threadpool(_read, kind, await request.body())
    if replaces and not contents.contacts:
        raise Refused(
            Result.WRONG_VALUE, "there is nobody in it who could be called; the phone book is as it was"
        )
    book = await _change(
        desk(request), lambda book: PhoneBook([*(() if replaces else book), *contents.contacts])
    )
    read, total = len(contents.contacts), len(book)
    text = f"{read} contacts read; the phone book has {total}"
    return answer(Result.DONE, text, read=read, total=total, left_out=contents.left_out)


async def _change(of: Desk, change: Change) -> PhoneBook:
    """Raises NotSaved, or Refused for a book that is full or what `change` raises."""
    async with of.book_turn:
        try:
            book = await run_in_threadpool(change, of.station.memory.book)
        except FullBook as full:
            raise Refused(Result.NOT_NOW, str(full)) from None
        await of.station.change_book(book)
    return book


def _contact(wanted: PhoneBookContact) -> Contact:
    """Raises Refused: a number that nobody could dial is not left out without a word, as it is of files."""
    wrong: dict[str, str] = {}
    if not cleaned(wanted.name):
        wrong["name"] = "holds nothing that can be shown"
    for place, each in enumerate(wanted.numbers):
        try:
            contact("", [(each.number, "")])
        except BadContact as why:
            wrong[f"numbers.{place}.number"] = str(why).partition(": ")[2]
    if wrong:
        raise Refused(Result.WRONG_VALUE, "; ".join(wrong.values()), wrong)
    return contact(wanted.name, [(each.number, each.label) for each in wanted.numbers], wanted.groups)


def _read(kind: str, data: bytes) -> Contents:
    try:
        return read_contacts(f"file.{kind}", data)
    except BadFile as why:
        raise Refused(Result.WRONG_VALUE, f"nothing is imported: {why}") from None


def _found(book: PhoneBook, search: str) -> list[Contact]:
    words = cleaned(search).casefold()
    digits = "" if words.strip(_OF_NUMBERS) else "".join(filter(str.isdecimal, words))
    return [each for each in book if _has(each, words, digits)]


def _has(one: Contact, words: str, digits: str) -> bool:
    return (
        any(words in text.casefold() for text in (one.name, *one.groups))
        or any(words in each.number.casefold() for each in one.numbers)
        or (digits != "" and any(digits in each.number for each in one.numbers))
    )


def _named(book: PhoneBook, name: str) -> Contact | None:
    wanted = cleaned(name).casefold()
    return next((each for each in book if each.name.casefold() == wanted), None)


def _there(book: PhoneBook, name: str) -> Contact:
    found = _named(book, name)
    if found is None:
        raise Refused(Result.NOT_FOUND, "there is nobody of that name in the phone book")
    return found


def _known(kind: str) -> None:
    if kind not in MEDIA_TYPES:
        raise Refused(Result.NOT_FOUND, f"there is no such file; there is {', '.join(MEDIA_TYPES)}")


def routes() -> list[APIRoute]:
    path, of_one, file = "/phone-book/contacts", "/phone-book/contacts/{name:path}", "/phone-book.{format}"
    may_save = (Result.NOT_SAVED, Result.WRONG_VALUE)
    created: dict[int | str, dict[str, Any]] = {201: {"model": Saved, "description": "Added."}}
    as_file = {kind: {"schema": {"type": "string"}} for kind in MEDIA_TYPES.values()}
    # Any octets may be sent, which JSON Schema has no word for.
    a_file = {"requestBody": {"required": True, "content": {kind: {} for kind in sorted(READ)}}}
    of_book = partial(Operation, tags=["Phone book"])
    puts_file = partial(
        of_book,
        reads=frozenset(READ),
        longest=LONGEST_BODY,
        answers=Imported,
        openapi_extra=a_file,
        results=(*may_save, Result.NOT_FOUND, Result.NOT_NOW),
    )
    not_found = (Result.NOT_FOUND, Result.WRONG_VALUE)
    return [
        of_book(path, contacts, answers=ContactsPage, results=(Result.WRONG_VALUE,), summary="Contacts"),
        of_book(
            path,
            add,
            method="POST",
            reads=JSON,
            answers=None,
            responses=created,
            results=(*may_save, Result.EXISTS, Result.NOT_NOW),
            summary="Add a contact",
        ),
        of_book(of_one, one, answers=PhoneBookContact, results=not_found, summary="One contact"),
        of_book(
            of_one,
            put,
            method="PUT",
            reads=JSON,
            answers=Saved,
            responses=created,
            # Not found is a name with a line break, which stands in no path.
            results=(*may_save, Result.EXISTS, Result.NOT_NOW, Result.NOT_FOUND),
            summary="Change a contact",
        ),
        of_book(
            of_one, remove, method="DELETE", results=(*may_save, Result.NOT_FOUND), summary="Remove a contact"
        ),
        of_book(
            file,
            export,
            answers=None,
            responses={200: {"description": "The file.", "content": as_file}},
            results=(Result.NOT_FOUND,),
            summary="Export",
        ),
        puts_file(file, import_, method="POST", summary="Import"),
        puts_file(file, replace, method="PUT", summary="Replace by a file"),
    ]
