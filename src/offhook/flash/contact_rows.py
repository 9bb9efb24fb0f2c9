"""The phone book of each phone. It is read whole and written whole: it is small, and changes seldom."""

import json
import sqlite3

from offhook.phone.phone_book import Contact, Number, PhoneBook

from .flash import Change

_PUT = "INSERT INTO contact (phone, name, numbers, groups) VALUES (?, ?, ?, ?)"


def recall(connection: sqlite3.Connection, phone: str) -> list[Contact]:
    rows = connection.execute("SELECT name, numbers, groups FROM contact WHERE phone = ?", (phone,))
    return [
        Contact(name, tuple(Number(*each) for each in json.loads(numbers)), tuple(json.loads(groups)))
        for name, numbers, groups in rows
    ]


def put_all(phone: str, book: PhoneBook) -> Change:
    """In the place of the one that was there."""

    def change(connection: sqlite3.Connection) -> None:
        # Here, in the writer's thread: nobody waits on the loop for thousands of them.
        rows = [
            (
                phone,
                each.name,
                json.dumps([[number.number, number.label] for number in each.numbers], ensure_ascii=False),
                json.dumps(each.groups, ensure_ascii=False),
            )
            for each in book
        ]
        connection.execute("DELETE FROM contact WHERE phone = ?", (phone,))
        connection.executemany(_PUT, rows)

    return change


def forget_all(phone: str) -> Change:
    return lambda connection: connection.execute("DELETE FROM contact WHERE phone = ?", (phone,))
