"""The latest entries of one phone's log, in memory, for whoever looks at them without a terminal."""

import logging
from collections import deque
from typing import Final

from .entry import Entry

MOST_KEPT: Final = 1000
MOST_OCTETS: Final = 1024 * 1024
"""Of one phone, about; the oldest go first."""
PHONES_AT_MOST: Final = 50
"""That keep so much. More of them share what these would keep."""

_OVERHEAD: Final = 250
"""Octets of an entry besides its text."""


class KeptLog:
    """Entries are numbered from 1, for as long as the process runs."""

    def __init__(self, phones: int = 1) -> None:
        """One of so many."""
        share = max(1, phones / PHONES_AT_MOST)
        self._most, self._most_octets = int(MOST_KEPT / share), int(MOST_OCTETS / share)
        self._kept: deque[Entry] | None = None
        """None until there is something: an idle phone pays nothing for it."""
        self._octets = 0
        self.number = 0
        """Of the latest."""

    def __len__(self) -> int:
        return len(self._kept or ())

    def keep(self, entry: Entry) -> None:
        """Without its traceback, which is for whoever has the log itself."""
        if self._kept is None:
            self._kept = deque()
        entry = entry.without_trace()
        self._kept.append(entry)
        self._octets += _size(entry)
        self.number += 1
        while len(self._kept) > self._most or self._octets > self._most_octets:
            self._octets -= _size(self._kept.popleft())

    def entries(
        self, *, after: int = 0, level: int = logging.NOTSET, call: str | None = None
    ) -> list[tuple[int, Entry]]:
        """With their numbers, the oldest first: those behind the one numbered `after`, of `level` or above,
        of one call."""
        kept = tuple(self._kept or ())
        first = self.number - len(kept) + 1
        return [
            (number, entry)
            for number, entry in enumerate(kept, first)
            if number > after and entry.level >= level and call in {None, entry.call}
        ]

    def forget(self) -> None:
        self._kept = None
        self._octets = 0


def _size(entry: Entry) -> int:
    return _OVERHEAD + len(entry.message) + len(entry.raised or "")
