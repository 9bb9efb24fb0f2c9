"""Many phones in one process, and each has its own log."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

from offhook.flash.flash import FILE_NAME, Flash
from offhook.host import Host
from offhook.log.kept_log import KeptLog
from offhook.log.whose import PhoneLog, log_of
from offhook.options import farm_options
from offhook.rtp.media_clock import MediaClock

from .stream import Stream, logged

FREE = {"http_port": "0", "sip_port": "0"}


def told(stream: Stream) -> list[dict[str, Any]]:
    """What was logged so far, as whoever collects it reads it."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@asynccontextmanager
async def farm(folder: Path) -> AsyncIterator[tuple[Host, list[int]]]:
    """With the ports of its web."""
    host = Host(Flash(folder / FILE_NAME))
    options = farm_options({"count": "2", "sip_bind": "127.0.0.1", **FREE}, {})
    listening = await host.start_farm(options.devices("020000000001"), "127.0.0.1", 0)
    try:
        yield host, [int(each.web[0].rpartition(":")[2]) for each in listening]
    finally:
        await host.stop()


async def get(port: int, target: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer.decode()


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not done():
            await asyncio.sleep(0.005)


async def call(host: Host, ports: list[int]) -> None:
    """From the first to the second, by URL and over sockets."""
    one, two = (station.device for station in host.stations)
    assert one is not None
    assert two is not None
    assert "200 OK" in await get(ports[0], "/fcgi/do?action=MakeCall&number=1002")
    await until(lambda: two.phone.calls)
    assert "200 OK" in await get(ports[1], "/fcgi/do?keydown=OK")
    await until(lambda: all(each.answered for each in one.phone.calls.values()))
    assert "200 OK" in await get(ports[0], "/fcgi/do?action=CallEnd")
    await until(lambda: not two.phone.calls)


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_each_line_says_whose_it_is_and_of_which_call(tmp_path, loop):
    async def run() -> None:
        async with farm(tmp_path) as (host, ports):
            await call(host, ports)
            kept = [[entry for _, entry in station.log.kept.entries()] for station in host.stations]
        turned = [each for each in told(said) if each["logger"] in {"offhook.call_lines", "offhook.legs"}]
        for name, entries, turns in (
            ("1001", kept[0], ["INVITE sent to", "answered", "PCMU|G722", "over: dialled"]),
            ("1002", kept[1], ["INVITE from", "answered", "ended: ", "PCMU|G722", "over: received"]),
        ):
            mine = [each for each in turned if each["phone"] == name]
            assert len({each["call"] for each in mine}) == 1
            assert len(mine) == len(turns)
            assert all(re.match(turn, each["message"]) for turn, each in zip(turns, mine, strict=True))
            assert [entry.message for entry in entries] == [each["message"] for each in mine]

    with logged() as said, asyncio.Runner(loop_factory=loop) as runner:
        runner.run(run())


def test_a_phone_is_itself_after_a_restart_and_while_it_stops(tmp_path):
    async def run() -> None:
        async with farm(tmp_path) as (host, ports):
            first = host.stations[0]
            first.restart(reset=False)
            await until(lambda: first.device is not None)
            assert "200 OK" in await get(ports[0], "/fcgi/do?action=MakeCall&number=1002")
            await until(lambda: host.stations[1].device.phone.calls)
        over = [each for each in told(said) if each["message"].startswith("over")]
        assert {(each["phone"], each["message"].split(",")[0]) for each in over} == {
            ("1001", "over: dialled"),
            ("1002", "over: received"),
        }

    with logged() as said:
        asyncio.run(run())


def test_reset_forgets_what_was_kept(tmp_path):
    async def run() -> None:
        async with farm(tmp_path) as (host, ports):
            await call(host, ports)
            first, second = host.stations
            assert first.log.kept.entries()
            first.restart(reset=True)
            await until(lambda: first.device is not None)
            assert not [entry for _, entry in first.log.kept.entries() if entry.call is not None]
            assert [entry for _, entry in second.log.kept.entries() if entry.call is not None]

    with logged():
        asyncio.run(run())


def test_what_fails_in_a_beat_of_the_shared_clock_is_said_of_its_own_phone():
    class Failing:
        def beat(self, missed: int) -> None:
            raise ValueError("out of tune")

    async def run() -> None:
        clock, failing = MediaClock(), [Failing(), Failing()]
        for name, each in zip(("1001", "1002"), failing, strict=True):
            with log_of(PhoneLog(name, KeptLog())):
                clock.join(each, 20)
        await until(lambda: len(told(said)) == 2)
        for each in failing:
            clock.leave(each, 20)
        assert sorted(line["phone"] for line in told(said)) == ["1001", "1002"]

    with logged() as said:
        asyncio.run(run())
