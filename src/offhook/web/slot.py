"""What waits to be sent to one who looks on."""

import asyncio
from collections.abc import Callable
from typing import Final

MOST_WAITING: Final = 64 * 1024
"""Bytes. Whoever is further behind is told how things stand now, and not how they came to stand so."""


class Slot:
    """`fresh` makes the message that stands for all that was said before; `admitted` is asked whether to go
    on."""

    def __init__(self, fresh: Callable[[], bytes], admitted: Callable[[], bool]) -> None:
        self.admitted = admitted
        self._fresh = fresh
        self._behind = True
        self._ended = False
        self._waiting = bytearray()
        self._news = asyncio.Event()
        self._news.set()

    def put(self, said: bytes) -> None:
        if not self._behind:
            self._waiting += said
            if len(self._waiting) > MOST_WAITING:
                self._behind = True
                self._waiting.clear()
        self._news.set()

    def end(self) -> None:
        """Nothing more is to be sent."""
        self._ended = True
        self._waiting.clear()
        self._news.set()

    async def take(self, patience: float) -> bytes | None:
        """What is to be sent next: None at the end, nothing where nothing came within so many seconds."""
        try:
            async with asyncio.timeout(patience):
                await self._news.wait()
        except TimeoutError:
            return b""
        if self._ended:
            return None
        self._news.clear()
        taken = self._fresh() if self._behind else bytes(self._waiting)
        self._behind = False
        self._waiting.clear()
        return taken
