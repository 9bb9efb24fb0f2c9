"""How much one address may ask of this end in a second: token buckets, in a table that no flood makes longer.

A source over UDP can be forged, so a table of "the last addresses" would let an attacker push a real peer out
of it. Here an address has its bucket by a hash, which none pushes out: two that meet in one bucket share it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv6Address
from typing import Final

from .events import Unwelcome
from .hop import Hop

BUCKETS: Final = 4096
"""With 256 some hundred forged INVITEs a second had filled each one, and with it turned real callers away."""

TOLD_EVERY: Final = 60.0
"""Seconds between two words about one address, and as many words about all in that time at most."""
TOLD_AT_MOST: Final = 10


class Kind(Enum):
    """What is counted; each message of a later kind was counted as the ones before it too."""

    MESSAGE = 0
    """Whatever comes, before it is read."""
    REQUEST = 1
    """What belongs to no transaction and no dialog."""
    CALL = 2
    """An INVITE that would ring."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`a_second` in the long run, and `at_once` after a pause."""

    a_second: float
    at_once: float


_TOO_MUCH: Final = {
    Kind.MESSAGE: "too many messages a second",
    Kind.REQUEST: "too many requests a second",
    Kind.CALL: "too many calls a second",
}

Rates = tuple[Rate, Rate, Rate]
"""By kind."""

STRANGER: Final[Rates] = (Rate(200, 400), Rate(20, 60), Rate(2, 10))
TRUSTED: Final[Rates] = (Rate(4000, 8000), Rate(400, 1200), Rate(100, 200))
"""For an account's registrar or proxy, from which everybody's messages come, and for this machine itself."""


@dataclass(slots=True)
class _Bucket:
    at: float
    taken: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    """Of each kind, what has not run off yet."""
    told: float = -TOLD_EVERY


class RateLimit:
    """`trusts` tells registrars and proxies from strangers, `unlimited` who may ask as much as it likes."""

    def __init__(
        self,
        trusts: Callable[[Hop], bool],
        emit: Callable[[Unwelcome], None],
        unlimited: Callable[[Hop], bool] = lambda _source: False,
    ) -> None:
        self._trusts = trusts
        self._unlimited = unlimited
        self._emit = emit
        self._strangers: dict[int, _Bucket] = {}
        self._trusted: dict[int, _Bucket] = {}
        self._told: list[float] = []

    def admits(self, source: Hop, kind: Kind, now: float) -> bool:
        """Count one more from `source`; False where it is one too many, and is to be dropped."""
        if self._unlimited(source):
            return True
        trusted = self._is_trusted(source)
        rates = TRUSTED if trusted else STRANGER
        bucket = self._bucket(source, now, trusted=trusted)
        passed = max(now - bucket.at, 0.0)
        bucket.at = max(now, bucket.at)
        for index, rate in enumerate(rates):
            bucket.taken[index] = max(bucket.taken[index] - passed * rate.a_second, 0.0)
        if bucket.taken[kind.value] + 1 > rates[kind.value].at_once:
            self._tell(bucket, source, _TOO_MUCH[kind], now)
            return False
        bucket.taken[kind.value] += 1
        return True

    def tell(self, source: Hop, why: str, now: float) -> None:
        """Say that somebody is turned away, if it has not just been said."""
        self._tell(self._bucket(source, now, trusted=self._is_trusted(source)), source, why, now)

    def _is_trusted(self, source: Hop) -> bool:
        return source.is_this_machine or self._trusts(source)

    def _tell(self, bucket: _Bucket, source: Hop, why: str, now: float) -> None:
        self._told = [told for told in self._told if now - told < TOLD_EVERY]
        if now - bucket.told >= TOLD_EVERY and len(self._told) < TOLD_AT_MOST:
            bucket.told = now
            self._told.append(now)
            self._emit(Unwelcome(source, why))

    def _bucket(self, source: Hop, now: float, *, trusted: bool) -> _Bucket:
        # Apart from each other: no stranger meets a registrar. Python's hash of a text is keyed.
        table = self._trusted if trusted else self._strangers
        index = hash(network_of(source.host)) % BUCKETS
        bucket = table.get(index)
        if bucket is None:
            bucket = table[index] = _Bucket(now)
        return bucket


def network_of(host: str) -> str | bytes:
    """An IPv4 address; of an IPv6 address the half that a provider gives its customer."""
    if ":" not in host:
        return host
    try:
        address = IPv6Address(host.partition("%")[0])
    except ValueError:
        return host
    return str(address.ipv4_mapped) if address.ipv4_mapped else address.packed[:8]
