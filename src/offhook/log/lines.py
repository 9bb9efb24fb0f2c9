"""The formats of the log: the same facts, for a person or for a program that collects them."""

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from .entry import Entry


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


def text_line(entry: Entry) -> str:
    """`TIME LEVEL LOGGER phone NAME, account N, call ID: MESSAGE`, as far as it is about these.

    A traceback stands on lines of its own, which begin with a space as no entry does.
    """
    about = {"phone": entry.phone, "account": entry.account, "call": entry.call}
    where = ", ".join(f"{name} {value}" for name, value in about.items() if value is not None)
    message = f"{where}: {entry.message}" if where else entry.message
    line = f"{entry.time} {entry.level_name.upper()} {entry.logger}: {message}"
    return line if entry.trace is None else "\n    ".join([line, *entry.trace.split("\n")])


def json_line(entry: Entry) -> str:
    """One object, on one line."""
    return json.dumps(entry.facts(), ensure_ascii=False)


LINES: Final[dict[LogFormat, Callable[[Entry], str]]] = {
    LogFormat.TEXT: text_line,
    LogFormat.JSON: json_line,
}
