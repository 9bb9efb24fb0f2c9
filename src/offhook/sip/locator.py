"""By which hop a destination is reached: those that were found, and what became of them (RFC 3263 §4.3)."""

from collections.abc import Callable
from typing import TypeVar

from .destination import Destination, numeric_hop
from .hop import Hop

AVOID = 300.0
"""Seconds for which a hop that gave no answer, or could not be reached, is tried after all others."""

STAY = 3600.0
"""Seconds for which the hop that answered last is tried first, whatever the lot says: a phone's registration
and its dialogs are kept by one server. Then the domain's own order counts again, so that a main server which
has come back gets its phones back."""

LONGEST_RETRY_AFTER = 3600.0

MAX_REMEMBERED = 64
MAX_WAITING = 64
"""Requests that wait for one destination to be located."""

Found = Callable[[list[Hop], str, float], None]
"""Hears the hops, best first, or none and why; and the time."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Locator:
    """Whoever drives it looks up what is `wanted`, and says what came of it to `located` or `not_located`.

    Destinations by IP literal are never wanted.
    """

    def __init__(self) -> None:
        self.wanted: list[Destination] = []
        self._waiting: dict[Destination, list[Found]] = {}
        self._stay: dict[Destination, tuple[Hop, float]] = {}
        self._avoid: dict[Hop, float] = {}

    @property
    def waiting(self) -> bool:
        return any(self._waiting.values())

    def find(self, destination: Destination, found: Found, now: float) -> Callable[[], None] | None:
        """Have `found` called: at once for an IP literal, else later, unless what is returned is called."""
        hop = numeric_hop(destination)
        if hop is not None:
            found([hop], "", now)
            return None
        waiting = self._waiting.get(destination)
        if waiting is None:
            waiting = self._waiting[destination] = []
            self.wanted.append(destination)
        elif len(waiting) >= MAX_WAITING:
            found([], f"{MAX_WAITING} requests already wait for the address of {destination.host}", now)
            return None
        waiting.append(found)
        return lambda: self._forget(destination, found)

    def located(self, destination: Destination, hops: list[Hop], now: float) -> None:
        for found in self._waiting.pop(destination, ()):
            found(self._in_order(destination, hops, now), "", now)

    def not_located(self, destination: Destination, reason: str, now: float) -> None:
        """`reason` is for a person."""
        for found in self._waiting.pop(destination, ()):
            found([], reason, now)

    def answered(self, destination: Destination, hop: Hop, now: float) -> None:
        """Something came back from it."""
        if not hop.domain:
            return
        self._avoid.pop(hop, None)
        before = self._stay.get(destination)
        if before is None or before[0] != hop or before[1] < now:
            _remember(self._stay, destination, (hop, now + STAY))

    def failed(self, hop: Hop, now: float, seconds: float = AVOID) -> None:
        """Nothing came back from it, or that it is not to be asked for so many `seconds`."""
        _remember(self._avoid, hop, now + min(seconds, LONGEST_RETRY_AFTER))

    def avoided(self, hop: Hop, now: float) -> bool:
        return self._avoid.get(hop, now) > now

    def _in_order(self, destination: Destination, hops: list[Hop], now: float) -> list[Hop]:
        stay, until = self._stay.get(destination, (None, now))

        def rank(hop: Hop) -> tuple[float, bool]:
            return (max(self._avoid.get(hop, now), now), not (hop == stay and now < until))

        return sorted(hops, key=rank)

    def _forget(self, destination: Destination, found: Found) -> None:
        waiting = self._waiting.get(destination, [])
        if found in waiting:
            waiting.remove(found)


def _remember(things: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    things.pop(key, None)
    things[key] = value
    if len(things) > MAX_REMEMBERED:
        del things[next(iter(things))]
