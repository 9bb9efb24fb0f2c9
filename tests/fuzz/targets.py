"""What reads from the network, each as a function of some octets: it returns, or it is wrong."""

import contextlib
import random
import re
from collections.abc import Callable, Mapping

from sipmessage import URI, Request, Response

from offhook.rtp import packet, rtcp
from offhook.rtp.reception import Reception
from offhook.rtp.telephone_event import EventReceiver
from offhook.sip import LocalMedia
from offhook.sip.auto_answer import asks_to_be_answered
from offhook.sip.digest import Credentials
from offhook.sip.framing import BadFrame, Framing
from offhook.sip.info import digit_of
from offhook.sip.message_summary import MessageSummary
from offhook.sip.name_addr import NameAddr, split_list
from offhook.sip.offer_answer import NotAcceptable, accept, answer
from offhook.sip.reason import Reason
from offhook.sip.redaction import redacted
from offhook.sip.refer import Refer
from offhook.sip.replaces import Replaces
from offhook.sip.sdp import Origin
from offhook.sip.sdp import parse as parse_sdp
from offhook.sip.sipfrag import status_of
from offhook.sip.subscription import Event, SubscriptionState
from offhook.sip.uri import parse_uri
from offhook.sip.via import TopVia

from .user_agents import hear

Target = Callable[[bytes], None]

SOUND = LocalMedia("192.0.2.201", 3456)
READ = ("Refer-To", "Event", "Subscription-State", "Reason", "Call-Info", "Alert-Info", "Answer-Mode")
ORIGIN = Origin("1", "1", "192.0.2.201")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def description(data: bytes) -> None:
    """As an offer, whose answer must be one that is understood, and as an answer."""
    with contextlib.suppress(NotAcceptable):
        ours, flow, _ = answer(data, SOUND, ORIGIN)
        assert 0 <= flow.port < 65536
        assert parse_sdp(ours).media
    with contextlib.suppress(NotAcceptable):
        accept(data, SOUND)


def challenge(data: bytes) -> None:
    """Of a registrar. What is answered is one line."""
    text = _CONTROL.sub("", data.decode("utf-8", "replace"))
    asked = Request("REGISTER", URI(scheme="sip", host="pbx"))
    response = Response(401, "Unauthorized")
    for value in text.split("\t"):
        response.headers.add("WWW-Authenticate", value)
    credentials = Credentials("bob", "sesame", random.Random(1))
    for _ in range(2):
        credentials.answer(asked, response)
    credentials.authorize(asked)
    for value in asked.headers.getlist("Authorization"):
        assert not _CONTROL.search(value)
        assert "sesame" not in value or "sesame" in text


def stream(data: bytes) -> None:
    """However it is cut, the same messages come of it."""
    assert _framed(data, len(data) or 1) == _framed(data, 1 + len(data) // 7)


def _framed(data: bytes, size: int) -> list[bytes]:
    framing = Framing()
    messages = []
    try:
        for start in range(0, len(data), size):
            messages.extend(framing.feed(data[start : start + size]))
    except BadFrame:
        messages.append(b"bad")
    return [message for message in messages if message != b"bad"]


def sound(data: bytes) -> None:
    """Datagrams of RTP, each with its length before it."""
    reception = Reception(0, 0, 8000)
    digits = EventReceiver()
    arrival = 0.0
    while data:
        size, data = data[0], data[1:]
        datagram, data = data[:size], data[size:]
        read = packet.parse(datagram, len(datagram))
        if read is not None:
            assert 0 <= read.start <= read.end <= len(datagram)
            reception.receive(read.sequence)
            reception.measure(read.timestamp, arrival)
            digits.receive(read.timestamp, datagram[read.start : read.end])
        arrival += 0.02
    assert 0 <= reception.loss().fraction < 256


def control(data: bytes) -> None:
    for report in rtcp.parse(data):
        for block in getattr(report, "blocks", ()):
            took = rtcp.round_trip(block, 0x12345678)
            assert took is None or took >= 0


def body(data: bytes) -> None:
    status = status_of(data)
    assert status is None or 100 <= status[0] < 700
    info = Request("INFO", URI(scheme="sip", host="x"), data)
    for kind in ("application/dtmf-relay", "application/dtmf"):
        info.headers.set("Content-Type", kind)
        digit = digit_of(info)
        assert digit is None or len(digit) == 1
    with contextlib.suppress(ValueError):
        MessageSummary.parse(data)


def header(data: bytes) -> None:
    text = _CONTROL.sub("", data.decode("utf-8", "replace"))
    for read in (NameAddr.parse, TopVia.parse, TopVia.sender, parse_uri, Replaces.parse):
        with contextlib.suppress(ValueError):
            assert not _CONTROL.search(str(read(text)))
    assert all(item == item.strip() for item in split_list(text))
    request = Request("REFER", URI(scheme="sip", host="x"))
    for name in (
        "Refer-To",
        "Event",
        "Subscription-State",
        "Reason",
        "Call-Info",
        "Alert-Info",
        "Answer-Mode",
    ):
        request.headers.set(name, text)
    with contextlib.suppress(ValueError):
        Refer.of(request)
    Event.of(request)
    SubscriptionState.of(request)
    Reason.of(request)
    asks_to_be_answered(request)


def trace(data: bytes) -> None:
    """What is redacted once stays as it is."""
    once = redacted(data)
    assert redacted(once) == once


TARGETS: Mapping[str, tuple[Target, int]] = {
    "user-agent": (hear, 20),
    "description": (description, 14),
    "challenge": (challenge, 10),
    "stream": (stream, 10),
    "sound": (sound, 12),
    "control": (control, 10),
    "body": (body, 8),
    "header": (header, 10),
    "trace": (trace, 6),
}
"""With the share of all cases that each has, in hundredths."""
