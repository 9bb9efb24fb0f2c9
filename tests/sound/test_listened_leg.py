import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from offhook.rtp.sender import Source
from offhook.sound.codec import codec
from offhook.sound.listened_leg import ListenedLeg
from offhook.sound.opus_library import libopus
from offhook.sound.samples import Samples

from .network import Arrival, BareLeg, Heard, listen, talk
from .signals import AMPLITUDE, level, rms, snr, tone

SECONDS = 6

needs_opus = pytest.mark.skipif(libopus() is None, reason="libopus is not installed")


def packets(name: str = "PCMU", **how: float) -> list[Arrival]:
    spoken = codec(name)
    return talk(tone(440, spoken.rate, SECONDS), spoken, **how)  # type: ignore[arg-type]


def last_second(heard: Heard) -> Samples:
    rate = heard.listened.rate
    return heard.samples[-int(1.4 * rate) : -int(0.4 * rate)]


def gaps(heard: Heard) -> int:
    """Frames without sound between the first with sound and the last."""
    sounding = [number for number, frame in enumerate(heard.frames) if frame is not None]
    return sounding[-1] - sounding[0] + 1 - len(sounding)


@pytest.mark.parametrize("name", ["PCMU", "PCMA", "G722"])
@pytest.mark.parametrize("ptime", [10, 20, 30, 60])
@pytest.mark.parametrize("phase", [0.5, 7, 19.5])
def test_an_even_stream_is_heard_whole_and_soon(name: str, ptime: int, phase: float) -> None:
    heard = listen(packets(name, ptime=ptime), name, phase=phase)
    assert snr(last_second(heard), [440], heard.listened.rate) > 35
    assert gaps(heard) == 0
    assert max(heard.delays) <= ptime + 20


@pytest.mark.parametrize(("jitter", "delay"), [(5, 40), (15, 40), (40, 60), (80, 120), (150, 200)])
@pytest.mark.parametrize("seed", range(3))
def test_jitter_is_soon_absorbed(jitter: int, delay: int, seed: int) -> None:
    chance = random.Random(seed)
    uneven = [replace(each, at=each.at + chance.random() * jitter) for each in packets()]
    heard = listen(uneven)
    assert max(heard.delays) <= delay
    assert snr(last_second(heard), [440], 8000) > 35


@pytest.mark.parametrize("ppm", [-3000, -200, 200, 3000])
def test_a_clock_that_runs_otherwise(ppm: int) -> None:
    heard = listen(packets(faster=ppm / 1e6))
    assert gaps(heard) == 0
    assert max(heard.delays) <= 60


def each_twice(packets: list[Arrival]) -> list[Arrival]:
    return packets + [replace(each, at=each.at + 3) for each in packets]


def pairs_swapped(packets: list[Arrival]) -> list[Arrival]:
    return [replace(each, at=each.at + 21 * (each.sequence % 2 == 0)) for each in packets]


@pytest.mark.parametrize("spoil", [each_twice, pairs_swapped])
def test_duplicates_and_disorder_are_not_heard(spoil: Callable[[list[Arrival]], list[Arrival]]) -> None:
    heard = listen(spoil(packets()))
    assert snr(last_second(heard), [440], 8000) > 35
    assert gaps(heard) == 0


@pytest.mark.parametrize("name", ["PCMU", "G722"])
def test_loss_is_covered(name: str) -> None:
    chance = random.Random(1)
    heard = listen([each for each in packets(name) if chance.random() > 0.05], name)
    assert snr(last_second(heard), [440], heard.listened.rate) > 12
    whole = np.split(last_second(heard), 50)
    assert min(rms(frame) for frame in whole) > 0.5 * AMPLITUDE / 2**0.5


def test_an_outage_fades_out_and_leaves_no_delay_behind() -> None:
    def held_up(each: Arrival) -> Arrival:
        return replace(each, at=2500 + each.sequence / 1000) if 2000 <= each.at < 2500 else each

    heard = listen([held_up(each) for each in packets()])
    assert sum(frame is None for frame in heard.frames[105:125]) >= 15
    assert max(heard.delays) <= 200
    assert max(heard.delays[250:]) <= 70
    assert gaps(heard) <= 32


