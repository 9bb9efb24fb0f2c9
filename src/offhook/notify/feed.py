"""What happens to one phone, numbered, for whoever listens.

Somebody who listens gets what happened in order, each once. While nobody does, nobody looks.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from offhook.phone.effects import Effect
from offhook.phone.events import Event
from offhook.phone.phone import Phone

from .action_event import ActionEvent
from .happening import Happening
from .snapshot import Snapshot
from .what_happened import what_happened

_log = logging.getLogger(__name__)

Listener = Callable[[int, Happening], None]
"""Gets each with its number, which counts from 1 for as long as the process runs. It is to return at once."""
Onlooker = Callable[[], None]
"""Told that the phone may be another one than before: after each event, when it boots and when it goes."""
Watcher = Callable[[Event | None, Sequence[Effect]], None]


class Watched(Protocol):
    """A phone that runs. `watcher` is told each event with what it led to, once that is carried out."""

    watcher: Watcher | None

    @property
    def phone(self) -> Phone: ...
    @property
    def address_told(self) -> str: ...


class Feed:
    def __init__(self) -> None:
        self.number = 0
        """Of what happened last."""
        self._listeners: dict[Listener, Onlooker | None] = {}
        self._watched: Watched | None = None
        self._ready = False
        self._seen: Snapshot | None = None
        self.address = ""
        """Of the phone, as it was told last."""

    # --- whom it is about

    def attach(self, watched: Watched) -> None:
        """A phone boots. What happens to it from here on is told once it is `ready`."""
        self._watched, self._ready = watched, False
        self._seen = self._look()

    def ready(self) -> None:
        """It answers now."""
        self._ready = True
        if self._seen is None or self._watched is None:
            return
        if self._listeners:
            self._tell([self._of_the_phone(ActionEvent.SETUP_COMPLETED)])
            if self.address not in {"", self._seen.address}:
                self._tell([self._of_the_phone(ActionEvent.IP_CHANGED)])
        self.address = self._seen.address
        self._watch()

    def detach(self) -> None:
        """It is off; its accounts are not registered any more."""
        watched, seen, ready = self._watched, self._seen, self._ready
        self._watched = self._seen = None
        self._ready = False
        if watched is None or seen is None:
            return
        watched.watcher = None
        if ready and self._listeners:
            off = Snapshot(
                off_hook=seen.off_hook,
                muted=seen.muted,
                dnd=seen.dnd,
                forward=seen.forward,
                focus=None,
                registrations={},
                calls={},
                address=seen.address,
            )
            self._tell(what_happened(seen, off, None, (), time.time()))
        self._tell_onlookers()

    # --- who listens

    def listen(self, listener: Listener, onlooker: Onlooker | None = None) -> None:
        """`onlooker` is for whoever shows more of the phone than what happens to it: a digit typed, say."""
        self._listeners[listener] = onlooker
        if len(self._listeners) == 1 and self._ready:
            # What happened while nobody listened is nobody's business.
            self._seen = self._look()
            self._watch()

    def unlisten(self, listener: Listener) -> None:
        """One that does not listen is none."""
        self._listeners.pop(listener, None)
        if not self._listeners and self._watched:
            self._watched.watcher = None

    # --- what happens

    def _watch(self) -> None:
        if self._watched and self._listeners:
            self._watched.watcher = self._after
            self._after(None, ())

    def _after(self, event: Event | None, effects: Sequence[Effect]) -> None:
        try:
            before, self._seen = self._seen, self._look()
            if before is not None and self._seen is not None:
                self._tell(what_happened(before, self._seen, event, effects, time.time()))
                self.address = self._seen.address
        except Exception:  # noqa: BLE001 - a phone that cannot tell what happened still rings
            _log.exception("what %s did cannot be told", type(event).__name__)
        self._tell_onlookers()

    def _look(self) -> Snapshot | None:
        watched = self._watched
        return Snapshot.of(watched.phone, watched.address_told, self._seen) if watched else None

    def _of_the_phone(self, event: ActionEvent) -> Happening:
        account = self._seen.account_of(None) if self._seen else None
        return Happening(event, time.time(), account)

    def _tell(self, happenings: Sequence[Happening]) -> None:
        for happening in happenings:
            self.number += 1
            for listener in tuple(self._listeners):
                try:
                    listener(self.number, happening)
                except Exception:  # noqa: BLE001 - one that fails must not keep the others
                    _log.exception("%s is not told to one who listens", happening.event)

    def _tell_onlookers(self) -> None:
        for onlooker in tuple(self._listeners.values()):
            if onlooker is not None:
                onlooker()
