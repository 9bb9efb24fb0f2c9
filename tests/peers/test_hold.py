"""Hold and resume on the wire: what each re-INVITE says, what is heard, refusals, and glare."""

import asyncio
from asyncio import to_thread
from itertools import pairwise
from pathlib import Path

import pytest

from offhook.flash.flash import Flash
from offhook.host import Host
from offhook.options import run_options

from . import scripted
from .baresip import Baresip
from .far_end import FarEnd
from .offhook_phone import Phone, State, call, lines
from .ports import HOST
from .scripted import Play, Script, from_phone, until_said
from .sipp import Sipp

pytestmark = pytest.mark.peer

play = scripted.play

PAUSE = 500
"""Milliseconds for which sound is looked for that should not be there."""


def call_sipp(phone: Phone, peer: Sipp) -> None:
    phone.do(f"action=MakeCall&number=sip:callee@{HOST}:{peer.port}")
    phone.until_page("talking")


def take_call(phone: Phone) -> None:
    phone.until_page("ringing")
    phone.do("keydown=OK")
    phone.until_page("talking")


def directions(peer: Sipp) -> list[str]:
    """Of the phone's offers, and of its answers to the peer's."""
    return [message.direction for message in from_phone(peer, "INVITE")]


def answered(peer: Sipp) -> list[str]:
    return [message.direction for message in from_phone(peer, "200 INVITE")]


def is_held_there(state: State) -> bool:
    return bool(call(state)["held_by_peer"])


def test_held_and_resumed_here(phone: Phone, play: Play) -> None:
    script = Script.called().ring().answer().is_changed("recvonly").is_changed("sendrecv").is_hung_up_on()
    peer = play(script)
    call_sipp(phone, peer)
    phone.do("action=Hold")
    held = phone.until_page("held")
    assert (call(held)["state"], call(held)["held_by_peer"]) == ("held", False)
    phone.do("action=Hold")
    phone.do("action=UnHold")
    phone.until_page("talking")
    phone.do("action=UnHold")
    phone.do("action=CallEnd")
    peer.until_done()
    assert directions(peer) == ["sendrecv", "sendonly", "sendrecv"]
    versions = [message.body.splitlines()[1].split()[2] for message in from_phone(peer, "INVITE")]
    assert len(set(versions)) == 3


def test_held_there_and_here_and_let_go_again(phone: Phone, play: Play) -> None:
    """A hold of ours on top of theirs is `inactive`, and each is lifted by its own end (RFC 3264 §8.4)."""
    script = (
        Script.calling().is_answered().change("sendonly")
        .is_changed("inactive").is_changed("sendonly").cue()
        .change("sendrecv").is_hung_up_on()
    )  # fmt: skip
    peer = play(script, to=phone.sip, user="1001")
    take_call(phone)
    there = phone.until(is_held_there, "the peer's hold")
    assert call(there)["state"] == "talking"
    assert "held by the far end" in lines(there)
    phone.do("action=Hold")
    assert is_held_there(phone.until_page("held"))
    phone.do("action=UnHold")
    assert is_held_there(phone.until_page("talking"))
    phone.do("keydown=1")
    back = phone.until(lambda state: not is_held_there(state), "the peer to resume")
    assert call(back)["state"] == "talking"
    assert "held by the far end" not in lines(back)
    phone.do("action=CallEnd")
    peer.until_done()
    assert answered(peer) == ["sendrecv", "recvonly", "sendrecv"]
    assert directions(peer) == ["inactive", "sendrecv"]


def test_a_peer_that_holds_hears_nothing_until_it_resumes(phone: Phone, play: Play) -> None:
    script = (
        Script.calling().is_answered().cue().change("sendonly").wait(PAUSE).change("sendrecv").is_hung_up_on()
    )
    with FarEnd() as far_end:
        peer = play(script, to=phone.sip, user="1001", sound_port=far_end.port)
        take_call(phone)
        far_end.until_heard(10)
        phone.do("keydown=1")
        phone.until(is_held_there, "the peer's hold")
        phone.until(lambda state: not is_held_there(state), "the peer to resume")
        far_end.until_heard(10)
        phone.do("action=CallEnd")
        peer.until_done()
    [(last, first)] = [(one, two) for one, two in pairwise(far_end.heard) if two.marker]
    assert first.sequence == (last.sequence + 1) % 0x10000
    assert (first.timestamp - last.timestamp) % 0x100000000 > 8 * PAUSE - 160


