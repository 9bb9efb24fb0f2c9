"""AutoP of whole phones: keys by URL, files from real servers, and what the phone is afterwards."""

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from offhook.autop import auto_provisioning, fetching
from offhook.flash.flash import FILE_NAME, Flash
from offhook.host import Host
from offhook.options import farm_options, run_options
from offhook.phone import Verdict
from offhook.phone.events import Function, Key, KeyDown, MakeCall, Perform
from offhook.phone.reply import Reply
from offhook.sip.events import CheckSync
from offhook.station import Station

from .servers import ScriptedWeb, ok, web_server

MAC = "0c1105000001"
OWN = f"{MAC}.cfg"
COMMON = "r000000000048.cfg"
GOOD = b"""\xef\xbb\xbf# a phone\r
Config.Account1.GENERAL.Enable = 1\r
Config.Account1.GENERAL.UserName = 1001\r
Config.Account1.GENERAL.Pwd = hunter2\r
Config.Account1.SIP.Server = 127.0.0.1\r
Config.Offhook.Accounts.1.Registers = no\r
Config.Settings.SomethingElse = 1\r
"""
WRONG = b"Config.Offhook.calls.dnd = yes\nConfig.Account1.SIP.Port = 99999\n"


@asynccontextmanager
async def started(folder: Path, **given: object) -> AsyncIterator[tuple[Station, str]]:
    """A phone, and the URL of its Action URI."""
    host = Host(Flash(folder / FILE_NAME))
    options = run_options({"http_port": "0", "https_port": "0", "sip_port": "0", **given}, {})
    [listening] = await host.start([options.device(MAC)])
    try:
        yield host.stations[0], f"{listening.web[0]}/fcgi/do"
    finally:
        await host.stop()


async def do(url: str, query: str) -> tuple[int, str]:
    """As curl does it."""

    def ask() -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"{url}?{query}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    return await asyncio.to_thread(ask)


