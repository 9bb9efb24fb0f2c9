"""A power cut at any moment: what was answered for is there at the next start, and nothing half."""

import asyncio
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from offhook.flash import flash as module
from offhook.flash.flash import FILE_NAME, Flash
from offhook.memory import Memory
from offhook.phone import Verdict
from offhook.phone.events import Function, Perform

from .phones import said, started
from .power_cut import Disk

PAIR = ("accounts.2.user", "accounts.2.display_name")
"""Saved together with the same value."""


class Counted(NamedTuple):
    """How often something was asked for, and how often that was answered with success."""

    asked: int = 0
    answered: int = 0

    def ask(self) -> "Counted":
        return self._replace(asked=self.asked + 1)

    def answer(self) -> "Counted":
        return self._replace(answered=self.asked)


class Cut(NamedTuple):
    """The files that are left, and what had been answered for by then."""

    files: dict[str, bytes]
    dnd: Counted
    pair: Counted


@pytest.mark.parametrize(
    ("changes", "cuts"), [(20, 60), pytest.param(400, 3000, marks=pytest.mark.proof)], ids=["short", "long"]
)
def test_what_was_answered_survives_a_power_cut_at_any_step_of_the_disk(tmp_path, changes, cuts):
    """Cut before a write or a sync: what was not synced is lost, kept or torn, sector by sector."""
    luck = random.Random(changes)
    disk = Disk(tmp_path)
    taken = asyncio.run(_taken_while_changing(disk, tmp_path, changes, cuts, luck))
    assert len(taken) >= cuts / 3
    assert any(cut.pair.answered for cut in taken)
    for number, cut in enumerate(taken):
        folder = tmp_path / f"cut-{number}"
        folder.mkdir()
        _is_whole(cut, folder)


async def _taken_while_changing(
    disk: Disk, folder: Path, changes: int, cuts: int, luck: random.Random
) -> list[Cut]:
    dnd, pair = Counted(), Counted()
    taken: list[Cut] = []

    def perhaps_cut() -> None:
        # A change is a few steps; some are cut at more than one.
        if luck.random() < cuts / (changes * 6):
            taken.append(Cut(disk.image(luck), dnd, pair))

    disk.on_step = perhaps_cut
    with disk.followed():
        async with started(folder) as station:

            async def press() -> None:
                nonlocal dnd
                for _ in range(changes):
                    dnd = dnd.ask()
                    wanted = Function.DND_ON if dnd.asked % 2 else Function.DND_OFF
                    assert (await said(station.press(Perform(wanted)))).verdict is Verdict.DONE
                    dnd = dnd.answer()

            async def change() -> None:
                nonlocal pair
                for _ in range(changes):
                    pair = pair.ask()
                    await station.change(dict.fromkeys(PAIR, str(pair.asked)))
                    pair = pair.answer()

            await asyncio.gather(press(), change())
            taken.append(Cut(disk.image(luck), dnd, pair))
    return taken


def _is_whole(cut: Cut, folder: Path) -> None:
    for name, content in cut.files.items():
        (folder / name).write_bytes(content)
    flash = Flash(folder / FILE_NAME)
    assert flash.set_aside is None
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    user = Memory(flash, "phone", {}).layers.user
    first, second = (user.get(name, "0") for name in PAIR)
    assert first == second
    assert cut.pair.answered <= int(str(first)) <= cut.pair.asked
    assert user.get("calls.dnd", False) in {
        number % 2 == 1 for number in range(cut.dnd.answered, cut.dnd.asked + 1)
    }


def test_a_phone_that_syncs_nothing_would_be_found_out(tmp_path, monkeypatch):
    """The proof above proves something: without a sync a power cut takes what was answered for."""
    connect = module._connect

    def careless(file: Path) -> sqlite3.Connection:
        connection = connect(file)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    monkeypatch.setattr(module, "_connect", careless)
    luck = random.Random(1)
    taken = asyncio.run(_taken_while_changing(Disk(tmp_path), tmp_path, 20, 60, luck))
    with pytest.raises(AssertionError):  # noqa: PT012 - each cut has a folder of its own
        for number, cut in enumerate(taken):
            folder = tmp_path / f"cut-{number}"
            folder.mkdir()
            _is_whole(cut, folder)
