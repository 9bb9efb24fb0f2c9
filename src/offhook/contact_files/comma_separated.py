"""CSV (RFC 4180), as offhook writes it and as the address books of others do.

The columns are told by the names in the first line; a file without such a line has a name and its numbers in
each. Groups stand in one cell, separated by semicolons.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from offhook.phone.phone_book import MOST_NUMBERS, Contact

from .file import BadFile, Raw, decoded

MOST_COLUMNS: Final = 256

NAMES: Final = {"name", "display name", "full name", "displayname", "fullname", "contact", "file as"}
FIRST: Final = {"first name", "given name", "firstname", "vorname"}
LAST: Final = {"last name", "family name", "lastname", "nachname", "surname"}
FIRMS: Final = {"company", "organization", "organisation", "organization name"}
GROUPS: Final = {"group", "groups", "group membership", "category", "categories", "labels"}
NUMBERS: Final = {"number", "phone", "telephone", "tel", "phone number", "telephone number", "extension"}
LABELLED: Final = {"mobile", "cell", "home", "work", "office", "business", "fax", "other", "pager", "main"}

_NUMBERED: Final = re.compile(r"(?:phone|number|label|telephone) (?P<place>[0-9]{1,3})(?: - (?P<what>.+))?")
_SUFFIX: Final = re.compile(r"(?: (?:phone|number|telephone|tel))?(?: [0-9])?$")


class _Columns(NamedTuple):
    """Where in a row what stands. `numbers` are the place of a number, that of its label or None, and the
    label that the column's name gives."""

    name: int | None
    first: int | None
    last: int | None
    firm: int | None
    groups: int | None
    numbers: list[tuple[int, int | None, str]]


def read(data: bytes) -> Iterator[Raw]:
    """Raises BadFile."""
    text = decoded(data)
    header = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    rows = _rows(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    columns: _Columns | None = None
    for row in rows:
        if columns is None:
            columns = _columns([cell.strip().casefold() for cell in row])
            if columns.numbers:
                continue
            if not re.search(r"[0-9]", "".join(row[1:])):
                raise BadFile(
                    "its first line names no column with numbers; name,label 1,number 1 would, or name,number"
                )
            columns = _Columns(
                0, None, None, None, None, [(place, None, "") for place in range(1, MOST_NUMBERS)]
            )
        yield _raw(row, columns)


def write(contacts: Iterable[Contact]) -> str:
    listed = list(contacts)
    most = max((len(each.numbers) for each in listed), default=1)
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(
        ["name", "groups", *(f"{what} {n + 1}" for n in range(most) for what in ("label", "number"))]
    )
    for each in listed:
        cells = [cell for number in each.numbers for cell in (number.label, number.number)]
        writer.writerow([each.name, ";".join(each.groups), *cells])
    return file.getvalue()


def _rows(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        for row in reader:
            if len(row) > MOST_COLUMNS:
                raise BadFile(f"a line of it has more than {MOST_COLUMNS} columns")
            if any(cell.strip() for cell in row):
                yield row
    except csv.Error as error:
        raise BadFile(f"it is no CSV: {error}") from None


def _columns(names: list[str]) -> _Columns:
    def place_of(known: set[str]) -> int | None:
        return next((place for place, name in enumerate(names) if name in known), None)

    labels: dict[str, int] = {}
    for place, name in enumerate(names):
        match = _NUMBERED.fullmatch(name)
        if match and (name.startswith("label") or match["what"] in {"label", "type"}):
            labels.setdefault(match["place"], place)
    numbers: list[tuple[int, int | None, str]] = []
    for place, name in enumerate(names):
        match = _NUMBERED.fullmatch(name)
        plain = _SUFFIX.sub("", name)
        if match and not name.startswith("label") and match["what"] in {None, "value"}:
            numbers.append((place, labels.get(match["place"]), ""))
        elif name in NUMBERS:
            numbers.append((place, None, ""))
        elif plain in LABELLED:
            numbers.append((place, None, plain))
    return _Columns(
        place_of(NAMES), place_of(FIRST), place_of(LAST), place_of(FIRMS), place_of(GROUPS), numbers
    )


def _raw(row: list[str], columns: _Columns) -> Raw:
    def cell(place: int | None) -> str:
        return row[place] if place is not None and place < len(row) else ""

    name = cell(columns.name) or f"{cell(columns.first)} {cell(columns.last)}".strip() or cell(columns.firm)
    numbers = [
        (cell(place), cell(label) or named) for place, label, named in columns.numbers if cell(place).strip()
    ]
    return Raw(name, numbers, cell(columns.groups).split(";"))
