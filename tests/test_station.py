"""What a phone remembers from one start to the next, and how it restarts, without sockets of HTTP."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from offhook import station as station_module
from offhook.flash.flash import FILE_NAME, Flash, NotSaved
from offhook.host import Host
from offhook.options import run_options
from offhook.phone import Verdict
from offhook.phone.events import Function, Key, KeyDown, MakeCall, Perform
from offhook.phone.phone_book import PhoneBook, contact
from offhook.phone.reply import Reply
from offhook.settings.phone_settings import BadSettings
from offhook.station import Station


@asynccontextmanager
async def started(folder: Path, **given: object) -> AsyncIterator[Station]:
    host = Host(Flash(folder / FILE_NAME))
    options = run_options({"http_port": "0", "https_port": "0", "sip_port": "0", **given}, {})
    await host.start([options.device("0c1105000001")])
    try:
        yield host.stations[0]
    finally:
        await host.stop()


async def said(reply: Reply | Awaitable[Reply]) -> Reply:
    return reply if isinstance(reply, Reply) else await reply


async def until(done: Callable[[], bool]) -> None:
    while not done():
        await asyncio.sleep(0.01)


ACCOUNT = {"account": ["sip:1001@127.0.0.1;register=no"]}


def test_what_was_answered_is_there_at_the_next_start(tmp_path):
    async def run() -> None:
        async with started(tmp_path, **ACCOUNT) as station:
            await said(station.press(Perform(Function.DND_ON)))
            station.press(KeyDown(Key.VOLUME_UP))
            await said(station.press(MakeCall("1002")))
            await said(station.press(Perform(Function.CALL_END)))
            await station.change({"forward.busy": "1009", "calls.reject_code": 603})
        async with started(tmp_path, **ACCOUNT) as station:
            state = station.state()
            assert state["dnd"]
            assert state["volume"]["ringer"] == 9
            assert state["forward"]["busy"] == "1009"
            assert station.device.phone.settings.reject_code == 603
            assert station.device.phone.log.dialled == ["1002"]

    asyncio.run(run())


def test_an_option_that_a_saved_setting_overrides_is_named(tmp_path):
    async def run() -> None:
        async with started(tmp_path, reject_code="404") as station:
            await station.change({"calls.reject_code": 603})
        async with started(tmp_path, reject_code="404") as station:
            [note] = station.memory.notes()
            assert "calls.reject_code" in note
            await station.unset(frozenset({"calls.reject_code"}))
            assert station.device.phone.settings.reject_code == 404
            assert station.memory.notes() == []

    asyncio.run(run())


@pytest.mark.parametrize("function", [Function.REBOOT, Function.RESET])
def test_a_restart_ends_the_calls_and_comes_back(tmp_path, function):
    async def run() -> None:
        async with started(tmp_path, **ACCOUNT) as station:
            await said(station.press(Perform(Function.DND_ON)))
            await said(station.press(MakeCall("1002")))
            before, port = station.device, station.device.sip_port
            assert (await said(station.press(Perform(function)))).verdict is Verdict.DONE
            assert (await said(station.press(KeyDown(Key.OK)))).verdict is Verdict.BOOTING
            assert station.site.booting
            async with asyncio.timeout(2):
                await until(lambda: not station.site.booting)
            assert station.device is not before
            assert station.device.sip_port == port
            assert station.state()["calls"] == []
            kept = function is Function.REBOOT
            assert station.state()["dnd"] is kept
            assert station.device.phone.log.dialled == (["1002"] if kept else [])

    asyncio.run(run())


def test_a_restart_reads_what_is_saved_beside_the_loop(tmp_path, monkeypatch):
    threads: list[threading.Thread] = []
    read = Flash.read

    def noted(flash: Flash, query: Callable[[object], object]) -> object:
        threads.append(threading.current_thread())
        return read(flash, query)

    async def run() -> None:
        async with started(tmp_path) as station:
            monkeypatch.setattr(Flash, "read", noted)
            await said(station.press(Perform(Function.REBOOT)))
            async with asyncio.timeout(5):
                await until(lambda: not station.site.booting)
            assert threads
            assert threading.main_thread() not in threads

    asyncio.run(run())


def test_a_restart_waits_for_the_folder_of_its_trace(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(station_module, "AGAIN", 0.05)
    folder, away = tmp_path / "traces", tmp_path / "away"
    folder.mkdir()

    async def run() -> None:
        async with started(tmp_path, sip_trace=str(folder / "phone.pcap")) as station:
            folder.rename(away)
            await said(station.press(Perform(Function.REBOOT)))
            async with asyncio.timeout(5):
                await until(lambda: "--sip-trace" in caplog.text)
                away.rename(folder)
                await until(lambda: not station.site.booting)

    asyncio.run(run())


def test_a_wrong_setting_changes_nothing(tmp_path):
    async def run() -> None:
        async with started(tmp_path) as station:
            with pytest.raises(BadSettings):
                await station.change({"calls.dnd": True, "access.allow": "*"})
            assert not station.state()["dnd"]
            assert station.memory.layers.user == {}

    asyncio.run(run())


def test_what_is_not_saved_is_said(tmp_path, monkeypatch):
    async def run() -> None:
        async with started(tmp_path) as station:

            def full(_change: object) -> asyncio.Future[None]:
                saved = asyncio.get_running_loop().create_future()
                saved.set_exception(NotSaved("database or disk is full"))
                return saved

            with monkeypatch.context() as patch:
                patch.setattr(station.memory._flash, "save", full)
                reply = await said(station.press(Perform(Function.DND_ON)))
                assert (reply.verdict, "disk is full" in reply.text) == (Verdict.NOT_SAVED, True)
                with pytest.raises(NotSaved):
                    await station.change({"calls.reject_code": 603})
                assert station.device.phone.settings.reject_code == 486

    asyncio.run(run())


def test_settings_take_effect_at_once_and_end_no_call(tmp_path):
    async def run() -> None:
        async with started(tmp_path, **ACCOUNT) as station:
            await said(station.press(MakeCall("1002")))
            await station.change(
                {
                    "access.allow": "10.0.0.1",
                    "accounts.1.display_name": "Desk",
                    "accounts.2.user": "2001",
                    "accounts.2.host": "127.0.0.2",
                    "accounts.2.registers": "no",
                }
            )
            state = station.state()
            assert [(each["username"], each["state"]) for each in state["accounts"]] == [
                ("1001", "direct"),
                ("2001", "direct"),
            ]
            assert len(state["calls"]) == 1
            assert not station.site.access.allow.admits("127.0.0.1")
            await station.unset(frozenset({"accounts.2.user"}))
            await station.change({"accounts.1.enabled": "no"})
            assert station.state()["accounts"] == []
            assert len(station.state()["calls"]) == 1

    asyncio.run(run())


BOOK = PhoneBook(
    [contact("Ada", [("1002", "work"), ("0171 5", "mobile")], ["a", "b"]), contact("Bob", [("7", "")])]
)


@pytest.mark.parametrize("function", [None, Function.REBOOT, Function.RESET])
def test_the_phone_book_outlives_all_but_a_reset(tmp_path, function):
    async def run() -> None:
        async with started(tmp_path, **ACCOUNT) as station:
            await station.change_book(PhoneBook([contact("Old", [("1002", "")])]))
            await said(station.press(MakeCall("1002")))
            assert station.state()["calls"][0]["name"] == "Old"
            await station.change_book(BOOK)
            assert station.state()["calls"][0]["name"] == "Ada"
            if function:
                await said(station.press(Perform(function)))
                async with asyncio.timeout(2):
                    await until(lambda: not station.site.booting)
            expected = PhoneBook() if function is Function.RESET else BOOK
            assert station.device.phone.book == expected
        async with started(tmp_path, **ACCOUNT) as station:
            assert station.device.phone.book == expected

    asyncio.run(run())


def test_a_book_that_is_not_saved_is_not_there(tmp_path, monkeypatch):
    async def run() -> None:
        async with started(tmp_path, **ACCOUNT) as station:

            def full(_change: object) -> asyncio.Future[None]:
                saved = asyncio.get_running_loop().create_future()
                saved.set_exception(NotSaved("database or disk is full"))
                return saved

            with monkeypatch.context() as patch:
                patch.setattr(station.memory._flash, "save", full)
                with pytest.raises(NotSaved):
                    await station.change_book(BOOK)
            assert len(station.device.phone.book) == len(station.memory.book) == 0

    asyncio.run(run())


def test_block_list_and_dial_rules_take_effect_at_once(tmp_path):
    async def run() -> None:
        async with started(tmp_path, **ACCOUNT) as station:
            await station.change({"dial.block": "0900", "dial.replace": "9=", "calls.blocked": "+49301"})
            refused = await said(station.press(MakeCall("0900-1")))
            assert refused.verdict is Verdict.NOT_NOW
            assert "0900" in refused.text
            await said(station.press(MakeCall("91002")))
            assert station.state()["calls"][0]["remote"] == "sip:1002@127.0.0.1"
            assert station.device.phone.settings.blocked.has("sip:0049301@192.0.2.1")

    asyncio.run(run())


def test_half_of_a_rule_is_not_unset_and_nothing_of_it_is_lost(tmp_path):
    credential = {"access.credential": "also", "access.password": "geheim12", "access.allow": "10.0.0.0/8"}

    async def run() -> None:
        async with started(tmp_path) as station:
            await station.change(credential)
            with pytest.raises(BadSettings, match="needs a password"):
                await station.unset(frozenset({"access.password"}))
        async with started(tmp_path) as station:
            assert station.memory.layers.user == credential
            await station.unset(frozenset({"access.password", "access.credential"}))
            assert station.memory.layers.user == {"access.allow": "10.0.0.0/8"}

    asyncio.run(run())


@pytest.mark.parametrize("function", [Function.REBOOT, Function.RESET])
def test_a_phone_comes_back_though_its_file_cannot_be_read(tmp_path, function):
    async def run() -> None:
        async with started(tmp_path) as station:
            await station.change({"calls.reject_code": 603})
            (tmp_path / FILE_NAME).write_bytes(b"no database at all" * 1000)
            before = station.device
            await said(station.press(Perform(function)))
            async with asyncio.timeout(8):
                await until(lambda: station.device not in {None, before})
            assert station.device.phone.settings.reject_code == 603

    asyncio.run(run())
