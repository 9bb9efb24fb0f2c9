"""What goes on before an answer and after it, on the wire: PRACK, early media, session timers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from . import scripted
from .baresip import Baresip
from .offhook_phone import Phone, call, lines
from .ports import HOST
from .scripted import Play, Script, from_phone, only, until_said
from .sipp import Sipp

pytestmark = pytest.mark.peer

play = scripted.play

LOOK = 800
"""Milliseconds of early media, for the test to see it."""


def call_sipp(phone: Phone, peer: Sipp) -> None:
    phone.do(f"action=MakeCall&number=sip:callee@{HOST}:{peer.port}")


def until_early_media(phone: Phone) -> None:
    shown = phone.until(lambda state: state["calls"] and call(state)["early_media"], "early media")
    assert call(shown)["state"] == "calling"
    assert shown["tone"] == "none", "what is played there is heard, and no ringback of this phone"


def hang_up(phone: Phone, peer: Sipp) -> None:
    phone.until_page("talking")
    phone.do("action=CallEnd")
    peer.until_done()


# --- before the answer


def test_a_reliable_183_is_acknowledged_and_its_answer_counts(phone: Phone, play: Play) -> None:
    """The 2xx brings no description any more."""
    script = Script.called().progress(4711, to="first").wait(LOOK)
    peer = play(script.respond(200, to="first", again=True).expect("ACK").is_hung_up_on())
    call_sipp(phone, peer)
    until_early_media(phone)
    assert only(peer, "PRACK").header("RAck") == "4711 1 INVITE"
    hang_up(phone, peer)


def test_a_caller_who_requires_reliable_responses(phone: Phone, play: Play) -> None:
    script = (
        Script.calling({"Require": "100rel", "Supported": "100rel"})
        .expect(100, optional=True)
        .expect(180, {"rseq": "RSeq"})
        .request("PRACK", {"RAck": "[$rseq] 1 INVITE"})
        .expect(200)
        .expect(200)
        .acknowledge()
        .is_hung_up_on()
    )
    peer = play(script, to=phone.sip, user="1001")
    until_said(peer, "200 PRACK")
    phone.until_page("ringing")
    phone.do("keydown=OK")
    hang_up(phone, peer)
    assert only(peer, "180 INVITE").header("Require") == "100rel"


class Early(Baresip):
    """Plays before it is told to answer."""

    answers = "early"


def test_baresip_plays_before_it_answers(
    require_peer: Callable[[str], str], tmp_path: Path, phone: Phone
) -> None:
    with Early(require_peer("baresip"), tmp_path / "baresip") as baresip:
        phone.do(f"action=MakeCall&number={baresip.number}")
        until_early_media(phone)
        baresip.command("accept")
        phone.until_page("talking")
        baresip.until_event("CALL_ESTABLISHED")
        phone.do("action=CallEnd")
        baresip.until_event("CALL_CLOSED")


# --- session timers


def test_a_longer_interval_is_asked_for_where_less_is_refused(phone: Phone, play: Play) -> None:
    script = Script.called().respond(422, {"Min-SE": "3600"}, again=True).expect("ACK")
    peer = play(script.keep("INVITE", "second").answer(to="second").is_hung_up_on())
    call_sipp(phone, peer)
    phone.until_page("talking")
    first, second = from_phone(peer, "INVITE")
    assert (first.header("Session-Expires"), first.header("Min-SE")) == ("1800", "")
    assert (second.header("Session-Expires"), second.header("Min-SE")) == ("3600", "3600")
    hang_up(phone, peer)


def test_too_small_an_interval_is_refused(phone: Phone, play: Play) -> None:
    peer = play(
        Script.calling({"Supported": "timer", "Session-Expires": "60"}).is_refused(422),
        to=phone.sip,
        user="1001",
    )
    peer.until_done()
    assert only(peer, "422 INVITE").header("Min-SE") == "90"
    assert phone.state()["calls"] == []


def test_a_caller_who_refreshes(phone: Phone, play: Play) -> None:
    timers = {"Supported": "timer", "Session-Expires": "90;refresher=uac"}
    script = Script.calling(timers).is_answered().request("UPDATE", timers).expect(200).is_hung_up_on()
    peer = play(script, to=phone.sip, user="1001")
    phone.until_page("ringing")
    phone.do("keydown=OK")
    for answer in ("200 INVITE", "200 UPDATE"):
        (said,) = until_said(peer, answer)
        assert (said.header("Session-Expires"), said.header("Require")) == ("90;refresher=uac", "timer")
    hang_up(phone, peer)


def test_a_far_end_that_started_anew_is_left(phone: Phone, play: Play) -> None:
    """It knows nothing of the call that the phone wants to hold."""
    script = Script.called().ring().answer().expect("INVITE").respond(481, again=True).expect("ACK")
    peer = play(script.expect("BYE").respond(481))
    call_sipp(phone, peer)
    phone.until_page("talking")
    phone.do("action=Hold")
    assert "481" in lines(phone.until_idle("callee is gone"))[0]
    peer.until_done()
