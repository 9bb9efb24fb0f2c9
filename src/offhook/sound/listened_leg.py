"""A leg that somebody listens to and speaks into."""

import numpy as np

from offhook.rtp.format import FORMATS
from offhook.rtp.leg import Leg
from offhook.rtp.packet import RtpPacket
from offhook.rtp.sender import Source
from offhook.sound.codec import codec
from offhook.sound.concealment import Concealment
from offhook.sound.jitter_buffer import FRAME, TICKS_MS, JitterBuffer, Stretch
from offhook.sound.resampler import Resampler
from offhook.sound.samples import FRAME_MS, LOUDEST, Samples

_BETWEEN_CUTS = 5
"""Frames: sound is shortened by a tenth at most."""
_LOUDEST_NOISE = 30
"""Decibels below the loudest there is: comfort that is louder is none."""


class ListenedLeg:
    """Decodes what `leg` receives, and has it send what is said to it (`room.Member`).

    Follows the leg through changes of its codec, which change `rate`, and the far end through changes among
    the codecs that were agreed on.
    """

    def __init__(self, leg: Leg) -> None:
        self._leg = leg
        self._ssrc: int | None = None
        self._timestamp = 0
        self._since_cut = 0
        self._noise: float | None = None
        self._random = np.random.default_rng()
        self._spoken = self._heard = leg.codec_name or "PCMU"
        self._encoder, self._decoder = codec(self._spoken), codec(self._heard)
        self._concealment = Concealment(self._decoder.rate)
        self._decode_anew()
        leg.listener = self
        leg.source = Source.FED

    def leave(self) -> None:
        """Nobody listens any more: the leg goes on by itself, with silence."""
        self._leg.listener = None
        self._leg.source = Source.SILENCE

    @property
    def rate(self) -> int:
        name = self._leg.codec_name
        if name is not None and name != self._spoken:
            self._spoken, self._encoder = name, codec(name)
            self._adapt()
        return self._encoder.rate

    @property
    def delay(self) -> float:
        """Milliseconds for which what arrives waits until it is heard."""
        return self._buffer.delay / TICKS_MS

    def hear(self, received: RtpPacket, codec_name: str, payload: bytearray) -> None:
        if (received.ssrc, codec_name) != (self._ssrc, self._heard):
            # Another source has a timeline and a past of its own, another codec at least the latter.
            self._ssrc, self._heard, self._timestamp = received.ssrc, codec_name, received.timestamp
            self._decode_anew()
        self._noise = None
        # Counted on without an end, for a clock of 48 kHz is divided before it is cut to 32 bits again.
        self._timestamp += (received.timestamp - self._timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        ticks = self._timestamp // self._clock_a_tick & 0xFFFFFFFF
        if not self._buffer.put(ticks, self._decoder.stretch(bytes(payload))):
            self._leg.late += 1

    def hear_noise(self, level: int) -> None:
        self._noise = LOUDEST * 10 ** (-max(level, _LOUDEST_NOISE) / 20)

    def speak(self) -> Samples | None:
        said = self._frame()
        if self._to_rate is None:
            return said
        silence = np.zeros(self._decoder.rate * FRAME_MS // 1000, np.float32)
        return self._to_rate.process(silence if said is None else said)

    def _frame(self) -> Samples | None:
        buffer = self._buffer
        if buffer.wait:
            buffer.wait -= 1
            return self._join([FRAME])
        self._since_cut += 1
        if buffer.surplus and self._since_cut >= _BETWEEN_CUTS:
            cut = self._concealment.period() * TICKS_MS * 1000 // self._decoder.rate
            if cut <= buffer.surplus and buffer.holds(FRAME + cut):
                return self._cut(cut)
        return self._join(buffer.take())

    def listen(self, samples: Samples) -> None:
        self._leg.feed(self._encoder.encode(samples))

    def _decode_anew(self) -> None:
        self._decoder = codec(self._heard)
        self._clock_a_tick = FORMATS[self._heard].clock // (TICKS_MS * 1000)
        self._buffer = JitterBuffer()
        if self._decoder.rate != self._concealment.rate:
            self._concealment = Concealment(self._decoder.rate)
        self._adapt()

    def _adapt(self) -> None:
        """What is heard may come at another rate than what is said, and a member has one."""
        heard, said = self._decoder.rate, self._encoder.rate
        self._to_rate = Resampler(heard, said) if heard != said else None

    def _join(self, pieces: list[Stretch | int]) -> Samples | None:
        """The frame that `pieces` of the stream make; None for silence."""
        if len(pieces) == 1 and isinstance(pieces[0], int) and self._concealment.silent and not self._noise:
            return None
        parts = [self._play(piece) for piece in pieces]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _play(self, piece: Stretch | int) -> Samples:
        if not isinstance(piece, int):
            return self._concealment.heard(self._decoder.decode(piece))
        count = piece * self._decoder.rate // (TICKS_MS * 1000)
        if self._noise:
            noise = self._random.standard_normal(count, np.float32) * np.float32(self._noise)
            return self._concealment.heard(noise)
        return self._concealment.conceal(count)

    def _cut(self, cut: int) -> Samples:
        """A frame out of more, with a period of its sound left out."""
        self._since_cut = 0
        self._buffer.surplus -= cut
        pieces = self._buffer.take(FRAME + cut)
        samples = np.concatenate(
            [self._decoder.decode(piece) for piece in pieces if not isinstance(piece, int)]
        )
        length = FRAME * self._decoder.rate // (TICKS_MS * 1000)
        rising = np.linspace(0, 1, length, dtype=np.float32)
        blended = samples[:length] + (samples[-length:] - samples[:length]) * rising
        return self._concealment.heard(blended)
