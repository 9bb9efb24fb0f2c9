"""DTMF digits as telephone-events, both ways (RFC 4733)."""

import struct
from collections import deque

EVENTS = {digit: event for event, digit in enumerate("0123456789*#ABCD")}
DIGITS = "".join(EVENTS)

TONE_MS = 100
GAP_MS = 60
END_PACKETS = 3
MAX_QUEUED = 64

_PAYLOAD = struct.Struct("!BBH")
_END = 0x80
_VOLUME = 10  # -10 dBm0: what most phones send
_LONGEST = 0xFFFF
_OLD = 5 * 48000
"""Samples, of the fastest clock: no packet is that late. What lies further back is a new timeline."""


class EventQueue:
    """Digits on their way out, a packet a beat."""

    def __init__(self, rate: int) -> None:
        self.timestamp = 0
        """The RTP timestamp of the event under way: where it began."""
        self._rate = rate
        self._digits: deque[str] = deque()
        self._packets: deque[bytes | None] = deque()

    def __bool__(self) -> bool:
        return bool(self._packets or self._digits)

    def add(self, digit: str) -> bool:
        """Whether there was room. Raises ValueError for what is no digit."""
        if digit not in EVENTS:
            raise ValueError(f"{digit!r} is no DTMF digit; these are {' '.join(EVENTS)}")
        if len(self._digits) >= MAX_QUEUED:
            return False
        self._digits.append(digit)
        return True

    def clear(self) -> None:
        self._digits.clear()
        self._packets.clear()

    def next(self, timestamp: int, samples: int) -> tuple[bytes | None, bool]:
        """This beat's payload, None for the pause between two digits, and whether an event begins.

        `timestamp` is the audio's at this beat, `samples` what a packet spans, in units of the RTP clock. May
        only be called while the queue is true.
        """
        begins = not self._packets
        if begins:
            self.timestamp = timestamp
            self._packets.extend(self._event(EVENTS[self._digits.popleft()], samples))
        return self._packets.popleft(), begins

    def _event(self, event: int, samples: int) -> list[bytes | None]:
        tone = -(-TONE_MS * self._rate // 1000 // samples)
        gap = -(-GAP_MS * self._rate // 1000 // samples)
        packets: list[bytes | None] = [
            _PAYLOAD.pack(event, _VOLUME, beat * samples) for beat in range(1, tone)
        ]
        packets += [_PAYLOAD.pack(event, _END | _VOLUME, tone * samples)] * END_PACKETS
        packets += [None] * (gap - END_PACKETS + 1)
        return packets


class EventReceiver:
    """Tells each event once, at the first of its packets that arrives."""

    def __init__(self) -> None:
        self._event = -1
        self._timestamp = 0

    def receive(self, timestamp: int, payload: bytes | bytearray) -> str | None:
        """The digit, when the packet is the first one seen of a DTMF event."""
        if len(payload) < _PAYLOAD.size:
            return None
        event = payload[0]
        if event >= len(DIGITS):
            return None
        if self._event >= 0:
            later = timestamp - self._timestamp & 0xFFFFFFFF
            if later == 0 or -later & 0xFFFFFFFF < _OLD:
                return None
            if later == _LONGEST and event == self._event:
                # A key held for longer than a duration can say goes on in a new segment (§2.5.1.3).
                self._timestamp = timestamp
                return None
        self._event = event
        self._timestamp = timestamp
        return DIGITS[event]
