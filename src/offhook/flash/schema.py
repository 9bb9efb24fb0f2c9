"""The tables, and how a file that an older version made becomes one of today's."""

import sqlite3
from typing import Final

APPLICATION_ID: Final = 0x6F66686B  # "ofhk", which `file` and others show

MIGRATIONS: Final = (
    """
    CREATE TABLE setting (
        phone TEXT NOT NULL,
        name  TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (phone, name)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE call (
        phone       TEXT NOT NULL,
        id          TEXT NOT NULL,
        kind        TEXT NOT NULL,
        number      TEXT NOT NULL,
        remote      TEXT NOT NULL,
        remote_name TEXT NOT NULL,
        account     INTEGER,
        started     REAL NOT NULL,
        duration    REAL,
        seen        INTEGER NOT NULL,
        PRIMARY KEY (phone, id)
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX call_by_time ON call (phone, started);

    CREATE TABLE contact (
        phone   TEXT NOT NULL,
        name    TEXT NOT NULL,
        numbers TEXT NOT NULL,
        groups  TEXT NOT NULL,
        PRIMARY KEY (phone, name)
    ) STRICT, WITHOUT ROWID;
    """,
)
"""Each brings a file one version further; the first makes one. What has been released is never changed."""

VERSION: Final = len(MIGRATIONS)


class TooNew(Exception):
    """A later version made the file; the text says so for a person."""


def is_up_to_date(connection: sqlite3.Connection) -> bool:
    """Raises sqlite3.Error."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return bool(version == VERSION)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables up to date, all or nothing. Raises TooNew, and sqlite3.Error."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise TooNew(
            f"it was written by a newer offhook (version {version} of its tables, known here: {VERSION})"
        )
    if version == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        for migration in MIGRATIONS[version:]:
            for statement in filter(str.strip, migration.split(";")):
                connection.execute(statement)
        # PRAGMA takes no parameters; both are numbers of our own.
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