@pytest.mark.parametrize("held", [False, True], ids=["hold", "resume"])
def test_a_change_that_the_peer_refuses(phone: Phone, play: Play, held: bool) -> None:
    """The call goes on as the two agreed last, and the screen says so."""
    script = Script.called().ring().answer()
    if held:
        script.is_changed("recvonly")
    peer = play(script.expect("INVITE").refuse(488).is_hung_up_on())
    call_sipp(phone, peer)
    phone.do("action=Hold")
    if held:
        phone.until_page("held")
        phone.do("action=UnHold")
    what = "resumed" if held else "held"
    notice = f"callee cannot be {what} (488 Not Acceptable Here)"
    refused = phone.until(lambda state: lines(state)[0] == notice, notice)
    assert call(refused)["state"] == refused["screen"]["page"] == ("held" if held else "talking")
    phone.do("action=CallEnd")
    peer.until_done()


def test_glare_that_the_peer_sees_first(phone: Phone, play: Play) -> None:
    """It answers our re-INVITE with 491 and sends its own; ours comes again later (RFC 3261 §14.1)."""
    script = (
        Script.calling().is_answered()
        .expect("INVITE").refuse(491).change("sendonly")
        .is_changed("inactive").is_hung_up_on()
    )  # fmt: skip
    peer = play(script, to=phone.sip, user="1001")
    take_call(phone)
    phone.do("action=Hold")
    assert is_held_there(phone.until(is_held_there, "the peer's hold"))
    until_said(peer, "INVITE", 2)
    assert phone.state()["screen"]["page"] == "held"
    phone.do("action=CallEnd")
    peer.until_done()
    assert directions(peer) == ["sendonly", "inactive"]


def test_glare_that_we_see_first(phone: Phone, play: Play) -> None:
    """Both re-INVITEs are under way at once: theirs is answered with 491, and comes again after ours is."""
    script = (
        Script.calling().is_answered()
        .keep("INVITE", "ours")
        .offer("sendonly").expect(100, optional=True).expect(491).acknowledge(refused=True)
        .answer("recvonly", to="ours")
        .change("inactive").is_hung_up_on()
    )  # fmt: skip
    peer = play(script, to=phone.sip, user="1001")
    take_call(phone)
    phone.do("action=Hold")
    phone.until(is_held_there, "the peer's hold")
    assert phone.state()["screen"]["page"] == "held"
    phone.do("action=CallEnd")
    peer.until_done()
    assert directions(peer) == ["sendonly"]


def test_hold_and_resume_with_baresip(tmp_path: Path, baresip: Baresip) -> None:
    """The host runs here, where its counts of RTP can be read."""

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

            async def until_flows(sent: bool, received: bool) -> None:
                for _ in range(20):
                    before = leg.stats()
                    await asyncio.sleep(PAUSE / 1000)
                    after = leg.stats()
                    if (after.sent > before.sent, after.received > before.received) == (sent, received):
                        return
                raise AssertionError((before, after))

            await until_flows(sent=True, received=True)
            await to_thread(phone.do, "action=Hold")
            await until_flows(sent=True, received=False)
            assert not is_held_there(await to_thread(phone.state))
            await to_thread(phone.do, "action=UnHold")
            await until_flows(sent=True, received=True)
            baresip.command("hold")
            await to_thread(phone.until, is_held_there, "baresip's hold")
            # It is silent itself while it holds, though it says `sendonly`.
            await until_flows(sent=False, received=False)
            baresip.command("resume")
            await to_thread(phone.until, lambda state: not is_held_there(state), "baresip to resume")
            await until_flows(sent=True, received=True)
            await to_thread(phone.do, "action=CallEnd")
        finally:
            await host.stop()

    asyncio.run(talk())
