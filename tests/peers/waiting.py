"""Waiting for what is to happen, for as long as a busy machine may need."""

import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")

PATIENCE = 20.0
"""Seconds. What is waited for comes within a few; the rest is for a machine that is busy otherwise."""

PAUSE = 0.02


def until(look: Callable[[], Seen | None], what: str, seconds: float = PATIENCE) -> Seen:
    """The first thing `look` returns that is true. Fails with `what` was awaited, and what was seen last."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s for {what}; last seen: {seen!r}")
        time.sleep(PAUSE)
