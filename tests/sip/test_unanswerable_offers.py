"""An offer that could not be answered is refused at once: nobody is called to the phone for it."""

import random

import pytest
from sipmessage import Response

from offhook.sip import Account, Hop, LocalMedia, UserAgent
from offhook.sip.events import Incoming

from .message_text import SDP, read, request

ALICE = Hop("UDP", "192.0.2.101", 5060)
IPV4, IPV6 = "192.0.2.201", "2001:db8::201"

HEAD = "v=0\r\no=alice 1 1 IN IP4 192.0.2.101\r\ns=-\r\nc=IN IP4 192.0.2.101\r\nt=0 0\r\n"


def of(*media: str, head: str = HEAD) -> str:
    return head + "".join(f"{line}\r\n" for line in media)


def connected_to(network: str) -> str:
    return SDP.replace("c=IN IP4 192.0.2.101", f"c=IN {network}")


def answered(body: str, host: str = IPV4, kind: str = "application/sdp") -> tuple[UserAgent, Response]:
    bob = UserAgent(Hop("UDP", host, 5060), "bob", random.Random(1))
    bob.add_account(Account(1, "bob", host))
    bob.receive(request(body=body, headers={"Content-Type": kind}), ALICE, 0.0)
    (transmit,) = bob.outbox
    response = read(transmit.data)
    assert isinstance(response, Response)
    return bob, response


@pytest.mark.parametrize(
    ("body", "host", "why"),
    [
        (of("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 opus/48000/2"), IPV4, "no codec in common"),
        (of("m=audio 4000 RTP/AVP 3 18"), IPV4, "no codec in common"),
        (of("m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"), IPV4, "no codec in common"),
        (of("m=audio 4000 RTP/SAVP 0"), IPV4, "RTP/SAVP is not spoken here"),
        (of("m=audio 4000 UDP/TLS/RTP/SAVPF 0"), IPV4, "UDP/TLS/RTP/SAVPF is not spoken here"),
        (of("m=video 4000 RTP/AVP 31"), IPV4, "no sound in it"),
        (of(), IPV4, "no sound in it"),
        (of("m=audio 0 RTP/AVP 0"), IPV4, "port 0"),
        (of("m=audio 0 RTP/AVP 0", "m=audio 4000 RTP/SAVP 0"), IPV4, "RTP/SAVP is not spoken here"),
        (connected_to("IP6 2001:db8::101"), IPV4, "2001:db8::101 is IPv6, 192.0.2.201 is not"),
        (SDP, IPV6, "192.0.2.101 is IPv4, 2001:db8::201 is not"),
        (connected_to("IP4 alice.example"), IPV4, "names are not looked up"),
        (connected_to("IP4 224.0.0.1"), IPV4, "not the address of one host"),
        (SDP.replace("c=IN IP4 192.0.2.101\r\n", ""), IPV4, "no c= line"),
        ("garbage", IPV4, "v=0"),
        ("v=0\r\n\x00\x01\xff\"\\", IPV4, "not an SDP line"),
    ],
)  # fmt: skip
def test_488_with_a_reason_and_no_state(body: str, host: str, why: str) -> None:
    bob, response = answered(body, host)
    assert response.code == 488
    warning = response.headers["Warning"]
    assert warning.startswith(f'399 {"[" + host + "]" if ":" in host else host} "')
    assert warning.endswith('"')
    assert why in warning
    assert "tag=" in response.headers["To"]
    assert bob.events == []
    assert not bob.calls
    assert bob.layer.idle
    assert bob.deadline is None


@pytest.mark.parametrize("kind", ["text/plain", "multipart/mixed;boundary=x", "application/isup"])
def test_a_body_of_another_kind_is_415(kind: str) -> None:
    bob, response = answered("v=0", kind=kind)
    assert response.code == 415
    assert response.headers["Accept"] == "application/sdp"
    assert bob.events == []
    assert bob.layer.idle


@pytest.mark.parametrize(
    ("body", "host"),
    [
        ("", IPV4),
        (SDP, IPV4),
        (connected_to("IP4 0.0.0.0"), IPV4),
        (connected_to("IP6 2001:db8::101"), IPV6),
        (of("m=video 4000 RTP/AVP 31", "m=audio 4000 RTP/SAVP 0", "m=audio 4002 RTP/AVP 18 8"), IPV4),
    ],
)  # fmt: skip
def test_what_can_be_answered_rings_and_is_answered(body: str, host: str) -> None:
    bob, response = answered(body, host)
    assert response.code == 100
    (event,) = bob.events
    assert isinstance(event, Incoming)
    bob.outbox.clear()
    bob.answer(event.call, LocalMedia(host, 3456), 0.0)
    assert read(bob.outbox[0].data).code == 200  # type: ignore[union-attr]


@pytest.mark.parametrize(("codecs", "code"), [(("PCMU", "OPUS"), 100), (("PCMA",), 488)])
def test_the_codecs_are_those_of_the_account_that_is_called(codecs: tuple[str, ...], code: int) -> None:
    bob = UserAgent(Hop("UDP", IPV4, 5060), "bob", random.Random(1))
    bob.add_account(Account(1, "bob", IPV4, codecs=codecs))
    offered = of("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 opus/48000/2")
    bob.receive(request(body=offered, headers={"Content-Type": "application/sdp"}), ALICE, 0.0)
    response = read(bob.outbox[0].data)
    assert isinstance(response, Response)
    assert response.code == code