async def until(done: Callable[[], object], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not done():
            await asyncio.sleep(0.01)


async def said(reply: Reply | Awaitable[Reply]) -> Reply:
    return reply if isinstance(reply, Reply) else await reply


async def looked(station: Station) -> dict[str, object]:
    """What came of the look that has begun."""
    await until(lambda: not station.state()["autop"]["checking"])
    return station.state()["autop"]["last"]


def test_auto_p_now_without_an_address_says_what_to_set(tmp_path):
    async def run() -> None:
        async with started(tmp_path) as (station, url):
            status, text = await do(url, "action=AutoPNow")
            assert status == 409
            assert "address" in text
            assert station.state()["autop"] == {"checking": False, "next": None, "last": None}

    asyncio.run(run())


def test_both_files_make_a_phone_and_the_second_look_changes_nothing(tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    (files / COMMON).write_bytes(
        b"Config.Offhook.calls.reject_code = 603\nConfig.Account1.GENERAL.UserName = 1\n"
    )
    (files / OWN).write_bytes(GOOD)

    async def run() -> None:
        with web_server(files) as address:
            async with started(tmp_path, autop_url=address) as (station, url):
                # At power-on.
                last = await looked(station)
                assert last["result"] == "changed"
                assert last["files"] == [COMMON, OWN]
                assert set(last["changed"]) == {
                    "accounts.1.user",
                    "accounts.1.password",
                    "accounts.1.host",
                    "accounts.1.registers",
                    "calls.reject_code",
                }
                assert last["unknown"] == ["Config.Settings.SomethingElse"]
                state = station.state()
                assert [(each["username"], each["state"]) for each in state["accounts"]] == [
                    ("1001", "direct")
                ]
                assert "new configuration: 5 settings changed" in state["screen"]["lines"]
                assert "hunter2" not in json.dumps(state)
                assert station.memory.settings.calls.reject_code == 603

                assert (await do(url, "action=AutoPNow"))[0] == 200
                last = await looked(station)
                assert (last["result"], last["changed"]) == ("unchanged", [])
                assert "the configuration is up to date" in station.state()["screen"]["lines"]
            # Kept, with nobody to ask.
        async with started(tmp_path) as (station, url):
            assert station.state()["accounts"][0]["username"] == "1001"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("common", "own", "said"),
    [
        (b"Config.Offhook.calls.dnd = yes\n", WRONG, f"line 2 of {OWN}, Config.Account1.SIP.Port"),
        (WRONG, b"", f"line 2 of {COMMON}"),
        (b"Config.Offhook.calls.dnd = yes\n", b"<html>sorry</html>", "web page"),
        (b"Config.Offhook.calls.dnd = yes\n", b"\0\1\2", "no text"),
        (b"Config.Offhook.calls.dnd = yes\n", b"A = 1\n" * 200_000, "longer than 1048576"),
    ],
)
def test_what_is_wrong_in_one_file_keeps_the_old_configuration_whole(tmp_path, common, own, said):
    files = tmp_path / "files"
    files.mkdir()
    (files / COMMON).write_bytes(common)
    (files / OWN).write_bytes(own)

    async def run() -> None:
        with web_server(files) as address:
            async with started(tmp_path, autop_url=address) as (station, _):
                before = station.memory.layers.user
                last = await looked(station)
                assert last["result"] in {"refused", "not fetched"}
                assert said in str(last["reason"])
                assert last["changed"] == []
                assert station.memory.layers.user == before == {}
                assert not station.state()["dnd"]
                assert any(said in line for line in station.state()["screen"]["lines"])

    asyncio.run(run())


def test_a_file_that_is_not_there_is_no_error_and_none_at_all_neither(tmp_path):
    files = tmp_path / "files"
    files.mkdir()

    async def run() -> None:
        with web_server(files) as address:
            async with started(tmp_path, autop_url=address) as (station, url):
                assert (await looked(station))["result"] == "no file"
                (files / OWN).write_bytes(b"Config.Offhook.calls.dnd = yes\n")
                await do(url, "action=AutoPNow")
                last = await looked(station)
                assert (last["result"], last["files"]) == ("changed", [OWN])
                assert station.state()["dnd"]
                # What is gone from the file stays as it is.
                (files / OWN).write_bytes(b"")
                await do(url, "action=AutoPNow")
                assert (await looked(station))["result"] == "unchanged"
                assert station.state()["dnd"]

    asyncio.run(run())


def test_a_password_of_the_web_log_in_is_hashed_once(tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    (files / OWN).write_bytes(b"Config.Settings.WEB_LOGIN.Password = correct horse\n")

    async def run() -> None:
        with web_server(files) as address:
            async with started(tmp_path, autop_url=address) as (station, url):
                assert (await looked(station))["changed"] == ["web.password"]
                kept = station.memory.layers.user["web.password"]
                assert kept.startswith("scrypt$")
                await do(url, "action=AutoPNow")
                assert (await looked(station))["result"] == "unchanged"
                assert station.memory.layers.user["web.password"] == kept

    asyncio.run(run())


def test_a_look_that_is_under_way_is_joined_and_a_call_goes_on(tmp_path, monkeypatch):
    async def run() -> None:
        web = ScriptedWeb({f"/{COMMON}": ok(b"Config.Account1.GENERAL.UserName = 1009\n")})
        async with web.running() as at, started(tmp_path, autop_url=f"http://{at}") as (station, _):
            await looked(station)
            web.asked.clear()
            for _ in range(5):
                assert (await said(station.press(Perform(Function.AUTOP_NOW)))).verdict is Verdict.DONE
            await looked(station)
            assert len(web.asked) == 2

    asyncio.run(run())


def test_accounts_may_change_in_the_middle_of_a_call(tmp_path):
    files = tmp_path / "files"
    files.mkdir()

    async def run() -> None:
        with web_server(files) as address:
            account = ["sip:1001@127.0.0.1:9;register=no"]
            async with started(tmp_path, autop_url=address, account=account) as (station, url):
                await looked(station)
                await said(station.press(MakeCall("1002")))
                (files / OWN).write_bytes(b"Config.Account1.GENERAL.UserName = 1009\n")
                await do(url, "action=AutoPNow")
                assert (await looked(station))["changed"] == ["accounts.1.user"]
                assert [call["state"] for call in station.state()["calls"]] == ["calling"]

    asyncio.run(run())


def test_check_sync_looks_and_a_reboot_waits_for_the_end_of_the_call(tmp_path, monkeypatch):
    monkeypatch.setattr("offhook.station.LOOK", 0.02)
    files = tmp_path / "files"
    files.mkdir()
    (files / OWN).write_bytes(b"Config.Offhook.calls.dnd = yes\n")

    async def run() -> None:
        with web_server(files) as address:
            account = ["sip:1001@127.0.0.1:9;register=no"]
            async with started(tmp_path, account=account) as (station, _):
                await station.change({"autop.url": address})
                await said(station.press(MakeCall("1002")))
                before = station.device
                before._hear(CheckSync(1, reboot=True))
                assert (await looked(station))["changed"] == ["calls.dnd"]
                await asyncio.sleep(0.1)
                assert station.device is before
                await said(station.press(KeyDown(Key.CANCEL)))
                await until(lambda: station.device not in {before, None})
                await looked(station)
                assert station.state()["dnd"]

    asyncio.run(run())


def test_every_n_hours_and_no_timer_where_it_is_off(tmp_path, monkeypatch):
    monkeypatch.setattr(auto_provisioning, "HOUR", 0.1)

    async def run() -> None:
        web = ScriptedWeb({})
        async with web.running() as at, started(tmp_path) as (station, _):
            assert station.autop._timer is None
            await station.change({"autop.url": f"http://{at}/", "autop.every_hours": 1})
            await until(lambda: len(web.asked) >= 6)
            await station.change({"autop.every_hours": 0})
            assert station.autop._timer is None
            await looked(station)

    asyncio.run(run())


def test_a_server_that_is_away_at_power_on_is_asked_again_later_and_later(tmp_path, monkeypatch):
    monkeypatch.setattr(auto_provisioning, "FIRST_RETRY", 0.05)
    away = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"

    async def run() -> None:
        web = ScriptedWeb({f"/{COMMON}": away})
        async with web.running() as at, started(tmp_path, autop_url=f"http://{at}") as (station, _):
            waits = []
            for looks in (1, 2, 3):
                await until(lambda looks=looks: station.autop._failed == looks)
                waits.append(station.autop._next - time.time())
                state = station.state()["autop"]
                assert (state["last"]["result"], state["next"] is not None) == ("not fetched", True)
            assert waits[0] < 0.05 < waits[2] < 0.2
            web.answers[f"/{COMMON}"] = ok(b"Config.Offhook.calls.dnd = yes\n")
            await until(lambda: station.state()["dnd"])
            await looked(station)
            assert station.state()["autop"]["next"] is None
            # One that a person asks for is not repeated.
            web.answers[f"/{COMMON}"] = away
            station.press(Perform(Function.AUTOP_NOW))
            await until(lambda: station.state()["autop"]["last"]["result"] == "not fetched")
            assert station.state()["autop"]["next"] is None

    asyncio.run(run())


def test_a_phone_that_goes_dark_in_the_middle_of_a_look_forgets_it(tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "WITHIN", 60)

    async def run() -> None:
        web = ScriptedWeb(
            {f"/{COMMON}": ok(b"Config.Offhook.calls.dnd = yes\n", length=10_000)[:-1] + b"..."}
        )
        async with web.running() as at, started(tmp_path, autop_url=f"http://{at}") as (station, url):
            await until(lambda: web.asked)
            before = station.device
            assert (await do(url, "action=Reset"))[0] == 200
            await until(lambda: station.device not in {before, None})
            assert not station.state()["dnd"]

    asyncio.run(run())


def test_phones_of_a_farm_have_files_of_their_own_and_take_turns(tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    first = int(MAC, 16)
    (files / COMMON).write_bytes(b"Config.Offhook.calls.reject_code = 404\n")
    for number in range(20):
        text = f"Config.Account1.GENERAL.DisplayName = Phone {number}\n"
        (files / f"{first + number:012x}.cfg").write_text(text)

    async def run() -> None:
        host = Host(Flash(tmp_path / FILE_NAME))
        options = farm_options({"count": "20", "http_port": "0", "sip_port": "0"}, {})
        with web_server(files) as address:
            await host.start_farm(options.devices(MAC), "127.0.0.1", 0)
            try:
                await asyncio.gather(*(station.change({"autop.url": address}) for station in host.stations))
                for station in host.stations:
                    station.press(Perform(Function.AUTOP_NOW))
                for number, station in enumerate(host.stations):
                    assert (await looked(station))["changed"] == [
                        "accounts.1.display_name",
                        "calls.reject_code",
                    ]
                    assert station.memory.settings.accounts[1].display_name == f"Phone {number}"
            finally:
                await host.stop()

    asyncio.run(run())
