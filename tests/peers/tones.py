"""Tones to be known by: one's own codecs for them, and what a spectrum has of them."""

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
from G722 import G722  # type: ignore[import-not-found]
from numpy.typing import NDArray

Pcm = NDArray[np.int16]

AMPLITUDE = 6000
FLOOR = -40
"""Decibels to a tone below which nothing counts as heard: what companding makes of it is lower."""
SPANS = 5
SPAN = 0.25
"""Seconds. A spectrum is the median of several, for a moment in which the machine was busy does not count."""


def tone(frequency: int, rate: int, seconds: float) -> Pcm:
    at = np.arange(round(rate * seconds)) / rate
    said: Pcm = np.rint(AMPLITUDE * np.sin(2 * np.pi * frequency * at)).astype(np.int16)
    return said


def write_tone(path: Path, frequency: int, seconds: float, *, rate: int = 8000, channels: int = 1) -> None:
    """A WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(tone(frequency, rate, seconds).repeat(channels).tobytes())


def _a_law() -> NDArray[np.int32]:
    """What each octet stands for (G.711, table 1), in 16 bits."""
    octets = np.arange(256) ^ 0x55
    exponent, mantissa = octets >> 4 & 7, octets & 15
    first = mantissa * 16 + 8
    others = mantissa * 16 + 264 << np.maximum(exponent - 1, 0)
    return np.where(octets & 0x80, 1, -1) * np.where(exponent, others, first).astype(np.int32)


A_LAW = _a_law()
_ORDER = np.argsort(A_LAW)
_BETWEEN = (A_LAW[_ORDER][1:] + A_LAW[_ORDER][:-1]) / 2


def to_a_law(samples: Pcm) -> bytes:
    """The nearest that there is."""
    return _ORDER[np.searchsorted(_BETWEEN, samples)].astype(np.uint8).tobytes()


def from_a_law(octets: bytes) -> Pcm:
    return A_LAW[np.frombuffer(octets, np.uint8)].astype(np.int16)


def to_g722(samples: Pcm) -> bytes:
    return bytes(G722(16000, 64000).encode(samples))


def from_g722(octets: bytes) -> Pcm:
    return np.array(G722(16000, 64000).decode(octets), np.int16)


def repeated(payload: bytes) -> Callable[[], bytes]:
    """Says these octets in packets of 20 ms, over and over."""
    packets = [payload[at : at + 160] for at in range(0, len(payload), 160)]
    said = 0

    def speak() -> bytes:
        nonlocal said
        said += 1
        return packets[said % len(packets)]

    return speak


def spectrum(samples: Pcm, rate: int) -> dict[int, float]:
    """Frequency in Hz to decibels, a tone as loud as said being 0, of the last samples."""
    length = round(SPAN * rate)
    spans = samples[-SPANS * length :].reshape(SPANS, length).astype(np.float64)
    window = np.hanning(length)
    levels = np.median(np.abs(np.fft.rfft(spans * window)), axis=0) * 2 / window.sum() / AMPLITUDE
    return {round(i / SPAN): float(20 * np.log10(max(level, 1e-9))) for i, level in enumerate(levels)}


def tones(samples: Pcm, rate: int) -> set[int]:
    """The frequencies that stand out above `FLOOR`: of neighbours the loudest."""
    levels = spectrum(samples, rate)
    step = round(1 / SPAN)
    return {
        frequency
        for frequency, level in levels.items()
        if level > FLOOR
        and level >= max(levels.get(frequency + step * by, FLOOR) for by in (-3, -2, -1, 1, 2, 3))
    }
