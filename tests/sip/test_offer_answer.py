from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sip.media import G722, OPUS, PCMA, PCMU, Codec, Direction, LocalMedia, MediaFlow
from offhook.sip.offer_answer import NotAcceptable, accept, answer, offer
from offhook.sip.sdp import Origin, parse

ORIGIN = Origin(7, 1, "10.0.0.1")
OURS = LocalMedia("10.0.0.1", 5004)
OURS_6 = LocalMedia("2001:db8::1", 5004)
ALL_CODECS = replace(OURS, codecs=(PCMU, PCMA, Codec("L16", 96, 16000)))


def theirs(*lines: str, address: str = "IN IP4 10.0.0.2", session: str = "") -> bytes:
    head = f"v=0\no=- 1 1 IN IP4 10.0.0.2\ns=-\nc={address}\nt=0 0\n{session}"
    return (head + "".join(f"{line}\n" for line in lines)).encode()


def test_offer() -> None:
    assert offer(OURS, ORIGIN).decode() == (
        "v=0\r\no=- 7 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"
        "m=audio 5004 RTP/AVP 0 8 9 101\r\n"
        "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:9 G722/8000\r\n"
        "a=rtpmap:101 telephone-event/8000\r\n"
        "a=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
    )


def test_offer_of_another_kind() -> None:
    media = replace(OURS_6, codecs=(PCMA,), telephone_event=None, direction=Direction.SENDONLY)
    session = parse(offer(media, Origin(7, 2, "2001:db8::1")))
    assert session.origin.version == 2
    [stream] = session.media
    assert (session.address, stream.payload_types) == ("2001:db8::1", [8])
    assert session.direction_of(stream) is Direction.SENDONLY


def test_both_ends_agree() -> None:
    far = LocalMedia("10.0.0.2", 6000, codecs=(PCMA, PCMU), telephone_event=96)
    description, flow, _ = answer(offer(OURS, ORIGIN), far, ORIGIN)
    digits, noise = Codec("TELEPHONE-EVENT", 101), Codec("CN", 13)
    both = (PCMU, PCMA, digits, noise)
    assert flow == MediaFlow("10.0.0.1", 5004, "10.0.0.1", 5005, PCMU, 101, Direction.SENDRECV, formats=both)
    assert accept(description, OURS) == MediaFlow(
        "10.0.0.2", 6000, "10.0.0.2", 6001, PCMU, 101, Direction.SENDRECV, formats=both
    )


def test_each_end_may_have_numbers_of_its_own() -> None:
    """RFC 3264 §5.1: what is sent has the number that the receiver gave it."""
    ours = replace(OURS, codecs=(OPUS, PCMU))
    their_answer = theirs(
        "m=audio 4000 RTP/AVP 107 0 97 98",
        "a=rtpmap:107 OPUS/48000/2",
        "a=rtpmap:97 telephone-event/8000",
        "a=rtpmap:98 telephone-event/48000",
    )
    flow = accept(their_answer, ours)
    assert flow.codec == replace(OPUS, payload_type=107)
    assert (flow.telephone_event, flow.telephone_event_rate) == (98, 48000)
    arriving = {codec.payload_type: (codec.name, codec.rate) for codec in flow.formats}
    assert arriving == {
        96: ("OPUS", 48000),
        107: ("OPUS", 48000),
        0: ("PCMU", 8000),
        101: ("TELEPHONE-EVENT", 8000),
        102: ("TELEPHONE-EVENT", 48000),
        97: ("TELEPHONE-EVENT", 8000),
        98: ("TELEPHONE-EVENT", 48000),
        13: ("CN", 8000),
    }


def test_opus_is_offered_with_digits_by_its_clock() -> None:
    lines = offer(replace(OURS, codecs=(OPUS, G722)), ORIGIN).decode().split("\r\n")
    assert lines[5:] == [
        "m=audio 5004 RTP/AVP 96 9 101 102",
        "a=rtpmap:96 opus/48000/2",
        "a=rtpmap:9 G722/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-16",
        "a=rtpmap:102 telephone-event/48000",
        "a=fmtp:102 0-16",
        "a=ptime:20",
        "a=sendrecv",
        "",
    ]


@pytest.mark.parametrize(
    ("lines", "event"),
    [
        (["a=rtpmap:101 telephone-event/8000"], (101, 8000)),
        (["a=rtpmap:102 telephone-event/48000"], (102, 48000)),
        (["a=rtpmap:101 telephone-event/8000", "a=rtpmap:102 telephone-event/48000"], (102, 48000)),
        (["a=rtpmap:101 telephone-event/16000"], (None, 8000)),
    ],
)
def test_digits_beside_opus(lines: list[str], event: tuple[int | None, int]) -> None:
    offered = theirs("m=audio 4000 RTP/AVP 111 101 102", "a=rtpmap:111 opus/48000/2", *lines)
    _, flow, _ = answer(offered, replace(OURS, codecs=(OPUS,)), ORIGIN)
    assert (flow.codec.payload_type, flow.telephone_event, flow.telephone_event_rate) == (111, *event)


@pytest.mark.parametrize(
    ("numbers", "lines", "noise"),
    [
        ("0", [], {13}),
        ("0 13", [], {13}),
        ("0 13 98", ["a=rtpmap:98 cn/8000"], {13, 98}),
        ("13", ["a=rtpmap:13 PCMU/8000"], set()),
    ],
)
def test_comfort_noise_is_taken_and_not_agreed_on(numbers: str, lines: list[str], noise: set[int]) -> None:
    description, flow, _ = answer(theirs(f"m=audio 4000 RTP/AVP {numbers}", *lines), OURS, ORIGIN)
    assert {codec.payload_type for codec in flow.formats if codec.name == "CN"} == noise
    assert len(parse(description).media[0].payload_types) == 1


@pytest.mark.parametrize(
    ("lines", "codec", "telephone_event", "formats"),
    [
        (["m=audio 4000 RTP/AVP 8 0"], PCMA, None, [8, 0]),
        (["m=audio 4000 RTP/AVP 18 3 8"], PCMA, None, [8]),
        (["m=audio 4000 RTP/AVP 0 0 8"], PCMU, None, [0, 8]),
        (["m=audio 4000 RTP/AVP 97", "a=rtpmap:97 pcma/8000/1"], replace(PCMA, payload_type=97), None, [97]),
        (
            ["m=audio 4000 RTP/AVP 101 120 8", "a=rtpmap:120 L16/16000", "a=rtpmap:101 Telephone-Event/8000"],
            Codec("L16", 120, 16000),
            101,
            [120, 8, 101],
        ),
        # The same events at another clock rate are not ours.
        (["m=audio 4000 RTP/AVP 8 100", "a=rtpmap:100 telephone-event/48000"], PCMA, None, [8]),
        # A static number that was given another meaning.
        (["m=audio 4000 RTP/AVP 0 8", "a=rtpmap:0 PCMU/16000"], PCMA, None, [8]),
        (["m=audio 4000 RTP/AVP 0 8", "a=rtpmap:0 PCMU/8000/2"], PCMA, None, [8]),
    ],
)
def test_codecs_are_theirs_in_their_order_and_by_their_numbers(
    lines: list[str], codec: Codec, telephone_event: int | None, formats: list[int]
) -> None:
    description, flow, _ = answer(theirs(*lines), ALL_CODECS, ORIGIN)
    assert (flow.codec, flow.telephone_event) == (codec, telephone_event)
    assert parse(description).media[0].payload_types == formats
    if telephone_event:
        assert f"a=fmtp:{telephone_event} 0-16\r\n".encode() in description


