"""From one sampling rate to another, in blocks of always the same length."""

from functools import cache
from math import gcd

import numpy as np
from numpy.lib.stride_tricks import as_strided

from offhook.sound.samples import FRAME_MS, Samples

_TAPS = 32
"""Of the filter, at the lower of the two rates: half of it, 2 ms at 8 kHz, is the delay."""
_BETA = 7.0
"""Of the Kaiser window: 70 dB less of what would alias or mirror."""
_CUTOFF = 0.9
"""Of the lower rate's band, where the filter has fallen by half: from there to the band's end it falls on."""


class Resampler:
    """A polyphase filter for 20 ms blocks; what it keeps from one to the next makes them continuous.

    `rate` and `to` are in Hz; each must give whole blocks. Raises ValueError where one is no multiple of the
    other.
    """

    def __init__(self, rate: int, to: int) -> None:
        up, down = to // gcd(rate, to), rate // gcd(rate, to)
        if min(up, down) != 1:
            raise ValueError(f"from {rate} to {to} Hz: one must be a multiple of the other")
        self._phases = _phases(up, down)
        taps = len(self._phases)
        self._block = rate * FRAME_MS // 1000
        self._line = np.zeros(taps - 1 + self._block, np.float32)
        self._kept = taps - 1
        step = self._line.strides[0]
        self._windows = as_strided(
            self._line, (self._block // down, taps), (step * down, step), writeable=False
        )

    def process(self, block: Samples) -> Samples:
        """The next 20 ms at the other rate."""
        line = self._line
        line[: self._kept] = line[self._block :]
        line[self._kept :] = block
        return (self._windows @ self._phases).ravel()


@cache
def _phases(up: int, down: int) -> Samples:
    """The filter, oldest sample first: a column for each of the `up` samples that come of one."""
    length = _TAPS * max(up, down)
    middle = (length - 1) / 2
    cutoff = _CUTOFF / max(up, down)
    taps = np.sinc((np.arange(length) - middle) * cutoff) * np.kaiser(length, _BETA)
    taps *= up / taps.sum()
    return np.ascontiguousarray(taps.reshape(-1, up)[::-1], np.float32)
