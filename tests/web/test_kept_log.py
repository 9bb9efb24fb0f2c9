"""What a phone has logged, over the web."""

import asyncio
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from offhook.log.whose import log_of
from offhook.station import Station
from offhook.web import tokens

from ..log.stream import logged
from .browser import ELSEWHERE, Browser, a_phone

_log = logging.getLogger("offhook.test")


@pytest.fixture(autouse=True)
def _logged() -> Iterator[None]:
    with logged():
        yield


def say(station: Station) -> None:
    with log_of(station.log):
        _log.info("<b>INVITE</b> from sip:anna:hush@pbx.example", extra={"call": "c0ffee", "account": 1})
        _log.warning("forged\n\x1b[2J", extra={"call": "decaf"})
        _log.error("it failed", exc_info=ValueError("out of tune"))


def messages(text: str) -> list[str]:
    return [each["message"] for each in json.loads(text)["entries"]]


def test_the_log_for_programs(tmp_path):
    async def run() -> None:
        async with a_phone(tmp_path) as station:
            say(station)
            browser = Browser(station)
            await browser.log_in()
            told = json.loads((await browser.get("/api/v1/log")).text)
            assert told["number"] == 3
            first, second, third = told["entries"]
            assert first["message"] == "<b>INVITE</b> from sip:anna:***@pbx.example"
            assert (first["number"], first["call"], first["account"]) == (1, "c0ffee", 1)
            assert second["message"] == r"forged\n\x1b[2J"
            assert third["exception"] == "ValueError: out of tune"
            for query, expected in {
                "level=warning": [second, third],
                "level=error": [third],
                "call=decaf": [second],
                "after=2": [third],
                "after=3": [],
                "after=0&level=info&call=c0ffee": [first],
            }.items():
                answer = await browser.get(f"/api/v1/log?{query}")
                assert json.loads(answer.text)["entries"] == expected, query
            for wrong in ("level=loud", "after=x", "after=-1", "after=" + "9" * 50, "call=" + "x" * 101):
                assert (await browser.get(f"/api/v1/log?{wrong}")).status == 422, wrong

    asyncio.run(run())


def test_only_those_who_have_logged_in_read_it(tmp_path):
    async def run() -> None:
        async with a_phone(tmp_path) as station:
            listed = Browser(station, program=True)
            assert (await listed.get("/api/v1/log")).status == 401, "an address is not enough"
            assert (await listed.get("/status/log")).location == "/login?next=/status/log"
            assert (await Browser(station, ELSEWHERE, program=True).get("/api/v1/log")).status == 401
            token, kept = tokens.make("collector", datetime(2026, 5, 4, tzinfo=UTC))
            await station.change({"web.tokens": [str(kept)]})
            program = Browser(station, ELSEWHERE, program=True)
            assert (await program.get("/api/v1/log", authorization=f"Bearer {token}")).status == 200

    asyncio.run(run())


def test_the_log_for_people(tmp_path):
    async def run() -> None:
        async with a_phone(tmp_path) as station:
            say(station)
            browser = Browser(station)
            await browser.log_in()
            page = (await browser.get("/status/log")).text
            assert "&lt;b&gt;INVITE&lt;/b&gt; from sip:anna:***@pbx.example" in page
            assert page.index("it failed") < page.index("forged") < page.index("INVITE")
            assert "ValueError: out of tune" in page
            assert "Traceback" not in page
            assert 'href="/status/log?call=c0ffee"' in page
            page = (await browser.get("/status/log?level=warning&call=decaf")).text
            assert "forged" in page
            assert "it failed" not in page
            assert 'value="decaf"' in page
            assert "no such entry" in (await browser.get("/status/log?call=%3Cscript%3E")).text
            assert (await browser.get("/status/log?level=loud")).status == 200

    asyncio.run(run())