@pytest.mark.parametrize("name", ["PCMU", "G722"])
def test_another_source_is_heard_at_once(name: str) -> None:
    spoken = codec(name)
    other = talk(tone(1000, spoken.rate, 1), spoken, start=1000, first=77, ssrc=2)
    heard = listen([each for each in packets(name) if each.at < 1000] + other, name)
    rate = heard.listened.rate
    assert level(heard.samples[rate // 2 : rate], 440, rate) > 0.95 * AMPLITUDE
    after = heard.samples[int(1.1 * rate) : int(1.9 * rate)]
    assert level(after, 1000, rate) > 0.95 * AMPLITUDE
    assert level(after, 440, rate) < 10
    assert gaps(heard) == 0


def test_a_codec_that_changes_in_mid_call() -> None:
    wide = talk(tone(1000, 16000, 1), codec("G722"), start=1000, first=160 * 50)

    def change(now: float, leg: BareLeg) -> None:
        if now >= 995:
            leg.codec_name = "G722"

    narrow = talk(tone(440, 8000, 1), codec("PCMA"), first=0)
    heard = listen(narrow + wide, "PCMA", during=change)
    assert heard.listened.rate == 16000
    samples = np.concatenate([frame for frame in heard.frames if frame is not None and len(frame) == 320])
    assert level(samples[1600:14000], 1000, 16000) > 0.95 * AMPLITUDE


@needs_opus
@pytest.mark.parametrize("ptime", [10, 20, 40, 60])
@pytest.mark.parametrize("phase", [0.5, 7, 19.5])
def test_opus_packets_of_any_length_are_heard_whole(ptime: int, phase: float) -> None:
    heard = listen(packets("OPUS", ptime=ptime), "OPUS", phase=phase)
    assert heard.listened.rate == 48000
    assert snr(last_second(heard), [440], 48000) > 25
    assert gaps(heard) == 0
    assert max(heard.delays) <= ptime + 20


@needs_opus
def test_opus_goes_on_through_jitter_loss_and_a_clock_that_runs_otherwise() -> None:
    chance = random.Random(3)
    spoken = [replace(each, at=each.at + chance.random() * 40) for each in packets("OPUS", faster=0.003)]
    heard = listen([each for each in spoken if chance.random() > 0.02], "OPUS")
    assert gaps(heard) == 0
    assert max(heard.delays) <= 80
    assert level(last_second(heard), 440, 48000) > 0.8 * AMPLITUDE


ALL_AGREED = ["PCMU", "G722", pytest.param("OPUS", marks=needs_opus)]


@pytest.mark.parametrize("sent", ALL_AGREED)
@pytest.mark.parametrize("other", ALL_AGREED)
def test_the_far_end_may_change_among_what_was_agreed_on(sent: str, other: str) -> None:
    """What it sends is not what it is sent, from the second second on; its SSRC and clock go on."""
    arrivals, clocks = [], {"PCMU": 8, "G722": 8, "OPUS": 48}
    for second, name in enumerate((sent, other, sent)):
        spoken = codec(name)
        said = tone((440, 1000, 700)[second], spoken.rate, 1)
        first = 5000 + 1000 * clocks[name] * second
        part = talk(said, spoken, start=1000.0 * second, first=first, codec_name=name)
        arrivals += [replace(each, sequence=each.sequence + 50 * second) for each in part]
    heard = listen(arrivals, sent)
    rate = heard.listened.rate
    assert rate == codec(sent).rate
    for second, frequency in enumerate((440, 1000, 700)):
        middle = heard.samples[int((second + 0.3) * rate) : int((second + 0.9) * rate)]
        assert level(middle, frequency, rate) > 0.9 * AMPLITUDE
        assert max(level(middle, f, rate) for f in (440, 1000, 700) if f != frequency) < 0.02 * AMPLITUDE


def test_comfort_noise_is_heard_at_its_level_until_there_is_speech_again() -> None:
    spoken = codec("PCMU")
    before = talk(tone(440, 8000, 1), spoken)
    after = talk(tone(440, 8000, 1), spoken, start=3000, first=0xFFFFFF00 + 24000)
    said = False

    def during(now: float, leg: BareLeg) -> None:
        nonlocal said
        if now > 1000 and not said:
            said = True
            assert leg.listener
            leg.listener.hear_noise(50)

    heard = listen(before + [replace(each, sequence=each.sequence + 51) for each in after], during=during)
    noise = heard.samples[int(1.2 * 8000) : int(2.9 * 8000)]
    assert 20 * np.log10(rms(noise) / 32767) == pytest.approx(-50, abs=1)
    assert level(noise, 440, 8000) < 20
    assert level(heard.samples[int(3.3 * 8000) : int(3.9 * 8000)], 440, 8000) > 0.95 * AMPLITUDE


def test_comfort_that_is_no_comfort_is_turned_down() -> None:
    leg = BareLeg("PCMU")
    listened = ListenedLeg(leg)  # type: ignore[arg-type]
    assert listened.speak() is None
    listened.hear_noise(0)
    frames = [listened.speak() for _ in range(20)]
    loudness = rms(np.concatenate([frame for frame in frames if frame is not None]))
    assert 20 * np.log10(loudness / 32767) == pytest.approx(-30, abs=1)


def test_what_comes_too_late_is_counted() -> None:
    late = [replace(each, at=each.at + 300 * (each.sequence == 100)) for each in packets()]
    heard = listen(late)
    assert heard.leg.late == 1


def test_speaks_in_the_codec_of_the_leg_and_leaves_it_bare() -> None:
    heard = listen(packets("PCMA")[:5], "PCMA")
    leg = heard.listened._leg
    assert isinstance(leg, BareLeg)
    assert leg.source is Source.FED
    heard.listened.listen(tone(440, 8000, 0.02))
    assert leg.fed == [codec("PCMA").encode(tone(440, 8000, 0.02))]
    heard.listened.leave()
    assert (leg.source, leg.listener) == (Source.SILENCE, None)


def test_what_is_sent_goes_on_through_a_change_of_source() -> None:
    two_sources = packets("G722")[:5] + [replace(each, ssrc=2) for each in packets("G722")[5:10]]
    encoder, said = codec("G722"), np.split(tone(440, 16000, 0.2), 10)

    def speak(_now: float, leg: BareLeg) -> None:
        if len(leg.fed) < 10:
            assert isinstance(leg.listener, ListenedLeg)
            leg.listener.listen(said[len(leg.fed)])

    heard = listen(two_sources, "G722", during=speak)
    leg = heard.listened._leg
    assert isinstance(leg, BareLeg)
    assert leg.fed == [encoder.encode(frame) for frame in said]
