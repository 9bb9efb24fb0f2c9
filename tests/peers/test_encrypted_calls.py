"""Encrypted sound with those who built it elsewhere."""

import asyncio
from asyncio import to_thread
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from offhook.flash.flash import Flash
from offhook.host import Host
from offhook.options import run_options
from offhook.rtp.leg import Leg

from .baresip import Baresip
from .offhook_phone import Phone, call
from .ports import HOST

pytestmark = pytest.mark.peer

OURS = "AEAD_AES_256_GCM"
THEIRS = "AES_CM_128_HMAC_SHA1_80"
ENOUGH = 20
"""Packets in a row that were understood."""


class Here:
    """A host in this process, whose counts of packets can be read."""

    def __init__(self, host: Host, web: str) -> None:
        self.phone = Phone(web, 0)
        device = host.stations[0].device
        assert device is not None
        self._device = device

    @property
    def number(self) -> str:
        return f"sip:1001@{HOST}:{self._device.sip_port}"

    @property
    def leg(self) -> Leg:
        [leg] = self._device.legs.by_call.values()
        return leg

    async def until_heard(self) -> None:
        """Until more has come, all of it understood."""
        before = self.leg.stats()
        async with asyncio.timeout(10):
            while self.leg.stats().received < before.received + ENOUGH:
                await asyncio.sleep(0.02)
        assert self.leg.stats().ignored == before.ignored


@asynccontextmanager
async def phone_here(tmp_path: Path, srtp: str) -> AsyncIterator[Here]:
    host = Host(Flash(tmp_path / "flash.db"))
    given = {
        "data": str(tmp_path / "data"),
        "http_port": "0",
        "https_port": "0",
        "sip_port": "0",
        "account": [f"sip:1001@{HOST};register=no;srtp={srtp}"],
    }
    try:
        [listening] = await host.start([run_options(given, {}).device(mac="0c1105000001")])
        yield Here(host, listening.web[0])
    finally:
        await host.stop()


# What we want, what baresip wants, who calls, and what comes of it: the caller's first suite.
AGREED = [
    ("optional", "srtp", "out", OURS),
    ("required", "srtp-mand", "out", OURS),
    ("optional", "srtp", "in", THEIRS),
    ("optional", "srtp-mand", "in", THEIRS),
    ("required", "srtp-mand", "in", THEIRS),
    ("optional", "", "out", None),
    ("no", "srtp", "in", None),
]


@pytest.mark.parametrize(("ours", "theirs", "direction", "suite"), AGREED)
def test_a_call_with_baresip(
    tmp_path: Path,
    encrypting_baresip: Callable[[str], Baresip],
    ours: str,
    theirs: str,
    direction: str,
    suite: str | None,
) -> None:
    """Sound and digits go both ways, after a hold too."""
    baresip = encrypting_baresip(theirs)

    async def talk() -> None:
        async with phone_here(tmp_path, ours) as here:
            phone = here.phone
            if direction == "out":
                await to_thread(phone.do, f"action=MakeCall&number={baresip.number}")
                await to_thread(baresip.until_event, "CALL_INCOMING")
                baresip.command("accept")
            else:
                baresip.command("dial", here.number)
                await to_thread(phone.until_page, "ringing")
                await to_thread(phone.do, "keydown=OK")
            state = await to_thread(phone.until_page, "talking")
            assert (call(state)["srtp"], call(state)["encrypted"]) == (suite, False)
            await here.until_heard()
            await to_thread(phone.do, "keydown=5")
            await to_thread(baresip.until_pressed, "5")
            await to_thread(phone.do, "action=Hold")
            await to_thread(phone.until_page, "held")
            await to_thread(phone.do, "action=UnHold")
            state = await to_thread(phone.until_page, "talking")
            assert call(state)["srtp"] == suite
            await here.until_heard()
            await to_thread(phone.do, "keydown=6")
            await to_thread(baresip.until_pressed, "6")
            await to_thread(phone.do, "action=CallEnd")

    asyncio.run(talk())


@pytest.mark.parametrize(("ours", "theirs"), [("required", ""), ("no", "srtp-mand")])
def test_required_against_none(
    tmp_path: Path, encrypting_baresip: Callable[[str], Baresip], ours: str, theirs: str
) -> None:
    """Both ends say so, whoever calls."""
    baresip = encrypting_baresip(theirs)

    async def talk() -> None:
        async with phone_here(tmp_path, ours) as here:
            await to_thread(here.phone.do, f"action=MakeCall&number={baresip.number}")
            state = await to_thread(here.phone.until_idle, "barry found no way to talk with us (488 ")
            assert state["calls"] == []
            baresip.command("dial", here.number)
            refused = await to_thread(baresip.until_refused)
            assert refused.startswith("488 ")
            assert (await to_thread(here.phone.state))["calls"] == []

    asyncio.run(talk())
