"""Keys that are asked for twice, by a browser that did not get the answer."""

import asyncio

from offhook.station import Station
from offhook.web.answers import KEPT

from .browser import ELSEWHERE, Answer, Browser
from .test_log_in import with_a_phone


async def press(browser: Browser, digit: str, key: str, path: str = "/api/v1/keys", body: str = "") -> Answer:
    told = (body or f'{{"keys": [{{"down": "{digit}"}}]}}').encode()
    return await browser.ask("POST", path, told, {"content-type": "application/json", "idempotency-key": key})


def entry(station: Station) -> str:
    return str(station.state()["entry"])


def test_what_is_asked_twice_is_done_once_and_answered_alike(tmp_path):
    async def play(station: Station) -> None:
        browser = Browser(station)
        first, again = await press(browser, "5", "a"), await press(browser, "5", "a")
        assert (first.status, first.body, first.headers) == (again.status, again.body, again.headers)
        assert (first.status, entry(station)) == (200, "5")
        at_once = await asyncio.gather(*(press(browser, "6", "b") for _ in range(3)))
        assert [each.status for each in at_once] == [200] * 3
        assert entry(station) == "56"
        await press(browser, "7", "c")
        await press(browser, "7", "d")
        assert entry(station) == "5677"
        refused = await press(browser, "Up", "e")
        await press(browser, "OK", "f")
        assert (await press(browser, "Up", "e")).body == refused.body

    with_a_phone(tmp_path, play)


def test_functions_too(tmp_path):
    async def play(station: Station) -> None:
        browser = Browser(station)
        for _ in range(2):
            answer = await press(browser, "", "a", "/api/v1/actions/MakeCall", '{"number": "1002"}')
            assert answer.status == 200
        assert len(station.state()["calls"]) == 1

    with_a_phone(tmp_path, play)


def test_a_key_is_one_asker_s_and_no_key_is_a_request_of_its_own(tmp_path):
    async def play(station: Station) -> None:
        here, elsewhere = Browser(station), Browser(station, ELSEWHERE)
        await press(here, "1", "a")
        await press(elsewhere, "2", "a")
        assert entry(station) == "12"
        for key in ("", "x" * 101):
            await press(here, "3", key)
            await press(here, "3", key)
        assert entry(station) == "123333"

    with_a_phone(tmp_path, play, allow=["127.0.0.1", ELSEWHERE])


def test_what_is_remembered_is_bounded(tmp_path):
    async def play(station: Station) -> None:
        browser = Browser(station)
        await press(browser, "1", "first")
        for number in range(KEPT):
            await press(browser, "VolumeUp", f"{number}")
        await press(browser, "2", "first")
        assert entry(station) == "12"

    with_a_phone(tmp_path, play)
