"""What all four transactions of RFC 3261 §17 are made of: a state, running timers, and a table.

A transaction takes an input in a state; its table says which state follows and what is done. What the table
does not name is absorbed. So each figure of §17, as amended by RFC 6026, is a table that can be read next to
it, and a timer that the next state does not name is stopped when that state is entered.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import Any

from .timers import Timer, Timers


class State(StrEnum):
    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    """A 2xx went by; the transaction stays to absorb what is repeated (RFC 6026 §7)."""
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    LEFT = "left"
    """An INVITE that another hop has got by now; who answers late is not left hanging."""
    TERMINATED = "terminated"


class Input(StrEnum):
    """What can happen to a transaction."""

    REQUEST = "request"
    ACK = "ACK"
    PROVISIONAL = "1xx"
    SUCCESS = "2xx"
    FAILURE = "300-699"
    TRANSPORT_ERROR = "transport error"
    ABANDONED = "abandoned"
    LEFT = "left"
    TIMER_A = "timer A"
    TIMER_B = "timer B"
    TIMER_D = "timer D"
    TIMER_E = "timer E"
    TIMER_F = "timer F"
    TIMER_G = "timer G"
    TIMER_H = "timer H"
    TIMER_I = "timer I"
    TIMER_J = "timer J"
    TIMER_K = "timer K"
    TIMER_L = "timer L"
    TIMER_M = "timer M"


Action = Callable[[Any, float], None]
"""Takes the transaction and the time."""
Table = Mapping[tuple[State, Input], tuple[State, tuple[Action, ...]]]


def input_of(code: int) -> Input:
    if code < 200:
        return Input.PROVISIONAL
    return Input.SUCCESS if code < 300 else Input.FAILURE


class Transaction:
    __slots__ = ("_running", "_table", "_terminated", "_timers", "reliable", "state")

    def __init__(
        self, state: State, table: Table, timers: Timers, reliable: bool, terminated: Callable[[], None]
    ) -> None:
        self.state = state
        self.reliable = reliable
        self._table = table
        self._timers = timers
        self._running: dict[Input, Timer] = {}
        self._terminated = terminated

    def take(self, what: Input, now: float) -> None:
        step = self._table.get((self.state, what))
        if step is None:
            return
        before = self.state
        self.state, actions = step
        if self.state is not before:
            for name in [name for name in self._running if (self.state, name) not in self._table]:
                self._running.pop(name).cancel()
            if self.state is State.TERMINATED:
                self._terminated()
        for action in actions:
            action(self, now)

    def start(self, timer: Input, duration: float, now: float) -> None:
        """A timer of no duration, as reliable transports have them, fires at once."""
        if duration <= 0:
            self.take(timer, now)
        else:
            self._running[timer] = self._timers.start(now + duration, partial(self._fire, timer))

    def _fire(self, timer: Input, now: float) -> None:
        self._running.pop(timer, None)
        self.take(timer, now)
