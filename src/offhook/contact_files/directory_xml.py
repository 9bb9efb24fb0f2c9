"""The XML directory that desk phones of many vendors fetch.

`<…IPPhoneDirectory>` holds `<DirectoryEntry>`, each a `<Name>` and one `<Telephone>` or more. The root
carries the name of the vendor, so any that ends in `Directory` will do. The form knows neither labels nor
groups: the attribute `label` and the element `<Group>` are ours, and others pass over them.

A document type is refused, and with it all entities but XML's own five: nothing is fetched from elsewhere,
and nothing grows while it is read.
"""

from collections.abc import Iterable
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from offhook.phone.phone_book import Contact

from .file import BadFile, Raw

DEEPEST: Final = 16
"""Elements within one another."""

LONGEST_TEXT: Final = 4096
"""Characters of one element: what is more is cut off there."""


class _Reader:
    def __init__(self) -> None:
        self.found: list[Raw] = []
        self._path: list[str] = []
        self._entry: Raw | None = None
        self._name = ""
        self._text = ""
        self._label = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._path and not tag.endswith("Directory"):
            raise BadFile(
                f"its root is {tag[:80]!r}; that of a directory is named IPPhoneDirectory, or ends so"
            )
        if len(self._path) >= DEEPEST:
            raise BadFile(f"its elements are more than {DEEPEST} levels deep")
        self._path.append(tag)
        self._text = ""
        self._label = attributes.get("label", "")
        if tag == "DirectoryEntry":
            self._entry, self._name = Raw("", [], []), ""

    def text(self, data: str) -> None:
        self._text = (self._text + data)[:LONGEST_TEXT] if len(self._text) < LONGEST_TEXT else self._text

    def end(self, tag: str) -> None:
        self._path.pop()
        if self._entry is None:
            return
        match tag:
            case "Name":
                self._name = self._text
            case "Telephone":
                if self._text.strip():
                    self._entry.numbers.append((self._text, self._label))
            case "Group":
                self._entry.groups.append(self._text)
            case "DirectoryEntry":
                self.found.append(self._entry._replace(name=self._name))
                self._entry = None
        self._text = ""


def _no_document_type(*_: object) -> None:
    raise BadFile(
        "it has a document type (<!DOCTYPE), which a directory needs not and a hostile file would use"
    )


def read(data: bytes) -> list[Raw]:
    """Raises BadFile."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _no_document_type
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.text
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise BadFile(f"it is no XML: {error}") from None
    except (LookupError, ValueError) as error:
        if isinstance(error, BadFile):
            raise
        # An encoding that Python does not know, or that is none of bytes.
        raise BadFile(f"it is in an encoding that cannot be read: {error}") from None
    return reader.found


def write(contacts: Iterable[Contact]) -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<IPPhoneDirectory>"]
    for each in contacts:
        lines.append("  <DirectoryEntry>")
        lines.append(f"    <Name>{escape(each.name)}</Name>")
        for number in each.numbers:
            label = f" label={quoteattr(number.label)}" if number.label else ""
            lines.append(f"    <Telephone{label}>{escape(number.number)}</Telephone>")
        lines += [f"    <Group>{escape(group)}</Group>" for group in each.groups]
        lines.append("  </DirectoryEntry>")
    return "\n".join([*lines, "</IPPhoneDirectory>", ""])
