"""Whose RTP is ours: symmetric RTP (RFC 4961) that a stranger cannot take over."""

import ipaddress

from offhook.rtp.socket_address import SocketAddress

MIN_SEQUENTIAL = 3
"""Packets in sequence before an unannounced source is believed (RFC 3550 A.1 asks for 2)."""
QUIET = 2.0
"""Seconds of silence after which a flow may come back from another port of its host."""
MAX_CANDIDATES = 4


class Latch:
    """Decides which received packets belong to the call, and hence where to send.

    A flow is a source address and an SSRC. The address that signalling announced is believed at once. Behind
    a NAT that address is wrong, so until a flow stands anybody may start one, with MIN_SEQUENTIAL packets in
    sequence. From then on only the flow's own address, or the announced one, may bring a new SSRC; another
    port of the same host may take over after QUIET seconds (a NAT that forgot its binding); nobody else.

    Who may be heard is not sent to for that: no NAT lies between two hosts of the public network, and sound
    goes on to the announced one of them.
    """

    __slots__ = ("_announced", "_candidates", "_former", "_former_until", "_heard", "source", "ssrc", "to")

    def __init__(self) -> None:
        self.source: SocketAddress | None = None
        self.ssrc = 0
        self.to: SocketAddress | None = None
        """Where sound goes, once there is a flow."""
        self._announced: SocketAddress | None = None
        self._heard = 0.0
        self._candidates: dict[tuple[SocketAddress, int], tuple[int, int]] = {}
        self._former: SocketAddress | None = None
        self._former_until = 0.0

    def expect(self, announced: SocketAddress | None, now: float) -> None:
        """Signalling announces where RTP comes from; None, as in a call on hold, changes nothing."""
        if announced is None or announced == self._announced:
            return
        self._announced = announced
        self._former, self._former_until = self.source, now + QUIET
        self.source = self.to = None
        self._candidates.clear()

    def admit(self, source: SocketAddress, ssrc: int, sequence: int, now: float) -> bool:
        """Whether a packet belongs to the call."""
        if source == self.source and ssrc == self.ssrc:
            self._heard = now
            return True
        if not self._may_begin(source, now):
            return False
        if not (self.source is None and source == self._announced) and not self._proven(
            source, ssrc, sequence
        ):
            return False
        self.source, self.ssrc, self._heard = source, ssrc, now
        elsewhere = self._announced is not None and _are_apart(source[0], self._announced[0])
        self.to = self._announced if elsewhere else source
        self._candidates.clear()
        return True

    def _may_begin(self, source: SocketAddress, now: float) -> bool:
        if source in (self._announced, self.source):
            return True
        if self.source is None:
            # What is still under way from the party that signalling has just replaced must not win it back.
            return source != self._former or now >= self._former_until
        return source[0] == self.source[0] and now - self._heard >= QUIET

    def _proven(self, source: SocketAddress, ssrc: int, sequence: int) -> bool:
        expected, in_sequence = self._candidates.pop((source, ssrc), (sequence, 0))
        in_sequence = in_sequence + 1 if sequence == expected else 1
        if in_sequence >= MIN_SEQUENTIAL:
            return True
        if len(self._candidates) >= MAX_CANDIDATES:
            del self._candidates[next(iter(self._candidates))]
        self._candidates[source, ssrc] = (sequence + 1 & 0xFFFF, in_sequence)
        return False


def _are_apart(one: str, other: str) -> bool:
    """Both are in the public network, and not the same host. Of IPv6 it may have many addresses of a /64."""
    if one == other:
        return False
    first, second = ipaddress.ip_address(one), ipaddress.ip_address(other)
    if not (first.is_global and second.is_global):
        return False
    return first.version == 4 or first.packed[:8] != second.packed[:8]
