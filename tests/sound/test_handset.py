import numpy as np
import pytest

from offhook.sound.handset import Handset
from offhook.sound.samples import Samples
from offhook.sound.tone import Tone

from .signals import level, rms


class End:
    rate = 16000

    def __init__(self) -> None:
        self.asked = 0
        self.heard: list[Samples] = []

    def speak(self) -> Samples | None:
        self.asked += 1
        return np.ones(320, np.float32)

    def listen(self, samples: Samples) -> None:
        self.heard.append(samples)


def test_a_shut_microphone_is_still_emptied() -> None:
    handset = Handset(end := End())
    assert handset.speak() is None
    handset.microphone = True
    assert handset.speak() is not None
    assert end.asked == 2


def test_the_tone_is_in_the_ear_until_it_ends() -> None:
    handset = Handset(end := End())
    silence = np.zeros(320, np.float32)
    for tone in ("dial", "dial", "none"):
        handset.sound(tone)
        handset.listen(silence)
    assert [rms(frame) > 1000 for frame in end.heard] == [True, True, False]
    assert abs(end.heard[0][-1] - end.heard[1][0]) < 1000


@pytest.mark.parametrize(
    ("name", "on", "cadence"), [("dial", 500, 500), ("ringback", 50, 250), ("busy", 25, 50)]
)
@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_cadences(name: str, on: int, cadence: int, rate: int) -> None:
    tone = Tone(name, rate)
    frames = [tone.next() for _ in range(500)]
    assert {frame.shape for frame in frames} == {(rate // 50,)}
    assert [frame.any() for frame in frames] == [number % cadence < on for number in range(500)]
    sounding = np.concatenate(frames[:on])[: rate // 2]
    assert level(sounding, 425, rate) == pytest.approx(4000, rel=0.01)


def test_unknown() -> None:
    with pytest.raises(KeyError):
        Tone("howler", 8000)
