"""How long somebody waits who was wrong about the password: longer each time."""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final

FREE: Final = 3
"""Tries that cost nothing: a slip of the finger."""

LONGEST: Final = 300.0
FORGOTTEN: Final = 900.0
"""Seconds after the last wrong one."""

MOST_ADDRESSES: Final = 1024


class WrongTries:
    """By the address, an IPv6 address by its first 64 bits: who has one of those has all."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._wrong: dict[str, tuple[int, float]] = {}
        """How often, and when last; in the order of that."""

    def wait(self, address: str) -> float:
        """Seconds before the next try is looked at."""
        times, last = self._recent(_place(address))
        delay = min(2.0 ** (times - FREE), LONGEST) if times >= FREE else 0.0
        return max(0.0, last + delay - self._clock())

    def wrong(self, address: str) -> None:
        place = _place(address)
        times, _ = self._recent(place)
        self._wrong.pop(place, None)
        self._wrong[place] = times + 1, self._clock()
        if len(self._wrong) > MOST_ADDRESSES:
            del self._wrong[next(iter(self._wrong))]

    def right(self, address: str) -> None:
        self._wrong.pop(_place(address), None)

    def _recent(self, place: str) -> tuple[int, float]:
        times, last = self._wrong.get(place, (0, 0.0))
        return (times, last) if times and self._clock() - last < FORGOTTEN else (0, 0.0)


def _place(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or int(parsed) >> 64)
    return address
