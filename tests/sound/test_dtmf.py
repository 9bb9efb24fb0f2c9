"""Digits as tones: what a spectrum has of each, in each codec."""

import asyncio

import numpy as np
import pytest

from offhook.sound.codec import codec
from offhook.sound.dtmf import PAIRS, encoded
from offhook.sound.inband_digits import InbandDigits
from offhook.sound.opus_library import libopus
from offhook.sound.samples import LOUDEST, Samples

from .signals import decibel, level

CODECS = [
    "PCMU",
    "PCMA",
    "G722",
    pytest.param("OPUS", marks=pytest.mark.skipif(libopus() is None, reason="libopus is not installed")),
]
DBM0 = 3.14
"""Of a sine as loud as can be."""


def decoded(codec_name: str, payloads: tuple[bytes, ...]) -> Samples:
    hearing = codec(codec_name)
    return np.concatenate([hearing.decode(hearing.stretch(payload)) for payload in payloads])


def test_the_keys_are_where_q_23_has_them() -> None:
    assert (PAIRS["1"], PAIRS["5"], PAIRS["#"], PAIRS["D"]) == (
        (697, 1209),
        (770, 1336),
        (941, 1477),
        (941, 1633),
    )
    assert len(set(PAIRS.values())) == len(PAIRS) == 16


@pytest.mark.parametrize("codec_name", CODECS)
@pytest.mark.parametrize("digit", PAIRS)
def test_a_digit_is_its_two_tones_and_no_others(digit: str, codec_name: str) -> None:
    payloads = encoded(digit, codec_name)
    assert len(payloads) == 8
    rate = codec(codec_name).rate
    heard = decoded(codec_name, payloads)
    # The codec's own delay, and what it makes of a beginning, left out.
    middle = heard[rate * 30 // 1000 : rate * 90 // 1000]
    levels = {f: decibel(level(middle, f, rate), LOUDEST) + DBM0 for f in sorted(sum(PAIRS.values(), ()))}
    low, high = PAIRS[digit]
    assert levels[low] == pytest.approx(-11, abs=1.5)
    assert levels[high] == pytest.approx(-9, abs=1.5)
    assert all(other < -25 for f, other in levels.items() if f not in (low, high))
    pause = heard[rate * 130 // 1000 :]
    assert decibel(float(np.abs(pause).max()), LOUDEST) < -35


class Line:
    codec_name = "PCMU"

    def __init__(self) -> None:
        self.played: list[tuple[bytes, ...]] = []

    def play(self, tones: tuple[bytes, ...]) -> bool:
        self.played.append(tones)
        return True


def test_digits_wait_in_their_order_for_what_makes_them() -> None:
    async def scenario() -> None:
        digits, line = InbandDigits(), Line()
        for digit in "42":
            assert digits.send(line, digit)  # type: ignore[arg-type]
        assert not line.played
        async with asyncio.timeout(10):
            while len(line.played) < 2:
                await asyncio.sleep(0.005)
        assert digits.send(line, "#")  # type: ignore[arg-type]
        assert line.played == [encoded(digit, "PCMU") for digit in "42#"]

    asyncio.run(scenario())
