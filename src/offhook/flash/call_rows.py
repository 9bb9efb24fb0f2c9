"""The call log of each phone."""

import sqlite3
from dataclasses import astuple
from typing import Final

from offhook.phone.call_log import RECORDS_KEPT, CallRecord, Kind

from .flash import Change

_RECALL: Final = """
    SELECT id, kind, number, remote, remote_name, account, started, duration, seen
    FROM call WHERE phone = ? ORDER BY started
"""
_PUT: Final = """
    INSERT OR REPLACE INTO call
        (phone, id, kind, number, remote, remote_name, account, started, duration, seen)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_FORGET_OLD: Final = """
    DELETE FROM call WHERE phone = ?1 AND started < (
        SELECT started FROM call WHERE phone = ?1 ORDER BY started DESC LIMIT 1 OFFSET ?2
    )
"""


def recall(connection: sqlite3.Connection, phone: str) -> list[CallRecord]:
    """From the oldest to the newest. Of a call that a power cut ended nobody knows how long it was."""
    return [
        CallRecord(call, Kind(kind), number, remote, name, account, started, duration or 0.0, bool(seen))
        for call, kind, number, remote, name, account, started, duration, seen in connection.execute(
            _RECALL, (phone,)
        )
    ]


def put(phone: str, record: CallRecord) -> Change:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute(_PUT, (phone, *astuple(record)))
        connection.execute(_FORGET_OLD, (phone, RECORDS_KEPT - 1))

    return change


def see(phone: str) -> Change:
    """The missed calls have been looked at."""
    return lambda connection: connection.execute("UPDATE call SET seen = 1 WHERE phone = ?", (phone,))


def forget_all(phone: str) -> Change:
    return lambda connection: connection.execute("DELETE FROM call WHERE phone = ?", (phone,))
