import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.rtp.format import FORMATS
from offhook.sound.opus import RATE, Opus, samples_in
from offhook.sound.opus_library import libopus

from .signals import AMPLITUDE, level, rms, tone

pytestmark = pytest.mark.skipif(libopus() is None, reason="libopus is not installed")


def test_there_and_back() -> None:
    speaking, hearing = Opus(), Opus()
    said = tone(1000, RATE, 0.5)
    packets = [speaking.encode(said[at : at + 960]) for at in range(0, len(said), 960)]
    heard = np.concatenate([hearing.decode(hearing.stretch(packet)) for packet in packets])
    assert {samples_in(packet) for packet in packets} == {960}
    assert level(heard[RATE // 5 :], 1000, RATE) == pytest.approx(AMPLITUDE, rel=0.1)


def test_a_stretch_is_cut_as_octets_are() -> None:
    speaking, whole, parts = Opus(), Opus(), Opus()
    for at in range(5):
        packet = speaking.encode(tone(440, RATE, 0.1)[at * 960 : (at + 1) * 960])
        stretch = parts.stretch(packet)
        assert len(stretch) == 160
        pieces = stretch[:40], stretch[40:][:100], stretch[140:]
        assert [len(piece) for piece in pieces] == [40, 100, 20]
        cut = np.concatenate([parts.decode(piece) for piece in pieces])
        assert np.array_equal(cut, whole.decode(whole.stretch(packet)))


def test_the_packet_of_a_bare_leg_is_silence() -> None:
    silence = FORMATS["OPUS"].silence
    assert samples_in(silence) == 960
    for before in (0, 10):
        speaking, hearing = Opus(), Opus()
        for _ in range(before):
            hearing.decode(hearing.stretch(speaking.encode(tone(440, RATE, 0.02))))
        hearing.decode(hearing.stretch(silence))
        for _ in range(10):
            packet = bytes(bytearray(silence))
            heard = hearing.decode(hearing.stretch(packet))
            hearing._whole = None, heard
        assert rms(heard) < 4


# RFC 6716 §3.1 and §3.2.
@pytest.mark.parametrize(
    ("packet", "milliseconds"),
    [
        (b"", 0),
        (b"\x00", 10),
        (b"\x18", 60),
        (b"\x60", 10),
        (b"\xe0", 2.5),
        (b"\xf8", 20),
        (b"\xf9", 40),
        (b"\xfa", 40),
        (b"\xfb", 0),
        (b"\xfb\x06", 120),
        (b"\xfb\x07", 0),
        (b"\xfb\x80", 0),
    ],
)
def test_how_much_is_in_a_packet(packet: bytes, milliseconds: float) -> None:
    assert samples_in(packet) == milliseconds * 48


@given(st.lists(st.binary(max_size=80), max_size=5))
def test_any_packets_are_sound_of_the_length_they_say(packets: list[bytes]) -> None:
    hearing = Opus()
    for packet in packets:
        stretch = hearing.stretch(packet)
        assert len(hearing.decode(stretch)) == samples_in(packet)
