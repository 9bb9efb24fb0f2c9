"""Bodies in several parts: which is read, and what comes of one that had to be understood."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sipmessage import Request, Response

from offhook.sip import Account, Hop, LocalMedia, UserAgent
from offhook.sip.body_parts import MAX_PARTS, SEVERAL, choose_part
from offhook.sip.capabilities import BODIES
from offhook.sip.events import Answered, Incoming, MediaChanged
from offhook.sip.message import MAX_MESSAGE
from offhook.sip.uri import parse_uri

from .message_text import SDP, read, request

CALLER = Hop("UDP", "192.0.2.101", 5060)
OURS = LocalMedia("192.0.2.201", 4000)

SOUND = f"Content-Type: application/sdp\r\n\r\n{SDP}"
EARLY = f"Content-Type: application/sdp\r\nContent-Disposition: early-session\r\n\r\n{SDP}"
PLACE = "Content-Type: application/pidf+xml\r\nContent-ID: <a@b>\r\n\r\n<presence/>"
ISUP = (
    "Content-Type: application/isup;version=nxv3\r\nContent-Disposition: signal;handling={}\r\n\r\n\x01\x02"
)
NOTHING_SAID = "\r\nplain"
MIXED = "multipart/mixed;boundary=unique"


def joined(*parts: str, boundary: str = "unique") -> str:
    return "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"


@pytest.mark.parametrize(
    ("content_type", "body", "chosen", "unread"),
    [
        (MIXED, joined(SOUND), SDP, ""),
        (MIXED, joined(PLACE, SOUND), SDP, ""),
        (MIXED, joined(NOTHING_SAID, SOUND), SDP, ""),
        ('Multipart/Mixed; boundary="a b:c"', joined(PLACE, SOUND, boundary="a b:c"), SDP, ""),
        (MIXED, "preamble\r\n" + joined(SOUND) + "--unique\r\n" + PLACE, SDP, ""),
        (MIXED, joined(SOUND).replace("--unique\r\n", "--unique \t\r\n"), SDP, ""),
        (MIXED, joined(SOUND).replace("Content-Type", "c"), SDP, ""),
        (MIXED, joined(EARLY, SOUND.replace("o=", "o=x ")), SDP.replace("o=", "o=x "), ""),
        (MIXED, joined(EARLY), "", ""),
        (MIXED, joined(PLACE), "", ""),
        (MIXED, joined(SOUND, ISUP.format("optional")), SDP, ""),
        (MIXED, joined(SOUND, ISUP.format("required")), SDP, "application/isup"),
        (MIXED, joined(SOUND, ISUP.format('"REQUIRED"')), SDP, "application/isup"),
        (MIXED, joined(*[PLACE] * MAX_PARTS, SOUND), "", ""),
        ("multipart/alternative;boundary=unique", joined(SOUND, ISUP.format("required")), SDP, ""),
        ("multipart/related;boundary=unique", joined(SOUND, PLACE), SDP, ""),
        ("multipart/mixed", joined(SOUND), None, ""),
        ("multipart/mixed;boundary=" + 71 * "x", joined(SOUND, boundary=71 * "x"), None, ""),
        (MIXED, "no part of it", None, ""),
        ("application/sdp", SDP, None, ""),
        ("application/isup", "\x01", None, ""),
    ],
)
def test_what_is_read(content_type: str, body: str, chosen: str | None, unread: str) -> None:
    message = Request("INVITE", parse_uri("sip:bob@pbx"), body.encode())
    message.headers.set("Content-Type", content_type)
    assert choose_part(message, BODIES) == unread
    assert message.body.decode() == (body if chosen is None else chosen)
    if chosen:
        assert message.headers["Content-Type"] == "application/sdp"


@given(st.sampled_from(sorted(SEVERAL)), st.binary(max_size=300), st.text(max_size=80))
def test_anything_is_taken_apart_or_left(media_type: str, body: bytes, boundary: str) -> None:
    message = Request("INVITE", parse_uri("sip:bob@pbx"), body + b"\r\n--x\r\n" + body)
    message.headers.set("Content-Type", f"{media_type};boundary={boundary}")
    choose_part(message, BODIES)
    message.headers.set("Content-Type", f"{media_type};boundary=x")
    choose_part(message, BODIES)


def test_a_body_of_nothing_but_delimiters_costs_no_more_than_its_length() -> None:
    message = Request("INVITE", parse_uri("sip:bob@pbx"), (b"--x\r\n" * MAX_MESSAGE)[:MAX_MESSAGE])
    message.headers.set("Content-Type", "multipart/mixed;boundary=x")
    begun = time.process_time()
    choose_part(message, BODIES)
    assert time.process_time() - begun < 0.1


def phone() -> UserAgent:
    bob = UserAgent(Hop("UDP", "192.0.2.201", 5060), "offhook/test", random.Random(1))
    bob.add_account(Account(1, "bob", "192.0.2.201"))
    return bob


def answers(bob: UserAgent) -> list[Request | Response]:
    sent = [read(transmit.data) for transmit in bob.outbox]
    bob.outbox.clear()
    return sent


def test_an_invite_with_a_place_beside_its_sound_rings_and_is_answered() -> None:
    bob = phone()
    bob.receive(request(body=joined(PLACE, SOUND), headers={"Content-Type": MIXED}), CALLER, 0.0)
    (incoming,) = bob.events
    assert isinstance(incoming, Incoming)
    bob.answer(incoming.call, OURS, 1.0)
    trying, ok = answers(bob)
    assert isinstance(trying, Response)
    assert isinstance(ok, Response)
    assert (trying.code, ok.code) == (100, 200)
    assert any(isinstance(event, MediaChanged) for event in bob.events)


def test_a_part_that_had_to_be_understood_is_415_and_leaves_nothing() -> None:
    bob = phone()
    body = joined(SOUND, ISUP.format("required"))
    bob.receive(request(body=body, headers={"Content-Type": MIXED}), CALLER, 0.0)
    (refusal,) = answers(bob)
    assert isinstance(refusal, Response)
    assert refusal.code == 415
    assert "multipart/mixed" in refusal.headers["Accept"]
    assert bob.events == []
    assert bob.layer.idle


def test_a_body_that_need_not_be_understood_is_none() -> None:
    bob = phone()
    headers = {"Content-Type": "application/isup", "Content-Disposition": "signal;handling=optional"}
    bob.receive(request(body="\x01", headers=headers), CALLER, 0.0)
    assert [type(event) for event in bob.events] == [Incoming]


def test_an_answer_in_several_parts_is_heard() -> None:
    alice = UserAgent(Hop("UDP", "192.0.2.101", 5060), "offhook/test", random.Random(2))
    alice.invite("call", None, "sip:bob@192.0.2.201", LocalMedia("192.0.2.101", 4000), 0.0)
    (invite,) = answers(alice)
    copied = "".join(f"{name}: {invite.headers[name]}\r\n" for name in ("Via", "From", "Call-ID", "CSeq"))
    body = joined(ISUP.format("required"), SOUND)
    ok = (
        f"SIP/2.0 200 OK\r\n{copied}To: <sip:bob@192.0.2.201>;tag=b\r\nContact: <sip:bob@192.0.2.201>\r\n"
        f"Content-Type: {MIXED}\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}"
    )
    alice.receive(ok.encode(), Hop("UDP", "192.0.2.201", 5060), 1.0)
    assert [type(event) for event in alice.events] == [MediaChanged, Answered]
