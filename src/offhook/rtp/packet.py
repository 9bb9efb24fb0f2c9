"""The RTP fixed header (RFC 3550 §5.1)."""

import struct
from typing import NamedTuple

HEADER_SIZE = 12
MARKER = 0x80
VERSION_2 = 0x80

HEADER = struct.Struct("!BBHII")
SEQUENCE_AND_TIMESTAMP = struct.Struct("!HI")
SEQUENCE_OFFSET = 2

_PADDING = 0x20
_EXTENSION = 0x10
_CSRC_COUNT = 0x0F
_VERSION = 0xC0


class RtpPacket(NamedTuple):
    """A received header; the payload lies at `start` to `end` of the datagram."""

    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    start: int
    end: int


def parse(datagram: bytes | bytearray, size: int) -> RtpPacket | None:
    """The header of the first `size` octets of `datagram`; None where they are no RTP packet."""
    if size < HEADER_SIZE:
        return None
    flags, second, sequence, timestamp, ssrc = HEADER.unpack_from(datagram)
    start, end = HEADER_SIZE, size
    if flags != VERSION_2:
        if flags & _VERSION != VERSION_2:
            return None
        start += 4 * (flags & _CSRC_COUNT)
        if flags & _EXTENSION:
            if start + 4 > end:
                return None
            start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4])
        if flags & _PADDING:
            padding = datagram[end - 1]
            if padding == 0:
                return None
            end -= padding
        if start > end:
            return None
    return RtpPacket(second >= MARKER, second & 0x7F, sequence, timestamp, ssrc, start, end)
