"""RTCP compound packets (RFC 3550 §6): which reports arrived, and the one to send."""

import struct
from dataclasses import dataclass

SR, RR, SDES, BYE = 200, 201, 202, 203

_HEADER = struct.Struct("!BBH")
_VERSION_AND_PADDING = 0xE0
_VERSION_2 = 0x80
_PADDING = 0x20
_CNAME = 1
_NTP_EPOCH = 2_208_988_800  # 1970 in seconds since 1900
_LONGEST_ROUND_TRIP = 60.0

_SSRC = struct.Struct("!I")
_SENDER_INFO = struct.Struct("!QIII")
_BLOCK = struct.Struct("!IIIIII")


@dataclass(frozen=True, slots=True)
class SenderInfo:
    """§6.4.1."""

    ntp_timestamp: int
    rtp_timestamp: int
    packet_count: int
    octet_count: int


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What was received of `ssrc` (§6.4.1): `fraction_lost` in 256ths, `lsr` and `dlsr` in 1/65536 s."""

    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest_sequence: int
    jitter: int
    lsr: int
    dlsr: int


@dataclass(frozen=True, slots=True)
class Report:
    """A sender's report, or, with `sender` None, a receiver's."""

    ssrc: int
    sender: SenderInfo | None
    blocks: tuple[ReportBlock, ...]


@dataclass(frozen=True, slots=True)
class Bye:
    sources: tuple[int, ...]


def parse(datagram: bytes) -> list[Report | Bye]:
    """The sender reports, receiver reports and goodbyes of a compound packet; none if it is not valid (A.2).

    Each packet is parsed on its own, so that what is not read here (SDES, APP, extended reports) and what a
    profile appends to a report (§6.4.3) cannot spoil the rest.
    """
    if len(datagram) < 8 or datagram[1] not in (SR, RR):
        return []
    reports: list[Report | Bye] = []
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
            report = _read(kind, flags & 0x1F, datagram[start:end])
        except struct.error:
            return []
        if report:
            reports.append(report)
        position = end
    return reports


def _read(kind: int, count: int, payload: bytes) -> Report | Bye | None:
    """Raises struct.error where `payload` is too short for what it should hold."""
    if kind == BYE:
        return Bye(struct.unpack_from(f"!{count}I", payload))
    if kind not in (SR, RR):
        return None
    [ssrc] = _SSRC.unpack_from(payload)
    position = _SSRC.size
    sender = None
    if kind == SR:
        sender = SenderInfo(*_SENDER_INFO.unpack_from(payload, position))
        position += _SENDER_INFO.size
    blocks = range(position, position + count * _BLOCK.size, _BLOCK.size)
    return Report(ssrc, sender, tuple(_read_block(payload, start) for start in blocks))


def _read_block(payload: bytes, start: int) -> ReportBlock:
    ssrc, lost, highest, jitter, lsr, dlsr = _BLOCK.unpack_from(payload, start)
    cumulative = (lost + 0x800000 & 0xFFFFFF) - 0x800000
    return ReportBlock(ssrc, lost >> 24, cumulative, highest, jitter, lsr, dlsr)


def build(ssrc: int, cname: str, sender: SenderInfo | None, heard: ReportBlock | None, *, bye: bool) -> bytes:
    """A compound packet: SR, or RR where `sender` is None, then SDES with the CNAME, then perhaps BYE."""
    own = _SSRC.pack(ssrc)
    report = own
    if sender:
        report += _SENDER_INFO.pack(
            sender.ntp_timestamp, sender.rtp_timestamp, sender.packet_count, sender.octet_count
        )
    if heard:
        lost = heard.fraction_lost << 24 | heard.packets_lost & 0xFFFFFF
        report += _BLOCK.pack(heard.ssrc, lost, heard.highest_sequence, heard.jitter, heard.lsr, heard.dlsr)
    name = cname.encode()
    sdes = own + bytes((_CNAME, len(name))) + name
    # The items end with at least one null octet, at a boundary of 32 bits (§6.5).
    sdes += bytes(4 - len(sdes) % 4)
    compound = _packet(SR if sender else RR, 1 if heard else 0, report) + _packet(SDES, 1, sdes)
    return compound + (_packet(BYE, 1, own) if bye else b"")


def _packet(kind: int, count: int, payload: bytes) -> bytes:
    return _HEADER.pack(_VERSION_2 | count, kind, len(payload) // 4) + payload


def ntp_timestamp(unix_time: float) -> int:
    """The 64-bit NTP timestamp of a Unix time in seconds (§4)."""
    return int((unix_time + _NTP_EPOCH) * 2**32) & 0xFFFFFFFFFFFFFFFF


def middle(ntp: int) -> int:
    """The middle 32 bits, in 1/65536 s, as LSR carries them."""
    return ntp >> 16 & 0xFFFFFFFF


def round_trip(block: ReportBlock, arrival: int) -> float | None:
    """Seconds from our report to the answer in `block`, less the time it lay there (§6.4.1).

    `arrival` is an NTP timestamp. None where the far end has had no report yet, or its figures cannot be.
    """
    if block.lsr == 0:
        return None
    elapsed = (middle(arrival) - block.lsr - block.dlsr & 0xFFFFFFFF) / 65536
    return elapsed if elapsed < _LONGEST_ROUND_TRIP else None
