"""What survives a power cut: one SQLite file in the data folder, for one phone or for all of a farm.

Nobody waits on the loop for a disk. One thread writes for the whole process, and only while there is
something to write: an idle phone holds no open file. Changes that wait for it are committed together, so a
thousand phones that save at once share one sync of the disk.
"""

import asyncio
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from offhook.data_folder import BadDataFolder, sync_folder

from .schema import TooNew, is_up_to_date, migrate

_Found = TypeVar("_Found")
Change = Callable[[sqlite3.Connection], object]
"""Carried out in the writer's thread, in a transaction. It is all there afterwards, or nothing of it."""

FILE_NAME: Final = "flash.db"

LINGER: Final = 2.0
"""Seconds that the file stays open after the last change, for the next one."""

PATIENCE: Final = 5.0
"""Seconds to wait for whoever else has the file open, such as a person with a database browser."""


class NotSaved(Exception):
    """What was to be saved was not; the text says why, for a person."""


class NotRead(BadDataFolder):
    """What was saved cannot be read just now, for the disk is full or broken."""


class _Waiting(NamedTuple):
    change: Change
    saved: asyncio.Future[None]


class Flash:
    """`set_aside` is where a file that could not be read was moved to; None where there was nothing wrong.
    `unwritable` says why nothing could be written at the start, though what was saved can be read.

    Used from one thread, that of the loop that awaits what it saves.
    """

    def __init__(self, file: Path, *, only_read: bool = False) -> None:
        """Open the file, or make it, and leave it closed. Raises BadDataFolder.

        `only_read`: it is somebody else's just now, and nothing is made, mended or brought up to date.
        """
        self.file = file
        self.set_aside: Path | None = None
        self.unwritable: str | None = None
        self._waiting: deque[_Waiting] = deque()
        self._work = threading.Condition()
        self._writer: threading.Thread | None = None
        self._closing = False
        if only_read:
            return
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            if _has_no_room(error) and self._is_up_to_date():
                # A phone that remembers all and can note nothing is better than none.
                self.unwritable = str(error)
                return
            if not _is_damage(error):
                raise BadDataFolder(file, str(error)) from None
            self.set_aside = _put_aside(file)
            self._prepare()
        except TooNew as error:
            raise BadDataFolder(file, str(error)) from None

    def read(self, query: Callable[[sqlite3.Connection], _Found]) -> _Found:
        """What `query` returns, at once: for the start, when nothing else waits for the loop.

        Raises NotRead.
        """
        try:
            try:
                with closing(_connect(self.file)) as connection:
                    return query(connection)
            except sqlite3.OperationalError as error:
                if not _has_no_room(error):
                    raise
                with closing(_connect(self.file, alone=True)) as connection:
                    return query(connection)
        except sqlite3.Error as error:
            raise NotRead(self.file, str(error)) from None

    def save(self, change: Change) -> asyncio.Future[None]:
        """Done when the change is on the disk; raises NotSaved where it is not."""
        saved = asyncio.get_running_loop().create_future()
        with self._work:
            self._waiting.append(_Waiting(change, saved))
            self._work.notify()
            if self._writer is None:
                # Not a daemon: the interpreter waits at its end for what was asked for.
                self._writer = threading.Thread(target=self._write, name="flash")
                self._writer.start()
        return saved

    async def close(self) -> None:
        """Wait for what is still to be saved."""
        with self._work:
            self._closing = True
            self._work.notify()
            writer = self._writer
        if writer is not None:
            await asyncio.get_running_loop().run_in_executor(None, writer.join)
        self._closing = False

    def _is_up_to_date(self) -> bool:
        try:
            return self.read(is_up_to_date)
        except NotRead:
            return False

    def _prepare(self) -> None:
        # Made here and not by SQLite, for it holds passwords.
        try:
            if not self.file.exists():
                self.file.touch(mode=0o600)
                sync_folder(self.file.parent)
        except OSError as error:
            raise BadDataFolder(self.file, error) from None
        with closing(_connect(self.file)) as connection:
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("malformed")
            # Kept in the file: a writer that dies leaves a log that the next one takes up.
            connection.execute("PRAGMA journal_mode = WAL")
            migrate(connection)

    # --- in the writer's thread

    def _write(self) -> None:
        connection: sqlite3.Connection | None = None
        try:
            while batch := self._next():
                try:
                    connection = connection or _connect(self.file)
                    outcomes = _commit(connection, [waiting.change for waiting in batch])
                except sqlite3.Error as error:
                    outcomes = [error] * len(batch)
                    if connection is not None:
                        connection.close()
                        connection = None
                for waiting, outcome in zip(batch, outcomes, strict=True):
                    _tell(waiting.saved, outcome)
        finally:
            if connection is not None:
                connection.close()

    def _next(self) -> list[_Waiting]:
        """What is to be saved together; nothing once there was nothing for a while, and the thread ends."""
        with self._work:
            until = time.monotonic() + LINGER
            while not self._waiting and not self._closing and (left := until - time.monotonic()) > 0:
                self._work.wait(left)
            batch = list(self._waiting)
            self._waiting.clear()
            if not batch:
                self._writer = None
            return batch


def _connect(file: Path, *, alone: bool = False) -> sqlite3.Connection:
    """`alone`: to read beside others takes a file that they share, and room on the disk for it."""
    connection = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        if alone:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        # FULL syncs the log at each commit: what was answered for has left the machine's memory.
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def _commit(connection: sqlite3.Connection, changes: list[Change]) -> list[Exception | None]:
    """What became of each; one that fails takes none of the others with it. Raises sqlite3.Error where the
    whole came to nothing."""
    outcomes: list[Exception | None] = []
    connection.execute("BEGIN IMMEDIATE")
    try:
        for change in changes:
            connection.execute("SAVEPOINT change")
            try:
                change(connection)
            except Exception as error:
                if not connection.in_transaction:
                    # A full disk takes the whole transaction back.
                    raise
                connection.execute("ROLLBACK TO change")
                outcomes.append(error)
            else:
                outcomes.append(None)
            connection.execute("RELEASE change")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return outcomes


def _tell(saved: asyncio.Future[None], outcome: Exception | None) -> None:
    loop = saved.get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(partial(_settle, saved, outcome))


def _settle(saved: asyncio.Future[None], outcome: Exception | None) -> None:
    if saved.done():
        return
    if outcome is None:
        saved.set_result(None)
    else:
        failure = NotSaved(str(outcome) or type(outcome).__name__)
        failure.__cause__ = outcome
        saved.set_exception(failure)


_NO_ROOM: Final = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN")


def _has_no_room(error: sqlite3.DatabaseError) -> bool:
    """On the disk, or on one that takes no writes: each step of SQLite has its own name for that."""
    return getattr(error, "sqlite_errorname", "").startswith(_NO_ROOM)


_DAMAGE: Final = {"SQLITE_NOTADB", "SQLITE_CORRUPT"}


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Not a full disk, a lock, or a file that may not be read: those say nothing about what is in it."""
    name = getattr(error, "sqlite_errorname", None)
    return type(error) is sqlite3.DatabaseError and (name is None or name.startswith(tuple(_DAMAGE)))


def _put_aside(file: Path) -> Path:
    """Out of the way and never deleted, for somebody may want to look what can be saved of it."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = file.with_name(f"{file.name}.damaged-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = file.with_name(f"{file.name}.damaged-{stamp}-{number}")
    for suffix in ("-wal", "-shm", ""):
        part = file.with_name(file.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside
