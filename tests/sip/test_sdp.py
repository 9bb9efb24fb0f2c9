import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sip.media import Direction
from offhook.sip.sdp import MAX_BYTES, MAX_FORMATS, MAX_LINES, MAX_MEDIA, BadSdp, Origin, RtpMap, parse

FULL = b"""v=0\r
o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r
s=Call to John Smith\r
i=SDP Offer #1\r
u=http://www.jdoe.example.com/home.html\r
e=Jane Doe <jane@jdoe.example.com>\r
p=+1 617 555-6011\r
c=IN IP4 198.51.100.1/127\r
b=AS:64\r
t=0 0\r
a=recvonly\r
m=audio 49170/2 RTP/AVP 0 8 101\r
c=IN IP6 2001:db8::1\r
a=rtpmap:0 pcmu/8000\r
a=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-15\r
a=ptime:30\r
a=maxptime:60\r
a=rtcp:53020 IN IP4 126.16.64.4\r
a=sendonly\r
m=video 49180 RTP/AVPF 99\r
a=rtpmap:99 H264/90000\r
m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r
"""


def test_a_whole_description() -> None:
    session = parse(FULL)
    assert session.origin == Origin(3724394400, 3724394405, "198.51.100.1", "jdoe")
    assert session.address == "198.51.100.1"
    audio, video, data = session.media
    assert (audio.kind, audio.port, audio.protocol) == ("audio", 49170, "RTP/AVP")
    assert audio.payload_types == [0, 8, 101]
    assert audio.rtpmap == {0: RtpMap("PCMU", 8000), 101: RtpMap("TELEPHONE-EVENT", 8000)}
    assert (audio.ptime, audio.maxptime, audio.rtcp) == (30, 60, (53020, "126.16.64.4"))
    assert session.address_of(audio) == "2001:db8::1"
    assert session.address_of(video) == "198.51.100.1"
    assert session.direction_of(audio) is Direction.SENDONLY
    assert session.direction_of(video) is Direction.RECVONLY
    assert data.formats == ("webrtc-datachannel",)
    assert data.payload_types == []


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b"  \r\n"])
def test_line_ends(end: bytes) -> None:
    assert parse(FULL.replace(b"\r\n", end)) == parse(FULL)
    assert parse(FULL.replace(b"\r\n", end) + end + end) == parse(FULL)


def test_what_is_written_is_read_back() -> None:
    session = parse(FULL)
    assert parse(bytes(session)) == session
    assert b"c=IN IP6 2001:db8::1\r\n" in bytes(session)


BEGIN = "v=0\no=- 1 1 IN IP4 10.0.0.1\n"


@pytest.mark.parametrize(
    ("lines", "rtcp", "ptime"),
    [
        ("a=rtcp:4001", (4001, None), None),
        ("a=rtcp:0", None, None),
        ("a=rtcp:70000", None, None),
        ("a=rtcp:", None, None),
        ("a=rtcp", None, None),
        ("a=ptime:20.0", None, 20),
        ("a=ptime:-20", None, None),
        ("a=ptime:0", None, None),
        ("a=ptime:٢٠", None, None),
        ("a=rtpmap:0\na=rtpmap:x PCMU/8000\na=rtpmap:0 /8000\na=rtpmap:0 PCMU/0", None, None),
    ],
)
def test_attributes_that_cannot_be_read_are_passed_over(
    lines: str, rtcp: tuple[int, str | None] | None, ptime: int | None
) -> None:
    [media] = parse(f"{BEGIN}m=audio 4000 RTP/AVP 0\n{lines}\n".encode()).media
    assert (media.rtcp, media.ptime, media.rtpmap) == (rtcp, ptime, {})


def test_user_name_with_a_space() -> None:
    assert parse(b"v=0\no=Jane Doe 1 2 IN IP4 10.0.0.1\n").origin == Origin(1, 2, "10.0.0.1", "Jane Doe")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "v=0"),
        (b"v=1\no=- 1 1 IN IP4 10.0.0.1\n", "v=0"),
        (b"v=0\ns=-\n", "no o= line"),
        (b"v=0\no=- 1 IN IP4 10.0.0.1\n", "not an o= line"),
        (b"v=0\no=- one 1 IN IP4 10.0.0.1\n", "not an o= line"),
        (BEGIN.encode() + b"hello\n", "not an SDP line: 'hello'"),
        (BEGIN.encode() + b"c=IN IP4\n", "not a c= line"),
        (BEGIN.encode() + b"c=ATM NSAP x\n", "not a c= line"),
        (BEGIN.encode() + b"m=audio 4000 RTP/AVP\n", "not an m= line"),
        (BEGIN.encode() + b"m=audio 65536 RTP/AVP 0\n", "not a port: '65536'"),
        (BEGIN.encode() + b"m=audio -1 RTP/AVP 0\n", "not a port"),
        (BEGIN.encode() + b"m=audio 4000 RTP/AVP 0 \x00\n", "not an m= line"),
        (BEGIN.encode() + b"a=x\n" * MAX_LINES, "lines"),
        (BEGIN.encode() + b"m=audio 4000 RTP/AVP 0\n" * (MAX_MEDIA + 1), "media"),
        (BEGIN.encode() + b"m=audio 4000 RTP/AVP" + b" 0" * (MAX_FORMATS + 1), "formats"),
        (BEGIN.encode() + b"a=" + b"x" * MAX_BYTES, "bytes"),
    ],
)
def test_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadSdp, match=why):
        parse(data)


LINES = st.sampled_from([line + b"\r\n" for line in FULL.splitlines()])
NOISE = st.sampled_from(
    [b"m=", b"c=", b"o=", b"a=", b"0 ", b"IN IP4 ", b"/", b":", b"\r\n", b"\xff", b"rtcp:"]
)


@given(
    st.binary()
    | st.lists(LINES | NOISE | st.binary(max_size=8)).map(lambda parts: b"v=0\r\n" + b"".join(parts))
)
def test_any_bytes_are_a_description_or_bad(data: bytes) -> None:
    try:
        session = parse(data)
    except BadSdp:
        return
    for media in session.media:
        assert 0 <= media.port <= 65535
        for read in ("payload_types", "rtpmap", "ptime", "maxptime", "rtcp"):
            getattr(media, read)
        session.direction_of(media)
    assert parse(bytes(session)).media == session.media
