"""Puts what arrives unevenly, out of order or not at all onto an even line."""

from bisect import bisect_left, insort

TICKS_MS = 8
"""Ticks of the RTP clock, and octets, in a millisecond: so it is in every codec spoken here."""
FRAME = 20 * TICKS_MS
MARGIN = 20 * TICKS_MS
"""How long before it is due a packet should arrive."""
LONGEST = 200 * TICKS_MS
"""What is kept at most, and hence the longest delay."""
_MOST_WAITING = (LONGEST - MARGIN) // FRAME - 1
_OTHER_TIMELINE = 1000 * TICKS_MS
_WINDOW = 50


class JitterBuffer:
    """Octets on the line of their RTP timestamps, and the point up to which that line has been played.

    How long before they are due the packets of the last second arrived says everything: late ones make the
    playing wait (for `wait` frames, in which something must be made up), a second in which all came much too
    early leaves `surplus` octets to be passed over. So the delay follows the jitter of the network, a clock
    that runs faster or slower than ours, and a loop that was blocked.
    """

    def __init__(self) -> None:
        self.late = 0
        self.wait = 0
        """Frames to be made up before the next `take`."""
        self.surplus = 0
        """Octets that `take` may be asked for beyond a frame."""
        self._packets: list[tuple[int, bytes]] = []
        self._head: int | None = None
        self._newest = 0
        self._earliness = LONGEST
        self._taken = 0

    @property
    def delay(self) -> int:
        """Octets between what is played next and the newest that has arrived."""
        return 0 if self._head is None else max(0, self._newest - self._head)

    def put(self, timestamp: int, payload: bytes) -> None:
        """Takes in a packet; `timestamp` is of 32 bits. What overlaps with another is played once."""
        if not payload:
            return
        start = self._newest + ((timestamp - self._newest + 0x80000000 & 0xFFFFFFFF) - 0x80000000)
        if self._head is None or abs(start - self._head) > _OTHER_TIMELINE:
            self._begin(start)
        head = self._head or 0
        earliness = start - head
        self._earliness = min(self._earliness, earliness)
        if earliness < 0:
            self.late += 1
            self.surplus = 0
            self.wait = min(max(self.wait, -(earliness // FRAME)), _MOST_WAITING)
        end = start + len(payload)
        if end <= head:
            return
        index = bisect_left(self._packets, (start,))
        if index == len(self._packets) or self._packets[index][0] != start:
            self._packets.insert(index, (start, payload))
        self._newest = max(self._newest, end)
        if self._newest - head > LONGEST:
            self._head = self._newest - LONGEST

    def holds(self, octets: int) -> bool:
        """Whether the next `octets` are all there."""
        if self._head is None:
            return False
        end = self._head
        for start, payload in self._packets:
            if start > end:
                break
            end = max(end, start + len(payload))
        return end - self._head >= octets

    def take(self, octets: int = FRAME) -> list[bytes | int]:
        """The next octets in pieces; a number stands for as many that are missing."""
        self._measure()
        if self._head is None:
            return [octets]
        pieces: list[bytes | int] = []
        position, end = self._head, self._head + octets
        while self._packets and self._packets[0][0] < end:
            start, payload = self._packets.pop(0)
            if start > position:
                pieces.append(start - position)
                position = start
            piece = payload[position - start : end - start]
            if piece:
                pieces.append(piece)
                position += len(piece)
            if start + len(payload) > end:
                insort(self._packets, (end, payload[end - start :]))
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
