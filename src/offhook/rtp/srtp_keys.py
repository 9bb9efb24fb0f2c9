"""What a leg has to know to encrypt."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """`suite` is the name in RFC 4568 §6.2 or RFC 7714 §12; the keys are master key and salt, in octets."""

    suite: str
    sending: bytes = field(repr=False)
    receiving: bytes = field(repr=False)
