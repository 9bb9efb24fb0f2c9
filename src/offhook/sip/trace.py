"""The last messages of one user agent, without their secrets, for somebody who looks for a fault."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from .hop import Hop
from .redaction import redacted

MAX_MESSAGES: Final = 1000
MAX_OCTETS: Final = 2 * 1024 * 1024
"""Of all messages kept. The oldest go first."""


@dataclass(frozen=True, slots=True)
class Traced:
    """One message, redacted. `at` is in seconds since the epoch; `there` names the transport of both ends."""

    at: float
    sent: bool
    here: Hop
    there: Hop
    data: bytes

    @classmethod
    def of(cls, at: float, data: bytes, *, sent: bool, here: Hop, there: Hop) -> "Traced":
        return cls(at, sent, here, there, redacted(data))

    def __str__(self) -> str:
        when = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="microseconds")
        arrow = f"{self.here} -> {self.there}" if self.sent else f"{self.here} <- {self.there}"
        return f"{when} {self.there.transport} {arrow} {len(self.data)} bytes\n\n{_printable(self.data)}\n"


class Trace:
    def __init__(self) -> None:
        self._kept: deque[Traced] = deque()
        self._octets = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Traced]:
        """Oldest first."""
        return iter(self._kept)

    def keep(self, traced: Traced) -> None:
        self._kept.append(traced)
        self._octets += len(traced.data)
        while len(self._kept) > MAX_MESSAGES or self._octets > MAX_OCTETS:
            self._octets -= len(self._kept.popleft().data)

    def __str__(self) -> str:
        return "\n".join(map(str, self._kept))


def _printable(data: bytes) -> str:
    """As text for a terminal: what a stranger sent moves no cursor."""
    lines = data.decode("utf-8", "backslashreplace").replace("\r\n", "\n").split("\n")
    return "\n".join("".join(_shown(character) for character in line) for line in lines)


def _shown(character: str) -> str:
    if character.isprintable() or character == "\t":
        return character
    return character.encode("unicode_escape").decode("ascii")
