"""One clock for the sound of the whole process."""

import asyncio
import logging
from contextvars import Context, copy_context
from typing import Protocol

_log = logging.getLogger(__name__)


class Paced(Protocol):
    def beat(self, missed: int) -> None:
        """Sends the next packet. `missed` beats before this one were slept through."""


class MediaClock:
    """Gives each packet interval in use its beat, on absolute deadlines.

    All that pace alike share one timer, and nothing runs while nobody does. After a stall the missed beats
    are told, not made up for, so that no burst goes out. One that fails takes the beat from no other.
    """

    def __init__(self) -> None:
        self._beats: dict[int, _Beat] = {}
        self._missed = 0

    @property
    def running(self) -> bool:
        return bool(self._beats)

    @property
    def missed(self) -> int:
        """Beats that were slept through, since the clock was made: the machine is too slow for its calls."""
        return self._missed + sum(beat.missed for beat in self._beats.values())

    def join(self, paced: Paced, interval: int, *, first: bool = False) -> None:
        """Has `paced` beat every `interval` milliseconds on the running loop, together with its like.

        One that is `first` beats before those that are not: what it makes is sent in the same beat.
        """
        beat = self._beats.get(interval)
        if beat is None:
            beat = self._beats[interval] = _Beat(asyncio.get_running_loop(), interval / 1000)
        beat.members = (paced, *beat.members) if first else (*beat.members, paced)
        beat.contexts[id(paced)] = copy_context()

    def leave(self, paced: Paced, interval: int) -> None:
        beat = self._beats[interval]
        beat.members = tuple(member for member in beat.members if member is not paced)
        beat.failed.discard(id(paced))
        beat.contexts.pop(id(paced), None)
        if not beat.members:
            beat.stop()
            self._missed += beat.missed
            del self._beats[interval]


class _Beat:
    """The timer of one interval, in seconds. `members` is replaced, not changed: one may leave in a beat."""

    def __init__(self, loop: asyncio.AbstractEventLoop, interval: float) -> None:
        self.members: tuple[Paced, ...] = ()
        self.missed = 0
        self.failed: set[int] = set()
        self.contexts: dict[int, Context] = {}
        """In which each joined: there it is said what becomes of it."""
        self._own = Context()
        """The timer is for all, and no business of whose call came first."""
        self._loop = loop
        self._interval = interval
        self._deadline = loop.time()
        self._timer = loop.call_at(self._deadline, self._tick, context=self._own)

    def stop(self) -> None:
        self._timer.cancel()

    def _tick(self) -> None:
        missed = max(0, int((self._loop.time() - self._deadline) / self._interval))
        self.missed += missed
        self._deadline += (missed + 1) * self._interval
        self._timer = self._loop.call_at(self._deadline, self._tick, context=self._own)
        for member in self.members:
            try:
                member.beat(missed)
            except Exception:  # noqa: BLE001 - whatever it was, the others must be heard
                # Said once: fifty tracebacks a second would only hide it.
                if id(member) not in self.failed:
                    self.failed.add(id(member))
                    context = self.contexts.get(id(member)) or copy_context()
                    context.run(_log.exception, "a beat of the media clock failed")