def test_other_streams_are_refused_in_their_place() -> None:
    description, flow, _ = answer(
        theirs(
            "m=video 4002 RTP/AVP 31",
            "m=audio 4004 RTP/SAVP 0",
            "m=audio 4006 RTP/AVP 0",
            "m=audio 4008 RTP/AVP 8",
            "m=image 4010 udptl t38",
        ),
        OURS,
        ORIGIN,
    )
    assert flow.port == 4006
    streams = [
        (stream.kind, stream.port, stream.protocol, stream.formats) for stream in parse(description).media
    ]
    assert streams == [
        ("video", 0, "RTP/AVP", ("31",)),
        ("audio", 0, "RTP/SAVP", ("0",)),
        ("audio", 5004, "RTP/AVP", ("0",)),
        ("audio", 0, "RTP/AVP", ("8",)),
        ("image", 0, "udptl", ("t38",)),
    ]


_ = Direction
DIRECTIONS = [
    ("sendrecv", _.SENDRECV, _.SENDRECV),
    ("sendonly", _.SENDRECV, _.RECVONLY),
    ("recvonly", _.SENDRECV, _.SENDONLY),
    ("inactive", _.SENDRECV, _.INACTIVE),
    ("sendrecv", _.SENDONLY, _.SENDONLY),
    ("sendrecv", _.INACTIVE, _.INACTIVE),
    ("sendonly", _.SENDONLY, _.INACTIVE),
    ("recvonly", _.SENDONLY, _.SENDONLY),
    ("recvonly", _.RECVONLY, _.INACTIVE),
]


@pytest.mark.parametrize("level", ["media", "session"])
@pytest.mark.parametrize(("said", "ours", "expected"), DIRECTIONS)
def test_direction(said: str, ours: Direction, expected: Direction, level: str) -> None:
    media = replace(OURS, direction=ours)
    if level == "session":
        data = theirs("m=audio 4000 RTP/AVP 0", session=f"a={said}\n")
    else:
        data = theirs("m=audio 4000 RTP/AVP 0", f"a={said}", session="a=inactive\n")
    description, flow, _ = answer(data, media, ORIGIN)
    assert flow.direction is expected
    assert parse(description).direction_of(parse(description).media[0]) is expected
    assert accept(data, media).direction is expected


