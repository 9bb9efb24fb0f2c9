"""Traced messages as a capture file for Wireshark: classic pcap, each message in a UDP datagram over IP.

The frames are made up: what went over TCP or TLS stands in UDP too, between the same addresses and ports,
for a message is what is looked for and not its segments.
"""

import struct
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from .hop import Hop
from .trace import Traced

HEADER: Final = struct.pack("!IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
"""Of a file: microseconds, LINKTYPE_RAW."""

_UDP: Final = 17
_LONGEST: Final = 65535 - 20 - 8
"""Octets of a message in the longest IPv4 packet; what is longer is cut."""

Address = IPv4Address | IPv6Address


def frame(traced: Traced) -> bytes:
    """One message as a record of the file."""
    seconds, fraction = divmod(round(traced.at * 1_000_000), 1_000_000)
    packet = _packet(traced)
    return struct.pack("!IIII", seconds & 0xFFFFFFFF, fraction, len(packet), len(packet)) + packet


def _packet(traced: Traced) -> bytes:
    there = _address(traced.there)
    here = _address(traced.here)
    if here is None or (there is not None and here.version != there.version):
        here = IPv6Address(0) if there is not None and there.version == 6 else IPv4Address(0)
    if there is None:
        there = type(here)(0)
    source, target = (here, there) if traced.sent else (there, here)
    ports = (traced.here.port, traced.there.port)
    source_port, target_port = ports if traced.sent else ports[::-1]
    data = traced.data[:_LONGEST]
    length = 8 + len(data)
    pseudo = source.packed + target.packed + struct.pack("!IHH", length, 0, _UDP)
    udp = struct.pack("!HHH", source_port, target_port, length)
    checksum = _checksum(pseudo + udp + b"\0\0" + data) or 0xFFFF
    return _ip(source, target, length) + udp + struct.pack("!H", checksum) + data


def _ip(source: Address, target: Address, length: int) -> bytes:
    if source.version == 6:
        return struct.pack("!IHBB", 0x60000000, length, _UDP, 64) + source.packed + target.packed
    start = struct.pack("!BBHHHBB", 0x45, 0, 20 + length, 0, 0x4000, 64, _UDP)
    addresses = source.packed + target.packed
    return start + struct.pack("!H", _checksum(start + b"\0\0" + addresses)) + addresses


def _address(hop: Hop) -> Address | None:
    try:
        return ip_address(hop.host)
    except ValueError:
        return None


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
