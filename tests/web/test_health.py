"""Whether a phone is well, for who watches over it."""

import asyncio
import json

from offhook.phone.events import Registration, RegistrationChanged

from .browser import Browser, a_phone

AWAY = "sip:1001@127.0.0.1:9;transport=tcp"


def test_a_phone_whose_registrar_is_away_lives_and_is_not_ready(tmp_path):
    async def run() -> None:
        async with a_phone(tmp_path, account=[AWAY]) as station:
            browser = Browser(station, program=True)
            assert (await browser.get("/health/ready")).status == 503
            while (health := await browser.get("/health")).text == "ok\n":
                await asyncio.sleep(0.005)
            assert health.status == 200
            assert health.text.startswith("degraded: account 1, 1001@127.0.0.1:9: ")
            ready = await browser.get("/health/ready", accept="application/json")
            assert ready.status == 503
            told = json.loads(ready.text)
            assert told["status"] == "not ready"
            assert told["reasons"][0].startswith("account 1, 1001@127.0.0.1:9: ")

    asyncio.run(run())


def test_one_account_that_is_ready_is_enough(tmp_path):
    async def run() -> None:
        async with a_phone(tmp_path, account=[AWAY, "sip:1002@127.0.0.1;register=no"]) as station:
            browser = Browser(station, program=True)
            ready = await browser.get("/health/ready")
            assert (ready.status, ready.text) == (200, "ready\n")

    asyncio.run(run())


def test_a_phone_without_accounts_is_well_and_ready(tmp_path):
    async def run() -> None:
        async with a_phone(tmp_path, account=[]) as station:
            browser = Browser(station, program=True)
            assert (await browser.get("/health")).text == "ok\n"
            assert (await browser.get("/health/ready")).text == "ready\n"
            told = json.loads((await browser.get("/health", accept="application/json")).text)
            assert told == {"status": "ok", "reasons": []}

    asyncio.run(run())


def test_a_phone_that_boots_is_neither(tmp_path):
    async def run() -> None:
        async with a_phone(tmp_path) as station:
            browser = Browser(station, program=True)
            station.restart(reset=False)
            for path in ("/health", "/health/ready", "/metrics"):
                assert (await browser.get(path)).status == 503
            while (answer := await browser.get("/health")).status == 503:
                await asyncio.sleep(0.005)
            assert answer.text == "ok\n"

    asyncio.run(run())


def test_what_a_registrar_says_stays_one_line(tmp_path):
    async def run() -> None:
        async with a_phone(tmp_path) as station:
            station.device._take(RegistrationChanged(1, Registration.FAILED, "403 \x1b[2J\nno"))
            health = await Browser(station, program=True).get("/health")
            assert health.text.count("\n") == 1
            assert health.text[:-1].isprintable()

    asyncio.run(run())
