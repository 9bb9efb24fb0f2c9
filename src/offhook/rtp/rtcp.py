"""RTCP compound packets (RFC 3550 §6): which reports arrived, and the one to send."""

import struct

from aiortp.packet import (
    RTCP_BYE,
    RTCP_RR,
    RTCP_SR,
    RtcpByePacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
)

Report = RtcpSrPacket | RtcpRrPacket | RtcpByePacket

_HEADER = struct.Struct("!BBH")
_VERSION_AND_PADDING = 0xE0
_VERSION_2 = 0x80
_PADDING = 0x20
_CNAME = 1
_NTP_EPOCH = 2_208_988_800  # 1970 in seconds since 1900
_LONGEST_ROUND_TRIP = 60.0


def parse(datagram: bytes) -> list[Report]:
    """The sender reports, receiver reports and goodbyes of a compound packet; none if it is not valid (A.2).

    Each packet is parsed on its own, so that what is not read here (SDES, APP, extended reports) and what a
    profile appends to a report (§6.4.3) cannot spoil the rest.
    """
    if len(datagram) < 8 or datagram[1] not in (RTCP_SR, RTCP_RR):
        return []
    reports: list[Report] = []
    position = 0
    while position < len(datagram):
        if position + _HEADER.size > len(datagram):
            return []
        flags, kind, words = _HEADER.unpack_from(datagram, position)
        start, end = position + _HEADER.size, position + 4 * (words + 1)
        last = end == len(datagram)
        if end > len(datagram) or flags & _VERSION_AND_PADDING not in (
            _VERSION_2,
            _VERSION_2 | _PADDING * last,
        ):
            return []
        try:
            report = _report(kind, flags & 0x1F, datagram[start:end])
        except ValueError:
            return []
        if report:
            reports.append(report)
        position = end
    return reports


def _report(kind: int, count: int, payload: bytes) -> Report | None:
    if kind == RTCP_SR:
        return RtcpSrPacket.parse(payload[: 24 + 24 * count], count)
    if kind == RTCP_RR:
        return RtcpRrPacket.parse(payload[: 4 + 24 * count], count)
    if kind == RTCP_BYE:
        return RtcpByePacket.parse(payload, count)
    return None


def build(
    ssrc: int, cname: str, sender: RtcpSenderInfo | None, heard: RtcpReceiverInfo | None, *, bye: bool
) -> bytes:
    """A compound packet: SR, or RR where `sender` is None, then SDES with the CNAME, then perhaps BYE."""
    blocks = [heard] if heard else []
    report = RtcpSrPacket(ssrc, sender, blocks) if sender else RtcpRrPacket(ssrc, blocks)
    sdes = RtcpSdesPacket([RtcpSourceInfo(ssrc, [(_CNAME, cname.encode())])])
    return bytes(report) + bytes(sdes) + (bytes(RtcpByePacket([ssrc])) if bye else b"")


def ntp_timestamp(unix_time: float) -> int:
    """The 64-bit NTP timestamp of a Unix time in seconds (§4)."""
    return int((unix_time + _NTP_EPOCH) * 2**32) & 0xFFFFFFFFFFFFFFFF


def middle(ntp: int) -> int:
    """The middle 32 bits, in 1/65536 s, as LSR carries them."""
    return ntp >> 16 & 0xFFFFFFFF


def round_trip(block: RtcpReceiverInfo, arrival: int) -> float | None:
    """Seconds from our report to the answer in `block`, less the time it lay there (§6.4.1).

    `arrival` is an NTP timestamp. None where the far end has had no report yet, or its figures cannot be.
    """
    if block.lsr == 0:
        return None
    elapsed = (middle(arrival) - block.lsr - block.dlsr & 0xFFFFFFFF) / 65536
    return elapsed if elapsed < _LONGEST_ROUND_TRIP else None
