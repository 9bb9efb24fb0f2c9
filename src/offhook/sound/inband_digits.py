"""Digits that are sent as sound."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from importlib import import_module
from typing import Any

from offhook.rtp.leg import Leg

_log = logging.getLogger(__name__)
_MOST = 64


class InbandDigits:
    """Has legs send tones. What makes them is loaded for the first of them, and the digits wait that long."""

    def __init__(self) -> None:
        self._dtmf: Any = None
        self._loading: asyncio.Future[Any] | None = None
        self._waiting: deque[tuple[Leg, str]] = deque()

    def send(self, leg: Leg, digit: str) -> bool:
        """False when it will not be sent. Needs a running loop."""
        if self._dtmf is not None:
            return self._play(leg, digit)
        if len(self._waiting) >= _MOST:
            return False
        self._waiting.append((leg, digit))
        if self._loading is None:
            self._loading = asyncio.get_running_loop().run_in_executor(
                None, import_module, "offhook.sound.dtmf"
            )
            self._loading.add_done_callback(self._loaded)
        return True

    def _loaded(self, loading: asyncio.Future[Any]) -> None:
        self._loading = None
        waiting, self._waiting = self._waiting, deque()
        if loading.cancelled():
            return
        if error := loading.exception():
            _log.error("digits cannot be sent as tones: %s", error)
            return
        self._dtmf = loading.result()
        for leg, digit in waiting:
            if not self._play(leg, digit):
                _log.warning("digit %s is not sent: nothing is sent in its call", digit)

    def _play(self, leg: Leg, digit: str) -> bool:
        return leg.codec_name is not None and leg.play(self._dtmf.encoded(digit, leg.codec_name))
