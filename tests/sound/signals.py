"""Test signals, and how much of what is in them."""

import numpy as np

from offhook.sound.samples import Samples

AMPLITUDE = 6000.0


def tone(frequency: float, rate: int, seconds: float, amplitude: float = AMPLITUDE) -> Samples:
    at = np.arange(int(rate * seconds)) / rate
    return (amplitude * np.sin(2 * np.pi * frequency * at)).astype(np.float32)


def level(samples: Samples, frequency: float, rate: int) -> float:
    """The amplitude of one frequency (Goertzel's sum, windowed)."""
    window = np.hanning(len(samples))
    turning = np.exp(-2j * np.pi * frequency * np.arange(len(samples)) / rate)
    return float(2 * abs(np.dot(samples * window, turning)) / window.sum())


def decibel(part: float, whole: float) -> float:
    return float(20 * np.log10(max(part, 1e-9) / whole))


def residue(samples: Samples, frequencies: list[float], rate: int) -> Samples:
    """What is left when the best fit of these frequencies is taken away."""
    at = np.arange(len(samples)) / rate
    basis = np.stack([f(2 * np.pi * x * at) for x in frequencies for f in (np.sin, np.cos)], axis=1)
    fit, *_ = np.linalg.lstsq(basis, samples.astype(np.float64), rcond=None)
    return (samples - basis @ fit).astype(np.float32)


def rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def snr(samples: Samples, frequencies: list[float], rate: int) -> float:
    """Decibels of these frequencies over all else."""
    return decibel(rms(samples), rms(residue(samples, frequencies, rate)))
