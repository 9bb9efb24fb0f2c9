import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.rtp import rtcp
from offhook.rtp.rtcp import Bye, Report, ReportBlock, SenderInfo

SENDER = SenderInfo(ntp_timestamp=0x1122334455667788, rtp_timestamp=160, packet_count=2, octet_count=320)
BLOCK = ReportBlock(
    ssrc=9, fraction_lost=64, packets_lost=-3, highest_sequence=70000, jitter=40, lsr=0x33445566, dlsr=65536
)


def packet(kind: int, count: int, payload: bytes, flags: int = 0x80) -> bytes:
    return struct.pack("!BBH", flags | count, kind, len(payload) // 4) + payload


RR = packet(201, 0, b"\0\0\0\5")
TWO_CHUNKS = packet(202, 2, b"\0\0\0\1\1\1a\0\xaa\0\0\2\1\1b\0")


def test_compound_of_a_sender_that_leaves() -> None:
    sent = rtcp.build(5, "somebody", SENDER, BLOCK, bye=True)
    assert rtcp.parse(sent) == [Report(5, SENDER, (BLOCK,)), Bye((5,))]
    assert len(sent) % 4 == 0
    # SDES with the CNAME stands between the two (RFC 3550 §6.1).
    assert sent[52:].startswith(b"\x81\xca" + struct.pack("!HIBB", 4, 5, 1, 8) + b"somebody\0")


def test_receiver_without_anything_to_report() -> None:
    assert rtcp.parse(rtcp.build(5, "x", None, None, bye=False)) == [Report(5, None, ())]


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(RR + TWO_CHUNKS, id="SDES of a mixer: two chunks"),
        pytest.param(RR + packet(204, 1, b"\0\0\0\5nameabcd"), id="APP"),
        pytest.param(RR + packet(207, 0, b"\0\0\0\5" + b"\4\0\0\2" + bytes(8)), id="extended report"),
        pytest.param(packet(201, 0, b"\0\0\0\5" + b"more"), id="profile-specific extension"),
        pytest.param(RR + packet(202, 0, b"\0\0\0\4", flags=0xA0), id="padding at the end"),
    ],
)
def test_what_is_not_read_spoils_nothing(datagram: bytes) -> None:
    assert rtcp.parse(datagram) == [Report(5, None, ())]


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(RR[:7], id="short"),
        pytest.param(b"\x40" + RR[1:], id="version 1"),
        pytest.param(TWO_CHUNKS, id="does not begin with a report"),
        pytest.param(RR + b"\x80", id="crumbs at the end"),
        pytest.param(RR + packet(203, 1, b"\0\0\0\5")[:-4], id="cut"),
        pytest.param(packet(201, 1, b"\0\0\0\5"), id="block missing"),
        pytest.param(RR + packet(203, 31, b"\0\0\0\5"), id="BYE of more than it names"),
        pytest.param(packet(201, 0, b"\0\0\0\5\0\0\0\4", flags=0xA0) + RR, id="padding before the end"),
    ],
)
def test_refused_as_a_whole(datagram: bytes) -> None:
    assert rtcp.parse(datagram) == []


def test_round_trip_of_the_rfc() -> None:
    # RFC 3550 §6.4.1, figure 2.
    block = ReportBlock(9, 0, 0, 0, 0, lsr=0xB7052000, dlsr=0x00054000)
    assert rtcp.round_trip(block, 0xB710_8000 << 16) == pytest.approx(6.125)


@pytest.mark.parametrize(
    ("lsr", "dlsr"),
    [
        pytest.param(0, 0, id="no report received yet"),
        pytest.param(1000 << 16, 1 << 16, id="answered before it was sent"),
        pytest.param(100 << 16, 0, id="a quarter of an hour"),
    ],
)
def test_round_trip_that_cannot_be(lsr: int, dlsr: int) -> None:
    block = ReportBlock(9, 0, 0, 0, 0, lsr=lsr, dlsr=dlsr)
    assert rtcp.round_trip(block, 1000 << 32) is None


def test_ntp_timestamp() -> None:
    assert rtcp.ntp_timestamp(0.5) == (2208988800 << 32) + (1 << 31)


VALID = rtcp.build(5, "x", SENDER, BLOCK, bye=True)


@given(st.binary(max_size=200), st.integers(0, len(VALID)), st.integers(0, 40))
def test_any_octets(noise: bytes, position: int, replaced: int) -> None:
    rtcp.parse(noise)
    rtcp.parse(RR + noise)
    rtcp.parse(VALID[:position] + noise + VALID[position + replaced :])
    rtcp.parse(VALID[:position] + noise[:2] + VALID[position + len(noise[:2]) :])
