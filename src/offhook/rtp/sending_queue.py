"""What waits to be sent, a packet a beat."""

from collections import deque
from typing import Protocol

from offhook.rtp.format import FRAME_MS, OCTETS_MS, Format


class SendingQueue(Protocol):
    @property
    def length(self) -> int:
        """Milliseconds that wait."""

    def add(self, payload: bytes | bytearray, most: int) -> None:
        """Of more than `most` milliseconds the oldest are dropped."""

    def take(self) -> bytes | bytearray | None:
        """What the next packet carries; None where there is not enough for one."""

    def clear(self) -> None: ...


class OctetQueue:
    """A stream, cut into packets of `size` octets."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._octets = bytearray()

    @property
    def length(self) -> int:
        return len(self._octets) // OCTETS_MS

    def add(self, payload: bytes | bytearray, most: int) -> None:
        self._octets += payload
        del self._octets[: -most * OCTETS_MS]

    def take(self) -> bytearray | None:
        if len(self._octets) < self.size:
            return None
        taken = self._octets[: self.size]
        del self._octets[: self.size]
        return taken

    def clear(self) -> None:
        self._octets.clear()


class FrameQueue:
    """Packets as they were made."""

    def __init__(self) -> None:
        self._packets: deque[bytes] = deque()

    @property
    def length(self) -> int:
        return len(self._packets) * FRAME_MS

    def add(self, payload: bytes | bytearray, most: int) -> None:
        self._packets.append(bytes(payload))
        while len(self._packets) * FRAME_MS > most:
            self._packets.popleft()

    def take(self) -> bytes | None:
        return self._packets.popleft() if self._packets else None

    def clear(self) -> None:
        self._packets.clear()


def queue_for(spoken: Format, ptime: int) -> SendingQueue:
    return FrameQueue() if spoken.framed else OctetQueue(ptime * OCTETS_MS)
