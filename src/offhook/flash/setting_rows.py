"""The settings that a phone's owner changed, by name, each as JSON."""

import json
import sqlite3
from collections.abc import Mapping
from functools import partial

from .flash import Change

Plain = str | int | bool | list[str] | None
"""A value as JSON has it. None is a value too: what the factory set, and the owner took away."""


def recall(connection: sqlite3.Connection, phone: str) -> dict[str, Plain]:
    rows = connection.execute("SELECT name, value FROM setting WHERE phone = ?", (phone,))
    return {name: _loaded(value) for name, value in rows}


def _loaded(text: str) -> Plain:
    """What somebody wrote by hand may be no JSON; then it is for the setting's reader to judge."""
    try:
        value: Plain = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value


def put(phone: str, changes: Mapping[str, Plain], gone: frozenset[str]) -> Change:
    """Keep `changes`, and forget `gone`."""
    rows = [(phone, name, json.dumps(value)) for name, value in changes.items()]
    return partial(_put, rows=rows, gone=[(phone, name) for name in gone])


def forget_all(phone: str) -> Change:
    return lambda connection: connection.execute("DELETE FROM setting WHERE phone = ?", (phone,))


def _put(
    connection: sqlite3.Connection, *, rows: list[tuple[str, str, str]], gone: list[tuple[str, str]]
) -> None:
    connection.executemany("INSERT OR REPLACE INTO setting (phone, name, value) VALUES (?, ?, ?)", rows)
    connection.executemany("DELETE FROM setting WHERE phone = ? AND name = ?", gone)
