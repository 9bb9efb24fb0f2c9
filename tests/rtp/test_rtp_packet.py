import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.rtp.packet import RtpPacket, parse

HEADER = struct.pack("!BBHII", 0x80, 0x80 | 8, 65535, 0xFFFFFFFF, 0xDEADBEEF)


def octets(first: int, rest: bytes) -> bytes:
    return bytes((first,)) + HEADER[1:] + rest


def test_fixed_header() -> None:
    assert parse(HEADER + b"abc", 15) == RtpPacket(True, 8, 65535, 0xFFFFFFFF, 0xDEADBEEF, 12, 15)


@pytest.mark.parametrize(
    ("datagram", "payload"),
    [
        pytest.param(octets(0x80, b""), b"", id="empty"),
        pytest.param(octets(0x82, b"ssrc" * 2 + b"abc"), b"abc", id="two CSRC"),
        pytest.param(octets(0x90, b"\xbe\xde\0\1" + b"1234" + b"abc"), b"abc", id="extension"),
        pytest.param(octets(0x91, b"ssrc" + b"\0\0\0\0" + b"abc"), b"abc", id="CSRC and empty extension"),
        pytest.param(octets(0xA0, b"abc\0\0\3"), b"abc", id="padding"),
        pytest.param(octets(0xA0, b"\0\0\3"), b"", id="nothing but padding"),
    ],
)
def test_payload_lies_behind_all_that_is_optional(datagram: bytes, payload: bytes) -> None:
    packet = parse(datagram, len(datagram))
    assert packet is not None
    assert datagram[packet.start : packet.end] == payload


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(HEADER[:11], id="short"),
        pytest.param(octets(0x40, b"abc"), id="version 1"),
        pytest.param(octets(0xC0, b"abc"), id="version 3"),
        pytest.param(octets(0x8F, b"abc"), id="CSRC missing"),
        pytest.param(octets(0x90, b"abc"), id="extension header cut"),
        pytest.param(octets(0x90, b"\xbe\xde\xff\xff" + b"abc"), id="extension cut"),
        pytest.param(octets(0xA0, b""), id="padding of no octets"),
        pytest.param(octets(0xA0, b"ab\0"), id="padding says 0"),
        pytest.param(octets(0xA0, b"ab\4"), id="padding reaches into the header"),
    ],
)
def test_refused(datagram: bytes) -> None:
    assert parse(datagram, len(datagram)) is None


def test_what_lies_behind_the_datagram_in_the_buffer_is_not_read() -> None:
    buffer = bytearray(octets(0xA0, b"\4") + b"left over from before")
    assert parse(buffer, 13) is None


@given(st.binary(max_size=80), st.sampled_from([0x80, 0x90, 0xA0, 0xBF, 0x8F, 0x00]))
def test_any_octets(rest: bytes, flags: int) -> None:
    datagram = bytes((flags,)) + rest
    packet = parse(datagram, len(datagram))
    assert packet is None or 12 <= packet.start <= packet.end <= len(datagram)
