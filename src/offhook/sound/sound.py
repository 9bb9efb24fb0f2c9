"""Who of a phone's calls hears whom."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from offhook.rtp.leg import Leg
from offhook.rtp.media_clock import MediaClock

if TYPE_CHECKING:
    from offhook.sound.mixing import Mixing
    from offhook.sound.room import Member


_log = logging.getLogger(__name__)


class Sound:
    """Joins the legs of calls, and an end of the open path, where one is attached.

    `ends` are the ears and mouths of this phone by path: a page in a browser, a sound card. With none, a call
    by itself has nobody to hear it, and its leg is left bare: nothing is decoded, and silence is sent.
    """

    def __init__(self, clock: MediaClock, ends: Mapping[str, Member] = MappingProxyType({})) -> None:
        self.ends = ends
        self._clock = clock
        self._mixing: Mixing | None = None
        self._loading: asyncio.Future[Any] | None = None
        self._wanted: tuple[tuple[Leg, ...], Member | None, bool, str] = ((), None, False, "")

    def apply(self, calls: Mapping[str, Leg], path: str, microphone: bool, tone: str) -> None:
        """From now on `calls` and the end of `path` hear one another. Needs a running loop.

        The legs that are not among them any more send silence.
        """
        end = self.ends.get(path)
        heard = end is not None or len(calls) > 1
        self._wanted = tuple(calls.values()) if heard else (), end, microphone, tone
        if self._mixing:
            self._mixing.apply(*self._wanted)
        elif heard and self._loading is None:
            # What mixing takes is 16 MB and a fifth of a second to load: only for who mixes, and not while
            # all other sound of the process waits for it.
            loop = asyncio.get_running_loop()
            self._loading = loop.run_in_executor(None, import_module, "offhook.sound.mixing")
            self._loading.add_done_callback(self._loaded)

    def close(self) -> None:
        """Nobody hears anybody any more."""
        self.apply({}, "", microphone=False, tone="")

    def _loaded(self, loading: asyncio.Future[Any]) -> None:
        if loading.cancelled():
            return
        if error := loading.exception():
            # The next change of who hears whom tries again.
            self._loading = None
            _log.error("sound cannot be mixed: %s", error)
        else:
            mixing: Mixing = loading.result().Mixing(self._clock)
            self._mixing = mixing
            mixing.apply(*self._wanted)
