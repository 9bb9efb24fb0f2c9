"""A leg that somebody listens to and speaks into."""

import numpy as np

from offhook.rtp.leg import Leg
from offhook.rtp.packet import RtpPacket
from offhook.rtp.sender import Source
from offhook.sound.codec import codec
from offhook.sound.concealment import Concealment
from offhook.sound.jitter_buffer import FRAME, TICKS_MS, JitterBuffer
from offhook.sound.samples import Samples

_BETWEEN_CUTS = 5
"""Frames: sound is shortened by a tenth at most."""


class ListenedLeg:
    """Decodes what `leg` receives, and has it send what is said to it (`room.Member`).

    Follows the leg through changes of its codec, which change `rate`.
    """

    def __init__(self, leg: Leg) -> None:
        self._leg = leg
        self._ssrc: int | None = None
        self._since_cut = 0
        self._adopt(leg.codec_name or "PCMU")
        leg.listener = self
        leg.source = Source.FED

    def leave(self) -> None:
        """Nobody listens any more: the leg goes on by itself, with silence."""
        self._leg.listener = None
        self._leg.source = Source.SILENCE

    @property
    def rate(self) -> int:
        name = self._leg.codec_name
        if name is not None and name != self._codec_name:
            self._adopt(name)
        return self._decoder.rate

    @property
    def delay(self) -> float:
        """Milliseconds for which what arrives waits until it is heard."""
        return self._buffer.delay / TICKS_MS

    def hear(self, received: RtpPacket, payload: bytearray) -> None:
        if received.ssrc != self._ssrc:
            # Another source has a timeline and, in G.722, a past of its own.
            self._ssrc = received.ssrc
            self._buffer = JitterBuffer()
            self._decoder = codec(self._codec_name)
        self._buffer.put(received.timestamp, bytes(payload))

    def speak(self) -> Samples | None:
        buffer = self._buffer
        if buffer.wait:
            buffer.wait -= 1
            return self._join([FRAME])
        self._since_cut += 1
        if buffer.surplus and self._since_cut >= _BETWEEN_CUTS:
            cut = self._concealment.period() * TICKS_MS * 1000 // self.rate
            if cut <= buffer.surplus and buffer.holds(FRAME + cut):
                return self._cut(cut)
        return self._join(buffer.take())

    def listen(self, samples: Samples) -> None:
        self._leg.feed(self._encoder.encode(samples))

    def _adopt(self, name: str) -> None:
        self._codec_name = name
        self._encoder, self._decoder = codec(name), codec(name)
        self._buffer = JitterBuffer()
        self._concealment = Concealment(self._decoder.rate)

    def _join(self, pieces: list[bytes | int]) -> Samples | None:
        """The frame that `pieces` of the stream make; None for silence."""
        if len(pieces) == 1 and isinstance(pieces[0], int) and self._concealment.silent:
            return None
        parts = [self._play(piece) for piece in pieces]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _play(self, piece: bytes | int) -> Samples:
        if isinstance(piece, int):
            return self._concealment.conceal(piece * self._decoder.rate // (TICKS_MS * 1000))
        return self._concealment.heard(self._decoder.decode(piece))

    def _cut(self, cut: int) -> Samples:
        """A frame out of more, with a period of its sound left out."""
        self._since_cut = 0
        self._buffer.surplus -= cut
        pieces = self._buffer.take(FRAME + cut)
        samples = np.concatenate(
            [self._decoder.decode(piece) for piece in pieces if isinstance(piece, bytes)]
        )
        length = FRAME * self._decoder.rate // (TICKS_MS * 1000)
        rising = np.linspace(0, 1, length, dtype=np.float32)
        blended = samples[:length] + (samples[-length:] - samples[:length]) * rising
        return self._concealment.heard(blended)
