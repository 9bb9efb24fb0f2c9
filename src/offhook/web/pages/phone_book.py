"""Phonebook: find, add, change and delete contacts, call them, and take them from files and into files."""

from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from offhook.contact_files.file import BadFile, Contents, read_contacts, write_contacts
from offhook.flash.flash import NotSaved
from offhook.phone.phone_book import (
    LONGEST_NAME,
    MOST_CONTACTS,
    MOST_GROUPS,
    MOST_NUMBERS,
    BadContact,
    Contact,
    FullBook,
    PhoneBook,
    contact,
)
from offhook.web.desk import LONGEST_BODY, desk
from offhook.web.page import HEADERS, form, needs_log_in, page, see

from .call_log import REFUSED, called
from .site_map import PHONEBOOK

PATH: Final = PHONEBOOK.path
ON_A_PAGE: Final = 100
SPARE: Final = 2
"""Empty lines for numbers below those that a contact has."""

SAID: Final = {
    "saved": "Saved.",
    "deleted": "The contact was deleted.",
    "called": "Calling. The panel shows how it goes.",
}
MEDIA_TYPES: Final = {"csv": "text/csv", "vcf": "text/vcard", "xml": "application/xml"}

Change = Callable[[PhoneBook], PhoneBook]


class Typed(NamedTuple):
    """A contact as it stands in its form: `was` is its name before, empty for a new one."""

    was: str
    name: str
    numbers: list[tuple[str, str]]
    groups: str


def routes() -> list[Route]:
    return [
        Route(PATH, needs_log_in(_listed), methods=["GET", "POST"]),
        Route(f"{PATH}/contact", needs_log_in(_contact), methods=["GET", "POST"]),
        Route(f"{PATH}/import", needs_log_in(_import), methods=["POST"]),
        Route(f"{PATH}/phonebook.{{format}}", needs_log_in(_export)),
    ]


async def _listed(request: Request) -> Response:
    if request.method == "POST":
        reply = await called(desk(request).station, str((await form(request)).get("call", "")))
        if reply.verdict in REFUSED:
            return await _show(request, REFUSED[reply.verdict], wrong=reply.text)
        return see(f"{PATH}?said=called")
    return await _show(request, said=SAID.get(request.query_params.get("said", ""), ""))


async def _show(
    request: Request, status: int = 200, *, said: str = "", wrong: str = "", imported: Contents | None = None
) -> Response:
    book = desk(request).station.memory.book
    searched = request.query_params.get("search", "").strip()[:100]
    found = await run_in_threadpool(_found, book, searched) if searched else list(book)
    start = _whole(request.query_params.get("from", ""))
    start = start if start < len(found) else 0

    def turned(to: int) -> str:
        return f"{PATH}?{urlencode({'search': searched, 'from': to})}"

    return page(
        request,
        "phone_book.html",
        status,
        page=PHONEBOOK,
        total=len(book),
        searched=searched,
        found=len(found),
        first=start + 1,
        contacts=found[start : start + ON_A_PAGE],
        before=turned(max(0, start - ON_A_PAGE)) if start else "",
        after=turned(start + ON_A_PAGE) if start + ON_A_PAGE < len(found) else "",
        largest=LONGEST_BODY // 1024 // 1024,
        most=MOST_CONTACTS,
        said=said,
        problems=[("", "", wrong)] if wrong else [],
        imported=imported,
    )


async def _contact(request: Request) -> Response:
    book = desk(request).station.memory.book
    if request.method != "POST":
        name = request.query_params.get("name", "")
        known = _named(book, name) if name else None
        if name and known is None:
            raise HTTPException(404, f"{name} is not in the phone book")
        if known:
            typed = Typed(known.name, known.name, _pairs(known), "; ".join(known.groups))
        else:
            typed = Typed("", "", [(request.query_params.get("number", "")[:100], "")], "")
        return _show_contact(request, typed)
    given = await form(request)
    typed = _typed(given)
    try:
        if "delete" in given:
            await _change(request, lambda book: PhoneBook(each for each in book if not _is(each, typed.was)))
            return see(f"{PATH}?said=deleted")
        new, wrong = _understood(typed)
        if new is None or wrong:
            return _show_contact(request, typed, 422, wrong)
        await _change(request, lambda book: _with(book, typed.was, new))
    except _NameTaken:
        return _show_contact(request, typed, 422, {"name": "somebody else has this name in the phone book"})
    except FullBook as full:
        return _show_contact(request, typed, 422, {"": str(full)})
    except NotSaved as failure:
        return _show_contact(request, typed, 503, {"": f"it could not be saved: {failure}"})
    return see(f"{PATH}?said=saved")


