"""What those who press keys were answered, for those who ask the same again."""

import asyncio
from collections.abc import Sequence
from typing import Final

from starlette.types import Message

KEPT: Final = 128
"""Answers of one phone, which are a line each."""

Key = tuple[str, str]
"""Who asks, and what makes the request known again."""
Answer = asyncio.Future[Sequence[Message] | None]
"""None once it turned out that there is none."""


class Answers:
    """Those of one phone, the oldest first."""

    def __init__(self) -> None:
        self._by_key: dict[Key, Answer] = {}

    def find(self, key: Key) -> Answer | None:
        return self._by_key.get(key)

    def begin(self, key: Key) -> Answer:
        begun = self._by_key[key] = asyncio.get_running_loop().create_future()
        while len(self._by_key) > KEPT:
            del self._by_key[next(iter(self._by_key))]
        return begun

    def forget(self, key: Key) -> None:
        self._by_key.pop(key, None)
