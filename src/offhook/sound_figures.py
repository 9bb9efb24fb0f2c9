"""How the calls of one phone sounded."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from offhook.histogram import Histogram
from offhook.rtp.call_quality import CallQuality

MOS: Final = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.2, 4.4)
JITTER: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
ROUND_TRIP: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
LOSS: Final = (0.0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


class Packets(NamedTuple):
    """`lost` were sent here and not heard, `remote_lost` are of those `sent`, as the far end says."""

    sent: int = 0
    received: int = 0
    lost: int = 0
    remote_lost: int = 0

    @classmethod
    def of(cls, quality: CallQuality) -> "Packets":
        # What came twice makes it negative (RFC 3550 §6.4.1).
        remote_lost = max(quality.remote_lost or 0, 0)
        return cls(quality.sent, quality.received, quality.lost + quality.late, remote_lost)

    def plus(self, other: "Packets") -> "Packets":
        return Packets(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class SoundFigures:
    """Seconds, and a share of 1."""

    def __init__(self) -> None:
        self.mos = Histogram(MOS)
        self.jitter = Histogram(JITTER)
        self.round_trip = Histogram(ROUND_TRIP)
        self.loss = Histogram(LOSS)
        self._ended = Packets()
        self._told = Packets()

    def add(self, quality: CallQuality) -> None:
        """Of a call that is over."""
        self._ended = self._ended.plus(Packets.of(quality))
        if quality.mos is not None:
            self.mos.add(quality.mos)
            self.jitter.add(quality.jitter / 1000)
            self.loss.add(quality.loss / 100)
        if quality.round_trip is not None:
            self.round_trip.add(quality.round_trip / 1000)

    def packets(self, up: Iterable[CallQuality]) -> Packets:
        """Of all calls, with those that are `up`. It never goes back, as a loss does that was a delay."""
        now = self._ended
        for quality in up:
            now = now.plus(Packets.of(quality))
        self._told = Packets(*map(max, self._told, now))
        return self._told
