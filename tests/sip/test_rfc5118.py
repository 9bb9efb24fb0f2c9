"""RFC 5118: what IPv6 makes of messages, and what a phone makes of those."""

import random

import pytest

from offhook.sip import Account, Hop, UserAgent
from offhook.sip.events import Incoming
from offhook.sip.message import ReceivedRequest, parse
from offhook.sip.sdp import parse as parse_sdp

from .message_text import read
from .rfc5118_messages import MESSAGES

PEER = Hop("UDP", "2001:db8::9:1", 5060)
RINGS = 100

CASES = [
    ("4.1", "ipv6-good", 405, "well formed, and a phone is no registrar"),
    ("4.2", "ipv6-bad", 400, "an IPv6 address in a URI stands in brackets"),
    ("4.3", "port-ambiguous", 405, "well formed: what looks like a port is part of the address"),
    ("4.4", "port-unambiguous", 405, "address and port"),
    ("4.5", "via-received-param-with-delim", 481, "brackets in received, wrong in RFC 3261 and taken"),
    ("4.5", "via-received-param-no-delim", 200, "no brackets in received, as it should be"),
    ("4.6", "ipv6-in-sdp", 488, "read well; G.726 alone is offered, which the phone has not"),
    ("4.7", "mult-ip-in-header", 481, "Vias of both families"),
    ("4.8", "mult-ip-in-sdp", RINGS, "a stream of each family: to a phone on IPv4 the sound is good"),
    ("4.9", "ipv4-mapped-ipv6", 488, "read well; G.726 again"),
    ("4.10", "ipv6-bug-abnf-3-colons", 200, "three colons, which RFC 3261's first grammar could make"),
    ("4.10", "ipv6-correct-abnf-2-colons", 200, "the same as it is right"),
]


def request_of(name: str) -> ReceivedRequest:
    message = parse(MESSAGES[name], PEER)
    assert isinstance(message, ReceivedRequest)
    return message


def phone_at(address: str) -> UserAgent:
    phone = UserAgent(Hop("UDP", address, 5060), "offhook/test", random.Random(1))
    phone.add_account(Account(1, "user", "example.com"))
    return phone


@pytest.mark.parametrize(("section", "name", "answer", "why"), CASES, ids=[case[1] for case in CASES])
def test_the_expected_answer_and_nothing_else(section: str, name: str, answer: int, why: str) -> None:
    phone = phone_at("192.0.2.201" if name == "mult-ip-in-sdp" else "2001:db8::10")

    phone.receive(MESSAGES[name], PEER, 0.0)

    (transmit,) = phone.outbox
    assert read(transmit.data).code == answer, f"RFC 5118 §{section}: {why}"
    assert transmit.hop.host == PEER.host
    rings = answer == RINGS
    assert len(phone.calls) == rings
    assert [type(event) for event in phone.events] == [Incoming] * rings


def test_sound_of_the_other_family_is_refused_with_the_reason() -> None:
    phone = phone_at("2001:db8::10")
    phone.receive(MESSAGES["mult-ip-in-sdp"], PEER, 0.0)
    (transmit,) = phone.outbox
    assert read(transmit.data).code == 488
    assert b"192.0.2.1 is IPv4, 2001:db8::10 is not" in transmit.data


def test_all_of_them_are_here() -> None:
    assert [case[1] for case in CASES] == [*MESSAGES]


def test_addresses_and_ports_are_told_apart() -> None:
    ambiguous, unambiguous = request_of("port-ambiguous"), request_of("port-unambiguous")
    assert (ambiguous.message.uri.host, ambiguous.message.uri.port) == ("[2001:db8::10:5070]", None)
    assert (unambiguous.message.uri.host, unambiguous.message.uri.port) == ("[2001:db8::10]", 5070)
    via = request_of("mult-ip-in-header").via
    assert (via.host, via.port) == ("[2001:db8::9:1]", 6050)


@pytest.mark.parametrize("name", ["via-received-param-with-delim", "via-received-param-no-delim"])
def test_received_is_what_the_transport_saw(name: str) -> None:
    assert "received" not in request_of(name).via.parameters


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("ipv6-in-sdp", ["2001:db8::20", "2001:db8::20"]),
        ("mult-ip-in-sdp", ["192.0.2.1", "2001:db8::1"]),
        ("ipv4-mapped-ipv6", ["::ffff:192.0.2.2", "::ffff:192.0.2.2"]),
    ],
)
def test_each_stream_has_its_own_address(name: str, addresses: list[str]) -> None:
    description = parse_sdp(request_of(name).message.body)
    assert [description.address_of(stream) for stream in description.media] == addresses
