"""A network in virtual time between a talker and one who listens."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from offhook.rtp.leg import Listener
from offhook.rtp.packet import RtpPacket
from offhook.rtp.sender import Source
from offhook.sound.codec import Codec
from offhook.sound.listened_leg import ListenedLeg
from offhook.sound.opus import Opus
from offhook.sound.samples import Samples


class BareLeg:
    """What a `ListenedLeg` sees of a leg."""

    def __init__(self, codec_name: str) -> None:
        self.codec_name: str | None = codec_name
        self.listener: Listener | None = None
        self.source = Source.SILENCE
        self.fed: list[bytes] = []
        self.late = 0

    def feed(self, payload: bytes) -> None:
        self.fed.append(payload)


@dataclass(order=True)
class Arrival:
    at: float
    sequence: int
    timestamp: int = field(compare=False)
    payload: bytes = field(compare=False, repr=False)
    ssrc: int = field(default=1, compare=False)
    codec_name: str | None = field(default=None, compare=False)
    """None for the one that the leg sends."""


def talk(
    samples: Samples,
    spoken: Codec,
    *,
    ptime: int = 20,
    start: float = 0.0,
    first: int = 0xFFFFFF00,
    ssrc: int = 1,
    faster: float = 0.0,
    codec_name: str | None = None,
) -> list[Arrival]:
    """Packets in the order they are sent; times in ms. `faster` is by how much the talker's clock is."""
    length = spoken.rate * ptime // 1000
    clock = 48 if isinstance(spoken, Opus) else 8
    return [
        Arrival(
            start + n * ptime / (1 + faster),
            n,
            first + n * ptime * clock & 0xFFFFFFFF,
            spoken.encode(samples[n * length : (n + 1) * length]),
            ssrc,
            codec_name,
        )
        for n in range(len(samples) // length)
    ]


@dataclass
class Heard:
    samples: Samples
    frames: list[Samples | None]
    delays: list[float]
    listened: ListenedLeg
    leg: BareLeg


def listen(
    arrivals: list[Arrival],
    codec_name: str = "PCMU",
    *,
    phase: float = 7.0,
    during: Callable[[float, BareLeg], None] = lambda _now, _leg: None,
    beyond: float = 300.0,
) -> Heard:
    """Delivers the packets and asks for a frame every 20 ms, the first after `phase`."""
    leg = BareLeg(codec_name)
    listened = ListenedLeg(leg)  # type: ignore[arg-type]
    waiting = sorted(arrivals)
    frames: list[Samples | None] = []
    delays = []
    now = phase
    end = waiting[-1].at + beyond
    while now < end:
        while waiting and waiting[0].at <= now:
            packet = waiting.pop(0)
            header = RtpPacket(False, 0, packet.sequence & 0xFFFF, packet.timestamp, packet.ssrc, 0, 0)
            assert leg.listener
            leg.listener.hear(header, packet.codec_name or leg.codec_name or "", bytearray(packet.payload))
        during(now, leg)
        rate = listened.rate
        frame = listened.speak()
        assert frame is None or frame.shape == (rate // 50,)
        frames.append(frame)
        delays.append(listened.delay)
        now += 20
    silence = np.zeros(listened.rate // 50, np.float32)
    samples = np.concatenate([silence if frame is None else frame for frame in frames])
    return Heard(samples, frames, delays, listened, leg)