def _show_contact(
    request: Request, typed: Typed, status: int = 200, wrong: dict[str, str] | None = None
) -> Response:
    wrong = wrong or {}
    rows = [*typed.numbers, *[("", "")] * SPARE][:MOST_NUMBERS]
    labels = {"name": "Name", **{f"number-{place}": f"Number {place}" for place in range(1, len(rows) + 1)}}
    return page(
        request,
        "contact.html",
        status,
        page=PHONEBOOK,
        typed=typed,
        rows=rows,
        wrong=wrong,
        problems=[(name, labels.get(name, ""), why) for name, why in wrong.items()],
    )


async def _import(request: Request) -> Response:
    """All contacts of a file or, where it cannot be read, none."""
    given = await form(request)
    file = given.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return await _show(request, 422, wrong="choose a file of contacts first")
    replaces = given.get("replace") == "yes"
    try:
        contents = await run_in_threadpool(read_contacts, file.filename, await file.read())
        if replaces and not contents.contacts:
            raise BadFile("there is nobody in it who could be called")  # noqa: TRY301
        await _change(request, lambda book: PhoneBook([*(() if replaces else book), *contents.contacts]))
    except (BadFile, FullBook) as why:
        return await _show(request, 422, wrong=f"{file.filename}: {why}")
    except NotSaved as failure:
        return await _show(request, 503, wrong=f"it could not be saved: {failure}")
    return await _show(request, imported=contents)


async def _export(request: Request) -> Response:
    kind = request.path_params["format"]
    if kind not in MEDIA_TYPES:
        raise HTTPException(404, f"there is no file of this kind; there are {', '.join(MEDIA_TYPES)}")
    data = await run_in_threadpool(write_contacts, f"phonebook.{kind}", desk(request).station.memory.book)
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="phonebook.{kind}"'}
    return Response(data, headers=headers, media_type=MEDIA_TYPES[kind])


async def _change(request: Request, change: Change) -> None:
    """Raises FullBook, NotSaved or what `change` raises, with the phone book as it was."""
    of = desk(request)
    async with of.book_turn:
        await of.station.change_book(await run_in_threadpool(change, of.station.memory.book))


class _NameTaken(Exception):
    pass


def _with(book: PhoneBook, was: str, new: Contact) -> PhoneBook:
    others = [each for each in book if not (was and _is(each, was))]
    if any(_is(each, new.name) for each in others):
        raise _NameTaken
    return PhoneBook([*others, new])


def _typed(given: FormData) -> Typed:
    def text(name: str) -> str:
        return str(given.get(name, "")).strip()

    numbers = [(text(f"number-{place}"), text(f"label-{place}")) for place in range(1, MOST_NUMBERS + 1)]
    while len(numbers) > 1 and numbers[-1] == ("", ""):
        numbers.pop()
    return Typed(text("was"), text("name"), numbers, text("groups"))


def _understood(typed: Typed) -> tuple[Contact | None, dict[str, str]]:
    """A number that nobody could dial is not left out without a word, as it is of files."""
    wrong: dict[str, str] = {}
    for place, (number, _) in enumerate(typed.numbers, 1):
        try:
            if number:
                contact("", [(number, "")])
        except BadContact as why:
            wrong[f"number-{place}"] = str(why).partition(": ")[2]
    for place, (_, label) in enumerate(typed.numbers, 1):
        if len(label) > LONGEST_NAME:
            wrong[f"number-{place}"] = f"its label is too long; write up to {LONGEST_NAME} characters"
    if len(typed.name) > LONGEST_NAME:
        wrong["name"] = f"that is too long; write up to {LONGEST_NAME} characters"
    groups = [each.strip() for each in typed.groups.split(";") if each.strip()]
    if len(groups) > MOST_GROUPS or any(len(each) > LONGEST_NAME for each in groups):
        wrong["groups"] = f"write up to {MOST_GROUPS} groups of up to {LONGEST_NAME} characters"
    numbers = [each for each in typed.numbers if each[0]]
    if not numbers:
        wrong["number-1"] = "a contact has a number at least"
    if wrong:
        return None, wrong
    return contact(typed.name, numbers, groups), {}


def _found(book: PhoneBook, searched: str) -> list[Contact]:
    """Whose name, group or number has it in it."""
    wanted = searched.casefold()
    digits = "".join(filter(str.isdigit, searched)) or wanted

    def fits(each: Contact) -> bool:
        words = (each.name, *each.groups, *(number.number for number in each.numbers))
        return any(wanted in word.casefold() for word in words) or any(
            digits in number.number for number in each.numbers
        )

    return [each for each in book if fits(each)]


def _pairs(known: Contact) -> list[tuple[str, str]]:
    return [(each.number, each.label) for each in known.numbers]


def _named(book: PhoneBook, name: str) -> Contact | None:
    return next((each for each in book if _is(each, name)), None)


def _is(each: Contact, name: str) -> bool:
    return each.name.casefold() == name.casefold()


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
