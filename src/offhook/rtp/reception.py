"""What arrived of one synchronisation source: loss, order and jitter (RFC 3550 §6.4.1, A.1, A.3, A.8)."""

from typing import NamedTuple

MAX_DROPOUT = 3000
MAX_MISORDER = 100
LONGEST_DELAY = 2
"""Seconds that one packet may come later than the one before. What is further off is a new timeline: a
server in the middle has put another source's sound through, as RFC 3550 does not foresee and many do."""

_WINDOW = (1 << (MAX_MISORDER + 1)) - 1


class Counts(NamedTuple):
    """Packets. `received` counts each once, `lost` never came, `strayed` are no part of the sequence."""

    received: int = 0
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    strayed: int = 0

    def plus(self, other: "Counts") -> "Counts":
        return Counts(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class Loss(NamedTuple):
    """A report block's figures: `fraction` in 256ths since the last report, `cumulative` in packets."""

    fraction: int
    cumulative: int


class Reception:
    """Counts the packets of one SSRC, beginning with the one whose sequence number is given.

    That first packet is counted by `receive` like all others.
    """

    __slots__ = (
        "_arrival",
        "_bad",
        "_base",
        "_duplicated",
        "_expected",
        "_expected_prior",
        "_rate",
        "_received",
        "_received_prior",
        "_reordered",
        "_seen",
        "_strayed",
        "_timestamp",
        "highest",
        "jitter",
        "ssrc",
    )

    def __init__(self, ssrc: int, sequence: int, rate: int) -> None:
        self.ssrc = ssrc
        self.highest = sequence - 1
        """The extended highest sequence number: the number of wraps lies above bit 15."""
        self.jitter = 0.0
        """Interarrival jitter in units of the RTP clock."""
        self._rate = rate
        self._base = sequence
        self._bad: int | None = None
        self._seen = 0
        self._expected = 0
        self._received = 0
        self._duplicated = 0
        self._reordered = 0
        self._strayed = 0
        self._expected_prior = 0
        self._received_prior = 0
        self._arrival: float | None = None
        self._timestamp = 0

    def receive(self, sequence: int) -> bool:
        """Whether the packet is new and belongs to the sequence; a duplicate or a wild jump is not."""
        ahead = (sequence - self.highest) & 0xFFFF
        if 0 < ahead < MAX_DROPOUT:
            self.highest += ahead
            self._expected += ahead
            self._seen = (self._seen << ahead | 1) & _WINDOW
            self._received += 1
            self._bad = None
            return True
        behind = -ahead & 0xFFFF
        if behind > MAX_MISORDER:
            if sequence != self._bad:
                self._bad = (sequence + 1) & 0xFFFF
                self._strayed += 1
                return False
            # Two in a row from elsewhere: the sender restarted without a new SSRC.
            self._restart(sequence)
            return self.receive(sequence)
        bit = 1 << behind
        if self._seen & bit:
            self._duplicated += 1
            return False
        self._seen |= bit
        self._received += 1
        self._reordered += 1
        number = self.highest - behind
        if number < self._base:
            self._expected += self._base - number
            self._base = number
        return True

    @property
    def jitter_ms(self) -> float:
        return self.jitter * 1000 / self._rate

    def count_by(self, rate: int) -> None:
        """From now on the timestamps are of a clock of `rate` Hz: the codec has changed in mid-stream."""
        if rate != self._rate:
            self.jitter *= rate / self._rate
            self._rate = rate
            self._arrival = None

    def measure(self, timestamp: int, arrival: float) -> None:
        """Takes a new packet's RTP timestamp and arrival (seconds, monotonic) into the jitter (A.8)."""
        if self._arrival is not None:
            step = (timestamp - self._timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
            late = abs((arrival - self._arrival) * self._rate - step)
            if late < LONGEST_DELAY * self._rate:
                self.jitter += (late - self.jitter) / 16
        self._arrival = arrival
        self._timestamp = timestamp

    def counts(self) -> Counts:
        lost = self._expected - self._received
        return Counts(self._received, lost, self._duplicated, self._reordered, self._strayed)

    def loss(self) -> Loss:
        """The loss to report; begins the next interval. Duplicates count as received here (A.3)."""
        received = self._received + self._duplicated
        expected_interval = self._expected - self._expected_prior
        lost_interval = expected_interval - (received - self._received_prior)
        self._expected_prior = self._expected
        self._received_prior = received
        fraction = (lost_interval << 8) // expected_interval if lost_interval > 0 else 0
        return Loss(min(fraction, 255), max(-0x800000, min(self._expected - received, 0x7FFFFF)))

    def _restart(self, sequence: int) -> None:
        self.highest = sequence - 1
        self._base = sequence
        self._seen = 0
        self._bad = None
        self._arrival = None
