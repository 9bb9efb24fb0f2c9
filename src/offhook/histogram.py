"""How often a value lay where."""

from bisect import bisect_left
from collections.abc import Iterator


class Histogram:
    """`bounds` are the upper ends of the buckets, each within it; the last one has no end."""

    __slots__ = ("_bounds", "_counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts: list[int] | None = None
        """None until there is something: an idle phone pays nothing for it."""
        self.sum = 0.0

    def add(self, value: float) -> None:
        if self._counts is None:
            self._counts = [0] * (len(self._bounds) + 1)
        self._counts[bisect_left(self._bounds, value)] += 1
        self.sum += value

    def __len__(self) -> int:
        return sum(self._counts or ())

    def __iter__(self) -> Iterator[tuple[float, int]]:
        """Each bound, with how many values lay up to it."""
        so_far = 0
        for bound, count in zip(self._bounds, self._counts or [0] * len(self._bounds), strict=False):
            so_far += count
            yield bound, so_far
