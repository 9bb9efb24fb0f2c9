"""A disk that takes nothing: what was not saved is said, and not forgotten when it is asked for again."""

import asyncio

import pytest

from offhook.flash.flash import Flash, NotSaved
from offhook.phone import Verdict
from offhook.phone.events import Event, Function, Key, KeyDown, Perform
from offhook.station import Station

from .phones import said, started

SETTINGS = {
    "DND": [Perform(Function.DND_ON)],
    "forward": [KeyDown(Key.FIVE), KeyDown(Key.FORWARD), KeyDown(Key.OK)],
}


async def pressed(station: Station, events: list[Event]) -> Verdict:
    for event in events:
        verdict = (await said(station.press(event))).verdict
    return verdict


@pytest.mark.parametrize("events", SETTINGS.values(), ids=SETTINGS)
def test_who_asks_again_is_told_of_the_disk_again(tmp_path, monkeypatch, events):
    async def run() -> None:
        async with started(tmp_path) as station:

            def full(_flash: object, _change: object) -> asyncio.Future[None]:
                saved = asyncio.get_running_loop().create_future()
                saved.set_exception(NotSaved("database or disk is full"))
                return saved

            with monkeypatch.context() as patch:
                patch.setattr(Flash, "save", full)
                assert await pressed(station, events) is Verdict.NOT_SAVED
                assert await pressed(station, events) is Verdict.NOT_SAVED
            assert await pressed(station, events) is Verdict.DONE
            assert station.memory.anew().settings == station.memory.settings
            assert station.state()["dnd"] or station.state()["forward"]["always"] == "5"

    asyncio.run(run())


def test_a_wish_that_is_repeated_is_answered_when_the_first_is_on_the_disk(tmp_path):
    async def run() -> None:
        async with started(tmp_path) as station:
            first = asyncio.ensure_future(said(station.press(Perform(Function.DND_ON))))
            second = station.press(Perform(Function.DND_ON))
            assert (await said(second)).verdict is Verdict.DONE
            assert station.memory.anew().settings.calls.dnd
            await first

    asyncio.run(run())


def test_a_key_pressed_while_a_setting_is_saved_has_the_last_word(tmp_path):
    async def run() -> None:
        async with started(tmp_path) as station:
            changing = asyncio.ensure_future(station.change({"calls.dnd": True, "calls.reject_code": 603}))
            await asyncio.sleep(0)
            await said(station.press(Perform(Function.DND_ON)))
            await said(station.press(Perform(Function.DND_OFF)))
            await changing
            for memory in (station.memory, station.memory.anew()):
                assert (memory.settings.calls.dnd, memory.settings.calls.reject_code) == (False, 603)
            assert not station.state()["dnd"]

    asyncio.run(run())


def test_a_setting_changed_after_a_key_has_the_last_word(tmp_path):
    async def run() -> None:
        async with started(tmp_path) as station:
            await said(station.press(KeyDown(Key.VOLUME_UP)))
            await station.change({"sound.ringer": 3})
        async with started(tmp_path) as station:
            assert station.state()["volume"]["ringer"] == 3

    asyncio.run(run())


def test_a_reset_is_on_the_disk_when_it_is_answered(tmp_path):
    async def run() -> None:
        async with started(tmp_path) as station:
            await station.change({"calls.reject_code": 603})
            assert (await said(station.press(Perform(Function.RESET)))).verdict is Verdict.DONE
            assert station.memory.anew().settings.calls.reject_code == 486

    asyncio.run(run())
