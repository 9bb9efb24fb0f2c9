"""What one phone shows and does, as it changes, for whoever looks on.

It is looked at once for all of them: in the turn of the loop after something has happened, and each second
for the clocks of its calls. What is then another than before is sent, so that nobody has to ask. While nobody
looks on there is no timer, and nothing is told to this.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from offhook.notify.feed import Feed
from offhook.notify.happening import Happening
from offhook.notify.variables import Identity
from offhook.notify.webhook import as_json, body
from offhook.station import Booting

from .slot import Slot

_log = logging.getLogger(__name__)

MOST: Final = 64
"""Who look on one phone at a time."""

AFTER_THE_SECOND: Final = 0.005
"""Seconds after a call's clock has moved on until it is looked at: a timer may fire a little early."""

State = dict[str, Any]


class Full(Exception):
    """As many look on as may; the message is for a person."""


class Live:
    """`look` gives the state, and raises Booting while the phone boots."""

    def __init__(self, look: Callable[[], State], feed: Feed, identity: Callable[[], Identity]) -> None:
        self._look_at = look
        self._feed = feed
        self._identity = identity
        self._number = 0
        self._slots: set[Slot] = set()
        self._state: State | None = None
        self._happened: list[Happening] = []
        self._soon: asyncio.Handle | None = None
        self._tick: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._slots)

    def join(self, admitted: Callable[[], bool]) -> Slot:
        """Raises Full, and Booting while the phone boots."""
        if len(self._slots) >= MOST:
            raise Full(f"{MOST} look on already, which is as many as may: close one of them")
        if not self._slots:
            self._state = self._look_at()
            self._feed.listen(self._hear, self._look_soon)
            self._tick = asyncio.get_running_loop().call_later(_until_the_second(self._state), self._second)
        slot = Slot(self._snapshot, admitted)
        self._slots.add(slot)
        return slot

    def leave(self, slot: Slot) -> None:
        """One that has left already has left."""
        slot.end()
        self._slots.discard(slot)
        if not self._slots:
            self._stop()

    def _stop(self) -> None:
        self._feed.unlisten(self._hear)
        for waiting in (self._tick, self._soon):
            if waiting is not None:
                waiting.cancel()
        self._tick = self._soon = self._state = None
        self._happened.clear()

    # --- what is seen

    def _hear(self, _number: int, happening: Happening) -> None:
        self._happened.append(happening)
        self._look_soon()

    def _look_soon(self) -> None:
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_soon(self._look)

    def _second(self) -> None:
        self._tick = None
        for slot in [each for each in self._slots if not each.admitted()]:
            self.leave(slot)
        if self._slots:
            self._look()
            self._tick = asyncio.get_running_loop().call_later(_until_the_second(self._state), self._second)

    def _look(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        try:
            seen = self._look_at()
        except Booting:
            if self._state is not None:
                self._state = None
                self._say("booting", {})
        except Exception:  # noqa: BLE001 - a phone that cannot be shown still rings
            _log.exception("the phone cannot be shown to those who look on")
        else:
            self._show(seen)
        happened, self._happened = self._happened, []
        for happening in happened:
            told = as_json(0, "", happening, self._identity())
            # What is said here has a count of its own, by which it is known.
            del told["id"], told["number"]
            self._say("happened", told)

    def _show(self, seen: State) -> None:
        before, self._state = self._state, seen
        if before is None:
            self._number += 1
            said = self._snapshot()
            for slot in self._slots:
                slot.put(said)
        elif changed := {
            key: value for key, value in seen.items() if key not in before or before[key] != value
        }:
            self._say("state", {"changed": changed})

    # --- what is said

    def _say(self, event: str, told: dict[str, Any]) -> None:
        self._number += 1
        said = _message(event, self._number, told)
        for slot in self._slots:
            slot.put(said)

    def _snapshot(self) -> bytes:
        if self._state is None:
            return _message("booting", self._number, {})
        return _message("snapshot", self._number, {"state": self._state})


def _message(event: str, number: int, told: dict[str, Any]) -> bytes:
    """In the form of server-sent events (WHATWG HTML, section 9.2)."""
    return b"event: %b\nid: %d\ndata: %b\n\n" % (event.encode(), number, body({"number": number, **told}))


def _until_the_second(state: State | None) -> float:
    """Until the clock of the call in front moves on, where there is one."""
    durations = (call["duration"] for call in state["calls"] if call["focused"]) if state else ()
    return 1.0 - next(iter(durations), 0.0) % 1.0 + AFTER_THE_SECOND
