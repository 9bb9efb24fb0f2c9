"""Waiting messages by NOTIFY; digits by INFO and as telephone-events, both ways."""

import struct
from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import NamedTuple

import pytest

from . import scripted
from .far_end import FarEnd, Packet
from .offhook_phone import Phone, call
from .scripted import Play, Script, from_phone, only
from .sipp import Sipp

pytestmark = pytest.mark.peer

play = scripted.play

SUMMARY = "application/simple-message-summary"
TELEPHONE_EVENT = 101


def tells(play: Play, phone: Phone, headers: dict[str, str], body: str = "", code: int = 200) -> Sipp:
    """A NOTIFY that nobody asked for, once it is answered with this code."""
    state = {"Subscription-State": "active"}
    peer = play(Script.asking("NOTIFY", state | headers, body).expect(code), to=phone.sip, user="1001")
    peer.until_done()
    return peer


def test_waiting_messages(phone: Phone, play: Play) -> None:
    summary = {"Event": "message-summary", "Content-Type": SUMMARY}
    tells(play, phone, summary, "Messages-Waiting: yes\nVoice-Message: 2/8 (1/0)\n")
    state = phone.until(lambda state: state["messages"] == 2, "two messages")
    assert "message" in state["screen"]["icons"]
    tells(play, phone, summary, "Messages-Waiting: no\nVoice-Message: 0/10\n")
    state = phone.until(lambda state: state["messages"] == 0, "no message")
    assert "message" not in state["screen"]["icons"]


def test_check_sync_disturbs_nobody(phone: Phone, play: Play) -> None:
    tells(play, phone, {"Event": "check-sync;reboot=false"})
    assert phone.state()["screen"]["page"] == "idle"


def test_an_event_that_is_not_served(phone: Phone, play: Play) -> None:
    refused = tells(play, phone, {"Event": "weather"}, code=489)
    assert "message-summary" in only(refused, "489 NOTIFY").header("Allow-Events")


@pytest.fixture
def far_end() -> Iterator[FarEnd]:
    with FarEnd() as running:
        yield running


def is_called(play: Play, phone: Phone, script: Script, **keys: object) -> Sipp:
    peer = play(script, to=phone.sip, user="1001", **keys)
    phone.until_page("ringing")
    phone.do("keydown=OK")
    phone.until_page("talking")
    return peer


def test_digits_by_info_come_in(phone: Phone, play: Play) -> None:
    relay, bare = {"Content-Type": "application/dtmf-relay"}, {"Content-Type": "application/dtmf"}
    script = Script.calling().is_answered().request("INFO", relay, "Signal=*\nDuration=160").expect(200)
    script.request("INFO", bare, "4").expect(200).request("INFO", relay, "Signal= 11").expect(200)
    peer = is_called(play, phone, script.is_hung_up_on())
    phone.until(lambda state: call(state)["digits_received"] == "*4#", "the digits")
    phone.do("action=CallEnd")
    peer.until_done()


def test_digits_go_out_by_info_to_who_takes_no_telephone_events(
    phone: Phone, play: Play, far_end: FarEnd
) -> None:
    script = Script.calling().is_answered().cue().cue().cue().is_hung_up_on()
    peer = is_called(play, phone, script, sound_port=far_end.port)
    for key in ("1", "Pound", "*"):
        phone.do(f"keydown={key}")
    far_end.until_heard(10)
    phone.do("action=CallEnd")
    peer.until_done()
    sent = from_phone(peer, "INFO")
    assert [message.body.splitlines()[0] for message in sent] == ["Signal=1", "Signal=#", "Signal=*"]
    assert {message.header("Content-Type") for message in sent} == {"application/dtmf-relay"}
    assert {packet.payload_type for packet in far_end.heard} == {0}


class TelephoneEvent(NamedTuple):
    """RFC 4733 §2.3; the duration in units of 1/8000 s."""

    digit: str
    end: bool
    volume: int
    duration: int

    @classmethod
    def of(cls, payload: bytes) -> "TelephoneEvent":
        event, flags, duration = struct.unpack("!BBH", payload)
        return cls("0123456789*#ABCD"[event], bool(flags & 0x80), flags & 0x3F, duration)


def events(heard: list[Packet]) -> list[list[Packet]]:
    """The packets of each event, which share a timestamp."""
    packets = [packet for packet in heard if packet.payload_type == TELEPHONE_EVENT]
    return [list(group) for _, group in groupby(packets, key=lambda packet: packet.timestamp)]


def test_digits_go_out_as_telephone_events(phone: Phone, play: Play, far_end: FarEnd) -> None:
    peer = is_called(
        play, phone, Script.calling().is_answered().is_hung_up_on(), codecs="0 101", sound_port=far_end.port
    )
    keys = ("7", "Pound", "0", "0", "*")
    for key in keys:
        phone.do(f"keydown={key}")
    far_end.until_heard(60)
    phone.do("action=CallEnd")
    peer.until_done()
    assert not from_phone(peer, "INFO")
    sent = events(far_end.heard)
    assert [TelephoneEvent.of(packets[0].payload).digit for packets in sent] == list("7#00*")
    for packets in sent:
        told = [TelephoneEvent.of(packet.payload) for packet in packets]
        assert len({each.digit for each in told}) == 1
        # 100 ms, a packet each 20 ms, and the end told three times.
        assert [each.duration for each in told] == [160, 320, 480, 640, 800, 800, 800]
        assert [each.end for each in told] == [False] * 4 + [True] * 3
        assert [packet.marker for packet in packets] == [True] + [False] * 6
        first = packets[0].sequence
        assert [packet.sequence for packet in packets] == [(first + i) % 0x10000 for i in range(7)]
    for one, other in pairwise(sent):
        # 100 ms and the pause of 60 ms.
        assert (other[0].timestamp - one[0].timestamp) % 0x100000000 >= 8 * 160


def test_digits_come_in_as_telephone_events(phone: Phone, play: Play, far_end: FarEnd) -> None:
    """One repeated digit is told from one packet that comes again, and what lost its end is heard too."""
    peer = is_called(
        play, phone, Script.calling().is_answered().is_hung_up_on(), codecs="0 101", sound_port=far_end.port
    )
    far_end.until_heard(5)
    key = 800_000
    for event, ends in ((1, 3), (1, 3), (11, 0), (9, 1)):
        key += 1600
        for beat in range(1, 5):
            payload = struct.pack("!BBH", event, 10, beat * 160)
            far_end.send(TELEPHONE_EVENT, key, payload, marker=beat == 1)
        for _ in range(ends):
            far_end.send(TELEPHONE_EVENT, key, struct.pack("!BBH", event, 0x8A, 800))
    phone.until(lambda state: call(state)["digits_received"] == "11#9", "the digits")
    far_end.until_heard(10)
    assert call(phone.state())["digits_received"] == "11#9"
    phone.do("action=CallEnd")
    peer.until_done()
