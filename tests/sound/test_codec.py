import numpy as np
import pytest

from offhook.sound.codec import codec

from .signals import decibel, level, rms, snr, tone

EVERY_OCTET = bytes(range(256))

# Values of G.711 at the ends of the segments, tables 1a, 1b, 2a and 2b in 16 bits, as octets on the line.
MU_LAW = {
    0xFF: 0, 0xFE: 8, 0xF0: 120, 0xEF: 132, 0xE0: 372, 0xDF: 396, 0xD0: 876, 0xCF: 924, 0xC0: 1884,
    0xBF: 1980, 0xB0: 3900, 0xAF: 4092, 0xA0: 7932, 0x9F: 8316, 0x90: 15996, 0x8F: 16764, 0x80: 32124,
}  # fmt: skip
A_LAW = {
    0xD5: 8, 0xD4: 24, 0xDA: 248, 0xC5: 264, 0xCA: 504, 0xF5: 528, 0xFA: 1008, 0xE5: 1056, 0xEA: 2016,
    0x95: 2112, 0x9A: 4032, 0x85: 4224, 0x8A: 8064, 0xB5: 8448, 0xBA: 16128, 0xA5: 16896, 0xAA: 32256,
}  # fmt: skip


def mu_law(sample: int) -> int:
    """G.191's ulaw_compress, sample by sample."""
    magnitude = min((~sample if sample < 0 else sample) // 4 + 33, 0x1FFF)
    segment = magnitude.bit_length() - 6
    octet = (segment << 4 | magnitude >> segment + 1 & 15) ^ 0x7F
    return octet if sample < 0 else octet | 0x80


def a_law(sample: int) -> int:
    """G.191's alaw_compress, sample by sample."""
    octet = (~sample if sample < 0 else sample) // 16
    if octet > 15:
        segment = octet.bit_length() - 4
        octet = segment << 4 | octet >> segment - 1 & 15
    return (octet if sample < 0 else octet | 0x80) ^ 0x55


@pytest.mark.parametrize(("name", "table"), [("PCMU", MU_LAW), ("PCMA", A_LAW)])
def test_the_values_of_the_tables_and_their_negatives(name: str, table: dict[int, int]) -> None:
    octets = bytes(table)
    assert codec(name).decode(octets).tolist() == list(table.values())
    mirrored = bytes(octet ^ 0x80 for octet in octets)
    assert codec(name).decode(mirrored).tolist() == [-value for value in table.values()]


@pytest.mark.parametrize(("name", "negative_zero"), [("PCMU", {0x7F: 0xFF}), ("PCMA", {})])
def test_every_octet_comes_back(name: str, negative_zero: dict[int, int]) -> None:
    it = codec(name)
    expected = bytes(negative_zero.get(octet, octet) for octet in EVERY_OCTET)
    assert it.encode(it.decode(EVERY_OCTET)) == expected


@pytest.mark.parametrize(("name", "reference"), [("PCMU", mu_law), ("PCMA", a_law)])
def test_every_sample_is_encoded_as_the_reference_does(name: str, reference: object) -> None:
    assert callable(reference)
    samples = range(-32768, 32768)
    encoded = codec(name).encode(np.array(samples, np.float32))
    wrong = [s for s, octet in zip(samples, encoded, strict=True) if octet != reference(s)]
    assert wrong == []


@pytest.mark.parametrize("name", ["PCMU", "PCMA", "G722"])
def test_too_loud_is_cut_off_and_does_not_turn_over(name: str) -> None:
    it, reference = codec(name), codec(name)
    loud = tone(300, it.rate, 0.1, 90_000)
    assert it.encode(loud) == reference.encode(np.clip(loud, -32768, 32767))


@pytest.mark.parametrize(
    ("name", "frequency", "decibels"),
    [("PCMU", 1010, 35), ("PCMA", 1010, 35), ("G722", 1000, 45), ("G722", 3000, 40), ("G722", 6000, 15)],
)
def test_what_a_tone_loses(name: str, frequency: int, decibels: float) -> None:
    it = codec(name)
    sent = tone(frequency, it.rate, 1)
    received = np.concatenate([it.decode(it.encode(frame)) for frame in np.split(sent, 50)])
    assert received.shape == sent.shape
    settled = received[it.rate // 4 :]
    assert snr(settled, [frequency], it.rate) > decibels
    assert abs(decibel(level(settled, frequency, it.rate), 6000)) < 0.5


@pytest.mark.parametrize("name", ["PCMU", "PCMA", "G722"])
def test_twenty_milliseconds_are_160_octets_and_any_octets_are_sound(name: str) -> None:
    it = codec(name)
    assert len(it.encode(np.zeros(it.rate // 50, np.float32))) == 160
    for octets in (b"", b"\0", EVERY_OCTET):
        assert len(it.decode(octets)) == len(octets) * it.rate // 8000


def test_wideband_keeps_its_past_to_itself() -> None:
    one, other = codec("G722"), codec("G722")
    one.decode(EVERY_OCTET)
    one.encode(tone(440, 16000, 0.1))
    assert rms(other.decode(b"\xfd" * 160)) < 4
    assert codec("G722").encode(tone(440, 16000, 0.02)) == other.encode(tone(440, 16000, 0.02))


def test_unknown() -> None:
    with pytest.raises(KeyError):
        codec("G729")