@pytest.mark.parametrize("media", [OURS, OURS_6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("address", ["IN IP4 0.0.0.0", "IN IP6 ::"])
@pytest.mark.parametrize(("said", "expected"), [("sendrecv", _.RECVONLY), ("recvonly", _.INACTIVE)])
def test_hold_by_the_unspecified_address(
    media: LocalMedia, address: str, said: str, expected: Direction
) -> None:
    _, flow, _ = answer(theirs("m=audio 4000 RTP/AVP 0", f"a={said}", address=address), media, ORIGIN)
    assert flow.direction is expected


def test_ipv6() -> None:
    data = theirs("m=audio 4000 RTP/AVP 0", address="IN IP6 2001:db8::2")
    description, flow, _ = answer(data, OURS_6, Origin(7, 1, "2001:db8::1"))
    assert (flow.address, flow.rtcp_address) == ("2001:db8::2", "2001:db8::2")
    assert b"o=- 7 1 IN IP6 2001:db8::1\r\n" in description
    assert b"c=IN IP6 2001:db8::1\r\n" in description


@pytest.mark.parametrize(
    ("lines", "rtcp", "ptime"),
    [
        ([], ("10.0.0.2", 4001), 20),
        (["a=rtcp:5555"], ("10.0.0.2", 5555), 20),
        (["a=rtcp:5555 IN IP4 10.0.0.3", "a=ptime:40"], ("10.0.0.3", 5555), 40),
        (["a=ptime:30"], ("10.0.0.2", 4001), 30),
        (["a=ptime:25"], ("10.0.0.2", 4001), 20),
        (["a=ptime:5"], ("10.0.0.2", 4001), 10),
        (["a=ptime:200"], ("10.0.0.2", 4001), 60),
        (["a=maxptime:10"], ("10.0.0.2", 4001), 10),
        (["a=ptime:60", "a=maxptime:40"], ("10.0.0.2", 4001), 40),
    ],
)
def test_rtcp_and_packet_time(lines: list[str], rtcp: tuple[str, int], ptime: int) -> None:
    flow = accept(theirs("m=audio 4000 RTP/AVP 0", *lines), OURS)
    assert ((flow.rtcp_address, flow.rtcp_port), flow.ptime) == (rtcp, ptime)


def test_times_are_those_of_the_offer() -> None:
    description, _, _ = answer(
        b"v=0\no=- 1 1 IN IP4 10.0.0.2\nc=IN IP4 10.0.0.2\nt=3 5\nm=audio 4 RTP/AVP 0\n", OURS, ORIGIN
    )
    assert b"\r\nt=3 5\r\n" in description


NOT_ACCEPTABLE = [
    (b"", "v=0"),
    (theirs(), "no sound|none"),
    (theirs("m=video 4000 RTP/AVP 31"), "no sound|video"),
    (theirs("m=audio 0 RTP/AVP 0"), "port 0"),
    (theirs("m=audio 4000 RTP/SAVP 0"), "RTP/SAVP is not spoken"),
    (theirs("m=audio 4000 RTP/AVPF 0"), "RTP/AVPF is not spoken"),
    (theirs("m=audio 4000 RTP/AVP 18 101"), "no codec in common: PCMU, PCMA"),
    (theirs("m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"), "no codec in common"),
    (theirs("m=audio 4000 RTP/AVP 0", address="IN IP4 pbx.example"), "no IP address"),
    (theirs("m=audio 4000 RTP/AVP 0", address="IN IP4 224.2.1.1/127"), "not the address of one host"),
    (theirs("m=audio 4000 RTP/AVP 0", address="IN IP6 fe80::1%eth0"), "not the address of one host"),
    (theirs("m=audio 4000 RTP/AVP 0", address="IN IP6 2001:db8::2"), "is IPv6, 10.0.0.1 is not"),
    (theirs("m=audio 4000 RTP/AVP 0", "a=rtcp:5 IN IP4 255.255.255.255"), "not the address of one host"),
    (b"v=0\no=- 1 1 IN IP4 10.0.0.2\nm=audio 4000 RTP/AVP 0\n", "no c= line"),
]


@pytest.mark.parametrize(("data", "why"), NOT_ACCEPTABLE)
def test_not_acceptable(data: bytes, why: str) -> None:
    with pytest.raises(NotAcceptable, match=why):
        answer(data, OURS, ORIGIN)
    with pytest.raises(NotAcceptable, match=why):
        accept(data, OURS)


def test_an_answer_has_as_many_streams_as_the_offer() -> None:
    with pytest.raises(NotAcceptable, match="audio, video"):
        accept(theirs("m=audio 4000 RTP/AVP 0", "m=video 0 RTP/AVP 31"), OURS)


PIECES = st.sampled_from(
    """m=audio 4000 RTP/AVP 0 8 101
m=audio 65535 RTP/AVP 8
m=audio 0 RTP/AVP 0
m=video 1 RTP/AVP 31
c=IN IP4 10.0.0.3
c=IN IP4 999.1.1.1
c=IN IP6 ::1
a=rtpmap:101 telephone-event/8000
a=rtpmap:0 G722/8000
a=sendonly
a=rtcp:9
a=rtcp:9 IN IP4 x
a=ptime:7
t=1 2""".splitlines()
)


@given(st.lists(PIECES, max_size=8))
def test_an_answer_fits_the_offer(lines: list[str]) -> None:
    data = theirs(*lines)
    try:
        description, flow, _ = answer(data, OURS, ORIGIN)
    except NotAcceptable:
        return
    offered, answered = parse(data), parse(description)
    assert [stream.kind for stream in answered.media] == [stream.kind for stream in offered.media]
    assert len([stream for stream in answered.media if stream.port]) == 1
    for ours, stream in zip(answered.media, offered.media, strict=True):
        assert set(ours.formats) <= set(stream.formats)
    assert 0 < flow.rtcp_port < 65536
