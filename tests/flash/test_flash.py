"""What survives: the file, its writer, and what is done about a file that cannot be read."""

import asyncio
import resource
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from offhook.data_folder import BadDataFolder
from offhook.flash import call_rows, setting_rows
from offhook.flash.flash import Flash, NotRead, NotSaved
from offhook.flash.schema import VERSION
from offhook.phone.call_log import CallRecord, Kind


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "flash.db"


def settings(flash: Flash, phone: str = "phone"):
    return flash.read(lambda connection: setting_rows.recall(connection, phone))


def put(flash: Flash, name: str, value: setting_rows.Plain, phone: str = "phone"):
    return flash.save(setting_rows.put(phone, {name: value}, frozenset()))


def test_what_was_saved_is_there_for_another_process(file):
    async def save():
        flash = Flash(file)
        await put(flash, "calls.dnd", True)
        await put(flash, "access.allow", "10.0.0.X")
        # No close: what is acknowledged does not wait for one.
        assert settings(Flash(file)) == {"calls.dnd": True, "access.allow": "10.0.0.X"}
        await flash.close()

    asyncio.run(save())
    assert settings(Flash(file)) == {"calls.dnd": True, "access.allow": "10.0.0.X"}


def test_phones_that_share_a_file_do_not_see_each_other(file):
    async def save():
        flash = Flash(file)
        await asyncio.gather(put(flash, "a", 1, "1001"), put(flash, "a", 2, "1002"))
        await flash.save(setting_rows.forget_all("1001"))
        await flash.close()
        assert (settings(flash, "1001"), settings(flash, "1002")) == ({}, {"a": 2})

    asyncio.run(save())


def test_the_file_is_for_its_owner_alone(file):
    Flash(file)
    assert file.stat().st_mode & 0o777 == 0o600


def test_nothing_stays_open_once_there_is_nothing_to_save(file, monkeypatch):
    monkeypatch.setattr("offhook.flash.flash.LINGER", 0.0)
    before = threading.active_count()

    async def save():
        flash = Flash(file)
        await put(flash, "a", 1)
        while threading.active_count() > before:
            await asyncio.sleep(0)
        assert not file.with_name("flash.db-wal").exists()
        await put(flash, "a", 2)
        await flash.close()

    asyncio.run(save())
    assert settings(Flash(file)) == {"a": 2}


def test_many_changes_at_once_are_each_told(file):
    async def save():
        flash = Flash(file)
        await asyncio.gather(*(put(flash, f"name.{i}", i) for i in range(1000)))
        await flash.close()

    asyncio.run(save())
    assert settings(Flash(file)) == {f"name.{i}": i for i in range(1000)}


def test_a_change_that_fails_takes_no_other_with_it(file):
    async def save():
        flash = Flash(file)
        outcomes = await asyncio.gather(
            put(flash, "a", 1),
            flash.save(lambda connection: connection.execute("INSERT INTO no_such_table VALUES (1)")),
            put(flash, "b", 2),
            return_exceptions=True,
        )
        await flash.close()
        assert [type(outcome) for outcome in outcomes] == [type(None), NotSaved, type(None)]

    asyncio.run(save())
    assert settings(Flash(file)) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    "damage", [b"", b"this is no database at all" * 100, None], ids=["short", "text", "torn"]
)
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(file, damage):
    async def fill():
        flash = Flash(file)
        await asyncio.gather(*(put(flash, f"name.{i}", "x" * 100) for i in range(1000)))
        await flash.close()

    asyncio.run(fill())
    whole = file.read_bytes()
    # What is damaged, and not only gone: a file of no bytes is a new one.
    file.write_bytes(whole[:50] + damage if damage is not None else whole[: len(whole) // 2])
    flash = Flash(file)
    assert flash.set_aside is not None
    assert flash.set_aside.parent == file.parent
    assert settings(flash) == {}


def test_a_file_of_a_newer_version_is_left_as_it_is(file):
    Flash(file)
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(BadDataFolder, match="newer"):
        Flash(file)
    assert file.read_bytes() == before


def test_a_file_that_may_not_be_read_is_no_damage(file):
    file.mkdir()
    with pytest.raises(BadDataFolder, match=r"flash\.db"):
        Flash(file)
    assert file.is_dir()


def test_a_disk_that_is_full_is_told_and_what_was_saved_stays(file):
    async def save():
        flash = Flash(file)
        await put(flash, "a", 1)
        (pages,) = flash.read(lambda connection: connection.execute("PRAGMA page_count").fetchone())

        def fill(connection: sqlite3.Connection) -> None:
            connection.execute(f"PRAGMA max_page_count = {pages}")
            setting_rows.put("phone", {"b": "x" * 100_000}, frozenset())(connection)

        with pytest.raises(NotSaved, match="full"):
            await flash.save(fill)
        await flash.close()

    asyncio.run(save())
    assert settings(Flash(file)) == {"a": 1}


@contextmanager
def no_room() -> Iterator[None]:
    """No file of this process may grow."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_start_without_room_goes_by_what_is_saved(file):
    async def save(flash: Flash, name: str) -> None:
        await put(flash, name, 1)
        await flash.close()

    asyncio.run(save(Flash(file), "a"))
    with no_room():
        full = Flash(file)
        assert full.unwritable
        assert settings(full) == {"a": 1}
        with pytest.raises(NotSaved):
            asyncio.run(save(full, "b"))
    # Once there is room again it is used.
    asyncio.run(save(full, "b"))
    assert settings(Flash(file)) == {"a": 1, "b": 1}
    assert Flash(file).unwritable is None


def test_a_first_start_without_room_is_refused(file):
    with no_room(), pytest.raises(BadDataFolder, match=r"flash\.db"):
        Flash(file)


def test_calls_come_back_in_order_and_the_oldest_are_forgotten(file):
    records = [
        CallRecord(
            f"call-{i}", Kind.DIALLED, "1002", "sip:1002@pbx", "", 1, 1000.0 + i, None if i == 149 else 2.5
        )
        for i in range(150)
    ]

    async def save():
        flash = Flash(file)
        for record in records:
            flash.save(call_rows.put("phone", record))
        missed = replace(records[-1], id="missed", kind=Kind.MISSED, started=2000.0, duration=0.0, seen=False)
        await flash.save(call_rows.put("phone", missed))
        await flash.save(call_rows.put("other", missed))
        kept = flash.read(lambda connection: call_rows.recall(connection, "phone"))
        assert kept == [*records[51:149], replace(records[149], duration=0.0), missed]
        await flash.save(call_rows.see("phone"))
        assert flash.read(lambda connection: call_rows.recall(connection, "phone"))[-1].seen
        assert not flash.read(lambda connection: call_rows.recall(connection, "other"))[-1].seen
        await flash.close()

    asyncio.run(save())


def test_a_file_that_cannot_be_made_or_read_is_told_as_the_folders(file):
    with pytest.raises(BadDataFolder, match="No such file"):
        Flash(file.parent / "away" / file.name)
    flash = Flash(file)
    file.write_bytes(b"no database at all" * 1000)
    with pytest.raises(NotRead, match=f"{file.name}: file is not a database"):
        settings(flash)


def test_a_row_that_is_no_json_is_what_stands_there(file):
    flash = Flash(file)
    with sqlite3.connect(file) as connection:
        connection.execute("INSERT INTO setting VALUES ('phone', 'calls.refer', '{ask')")
    connection.close()
    assert settings(flash) == {"calls.refer": "{ask"}
