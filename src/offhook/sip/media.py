"""What two ends of a call agree on about sound (RFC 3264), free of SDP's syntax."""

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """RFC 3264 §6.1, seen from this end."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class Codec:
    """`name` as SDP's rtpmap spells it, upper case; `rate` is the RTP clock rate in Hz."""

    name: str
    payload_type: int
    rate: int = 8000


PCMU = Codec("PCMU", 0)
PCMA = Codec("PCMA", 8)
G722 = Codec("G722", 9, 8000)
"""Samples 16 kHz; the RTP clock of 8 kHz is an old mistake that stays (RFC 3551 §4.5.2)."""


@dataclass(frozen=True, slots=True)
class LocalMedia:
    """This end of the sound: where RTP is received, and what is spoken, best first."""

    address: str
    port: int
    codecs: tuple[Codec, ...] = (PCMU, PCMA, G722)
    telephone_event: int | None = 101
    direction: Direction = Direction.SENDRECV


@dataclass(frozen=True, slots=True)
class MediaFlow:
    """What was agreed: where RTP is sent to, in which codec and with which payload types.

    `direction` is this end's. `ptime` is in milliseconds. `port` 0, or `address` 0.0.0.0 as RFC 2543 held a
    call, means that nothing is sent.
    """

    address: str
    port: int
    rtcp_address: str
    rtcp_port: int
    codec: Codec
    telephone_event: int | None
    direction: Direction
    ptime: int = 20
