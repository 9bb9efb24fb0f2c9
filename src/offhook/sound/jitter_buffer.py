"""Puts what arrives unevenly, out of order or not at all onto an even line."""

from bisect import bisect_left, insort
from operator import itemgetter
from typing import Protocol, Self

TICKS_MS = 8
"""Ticks in a millisecond: of the RTP clock of G.711 and G.722, which have an octet for each."""
FRAME = 20 * TICKS_MS
MARGIN = 20 * TICKS_MS
"""How long before it is due a packet should arrive."""
LONGEST = 200 * TICKS_MS
"""What is kept at most, and hence the longest delay."""
_MOST_WAITING = (LONGEST - MARGIN) // FRAME - 1
_OTHER_TIMELINE = 1000 * TICKS_MS
_WINDOW = 50


class Stretch(Protocol):
    """A length of sound in ticks, such as octets of G.711 are."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Self: ...


_START = itemgetter(0)


class JitterBuffer:
    """Sound on the line of its RTP timestamps, and the point up to which that line has been played.

    How long before they are due the packets of the last second arrived says everything: late ones make the
    playing wait (for `wait` frames, in which something must be made up), a second in which all came much too
    early leaves `surplus` ticks to be passed over. So the delay follows the jitter of the network, a clock
    that runs faster or slower than ours, and a loop that was blocked.
    """

    def __init__(self) -> None:
        self.wait = 0
        """Frames to be made up before the next `take`."""
        self.surplus = 0
        """Ticks that `take` may be asked for beyond a frame."""
        self._packets: list[tuple[int, Stretch]] = []
        self._head: int | None = None
        self._newest = 0
        self._earliness = LONGEST
        self._taken = 0

    @property
    def delay(self) -> int:
        """Ticks between what is played next and the newest that has arrived."""
        return 0 if self._head is None else max(0, self._newest - self._head)

    def put(self, timestamp: int, payload: Stretch) -> bool:
        """Takes in a packet, and whether it came in time to be played.

        `timestamp` counts ticks in 32 bits. What overlaps with another is played once.
        """
        if not len(payload):
            return True
        start = self._newest + ((timestamp - self._newest + 0x80000000 & 0xFFFFFFFF) - 0x80000000)
        if self._head is None or abs(start - self._head) > _OTHER_TIMELINE:
            self._begin(start)
        head = self._head or 0
        earliness = start - head
        self._earliness = min(self._earliness, earliness)
        if earliness < 0:
            self.surplus = 0
            self.wait = min(max(self.wait, -(earliness // FRAME)), _MOST_WAITING)
        end = start + len(payload)
        if end <= head:
            return False
        index = bisect_left(self._packets, start, key=_START)
        if index == len(self._packets) or self._packets[index][0] != start:
            self._packets.insert(index, (start, payload))
        self._newest = max(self._newest, end)
        if self._newest - head > LONGEST:
            self._head = self._newest - LONGEST
        return True

    def holds(self, ticks: int) -> bool:
        """Whether the next `ticks` are all there."""
        if self._head is None:
            return False
        end = self._head
        for start, payload in self._packets:
            if start > end:
                break
            end = max(end, start + len(payload))
        return end - self._head >= ticks

    def take(self, ticks: int = FRAME) -> list[Stretch | int]:
        """The sound of the next ticks in pieces; a number stands for as many ticks that are missing."""
        self._measure()
        if self._head is None:
            return [ticks]
        pieces: list[Stretch | int] = []
        position, end = self._head, self._head + ticks
        while self._packets and self._packets[0][0] < end:
            start, payload = self._packets.pop(0)
            if start > position:
                pieces.append(start - position)
                position = start
            piece = payload[position - start : end - start]
            if len(piece):
                pieces.append(piece)
                position += len(piece)
            if start + len(payload) > end:
                insort(self._packets, (end, payload[end - start :]), key=_START)
                break
        if position < end:
            pieces.append(end - position)
        self._head = end
        if end - self._newest > _OTHER_TIMELINE:
            self._head = None
        return pieces

    def _begin(self, start: int) -> None:
        self._packets.clear()
        self._head, self._newest = start - MARGIN, start
        self.wait = self.surplus = self._taken = 0
        self._earliness = LONGEST

    def _measure(self) -> None:
        self._taken += 1
        if self._taken < _WINDOW:
            return
        # Less than a frame is the beat of ours against that of the packets, and no surplus.
        if LONGEST > self._earliness >= MARGIN + FRAME:
            self.surplus = self._earliness - MARGIN
        self._taken, self._earliness = 0, LONGEST
