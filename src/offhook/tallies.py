"""What was asked of one phone, and what calls there were, since its process began."""

from typing import Final

from offhook.histogram import Histogram
from offhook.phone.call_log import CallRecord, Kind
from offhook.phone.events import Event, Perform
from offhook.phone.reply import Verdict

DURATION: Final = (1.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1800.0, 3600.0)
"""Seconds."""

ANSWERED: Final = "answered"
OUTCOMES: Final = {
    Kind.DIALLED: ("out", "unanswered"),
    Kind.RECEIVED: ("in", "rejected"),
    Kind.MISSED: ("in", "missed"),
    Kind.FORWARDED: ("in", "forwarded"),
}
"""Direction, and what became of a call that nobody answered here."""


class Tallies:
    __slots__ = ("calls", "duration", "presses")

    def __init__(self) -> None:
        self.presses: dict[tuple[str, Verdict], int] = {}
        """By what was pressed, and what became of it. Which key it was may be part of a secret."""
        self.calls: dict[tuple[str, str], int] = {}
        """Those that are over, by direction and outcome."""
        self.duration = Histogram(DURATION)
        """Of those that were answered."""

    def pressed(self, event: Event, verdict: Verdict) -> None:
        what = event.function.value if isinstance(event, Perform) else type(event).__name__
        self.presses[what, verdict] = self.presses.get((what, verdict), 0) + 1

    def call(self, record: CallRecord) -> None:
        """One that goes on is not counted yet."""
        if record.duration is None:
            return
        direction, outcome = OUTCOMES[record.kind]
        if record.duration:
            outcome = ANSWERED
            self.duration.add(record.duration)
        self.calls[direction, outcome] = self.calls.get((direction, outcome), 0) + 1
