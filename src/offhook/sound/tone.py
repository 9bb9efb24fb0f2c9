"""The tones a phone makes for the one who holds it, as ETSI TR 101 041 has them for most of Europe."""

import numpy as np

from offhook.sound.samples import FRAME_MS, Samples

_FREQUENCY = 425
_AMPLITUDE = 4000
_CADENCES: dict[str, tuple[int, int]] = {"dial": (FRAME_MS, 0), "ringback": (1000, 4000), "busy": (500, 500)}
"""Milliseconds of tone and of pause."""


class Tone:
    """Raises KeyError for a name that is no tone."""

    def __init__(self, name: str, rate: int) -> None:
        self._on, off = _CADENCES[name]
        self._cadence = self._on + off
        self._per_frame = rate * FRAME_MS // 1000
        self._time = 0
        # 425 Hz repeats after 40 ms, two frames.
        self._wave = _AMPLITUDE * np.sin(
            2 * np.pi * _FREQUENCY * np.arange(2 * self._per_frame, dtype=np.float64) / rate
        ).astype(np.float32)

    def next(self) -> Samples:
        """The next 20 ms."""
        time, self._time = self._time, self._time + FRAME_MS
        if time % self._cadence >= self._on:
            return np.zeros(self._per_frame, np.float32)
        start = time // FRAME_MS % 2 * self._per_frame
        return self._wave[start : start + self._per_frame]
