"""The clock of the machines: durations of RFC 3261 §17 in seconds, and a heap of what is to happen when."""

import heapq
from collections.abc import Callable

T1 = 0.5
"""Round trip estimate (§17.1.1.1)."""
T2 = 4.0
"""Longest interval between retransmissions."""
T4 = 5.0
"""How long a message may stay in the network."""
TIMEOUT = 64 * T1
"""Timers B, F, H, J, L and M, and how long a 2xx waits for its ACK (§13.3.1.4)."""
TIMER_D = 32.0
"""At least 32 s over UDP (§17.1.1.2)."""

_SPARE = 64


class Timer:
    __slots__ = ("_fire", "_timers")

    def __init__(self, timers: "Timers", fire: Callable[[float], None]) -> None:
        self._timers = timers
        self._fire: Callable[[float], None] | None = fire

    @property
    def running(self) -> bool:
        return self._fire is not None

    def cancel(self) -> None:
        if self._fire is not None:
            self._fire = None
            self._timers._cancelled += 1
            self._timers._sweep()

    def _expire(self, now: float) -> None:
        fire, self._fire = self._fire, None
        if fire is not None:
            fire(now)


class Timers:
    """Cancelling only marks; what is marked is swept out when it is most of the heap."""

    __slots__ = ("_cancelled", "_heap", "_order")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = 0
        self._cancelled = 0

    def start(self, when: float, fire: Callable[[float], None]) -> Timer:
        timer = Timer(self, fire)
        self._order += 1
        heapq.heappush(self._heap, (when, self._order, timer))
        return timer

    @property
    def deadline(self) -> float | None:
        """When `tick` has something to do, None for never."""
        while self._heap and not self._heap[0][2].running:
            heapq.heappop(self._heap)
            self._cancelled -= 1
        return self._heap[0][0] if self._heap else None

    def tick(self, now: float) -> None:
        while (deadline := self.deadline) is not None and deadline <= now:
            heapq.heappop(self._heap)[2]._expire(now)

    def _sweep(self) -> None:
        if self._cancelled > _SPARE and 2 * self._cancelled > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].running]
            heapq.heapify(self._heap)
            self._cancelled = 0
