"""Calls that a URL makes to baresip: sound, digits, and the end from either side."""

import asyncio
import time
from asyncio import to_thread
from pathlib import Path

import pytest

from offhook.flash.flash import Flash
from offhook.host import Host
from offhook.options import run_options

from .baresip import Baresip
from .offhook_phone import Phone, call, lines
from .ports import HOST

pytestmark = pytest.mark.peer

LONG_ENOUGH = 1.5
"""Seconds over which packets are counted."""

FULL_STREAM = 45
"""Packets a second; 50 are sent, less those for which a busy phone had no turn. It counts them. Of a baresip
that had no turn nobody tells: of its sound only what arrives is compared with what it sent."""


def missed(phone: Phone) -> int:
    """Beats of its media clock."""
    _, text = phone.get("/metrics")
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[:1] != "#")
    return int(float(figures["offhook_media_beats_missed_total"]))


def test_a_call_made_by_url_carries_sound_and_digits_and_is_hung_up_here(
    phone: Phone, baresip: Baresip
) -> None:
    phone.do(f"action=MakeCall&number={baresip.number}")
    caller = baresip.until_event("CALL_INCOMING")["peeruri"]
    assert caller == f"sip:1001@{HOST}"
    ringing = phone.until(lambda state: state["screen"]["title"] == "Ringing", "baresip to ring")
    assert call(ringing) | {"remote": baresip.number, "direction": "out", "state": "calling"} == call(ringing)

    baresip.command("accept")
    phone.until_page("talking")
    baresip.until_event("CALL_ESTABLISHED")
    for key in ("5", "Pound", "0", "*"):
        phone.do(f"keydown={key}")
    baresip.until_pressed("5#0*")
    talked = phone.until(
        lambda state: call(state)["duration"] >= LONG_ENOUGH, f"a call of {LONG_ENOUGH} seconds"
    )

    phone.do("action=CallEnd")
    assert phone.state()["screen"]["page"] == "idle"
    baresip.until_event("CALL_CLOSED")
    assert baresip.until_counted().received + missed(phone) > FULL_STREAM * call(talked)["duration"]


def test_both_ends_count_the_same_sound(tmp_path: Path, baresip: Baresip) -> None:
    """The host runs here, where its own counts can be read."""

    async def talk() -> None:
        host = Host(Flash(tmp_path / "flash.db"))
        given = {
            "data": str(tmp_path / "data"),
            "http_port": "0",
            "https_port": "0",
            "sip_port": "0",
            "account": [f"sip:1001@{HOST};register=no"],
        }
        try:
            [listening] = await host.start([run_options(given, {}).device(mac="0c1105000001")])
            phone = Phone(listening.web[0], 0)
            await to_thread(phone.do, f"action=MakeCall&number={baresip.number}")
            await to_thread(baresip.until_event, "CALL_INCOMING")
            baresip.command("accept")
            await to_thread(phone.until_page, "talking")

            [leg] = host.stations[0].device.legs.by_call.values()
            before, began, slept = leg.stats(), time.monotonic(), await to_thread(missed, phone)
            await asyncio.sleep(LONG_ENOUGH)
            after, seconds = leg.stats(), time.monotonic() - began
            late = await to_thread(missed, phone) - slept
            assert after.sent - before.sent + late > FULL_STREAM * seconds
            assert after.received > before.received

            await to_thread(phone.do, "action=CallEnd")
            ours, theirs = leg.stats(), await to_thread(baresip.until_counted)
        finally:
            await host.stop()
        assert (ours.lost, ours.duplicated, ours.ignored) == (0, 0, 0)
        # Those on their way while the call begins and ends are counted at one end only.
        assert theirs.received == pytest.approx(ours.sent, abs=FULL_STREAM / 2)
        assert theirs.sent == pytest.approx(ours.received, abs=FULL_STREAM / 2)

    asyncio.run(talk())


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_call_that_baresip_ends_is_over_here(phone: Phone, baresip: Baresip, transport: str) -> None:
    phone.do(f"action=MakeCall&number={baresip.number};transport={transport}")
    baresip.until_event("CALL_INCOMING")
    baresip.command("accept")
    phone.until_page("talking")
    baresip.until_event("CALL_ESTABLISHED")
    baresip.command("hangup")
    state = phone.until_idle("barry is gone")
    assert (state["hook"], state["audio"]) == ("on", "none")


def test_baresip_is_busy(phone: Phone, baresip: Baresip) -> None:
    phone.do(f"action=MakeCall&number={baresip.number}")
    baresip.until_event("CALL_INCOMING")
    baresip.command("hangup")
    assert lines(phone.until_idle("is busy"))[0] == "barry is busy (486 Rejected)"


def test_a_call_given_up_before_the_answer_rings_no_more(phone: Phone, baresip: Baresip) -> None:
    phone.do(f"action=MakeCall&number={baresip.number}")
    baresip.until_event("CALL_INCOMING")
    phone.do("keydown=Cancel")
    baresip.until_event("CALL_CLOSED")
    phone.until_idle()
