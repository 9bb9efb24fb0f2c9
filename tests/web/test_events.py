"""The stream of events over HTTP: who gets it, how it begins, and what ends it."""

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from offhook.http_front import HttpServer
from offhook.phone.events import Function, Key, KeyDown, Perform
from offhook.station import Station
from offhook.web import events
from offhook.web.live import MOST

from .browser import ELSEWHERE, Browser, a_phone
from .test_log_in import BETTER, at, change, with_a_phone


class Stream:
    """One that reads what `/api/v1/events` sends, until it ends or is left."""

    def __init__(self, browser: Browser) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.unread = b""
        self.news = asyncio.Event()
        self.left = asyncio.Event()
        scope = browser.scope("GET", "/api/v1/events", headers={"sec-fetch-site": "same-origin"})
        self.task = asyncio.ensure_future(browser.station.site(scope, self.receive, self.send))

    async def receive(self) -> Any:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        self.unread += message.get("body", b"")
        self.news.set()

    async def until(self, wanted: str) -> str:
        """What was sent, to the end of the message that holds `wanted`."""
        while True:
            before, found, after = self.unread.partition(wanted.encode())
            if found and b"\n\n" in after:
                rest, _, self.unread = after.partition(b"\n\n")
                return (before + found + rest).decode()
            self.news.clear()
            await self.news.wait()

    async def ended(self) -> None:
        await asyncio.wait_for(self.task, 5)


@pytest.fixture
def play(tmp_path):
    def run(played: Callable[[Station], Awaitable[None]], **given: object) -> None:
        async def timed(station: Station) -> None:
            async with asyncio.timeout(10):
                await played(station)

        with_a_phone(tmp_path, timed, **given)

    return run


def test_a_snapshot_and_then_each_key(play):
    async def played(station: Station) -> None:
        stream = Stream(Browser(station))
        said = await stream.until("snapshot")
        assert said.startswith("event: snapshot\nid: ")
        assert json.loads(said.partition("data: ")[2])["state"] == station.state()
        assert stream.headers[b"content-type"] == b"text/event-stream; charset=utf-8"
        assert stream.headers[b"cache-control"] == b"no-store"
        station.press(KeyDown(Key.FIVE))
        assert '"entry":"5"' in await stream.until("event: state")
        stream.left.set()
        await stream.ended()
        assert station.device
        assert station.device.watcher is None

    play(played)


def test_it_is_told_that_the_phone_boots_and_goes_on_when_it_is_back(play):
    async def played(station: Station) -> None:
        stream = Stream(Browser(station))
        await stream.until("snapshot")
        station.press(Perform(Function.REBOOT))
        await stream.until("event: booting")
        refused = Stream(Browser(station))
        await refused.ended()
        assert refused.status == 503
        said = await stream.until("event: snapshot")
        assert '"page":"idle"' in said
        stream.left.set()
        await stream.ended()

    play(played)


def test_silence_is_broken_by_comments(play, monkeypatch):
    monkeypatch.setattr(events, "AWAKE", 0.05)

    async def played(station: Station) -> None:
        stream = Stream(Browser(station))
        await stream.until("snapshot")
        while b":\n\n:\n\n" not in stream.unread:
            await asyncio.sleep(0.02)
        stream.left.set()
        await stream.ended()

    play(played)


def test_so_many_and_then_words(play):
    async def played(station: Station) -> None:
        streams = [Stream(Browser(station)) for _ in range(MOST)]
        for stream in streams:
            await stream.until("snapshot")
        one_more = Stream(Browser(station))
        await one_more.ended()
        assert one_more.status == 503
        assert b"close one" in one_more.unread
        assert b"retry-after" in one_more.headers
        streams[0].left.set()
        await streams[0].ended()
        streams[0] = Stream(Browser(station))
        await streams[0].until("snapshot")
        for stream in streams:
            stream.left.set()
            await stream.ended()

    play(played)


def test_an_address_that_goes_off_the_list_is_sent_no_more(play):
    async def played(station: Station) -> None:
        stream = Stream(Browser(station, ELSEWHERE))
        await stream.until("snapshot")
        await station.change({"access.allow": "127.0.0.1"})
        await stream.ended()
        refused = Stream(Browser(station, ELSEWHERE, program=True))
        await refused.ended()
        assert refused.status == 401

    play(played, allow=["127.0.0.1", ELSEWHERE])


@pytest.mark.parametrize("how", ["log out", "time"])
def test_a_session_that_ends_ends_its_streams_and_a_stream_keeps_no_session(play, how):
    async def played(station: Station) -> None:
        began, later = time.monotonic(), 0.0
        at(station, lambda: began + later)
        browser = Browser(station, ELSEWHERE)
        await browser.log_in()
        await change(browser, new=BETTER, again=BETTER)
        stream = Stream(browser)
        await stream.until("snapshot")
        later = 29 * 60.0
        station.press(KeyDown(Key.FIVE))
        await stream.until('"entry":"5"')
        await asyncio.sleep(1.1)
        assert not stream.task.done()
        if how == "time":
            later = 31 * 60.0
        else:
            csrf = (await browser.get("/password")).hidden("csrf")
            await browser.post("/logout", {"csrf": csrf})
        await stream.ended()

    play(played)


def test_no_stream_holds_up_a_phone_that_stops(tmp_path):
    async def run() -> None:
        async with a_phone(tmp_path) as station:
            http = HttpServer()
            listener = await http.listen(socket.create_server(("127.0.0.1", 0)), station.site)
            reader, writer = await asyncio.open_connection(*listener.address)
            writer.write(b"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            await reader.readuntil(b"snapshot")
            began = time.monotonic()
            await http.close(grace=5)
            assert time.monotonic() - began < 2
            await reader.read()
            writer.close()

    asyncio.run(run())
