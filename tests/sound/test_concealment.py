import numpy as np
import pytest

from offhook.sound.concealment import Concealment
from offhook.sound.samples import Samples

from .signals import AMPLITUDE, rms, tone


def voice(rate: int, pitch: float, seconds: float) -> Samples:
    harmonics = [tone(pitch * n, rate, seconds, AMPLITUDE / n) for n in range(1, 8)]
    return np.sum(harmonics, axis=0).astype(np.float32)


def after(samples: Samples, rate: int) -> Concealment:
    concealment = Concealment(rate)
    for frame in np.split(samples, len(samples) * 50 // rate):
        concealment.heard(frame)
    return concealment


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("pitch", [80, 110, 170, 250, 390])
def test_goes_on_in_step(rate: int, pitch: float) -> None:
    whole = voice(rate, pitch, 0.22)
    known, lost = whole[: rate // 5], whole[rate // 5 :]
    made = after(known, rate).conceal(rate // 50)
    assert rms(made[: rate // 100] - lost[: rate // 100]) < 0.35 * rms(lost)


@pytest.mark.parametrize("rate", [8000, 16000])
def test_fades_to_nothing(rate: int) -> None:
    concealment = after(tone(440, rate, 0.2), rate)
    levels = [rms(concealment.conceal(rate // 50)) for _ in range(5)]
    assert levels[0] > 0.8 * AMPLITUDE / 2**0.5
    assert levels == sorted(levels, reverse=True)
    assert levels[3:] == [0, 0]
    assert concealment.silent


@pytest.mark.parametrize("lost", [1, 2, 5])
def test_no_click_where_sound_comes_back(lost: int) -> None:
    rate = 8000
    whole = tone(440, rate, 1)
    concealment = Concealment(rate)
    steepest = np.abs(np.diff(whole)).max()
    out = []
    for number, frame in enumerate(np.split(whole, 50)):
        gone = 20 <= number < 20 + lost
        out.append(concealment.conceal(160) if gone else concealment.heard(frame))
    assert np.abs(np.diff(np.concatenate(out))).max() < 1.6 * steepest


def test_leaves_alone_what_follows_what_was_heard() -> None:
    concealment = after(tone(440, 8000, 0.2), 8000)
    frame = tone(440, 8000, 0.02)
    assert concealment.heard(frame) is frame


def test_silence_goes_on_as_silence() -> None:
    assert not after(np.zeros(1600, np.float32), 8000).conceal(160).any()
    assert not Concealment(8000).conceal(160).any()


def test_period_of_a_tone_is_one_of_its_multiples() -> None:
    period = after(tone(400, 8000, 0.2), 8000).period()
    assert period % 20 == 0
