"""The vendor's configuration file: one `Name = value` a line.

Blank lines and lines that begin with `#` or `;` are comments. A value is what stands behind the first `=`,
without the spaces around it. The whole file is taken, or none of it.
"""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

LONGEST_FILE: Final = 1024 * 1024
"""Bytes."""

LONGEST_NAME: Final = 128

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_NAME: Final = re.compile(rf"[A-Za-z0-9_.\-]{{1,{LONGEST_NAME}}}")
_NOT_TEXT: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BLANK: Final = " \t"


class NotAConfiguration(ValueError):
    """Why a file is none. The text repeats nothing of it: any line may hold a password."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """`where` is its line and its file, for a person."""

    name: str
    value: str = field(repr=False)
    where: str


def parse(data: bytes, file: str) -> list[Assignment]:
    """In their order. `file` is what it is called. Raises NotAConfiguration."""
    return list(_assignments(_text(data, file), file))


def _text(data: bytes, file: str) -> str:
    if len(data) > LONGEST_FILE:
        raise NotAConfiguration(f"{file} is longer than {LONGEST_FILE} bytes")
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise NotAConfiguration(f"{file} is UTF-16; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotAConfiguration(f"{file} is not UTF-8, from its byte {error.start + 1} on") from None
    if text.lstrip().startswith("<"):
        raise NotAConfiguration(f"{file} is a web page or XML, and no configuration file")
    return text


def _assignments(text: str, file: str) -> Iterator[Assignment]:
    for number, whole in enumerate(_LINE_END.split(text), start=1):
        where = f"line {number} of {file}"
        if _NOT_TEXT.search(whole):
            raise NotAConfiguration(f"{file} is no text: {where} holds a control character")
        line = whole.strip(_BLANK)
        if not line or line[0] in "#;":
            continue
        name, equals, value = line.partition("=")
        name = name.rstrip(_BLANK)
        if not equals or not _NAME.fullmatch(name):
            raise NotAConfiguration(f"{where} is neither Name = value nor a comment")
        yield Assignment(name, value.lstrip(_BLANK), where)
