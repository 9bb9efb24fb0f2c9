"""What two ends of a call agree on about sound (RFC 3264), free of SDP's syntax."""

from dataclasses import dataclass, field
from enum import StrEnum


class Direction(StrEnum):
    """RFC 3264 §6.1, seen from this end."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class Codec:
    """`name` as SDP's rtpmap has it, in upper case; `rate` is the RTP clock rate in Hz."""

    name: str
    payload_type: int
    rate: int = 8000
    channels: int = 1


PCMU = Codec("PCMU", 0)
PCMA = Codec("PCMA", 8)
G722 = Codec("G722", 9, 8000)
"""Samples 16 kHz; the RTP clock of 8 kHz is an old mistake that stays (RFC 3551 §4.5.2)."""
OPUS = Codec("OPUS", 96, 48000, 2)
"""Clock and channels are always these, whatever is spoken (RFC 7587 §7)."""

CODECS = {codec.name: codec for codec in (PCMU, PCMA, G722, OPUS)}
"""What there is to choose from, by name."""

TELEPHONE_EVENT = "TELEPHONE-EVENT"
COMFORT_NOISE = "CN"


@dataclass(frozen=True, slots=True)
class LocalMedia:
    """This end of the sound: where RTP is received, and what is spoken, best first.

    `telephone_event` is the payload type of digits that count time by 8 kHz. Where a codec has another clock,
    digits by that clock are offered too, under the numbers that follow (RFC 4733 §2.1).
    """

    address: str
    port: int
    codecs: tuple[Codec, ...] = (PCMU, PCMA, G722)
    telephone_event: int | None = 101
    direction: Direction = Direction.SENDRECV


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """How the sound is encrypted: the suite by its name in RFC 4568 §6.2 or RFC 7714 §12, and the master key
    and salt of each direction, seen from this end."""

    suite: str
    sending: bytes = field(repr=False)
    receiving: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class MediaFlow:
    """What was agreed: where RTP is sent to, in which codec and with which payload types.

    `formats` is all that may arrive, under the numbers by which it does: the codecs, TELEPHONE_EVENT and
    COMFORT_NOISE. `telephone_event_rate` is the clock of the digits that are sent, in Hz. `direction` is this
    end's. `ptime` is in milliseconds. `port` 0, or `address` 0.0.0.0 as RFC 2543 held a call, means that
    nothing is sent. `srtp` None: the sound is not encrypted.
    """

    address: str
    port: int
    rtcp_address: str
    rtcp_port: int
    codec: Codec
    telephone_event: int | None
    direction: Direction
    ptime: int = 20
    telephone_event_rate: int = 8000
    formats: tuple[Codec, ...] = ()
    srtp: SrtpKeys | None = None
