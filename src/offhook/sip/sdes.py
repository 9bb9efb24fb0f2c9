"""SDP security descriptions (RFC 4568): the `a=crypto` lines that carry the keys of SRTP."""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from .sdp import Attribute, Media

CRYPTO: Final = "crypto"
"""The attribute. All that stands behind `inline:` in its value is secret."""

SUITES: Final = {
    "AEAD_AES_256_GCM": 32 + 12,
    "AEAD_AES_128_GCM": 16 + 12,
    "AES_CM_128_HMAC_SHA1_80": 16 + 14,
    "AES_CM_128_HMAC_SHA1_32": 16 + 14,
}
"""The suites that are spoken, best first, and the octets of each one's master key and salt (RFC 4568 §6.2,
RFC 7714 §12)."""

MAX_LINES: Final = 32
MAX_LIFETIME: Final = 2**48
"""Packets under one master key (RFC 3711 §9.2)."""

_LINE = re.compile(
    r"(?P<tag>[0-9]{1,9})[ \t]+(?P<suite>\S+)[ \t]+(?P<keys>\S+)(?P<parameters>(?:[ \t]+\S+)*)"
)
_LIFETIME = re.compile(r"(?P<power>2\^)?(?P<number>[0-9]{1,15})")


class Unusable(ValueError):
    """Why a crypto line cannot be used. The text repeats nothing of the line, where any part of one that is
    wrong may be a part of the key."""


@dataclass(frozen=True, slots=True)
class CryptoLine:
    """`key` is master key and salt. Its lifetime binds the one who sends with it, and is not kept."""

    tag: int
    suite: str
    key: bytes = field(repr=False)

    @property
    def attribute(self) -> Attribute:
        return CRYPTO, f"{self.tag} {self.suite} inline:{b64encode(self.key).decode()}"


def crypto_lines(stream: Media) -> Iterator[CryptoLine | Unusable]:
    """The lines of a stream in its order; what stands in the way of the ones that cannot be used."""
    values = [value for name, value in stream.attributes if name == CRYPTO]
    tags: set[int] = set()
    for value in values[:MAX_LINES]:
        try:
            line = parse(value or "")
        except Unusable as unusable:
            yield unusable
            continue
        if line.tag in tags:
            yield Unusable("its tag stands twice")
            continue
        tags.add(line.tag)
        yield line


def parse(value: str) -> CryptoLine:
    """Raises Unusable: for what RFC 4568 does not allow, and for what is not spoken here, which the ones who
    answer have to pass over just so (§7.1.2): other suites, an MKI, several keys, parameters of a session."""
    match = _LINE.fullmatch(value.strip())
    if match is None:
        raise Unusable("it has not the form TAG SUITE inline:KEY")
    suite = match["suite"].upper()
    octets = SUITES.get(suite)
    if octets is None:
        raise Unusable(f"its suite is none of {', '.join(SUITES)}")
    for parameter in (match["parameters"] or "").split():
        # The window is a hint. What begins with a dash may be ignored (§6.3.7); nothing else may.
        if not parameter.upper().startswith(("WSH=", "-")):
            raise Unusable("it has a session parameter that is not spoken here")
    return CryptoLine(int(match["tag"]), suite, _key(match["keys"], octets))


def _key(text: str, octets: int) -> bytes:
    if ";" in text:
        raise Unusable("it has several keys, which is not spoken here")
    method, _, rest = text.partition(":")
    encoded, *more = rest.split("|")
    if method.lower() != "inline":
        raise Unusable("its key does not come inline:")
    if any(":" in part for part in more) or len(more) > 1:
        raise Unusable("its key has an identifier (MKI), which is not spoken here")
    if more:
        _check_lifetime(more[0])
    bare = encoded.rstrip("=")
    try:
        # Some leave the padding out.
        key = b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Unusable("its key is no base64") from None
    if len(key) != octets:
        raise Unusable(f"its key has {len(key)} octets, where its suite wants {octets}")
    return key


def _check_lifetime(text: str) -> None:
    match = _LIFETIME.fullmatch(text)
    if match is not None:
        number = int(match["number"])
        if match["power"] and number <= 48:
            return
        if not match["power"] and 0 < number <= MAX_LIFETIME:
            return
    raise Unusable("the lifetime of its key is not 1 to 2^48 packets")
