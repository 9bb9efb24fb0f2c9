"""Octets of RTP to samples and back."""

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import numpy as np
from G722 import G722  # type: ignore[import-not-found]
from numpy.typing import NDArray

from offhook.sound.opus import Opus
from offhook.sound.samples import Samples, to_pcm16

_Tables: TypeAlias = tuple[Samples, NDArray[np.uint8]]


class Codec(Protocol):
    """Both directions of one call, each with its own past.

    `rate` is that of the samples in Hz. `stretch` makes of a payload what can be measured and cut by ticks of
    1/8 ms, and `decode` takes a piece of that: of G.711 and G.722, whose octets are such ticks, the payload
    itself. What is encoded is any number of samples, or, with Opus, 20 ms.
    """

    rate: int

    def stretch(self, payload: bytes) -> Any: ...

    def decode(self, stretch: Any) -> Samples: ...

    def encode(self, samples: Samples) -> bytes: ...


def codec(name: str) -> Codec:
    """A new one, by its name in SDP. Raises KeyError, and RuntimeError where its library is missing."""
    return _CODECS[name]()


class _Octets:
    def stretch(self, payload: bytes) -> bytes:
        return payload


class _Companded(_Octets):
    """G.711: an octet a sample, by table."""

    rate = 8000

    def __init__(self, expanded: Samples, compressed: NDArray[np.uint8]) -> None:
        self._expanded = expanded
        self._compressed = compressed

    def decode(self, stretch: bytes) -> Samples:
        return self._expanded.take(np.frombuffer(stretch, np.uint8))

    def encode(self, samples: Samples) -> bytes:
        return self._compressed.take(to_pcm16(samples).view(np.uint16)).tobytes()


class _Wideband(_Octets):
    """G.722 at 64 kbit/s: an octet for two samples."""

    rate = 16000

    def __init__(self) -> None:
        self._encoder = G722(self.rate, 64000)
        self._decoder = G722(self.rate, 64000)

    def decode(self, stretch: bytes) -> Samples:
        return np.array(self._decoder.decode(stretch), np.float32)

    def encode(self, samples: Samples) -> bytes:
        octets: bytes = self._encoder.encode(to_pcm16(samples))
        return octets


def _table(inverted: int, levels: NDArray[np.intp], edges: NDArray[np.intp]) -> _Tables:
    """What each octet stands for, and which octet stands for each sample, the latter read as unsigned.

    `levels` and `edges` are the value and the lower decision value of the 128 magnitudes, `inverted` the bits
    that are turned over on the line. Negative samples are measured in one's complement, as G.191 has it.
    """
    magnitudes = np.arange(128)
    positive, negative = magnitudes ^ inverted, (magnitudes | 0x80) ^ inverted
    expanded = np.empty(256, np.float32)
    expanded[positive], expanded[negative] = levels, -levels
    samples = np.arange(65536, dtype=np.uint16).view(np.int16)
    below = samples < 0
    magnitude = np.searchsorted(edges, np.where(below, ~samples, samples), side="right") - 1
    return expanded, np.where(below, negative[magnitude], positive[magnitude]).astype(np.uint8)


def _mu_law() -> _Tables:
    """Table 2 of G.711, in 16 bits: seven lower bits, three of exponent and four of mantissa."""
    exponent, mantissa = np.arange(128) >> 4, np.arange(128) & 15
    levels = ((mantissa * 2 + 33 << exponent) - 33) * 4
    return _table(0xFF, levels, ((mantissa * 2 + 32 << exponent) - 33) * 4)


def _a_law() -> _Tables:
    """Table 1 of G.711: the first segment is as fine as the second."""
    exponent, mantissa = np.arange(128) >> 4, np.arange(128) & 15
    shift, leading = np.maximum(exponent - 1, 0), np.where(exponent, 32, 0)
    return _table(0xD5, (mantissa * 2 + 1 + leading << shift) * 8, (mantissa * 2 + leading << shift) * 8)


_MU_LAW = _mu_law()
_A_LAW = _a_law()

_CODECS: dict[str, Callable[[], Codec]] = {
    "PCMU": lambda: _Companded(*_MU_LAW),
    "PCMA": lambda: _Companded(*_A_LAW),
    "G722": _Wideband,
    "OPUS": Opus,
}
