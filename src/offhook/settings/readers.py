"""How the values are read that only settings have; `option_values` reads those that are options too.

Every reader takes what a person typed, or what JSON has, and raises ValueError with one line.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, TypeVar
from urllib.parse import urlsplit

from offhook.option_values import quoted, read_number
from offhook.phone.audio_path import LOUDEST

_Read = TypeVar("_Read")

LONGEST_TEXT: Final = 256
_SPLIT: Final = re.compile(r"[\s,]+")
_KEPT_AS: Final = r"[A-Za-z0-9._-]{1,40}:[0-9]{4}-[0-9]{2}-[0-9]{2}:[0-9a-f]{64}"


def or_nothing(read: Callable[[object], _Read]) -> Callable[[object], _Read | None]:
    """As `read`; an empty text is no value."""
    return lambda value: None if value is None or value == "" else read(value)


def each(read: Callable[[object], _Read]) -> Callable[[object], tuple[_Read, ...]]:
    """Many values, each once; in one text they are separated by white space or commas."""

    def read_all(value: object) -> tuple[_Read, ...]:
        return tuple(dict.fromkeys(map(read, _items(value))))

    return read_all


def _items(value: object) -> Iterable[object]:
    if isinstance(value, str):
        return filter(None, _SPLIT.split(value))
    if isinstance(value, list | tuple):
        return value
    raise ValueError(f"{quoted(value)} is no list; write texts separated by commas")


def read_line(value: object) -> str:
    """A text on one line, such as a name."""
    if isinstance(value, str) and len(value) <= LONGEST_TEXT and value.isprintable():
        return value.strip()
    raise ValueError(f"that is no name; write up to {LONGEST_TEXT} characters that can be printed")


def read_secret(value: object) -> str:
    """A password, which no error repeats."""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or not value.isprintable():
        raise ValueError(f"that is no password; write up to {LONGEST_TEXT} characters that can be printed")
    return value


def read_volume(value: object) -> int:
    number = whole_number(value)
    if number is None or number > LOUDEST:
        raise ValueError(f"{quoted(value)} is no volume; write a number from 0 to {LOUDEST}")
    return number


def read_hours(value: object) -> int:
    number = whole_number(value)
    if number is None or number > 24 * 30:
        raise ValueError(f"{quoted(value)} is no number of hours; write 0 for never, or up to {24 * 30}")
    return number


def read_url(value: object) -> str:
    """Where something is told over HTTP. It is not repeated, for it may hold a password."""
    wrong = "that is no URL; write http:// or https://, a host, and what else the receiver wants"
    text = value.strip() if isinstance(value, str) else ""
    try:
        url = urlsplit(text)
        usable = url.scheme in {"http", "https"} and url.hostname and url.port != 0
    except ValueError:
        raise ValueError(wrong) from None
    if not usable or len(text) > 2048 or not text.isprintable() or " " in text:
        raise ValueError(wrong)
    return text


def read_replacement(value: object) -> str:
    """A dial rule: what a number begins with, `=`, and what it begins with instead."""
    text = value.strip() if isinstance(value, str) else ""
    if not re.fullmatch(r"\+?[0-9*#]{1,20}=\+?[0-9*#]{0,20}", text):
        raise ValueError(
            f"{quoted(value)} is no rule; write what a number begins with, = and what stands there instead, "
            "as in 0049=+49, or 0= to leave it out"
        )
    return text


def read_prefix(value: object) -> str:
    """What numbers begin with, or a whole number."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not re.fullmatch(r"\+?[0-9*#]{1,32}", text.strip()):
        raise ValueError(f"{quoted(value)} is nothing that a number begins with; write digits, as in 0900")
    return text.strip()


def read_blocked(value: object) -> str:
    """A caller that is not let through: a number, a user name or user@host."""
    return read_number(value)


def read_token(value: object) -> str:
    """A token of the API as it is kept: its name, the day it was made, its SHA-256. None is repeated."""
    if isinstance(value, str) and re.fullmatch(_KEPT_AS, value.strip()):
        return value.strip()
    raise ValueError("that is no token as it is kept; make one on the page Security")


def whole_number(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value >= 0 else None
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return int(value)
    return None
