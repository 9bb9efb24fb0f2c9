import numpy as np
import pytest

from offhook.rtp.media_clock import MediaClock
from offhook.sound.room import Room
from offhook.sound.samples import Samples

from .signals import AMPLITUDE, decibel, level, snr, tone

FREQUENCIES = [440, 700, 1000]


class Talker:
    """Says a tone, and keeps what it hears."""

    def __init__(self, rate: int, frequency: float, amplitude: float = AMPLITUDE) -> None:
        self.rate = rate
        self.silent = False
        self._frames = np.split(tone(frequency, rate, 10, amplitude), 500)
        self.heard: list[Samples] = []

    def speak(self) -> Samples | None:
        return None if self.silent else self._frames[len(self.heard)]

    def listen(self, samples: Samples) -> None:
        assert samples.shape == (self.rate // 50,)
        self.heard.append(samples)

    def last_second(self) -> Samples:
        return np.concatenate(self.heard[-50:])


class StillClock(MediaClock):
    """Beats when it is told to."""

    def join(self, paced: object, interval: int, *, first: bool = False) -> None:
        assert (interval, first) == (20, True)

    def leave(self, paced: object, interval: int) -> None: ...


def room(*members: Talker) -> Room:
    it = Room(StillClock())
    it.gather(members)
    return it


@pytest.mark.parametrize("rates", [(8000,) * 3, (16000,) * 3, (8000, 8000, 16000), (48000, 16000, 8000)])
def test_each_hears_all_others_and_not_itself(rates: tuple[int, ...]) -> None:
    talkers = [Talker(rate, frequency) for rate, frequency in zip(rates, FREQUENCIES, strict=True)]
    mixing = room(*talkers)
    for _ in range(60):
        mixing.beat(0)
    for talker, own in zip(talkers, FREQUENCIES, strict=True):
        heard = talker.last_second()
        others = [frequency for frequency in FREQUENCIES if frequency != own]
        for frequency in others:
            assert abs(decibel(level(heard, frequency, talker.rate), AMPLITUDE)) < 0.1
        assert decibel(level(heard, own, talker.rate), AMPLITUDE) < -70
        assert snr(heard, [float(other) for other in others], talker.rate) > 60


def test_four_members_and_one_that_leaves() -> None:
    talkers = [Talker(8000, frequency) for frequency in (440, 700, 1000, 1300)]
    mixing = room(*talkers)
    for _ in range(60):
        mixing.beat(0)
    assert level(talkers[0].last_second(), 1300, 8000) == pytest.approx(AMPLITUDE, rel=0.01)
    mixing.gather(talkers[:3])
    for _ in range(60):
        mixing.beat(0)
    assert len(talkers[3].heard) == 60
    assert level(talkers[0].last_second(), 1300, 8000) < 1
    assert level(talkers[0].last_second(), 1000, 8000) == pytest.approx(AMPLITUDE, rel=0.01)


def test_nobody_speaks() -> None:
    talkers = [Talker(8000, 440), Talker(16000, 700)]
    for talker in talkers:
        talker.silent = True
    mixing = room(*talkers)
    for _ in range(5):
        mixing.beat(0)
    assert not any(frame.any() for talker in talkers for frame in talker.heard)


def test_a_rate_that_changes_in_mid_call() -> None:
    one, other = Talker(8000, 440), Talker(8000, 700)
    mixing = room(one, other)
    for _ in range(60):
        mixing.beat(0)
    wide = Talker(16000, 700)
    other.rate, other._frames = 16000, wide._frames
    for _ in range(60):
        mixing.beat(0)
    assert snr(one.last_second(), [700], 8000) > 60
    assert snr(other.last_second(), [440], 16000) > 60


def test_staying_in_the_room_is_seamless() -> None:
    one, other, third = Talker(8000, 440), Talker(16000, 700), Talker(8000, 1000, 0)
    mixing = room(one, other)
    for beat in range(60):
        mixing.gather([one, other, third][: 2 + beat % 2])
        mixing.beat(0)
    assert snr(one.last_second(), [700], 8000) > 60
