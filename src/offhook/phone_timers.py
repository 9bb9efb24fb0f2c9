"""The timers that one phone asked for, on the loop that it lives on."""

import asyncio
from collections.abc import Callable

from offhook.phone.events import Timer, TimerFired


class PhoneTimers:
    def __init__(self, fired: Callable[[TimerFired], None]) -> None:
        self._fired = fired
        self._running: dict[tuple[Timer, str | None], asyncio.TimerHandle] = {}

    def set(self, timer: Timer, seconds: float, call: str | None) -> None:
        """One that runs already starts anew."""
        if running := self._running.pop((timer, call), None):
            running.cancel()
        self._running[timer, call] = asyncio.get_running_loop().call_later(seconds, self._fire, timer, call)

    def forget(self, call: str) -> None:
        for key in [key for key in self._running if key[1] == call]:
            self._running.pop(key).cancel()

    def close(self) -> None:
        for running in self._running.values():
            running.cancel()
        self._running.clear()

    def _fire(self, timer: Timer, call: str | None) -> None:
        del self._running[timer, call]
        self._fired(TimerFired(timer, call))
