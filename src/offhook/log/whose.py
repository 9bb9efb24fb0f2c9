"""Whose log it is.

A phone's sockets, timers and tasks are made while `log_of` it is at hand, and asyncio has each of them run in
the context that it was made in. So nobody has to carry the phone's name to where something is said, and a
room that knows nothing of phones is named all the same. A call is not bound that way: a timer lives longer
than the call in which it was set. A line says of which call it is by `extra`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .kept_log import KeptLog


class PhoneLog:
    """`name` is None where there is only one phone."""

    __slots__ = ("kept", "name")

    def __init__(self, name: str | None, kept: KeptLog) -> None:
        self.name = name
        self.kept = kept


_at_hand: ContextVar[PhoneLog | None] = ContextVar("log of", default=None)


@contextmanager
def log_of(phone: PhoneLog | None) -> Iterator[None]:
    """What is said within, and by what begins within, is said of this phone."""
    token = _at_hand.set(phone)
    try:
        yield
    finally:
        _at_hand.reset(token)


def at_hand() -> PhoneLog | None:
    return _at_hand.get()
