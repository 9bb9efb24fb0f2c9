"""Reboot and Reset again and again, under calls: what is left behind, and what others notice."""

import asyncio
import gc
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from offhook.device import Device
from offhook.flash.flash import FILE_NAME, Flash
from offhook.host import Host
from offhook.options import run_options
from offhook.phone.events import Function, MakeCall, Perform
from offhook.station import Station

from ..peers.ports import HOST  # noqa: TID252 - the far end of other tests too
from ..peers.small_pbx import SmallPbx  # noqa: TID252
from .phones import said

BACK_WITHIN = 2.0
PATHS = ["/", "/api/v1/state", "/screen.png", "/fcgi/do?keydown=OK", "/nowhere"]


@pytest.fixture
def pbx() -> Iterator[SmallPbx]:
    bound = socket.socket(type=socket.SOCK_DGRAM)
    bound.bind((HOST, 0))
    with SmallPbx(bound) as pbx:
        yield pbx


@asynccontextmanager
async def three(folder: Path, pbx: SmallPbx) -> AsyncIterator[list[tuple[Station, int]]]:
    """Phones of one process that register at the exchange, each with its port of HTTP."""
    host = Host(Flash(folder / FILE_NAME))
    phones = []
    for number in range(3):
        account = f"sip:100{number}@{HOST}:{pbx.port}"
        ports = {"http_port": "0", "https_port": "0", "sip_port": "0"}
        options = run_options({**ports, "account": [account]}, {})
        phones.append(replace(options.device(f"0c110500000{number}"), name=f"100{number}"))
    listening = await host.start(phones)
    try:
        web_ports = [int(each.web[0].rpartition(":")[2]) for each in listening]
        yield list(zip(host.stations, web_ports, strict=True))
    finally:
        await host.stop()


async def until(done, what: str, seconds: float = 10) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not done():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"waited {seconds:g} s for {what}") from None


async def get(port: int, path: str, *headers: str) -> str:
    """The whole answer."""
    reader, writer = await asyncio.open_connection(HOST, port)
    lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}", *(headers or ("Connection: close",)), "", ""]
    writer.write("\r\n".join(lines).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return head.decode().lower()


async def in_a_call(station: Station) -> None:
    await until(lambda: station.state()["accounts"][0]["state"] == "registered", "the registration")
    await said(station.press(MakeCall("2000")))
    await until(lambda: [each["state"] for each in station.state()["calls"]] == ["talking"], "the call")


def counted() -> dict[str, int]:
    return {
        "file descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
        "tasks": len(asyncio.all_tasks()),
    }


def objects() -> int:
    gc.collect()
    return len(gc.get_objects())


@pytest.mark.parametrize("times", [50])
def test_fifty_reboots_under_calls_leave_nothing_behind(tmp_path, pbx, times):
    async def run() -> None:
        async with three(tmp_path, pbx) as phones:
            (third, _) = phones.pop()
            await in_a_call(third)
            before, call = third.device, third.state()["calls"][0]["id"]
            for number in range(times):
                await asyncio.gather(*(in_a_call(station) for station, _ in phones))
                assert len(pbx.contacts) == 3
                answers = await asyncio.gather(*(get(port, "/fcgi/do?action=Reboot") for _, port in phones))
                assert all(answer.startswith("http/1.1 200") for answer in answers)
                await until(
                    lambda: not any(station.site.booting for station, _ in phones), "the phones", BACK_WITHIN
                )
                assert len(pbx.requests("BYE")) == 2 * (number + 1)
                if number == 9:
                    early, early_objects = counted(), objects()
            for station, _ in phones:
                await until(lambda s=station: s.state()["accounts"][0]["state"] == "registered", "accounts")
            # The writer of the flash and a connection or two end a while after their last work.
            await until(
                lambda: all(late <= early[what] for what, late in counted().items()), f"no more than {early}"
            )
            assert objects() < early_objects * 1.05
            assert third.device is before
            assert [each["id"] for each in third.state()["calls"]] == [call]

    asyncio.run(run())


def test_while_it_boots_every_path_says_so(tmp_path, pbx):
    async def run() -> None:
        async with three(tmp_path, pbx) as phones:
            (station, port), (_, other), _ = phones
            may_boot, boot = asyncio.Event(), station._boot

            async def held_back(station: Station, sip_port: int) -> Device:
                await may_boot.wait()
                return await boot(station, sip_port)

            station._boot = held_back
            await said(station.press(Perform(Function.REBOOT)))
            upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
            asked = [(path, ()) for path in PATHS]
            asked += [(path, (*upgrade, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")) for path in PATHS[:2]]
            for path, headers in asked:
                answer = await get(port, path, *headers)
                assert answer.startswith("http/1.1 503"), (path, headers, answer)
                assert "\r\nretry-after: 2\r\n" in answer
            assert (await get(other, "/api/v1/state")).startswith("http/1.1 200")
            may_boot.set()
            await until(lambda: not station.site.booting, "the phone", BACK_WITHIN)

    asyncio.run(run())


def test_a_reboot_in_a_reboot_and_a_stop_in_a_reboot(tmp_path, pbx):
    async def run() -> None:
        async with three(tmp_path, pbx) as phones:
            station, _ = phones[0]
            await in_a_call(station)
            device = station.device
            station.restart(reset=False)
            station.restart(reset=True)
            await until(lambda: not station.site.booting, "the phone", BACK_WITHIN)
            assert station.device is not device
            await in_a_call(station)
            station.restart(reset=False)
        assert not pbx.contacts

    asyncio.run(run())


def test_a_reboot_loses_no_save_that_is_under_way_and_no_call_that_is_placed(tmp_path, pbx):
    async def run() -> None:
        async with three(tmp_path, pbx) as phones:
            station, _ = phones[0]
            await until(lambda: station.state()["accounts"][0]["state"] == "registered", "registration")
            changing = asyncio.ensure_future(station.change({"calls.reject_code": 603}))
            await asyncio.sleep(0)
            await said(station.press(Perform(Function.DND_ON)))
            await said(station.press(MakeCall("2000")))
            station.restart(reset=False)
            await changing
            await until(lambda: not station.site.booting, "the phone", BACK_WITHIN)
            assert station.memory.settings.calls.reject_code == 603
            assert station.device.phone.settings.reject_code == 603
            assert station.state()["dnd"]
            assert station.state()["calls"] == []

    asyncio.run(run())


def test_a_port_that_was_taken_meanwhile_is_waited_for(tmp_path, pbx, monkeypatch, caplog):
    monkeypatch.setattr("offhook.station.AGAIN", 0.05)

    async def run() -> None:
        async with three(tmp_path, pbx) as phones:
            station, port = phones[0]
            await until(lambda: station.state()["accounts"][0]["state"] == "registered", "registration")
            sip, own = station.device.sip_port, station.device._endpoint.close

            async def closed() -> None:
                await own()
                thief.bind((HOST, sip))

            thief = socket.socket(type=socket.SOCK_DGRAM)
            station.device._endpoint.close = closed
            station.restart(reset=False)
            await until(lambda: "cannot come back yet" in caplog.text, "the complaint")
            assert (await get(port, "/api/v1/state")).startswith("http/1.1 503")
            thief.close()
            await until(lambda: not station.site.booting, "the phone", BACK_WITHIN)
            assert station.device.sip_port == sip

    asyncio.run(run())
