"""What waits to be told to one phone's receivers, and telling it: in order, one after the other.

A queue that is empty has no task and no timer. A receiver that is slow or away costs this phone what it would
have been told, the oldest first, and nobody anything else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from .action_event import ActionEvent
from .outgoing import NotReached, NotSendable, Outgoing, Sender
from .webhook import rfc3339

_log = logging.getLogger(__name__)

MOST_WAITING: Final = 200
PAUSES: Final = (1.0, 4.0)
"""Seconds before the second and the third attempt."""

BURST: Final = 100
RATE: Final = 20.0
"""Requests a second, once a burst is spent: an Action URL that leads back to this phone must not spin."""

SAID_EVERY: Final = 60.0
"""Seconds between two lines of log about what fails."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One thing to tell. `template` is what it was made from, while that is still set."""

    event: ActionEvent
    template: str
    request: Outgoing = field(repr=False)


class DeliveryQueue:
    """`kind` is what a person calls it; `wanted` says, when a letter's turn comes, whether it is still to be
    sent."""

    def __init__(self, kind: str, sender: Sender, wanted: Callable[[Letter], bool]) -> None:
        self.dropped = 0
        self.last_failure: dict[str, Any] | None = None
        self._kind = kind
        self._send = sender.send
        self._wanted = wanted
        self._waiting: deque[Letter] = deque()
        self._under_way: Letter | None = None
        self._task: asyncio.Task[None] | None = None
        self._pace = Pace()
        self._said: float | None = None
        self._unsaid = 0
        self._failing = False

    def __len__(self) -> int:
        return len(self._waiting) + (self._under_way is not None)

    def put(self, letter: Letter) -> None:
        if len(self) >= MOST_WAITING:
            self.dropped += 1
            why = f"{MOST_WAITING} wait already, and the oldest is dropped"
            self._say(self._waiting.popleft(), why)
        self._waiting.append(letter)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def settle(self, patience: float) -> None:
        """Until nothing waits, for at most so many seconds."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=patience)

    async def close(self, patience: float) -> None:
        """As `settle`, and then no more."""
        await self.settle(patience)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if left := len(self):
            self.dropped += left
            _log.warning("%s: %d not told when the phone went off", self._kind, left)
            self._waiting.clear()
            self._under_way = None

    async def _work(self) -> None:
        try:
            while self._waiting:
                self._under_way = letter = self._waiting.popleft()
                if self._wanted(letter):
                    await asyncio.sleep(self._pace.wait(time.monotonic()))
                    await self._deliver(letter)
                self._under_way = None
        finally:
            self._task = None

    async def _deliver(self, letter: Letter) -> None:
        why = ""
        for pause in (0.0, *PAUSES):
            await asyncio.sleep(pause)
            if not self._wanted(letter):
                return
            try:
                status = await self._send(letter.request)
            except NotReached as failure:
                why = str(failure)
                continue
            except NotSendable as failure:
                why = str(failure)
                break
            except Exception:  # noqa: BLE001 - one that cannot be told must not keep the others
                _log.exception("%s: %s", self._kind, letter.event)
                why = "the phone failed on this; its log says where"
                break
            if 200 <= status < 300:
                self._reached(letter)
                return
            why = REFUSALS.get(status, f"its answer is {status}")
            if 300 <= status < 400:
                why = f"its answer is {status}, and redirects are not followed"
            if status < 500:
                break
        self._failed(letter, why)

    def _reached(self, letter: Letter) -> None:
        if self._failing:
            self._failing = False
            self._said = None
            _log.info("%s: told %s again", self._kind, letter.request.origin)

    def _failed(self, letter: Letter, why: str) -> None:
        self._failing = True
        self.last_failure = {
            "event": letter.event,
            "receiver": letter.request.origin,
            "why": why,
            "time": rfc3339(time.time()),
        }
        self._say(letter, why)

    def _say(self, letter: Letter, why: str) -> None:
        now = time.monotonic()
        if self._said is not None and now - self._said < SAID_EVERY:
            self._unsaid += 1
            return
        more = f" ({self._unsaid} more since the last line)" if self._unsaid else ""
        self._said, self._unsaid = now, 0
        where = letter.request.origin
        _log.warning("%s: %s not told to %s: %s%s", self._kind, letter.event, where, why, more)


REFUSALS: Final = {
    401: "it asks for a user name and password, or refuses those in the URL (401)",
    403: "it refuses (403)",
    404: "it does not know that path (404)",
}


class Pace:
    """Leaves a burst alone, and spaces out what goes on for longer."""

    def __init__(self) -> None:
        self._left = float(BURST)
        self._at: float | None = None

    def wait(self, now: float) -> float:
        """Seconds until the next one may go."""
        if self._at is not None:
            self._left = min(float(BURST), self._left + (now - self._at) * RATE)
        self._at = now
        self._left -= 1.0
        return max(0.0, -self._left / RATE)
