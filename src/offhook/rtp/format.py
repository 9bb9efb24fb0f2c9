"""How each kind of payload fills RTP (RFC 3551 §4.5, RFC 7587 §4, RFC 4733, RFC 3389)."""

from typing import NamedTuple


class Format(NamedTuple):
    """`clock` is the RTP clock rate in Hz.

    The octets of G.711 and G.722 are a stream, eight to a millisecond, that packets of any length carry;
    `silence` is one of them. An Opus packet is `framed`: `FRAME_MS` of sound in as many octets as they take,
    which cannot be cut or joined; `silence` is a whole one.
    """

    name: str
    clock: int
    silence: bytes = b""
    framed: bool = False


OCTETS_MS = 8
"""Octets of a codec that is not framed, in a millisecond."""
FRAME_MS = 20

FORMATS = {
    each.name: each
    for each in (
        Format("PCMU", 8000, b"\xff"),
        Format("PCMA", 8000, b"\xd5"),
        # G.722's clock counts every other sample (RFC 3551 §4.5.2).
        Format("G722", 8000, b"\xfd"),
        # 20 ms of CELT, full band, in which nothing is to be heard.
        Format("OPUS", 48000, b"\xf8\xff\xfe", framed=True),
    )
}
"""Of sound, by the names of SDP."""

TELEPHONE_EVENT = Format("TELEPHONE-EVENT", 8000)
COMFORT_NOISE = Format("CN", 8000)

STATIC_COMFORT_NOISE = 13
