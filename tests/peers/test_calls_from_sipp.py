"""Calls that SIPp places here, straight and across a network that loses, repeats and reorders."""

import re
from collections.abc import Callable

import pytest

from .bad_network import HOLD, BadNetwork, Plan, bad, calm
from .offhook_phone import Phone, call
from .sipp import Sipp
from .sound import Sound

pytestmark = pytest.mark.peer

Call = Callable[..., tuple[Sipp, BadNetwork]]

plans = pytest.mark.parametrize("plan", [calm, bad], ids=["straight", "bad network"])


@plans
def test_answered_by_url_and_ended_by_the_caller(phone: Phone, called_by_sipp: Call, plan: Plan) -> None:
    sipp, network = called_by_sipp("caller_hangs_up", plan)
    ringing = phone.until_page("ringing")
    network.until_carried("180 INVITE")
    assert ringing["screen"]["lines"][0] == "Sip Pea"
    phone.do("keydown=OK")
    talking = phone.until(lambda state: call(state)["digits_received"] == "7", "the caller's digit")
    assert call(talking)["state"] == "talking"
    phone.until_idle("Sip Pea is gone")
    sipp.until_done()
    if plan is bad:
        network.check(
            lost="180 INVITE, 200 INVITE, INFO, 200 INFO, BYE, 200 BYE", repeated="INVITE, ACK, INFO, BYE"
        )


@plans
def test_answered_and_ended_by_url(phone: Phone, called_by_sipp: Call, plan: Plan) -> None:
    sipp, network = called_by_sipp("caller_is_hung_up_on", plan)
    phone.until_page("ringing")
    network.until_carried("180 INVITE")
    phone.do("keydown=OK")
    phone.until_page("talking")
    phone.do("action=CallEnd")
    phone.until_idle()
    sipp.until_done()
    if plan is bad:
        network.check(lost="INVITE, 180 INVITE, 200 INVITE, BYE", repeated="INVITE, ACK, 200 BYE")


@plans
def test_a_caller_who_gives_up_was_missed(phone: Phone, called_by_sipp: Call, plan: Plan) -> None:
    sipp, network = called_by_sipp("caller_gives_up", plan)
    phone.until_page("ringing")
    network.until_carried("180 INVITE")
    phone.until_idle("missed Sip Pea")
    sipp.until_done()
    if plan is bad:
        network.check(
            lost="INVITE, 180 INVITE, CANCEL, 200 CANCEL, 487 INVITE", repeated="INVITE, CANCEL, ACK"
        )


@plans
def test_rejected_by_url(phone: Phone, called_by_sipp: Call, plan: Plan) -> None:
    sipp, network = called_by_sipp("caller_is_refused", plan)
    phone.until_page("ringing")
    network.until_carried("180 INVITE")
    phone.do("keydown=Cancel")
    assert phone.state()["screen"]["page"] == "idle"
    sipp.until_done()
    if plan is bad:
        network.check(lost="INVITE, 180 INVITE, 486 INVITE", repeated="INVITE, ACK")


def test_a_caller_whose_ack_never_arrives_may_hang_up(phone: Phone, called_by_sipp: Call) -> None:
    sipp, network = called_by_sipp("caller_hangs_up", lambda message, *_: 0 if message == "ACK" else 1)
    phone.until_page("ringing")
    network.until_carried("180 INVITE")
    phone.do("keydown=OK")
    phone.until_idle("Sip Pea is gone")
    sipp.until_done()
    assert "ACK" not in network.carried
    assert network.carried.count("200 INVITE") > 1


def test_hung_up_before_the_ack_has_arrived(phone: Phone, called_by_sipp: Call) -> None:
    """The BYE waits for the ACK (RFC 3261 §15)."""
    sipp, network = called_by_sipp(
        "caller_is_hung_up_on", lambda message, time, _: 0 if message == "ACK" and time < 2 else 1
    )
    phone.until_page("ringing")
    network.until_carried("180 INVITE")
    phone.do("keydown=OK")
    phone.do("action=CallEnd")
    phone.until_idle()
    sipp.until_done()
    assert "ACK" in network.lost
    assert network.carried.index("ACK") < network.carried.index("BYE")


def test_a_request_that_overtakes_the_ack(phone: Phone, called_by_sipp: Call) -> None:
    sipp, network = called_by_sipp("caller_hangs_up", lambda message, *_: HOLD if message == "ACK" else 1)
    phone.until_page("ringing")
    network.until_carried("180 INVITE")
    phone.do("keydown=OK")
    phone.until(lambda state: call(state)["digits_received"] == "7", "the caller's digit")
    phone.until_idle("Sip Pea is gone")
    sipp.until_done()
    assert network.carried.index("INFO") < network.carried.index("ACK")


def test_an_offer_of_pcma_alone(phone: Phone, called_by_sipp: Call) -> None:
    with Sound() as sound:
        sipp, network = called_by_sipp("caller_is_hung_up_on", codecs="8", sound_port=sound.port)
        phone.until_page("ringing")
        network.until_carried("180 INVITE")
        phone.do("keydown=OK")
        heard = [sound.receive() for _ in range(10)]
        phone.do("action=CallEnd")
        sipp.until_done()
    assert {(packet.payload_type, len(packet.payload)) for packet in heard} == {(8, 160)}
    assert [packet.sequence for packet in heard] == [(heard[0].sequence + i) % 0x10000 for i in range(10)]
    assert re.search(r"m=audio \d+ RTP/AVP 8\r?\n", sipp.messages)


def test_an_invite_without_an_offer_gets_ours(phone: Phone, called_by_sipp: Call) -> None:
    with Sound() as sound:
        sipp, network = called_by_sipp("caller_without_offer", sound_port=sound.port)
        phone.until_page("ringing")
        network.until_carried("180 INVITE")
        phone.do("keydown=OK")
        heard = sound.receive()
        phone.do("action=CallEnd")
        sipp.until_done()
    assert heard.payload_type == 0
    assert re.search(r"m=audio \d+ RTP/AVP 0 8 ", sipp.messages)
