"""Digits as the pairs of tones that they are named after (ITU-T Q.23), in the octets of a codec."""

from functools import lru_cache

import numpy as np

from offhook.sound.codec import codec
from offhook.sound.samples import FRAME_MS, LOUDEST, Samples

TONE_MS, PAUSE_MS = 100, 60

_LOW = (697, 770, 852, 941)
_HIGH = (1209, 1336, 1477, 1633)
_KEYS = ("123A", "456B", "789C", "*0#D")
PAIRS = {key: (_LOW[row], _HIGH[at]) for row, keys in enumerate(_KEYS) for at, key in enumerate(keys)}
"""Hertz."""

_LOUDEST_DBM0 = 3.14
"""Of the loudest sine there is (G.711, A-law)."""
_LOW_DBM0, _HIGH_DBM0 = -11.0, -9.0
"""ETSI ES 201 235-2 §4.2.2 has the higher one louder by 2 dB, for lines lose more of it."""


@lru_cache(maxsize=64)
def encoded(digit: str, codec_name: str) -> tuple[bytes, ...]:
    """100 ms of the tones and 60 ms of pause, 20 ms each. Raises KeyError for what is no digit."""
    speaking = codec(codec_name)
    samples = _samples(digit, speaking.rate)
    frame = speaking.rate * FRAME_MS // 1000
    return tuple(speaking.encode(samples[at : at + frame]) for at in range(0, len(samples), frame))


def _samples(digit: str, rate: int) -> Samples:
    low, high = PAIRS[digit]
    at = np.arange(rate * TONE_MS // 1000) / rate
    tones = _amplitude(_LOW_DBM0) * np.sin(2 * np.pi * low * at)
    tones += _amplitude(_HIGH_DBM0) * np.sin(2 * np.pi * high * at)
    return np.concatenate((tones, np.zeros(rate * PAUSE_MS // 1000))).astype(np.float32)


def _amplitude(dbm0: float) -> float:
    return float(LOUDEST * 10 ** ((dbm0 - _LOUDEST_DBM0) / 20))
