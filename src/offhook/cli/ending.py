"""What SIGTERM, SIGINT and SIGHUP ask for, from the first line of the program to its last.

What a start imports takes longer than Python itself does: a signal that comes before there is anything to end
is kept until something can look.
"""

import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Ending:
    """The first signal asks for the end, a second one ends the process at once."""

    def __init__(self) -> None:
        self.asked = False
        self._tell: Callable[[], object] | None = None

    def listen(self) -> None:
        for number in self.signals():
            signal.signal(number, self._on_early_signal)

    def signals(self) -> list[signal.Signals]:
        """Those that mean the end: nohup has a phone outlive its terminal."""
        return [number for number in SIGNALS if not _left_by_nohup(number)]

    def tell(self, whom: Callable[[], object]) -> None:
        """Have `whom` called when the end is asked for, at once where it already is."""
        self._tell = whom
        if self.asked:
            whom()

    def on_signal(self, number: int) -> None:
        if self.asked:
            os._exit(128 + number)
        self.asked = True
        if self._tell:
            self._tell()

    def _on_early_signal(self, number: int, _frame: FrameType | None) -> None:
        self.on_signal(number)


def _left_by_nohup(number: signal.Signals) -> bool:
    return number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN


ending: Final = Ending()
"""Of this process."""
