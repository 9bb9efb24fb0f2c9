import numpy as np
import pytest

from offhook.sound.resampler import Resampler
from offhook.sound.samples import Samples

from .signals import AMPLITUDE, decibel, level, rms, snr, tone

RATES = [(8000, 16000), (16000, 8000), (8000, 48000), (48000, 8000), (16000, 48000), (48000, 16000)]


def resampled(samples: Samples, rate: int, to: int) -> Samples:
    resampler = Resampler(rate, to)
    blocks = [resampler.process(block) for block in np.split(samples, len(samples) * 50 // rate)]
    assert {block.shape for block in blocks} == {(to // 50,)}
    assert {block.dtype for block in blocks} == {np.dtype(np.float32)}
    return np.concatenate(blocks)


def settled(samples: Samples, rate: int) -> Samples:
    return samples[rate // 50 * 2 :]


@pytest.mark.parametrize(("rate", "to"), RATES)
@pytest.mark.parametrize("frequency", [100, 440, 1000, 3000])
def test_a_tone_keeps_its_level_and_is_seamless(rate: int, to: int, frequency: int) -> None:
    out = settled(resampled(tone(frequency, rate, 1), rate, to), to)
    assert abs(decibel(level(out, frequency, to), AMPLITUDE)) < 0.1
    assert snr(out, [frequency], to) > 65


@pytest.mark.parametrize(("rate", "to"), [(16000, 8000), (48000, 8000), (48000, 16000)])
def test_what_the_lower_rate_cannot_carry_is_gone(rate: int, to: int) -> None:
    for frequency in (to * 0.6, to * 0.75, to * 0.9):
        out = settled(resampled(tone(frequency, rate, 0.5), rate, to), to)
        assert decibel(rms(out), AMPLITUDE / 2**0.5) < -60


@pytest.mark.parametrize(("rate", "to"), [(8000, 16000), (8000, 48000), (16000, 48000)])
def test_no_mirror_images(rate: int, to: int) -> None:
    out = settled(resampled(tone(rate * 0.3, rate, 0.5), rate, to), to)
    assert decibel(level(out, rate * 0.7, to), AMPLITUDE) < -70


@pytest.mark.parametrize(("rate", "to"), RATES)
def test_delay(rate: int, to: int) -> None:
    click = np.zeros(rate // 5, np.float32)
    click[rate // 10] = 1000
    peak = int(np.argmax(resampled(click, rate, to))) / to
    assert 0 <= peak - 0.1 < 0.0021


def test_silence_is_silence() -> None:
    resampler = Resampler(8000, 16000)
    resampler.process(tone(440, 8000, 0.02))
    resampler.process(np.zeros(160, np.float32))
    assert not resampler.process(np.zeros(160, np.float32)).any()


def test_rates_that_do_not_divide() -> None:
    with pytest.raises(ValueError, match="from 44100 to 16000 Hz"):
        Resampler(44100, 16000)
