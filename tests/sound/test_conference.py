"""Over real sockets: this phone's three legs on one side, and on the other three who talk and listen."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import numpy as np
import pytest

from offhook.rtp.leg import Leg
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.ports import RtpPorts
from offhook.sound.listened_leg import ListenedLeg
from offhook.sound.opus_library import libopus
from offhook.sound.room import Room
from offhook.sound.samples import Samples
from offhook.sound.sound import Sound

from .signals import AMPLITUDE, decibel, level

HOST = "127.0.0.1"
PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8, "G722": 9, "OPUS": 111}
RATES = {"PCMU": 8000, "PCMA": 8000, "G722": 16000, "OPUS": 48000}


def start(leg: Leg, far: Leg, codec_name: str, **changes: Any) -> None:
    agreed: dict[str, Any] = {
        "address": HOST,
        "port": far.port,
        "rtcp_address": HOST,
        "rtcp_port": far.port + 1,
        "payload_type": PAYLOAD_TYPES[codec_name],
        "codec_name": codec_name,
        "telephone_event": 101,
        "sending": True,
        "receiving": True,
    }
    leg.start(**agreed | changes)


class Party:
    """One who says a tone in one codec, and keeps what it hears."""

    def __init__(self, clock: MediaClock, codec_name: str, frequency: float, ptime: int = 20) -> None:
        self.frequency = frequency
        self.codec_name = codec_name
        self.rate = RATES[codec_name]
        self.leg = Leg.open(clock, HOST, RtpPorts())
        self.far = Leg.open(clock, HOST, RtpPorts())
        self.heard: list[Samples] = []
        self.silent = False
        self._time = count(step=self.rate // 50)
        start(self.leg, self.far, codec_name, ptime=ptime)
        start(self.far, self.leg, codec_name, ptime=ptime)
        self._room = Room(clock)
        self._room.gather([self, ListenedLeg(self.far)])

    def speak(self) -> Samples | None:
        at = (next(self._time) + np.arange(self.rate // 50)) / self.rate
        said = AMPLITUDE * np.sin(2 * np.pi * self.frequency * at)
        return None if self.silent else said.astype(np.float32)

    def listen(self, samples: Samples) -> None:
        self.heard.append(samples)

    def levels(self, *frequencies: float) -> list[float]:
        """Decibels to what each talker says, the median of five spans of 100 ms.

        The median: a machine that is busy with other things for a moment is not what is looked at.
        """
        spans = np.split(np.concatenate(self.heard[-25:]), 5)
        measured = [
            [decibel(level(span, each, self.rate), AMPLITUDE) for span in spans] for each in frequencies
        ]
        return [float(np.median(each)) for each in measured]

    def close(self) -> None:
        self._room.gather([])
        self.leg.close()
        self.far.close()


@contextmanager
def parties(clock: MediaClock, **spoken: Any) -> Iterator[list[Party]]:
    them = [Party(clock, *each) for each in spoken.values()]
    try:
        yield them
    finally:
        for party in them:
            party.close()


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario())


async def listen(party: Party, frames: int = 30) -> None:
    """Lets that many more frames be heard."""
    until = len(party.heard) + frames
    async with asyncio.timeout(10):
        while len(party.heard) < until:
            await asyncio.sleep(0.02)


def test_three_codecs_hear_the_other_two_and_one_leaves() -> None:
    async def scenario() -> None:
        clock = MediaClock()
        sound = Sound(clock)
        with parties(clock, a=("PCMU", 440), b=("PCMA", 700, 30), c=("G722", 1000)) as (bob, carol, dave):
            calls = {"bob": bob.leg, "carol": carol.leg, "dave": dave.leg}
            sound.apply(calls, "handset", microphone=True, tone="none")
            await listen(bob, 70)
            for party in (bob, carol, dave):
                for frequency, measured in zip((440, 700, 1000), party.levels(440, 700, 1000), strict=True):
                    if frequency == party.frequency:
                        assert measured < -40
                    else:
                        assert abs(measured) < 0.5

            del calls["dave"]
            sound.apply(calls, "handset", microphone=True, tone="none")
            await listen(bob, 50)
            [carols, daves] = bob.levels(700, 1000)
            assert abs(carols) < 0.5
            assert daves < -60
            assert max(dave.levels(440, 700)) < -50

            # On hold a leg sends and receives nothing, whoever is in the room.
            start(carol.leg, carol.far, "PCMA", sending=False, receiving=False)
            await listen(bob, 50)
            [carols] = bob.levels(700)
            assert carols < -60

            del calls["carol"]
            sound.apply(calls, "handset", microphone=True, tone="none")
            await listen(bob, 30)
            assert max(bob.levels(440, 700, 1000)) < -50
            sound.close()
        assert not clock.running

    run(scenario)


@pytest.mark.skipif(libopus() is None, reason="libopus is not installed")
def test_opus_among_others() -> None:
    async def scenario() -> None:
        clock = MediaClock()
        sound = Sound(clock)
        with parties(clock, a=("PCMU", 440), b=("OPUS", 700), c=("G722", 1000)) as them:
            sound.apply(
                {str(party.frequency): party.leg for party in them}, "none", microphone=True, tone="none"
            )
            await listen(them[0], 70)
            for party in them:
                for frequency, measured in zip((440, 700, 1000), party.levels(440, 700, 1000), strict=True):
                    if frequency == party.frequency:
                        assert measured < -40
                    else:
                        assert abs(measured) < 1
            sound.close()
        assert not clock.running

    run(scenario)


def test_nobody_speaks_and_nothing_is_heard() -> None:
    async def scenario() -> None:
        clock = MediaClock()
        sound = Sound(clock)
        with parties(clock, a=("PCMU", 440), b=("G722", 700)) as (one, other):
            one.silent = other.silent = True
            sound.apply({"1": one.leg, "2": other.leg}, "none", microphone=True, tone="none")
            await listen(one, 40)
            for party in (one, other):
                assert np.abs(np.concatenate(party.heard)).max() < 30
            sound.close()

    run(scenario)


def test_a_call_by_itself_is_bare_until_an_end_listens() -> None:
    class End:
        rate = 16000

        def __init__(self) -> None:
            self.heard: list[Samples] = []

        def speak(self) -> Samples | None:
            return None

        def listen(self, samples: Samples) -> None:
            self.heard.append(samples)

    async def scenario() -> None:
        clock, end = MediaClock(), End()
        sound = Sound(clock, {"headset": end})
        with parties(clock, a=("PCMA", 440)) as [bob]:
            sound.apply({"bob": bob.leg}, "handset", microphone=True, tone="none")
            assert bob.leg.listener is None
            sound.apply({"bob": bob.leg}, "headset", microphone=False, tone="none")
            async with asyncio.timeout(10):
                while len(end.heard) < 40:
                    await asyncio.sleep(0.02)
            assert abs(decibel(level(np.concatenate(end.heard[-10:]), 440, 16000), AMPLITUDE)) < 0.5
            sound.apply({"bob": bob.leg}, "none", microphone=False, tone="none")
            assert bob.leg.listener is None
            sound.close()

    run(scenario)
