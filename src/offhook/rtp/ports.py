"""Pairs of ports for RTP and RTCP (RFC 3550 §11: an even one and the next higher)."""

import errno
import random
import re
import socket
from math import gcd

MAX_PORT = 65535
_OS_ATTEMPTS = 64
_RANGE = re.compile(r"\s*([0-9]{1,5})\s*-\s*([0-9]{1,5})\s*")

Pair = tuple[socket.socket, socket.socket]


class NoFreePorts(OSError):
    """Every pair that may be used is taken."""


class RtpPorts:
    """Where legs take their ports from: a range, both ends included, or whatever the system has free."""

    def __init__(self, first: int | None = None, last: int | None = None) -> None:
        """Raises ValueError for a range without a pair in it."""
        self._range = "" if first is None or last is None else f"{first}-{last}"
        self._pairs = range(0)
        if first is None or last is None:
            return
        if not 0 < first <= last <= MAX_PORT:
            raise ValueError(
                f"RTP ports {self._range}: write MIN-MAX, from 1 to {MAX_PORT}, the lower one first"
            )
        self._pairs = range(first + first % 2, last, 2)
        if not self._pairs:
            raise ValueError(
                f"RTP ports {self._range}: no even port with the next one after it in there; a call takes two"
            )

    @classmethod
    def parse(cls, text: str) -> "RtpPorts":
        """Reads MIN-MAX. Raises ValueError."""
        match = _RANGE.fullmatch(text)
        if match is None:
            raise ValueError(f"RTP ports {text!r}: write MIN-MAX, as in 10000-10999")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return self._range or "any"

    @property
    def limited(self) -> bool:
        """There is a range, whose ports others may need."""
        return bool(self._pairs)

    def bind(self, address: str) -> Pair:
        """RTP and RTCP socket, bound to an IP literal, non-blocking.

        Raises NoFreePorts, or OSError where the system refuses the address or the ports.
        """
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return self._from_range(family, address) if self._pairs else _from_system(family, address)

    def _from_range(self, family: socket.AddressFamily, address: str) -> Pair:
        # A random start and stride, as in double hashing: phones that share a range, even from several
        # processes, do not queue up behind one another's ports, and each pair is still tried once.
        count = len(self._pairs)
        index = random.randrange(count)
        stride = random.randrange(count) or 1
        while gcd(stride, count) != 1:
            stride = random.randrange(count) or 1
        for _ in range(count):
            port = self._pairs[index]
            if pair := _bind_pair(family, address, port):
                return pair
            index = (index + stride) % count
        raise NoFreePorts(
            errno.EADDRINUSE, f"no RTP ports left on {address}: all {count} pairs of {self._range} are in use"
        )


def _from_system(family: socket.AddressFamily, address: str) -> Pair:
    for _ in range(_OS_ATTEMPTS):
        one = _bound(family, address, 0)
        if one is None:
            break
        port: int = one.getsockname()[1]
        # Either half of the pair may be what the system chose.
        try:
            other = _bound(family, address, port ^ 1)
        except OSError:
            one.close()
            raise
        if other is not None:
            return (other, one) if port % 2 else (one, other)
        one.close()
    raise NoFreePorts(errno.EADDRINUSE, f"no RTP ports left on {address}: the system has no free pair")


def _bind_pair(family: socket.AddressFamily, address: str, port: int) -> Pair | None:
    rtp = _bound(family, address, port)
    if rtp is None:
        return None
    try:
        rtcp = _bound(family, address, port + 1)
    except OSError:
        rtp.close()
        raise
    if rtcp is None:
        rtp.close()
        return None
    return rtp, rtcp


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket | None:
    """A socket on that port, or None when the port is taken."""
    bound = socket.socket(family, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)
        bound.bind((address, port))
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            return None
        raise
    return bound
