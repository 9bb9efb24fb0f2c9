"""Opus by libopus (RFC 6716, RFC 7587): one channel, full band, packets of 20 ms out and of any length in."""

import ctypes
import weakref
from dataclasses import dataclass

import numpy as np

from offhook.sound.opus_library import MISSING, libopus
from offhook.sound.samples import Samples, to_pcm16

RATE = 48000
_VOIP = 2048  # OPUS_APPLICATION_VOIP
_SET_BITRATE = 4002  # OPUS_SET_BITRATE_REQUEST
_BITRATE = 32000
_LARGEST_PACKET = 1275
_LONGEST = RATE * 120 // 1000  # of a packet (RFC 6716 §3.2)
_SAMPLES_A_TICK = RATE // 8000

# Samples in a frame at 48 kHz, by the upper five bits of a packet (RFC 6716 §3.1).
_SILK = (480, 960, 1920, 2880)
_HYBRID = (480, 960)
_CELT = (120, 240, 480, 960)
_FRAMES = _SILK * 3 + _HYBRID * 2 + _CELT * 4


def samples_in(packet: bytes) -> int:
    """At 48 kHz; 0 for what is no packet."""
    if not packet:
        return 0
    match packet[0] & 3:
        case 0:
            count = 1
        case 1 | 2:
            count = 2
        case _:
            count = packet[1] & 0x3F if len(packet) > 1 else 0
    samples = count * _FRAMES[packet[0] >> 3]
    return samples if samples <= _LONGEST else 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of what a packet holds, in ticks of 1/8 ms: so it has a length and can be cut as octets can."""

    packet: bytes
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def __getitem__(self, part: slice) -> "Stretch":
        start, end, _ = part.indices(len(self))
        return Stretch(self.packet, self.start + start, self.start + max(start, end))


class Opus:
    """Raises RuntimeError where there is no libopus."""

    rate = RATE

    def __init__(self) -> None:
        library = libopus()
        if library is None:
            raise RuntimeError(MISSING)
        self._library = library
        self._encoder = library.opus_encoder_create(RATE, 1, _VOIP, None)
        self._decoder = library.opus_decoder_create(RATE, 1, None)
        weakref.finalize(self, library.opus_encoder_destroy, self._encoder)
        weakref.finalize(self, library.opus_decoder_destroy, self._decoder)
        library.opus_encoder_ctl(self._encoder, _SET_BITRATE, ctypes.c_int32(_BITRATE))
        self._packet = ctypes.create_string_buffer(_LARGEST_PACKET)
        self._decoded = np.zeros(_LONGEST, np.int16)
        self._whole: tuple[bytes | None, Samples] = None, np.zeros(0, np.float32)

    def stretch(self, payload: bytes) -> Stretch:
        return Stretch(payload, 0, samples_in(payload) // _SAMPLES_A_TICK)

    def decode(self, stretch: Stretch) -> Samples:
        """A packet that cannot be decoded is silence."""
        packet, samples = self._whole
        if stretch.packet is not packet:
            samples = self._decode(stretch.packet)
            self._whole = stretch.packet, samples
        return samples[stretch.start * _SAMPLES_A_TICK : stretch.end * _SAMPLES_A_TICK]

    def encode(self, samples: Samples) -> bytes:
        """One packet; `samples` are 20 ms."""
        pcm = to_pcm16(samples)
        size = self._library.opus_encode(
            self._encoder, pcm.ctypes.data, len(pcm), self._packet, _LARGEST_PACKET
        )
        if size < 0:
            raise ValueError(f"{len(pcm)} samples are no frame of Opus")
        return self._packet.raw[:size]

    def _decode(self, packet: bytes) -> Samples:
        decoded = self._decoded
        count = self._library.opus_decode(
            self._decoder, packet, len(packet), decoded.ctypes.data, len(decoded), 0
        )
        if count < 0:
            return np.zeros(samples_in(packet), np.float32)
        return decoded[:count].astype(np.float32)
