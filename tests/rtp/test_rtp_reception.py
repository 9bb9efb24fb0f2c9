import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.rtp.reception import MAX_MISORDER, Counts, Loss, Reception


def after(*sequences: int) -> Reception:
    reception = Reception(7, sequences[0], 8000)
    for sequence in sequences:
        reception.receive(sequence & 0xFFFF)
    return reception


@pytest.mark.parametrize(
    ("sequences", "counts"),
    [
        pytest.param(range(100, 110), Counts(received=10), id="in order"),
        pytest.param([1, 2, 5, 6], Counts(received=4, lost=2), id="two lost"),
        pytest.param([1, 2, 2, 3, 3, 3], Counts(received=3, duplicated=3), id="repeated"),
        pytest.param([1, 3, 2, 4], Counts(received=4, reordered=1), id="swapped"),
        pytest.param([1, 3, 2, 2, 4], Counts(received=4, duplicated=1, reordered=1), id="late one repeated"),
        pytest.param([2, 1, 3], Counts(received=3, reordered=1), id="first two swapped"),
        pytest.param(range(65530, 65546), Counts(received=16), id="over the wrap"),
        pytest.param([65534, 0, 65535, 1], Counts(received=4, reordered=1), id="late over the wrap"),
        pytest.param([5, 6, 40000, 7], Counts(received=3, strayed=1), id="a single stray"),
        pytest.param([5, 6, 40000, 40001, 40002], Counts(received=4, strayed=1), id="sender began anew"),
        pytest.param(
            [5, 6, 40000, 40001, 40000], Counts(4, reordered=1, strayed=1), id="and its first again"
        ),
        pytest.param([300, 301, 302 - MAX_MISORDER - 2], Counts(received=2, strayed=1), id="far too late"),
    ],
)
def test_counts(sequences: list[int], counts: Counts) -> None:
    assert after(*sequences).counts() == counts


def test_highest_carries_the_wraps() -> None:
    assert after(*range(65530, 65530 + 70000)).highest == 65530 + 69999


def test_counts_of_a_random_mess() -> None:
    rng = random.Random(4)
    sent = list(range(60000, 70000))
    kept = [s for s in sent if rng.random() > 0.1]
    kept[0], kept[-1] = sent[0], sent[-1]
    late = rng.sample(range(1, len(kept) - 1, 3), 500)
    for index in late:
        kept[index], kept[index + 1] = kept[index + 1], kept[index]
    repeated = [s for s in kept for _ in range(2 if rng.random() < 0.05 else 1)]
    assert after(*repeated).counts() == Counts(
        received=len(kept),
        lost=len(sent) - len(kept),
        duplicated=len(repeated) - len(kept),
        reordered=len(late),
    )


def test_loss_is_reported_by_interval() -> None:
    reception = after(1, 2, 4)
    assert reception.loss() == Loss(fraction=256 // 4, cumulative=1)
    for sequence in (5, 6):
        reception.receive(sequence)
    assert reception.loss() == Loss(fraction=0, cumulative=1)
    assert reception.loss() == Loss(fraction=0, cumulative=1)


def test_duplicates_make_the_reported_loss_negative() -> None:
    assert after(1, 2, 2, 2).loss() == Loss(fraction=0, cumulative=-2)


def test_fraction_fits_an_octet() -> None:
    reception = after(1)
    reception.loss()
    for sequence in (2900, 5800):
        reception.receive(sequence)
    assert reception.loss().fraction == 255


def test_jitter_is_nought_on_an_even_stream_over_the_timestamp_wrap() -> None:
    reception = after(1)
    for n in range(100):
        reception.measure((0xFFFFFF00 + 160 * n) & 0xFFFFFFFF, 5 + 0.02 * n)
    assert reception.jitter == pytest.approx(0, abs=1e-6)


def test_jitter_tends_to_the_mean_deviation() -> None:
    # Every other packet 5 ms late: two neighbours differ by 40 units of 1/8000 s.
    reception = after(1)
    for n in range(400):
        reception.measure(160 * n, 0.02 * n + 0.005 * (n % 2))
    assert reception.jitter == pytest.approx(40, rel=0.01)


@pytest.mark.parametrize("jump", [0x40000000, -0x40000000, 17000])
def test_jitter_is_not_of_a_jump_to_a_new_timeline(jump: int) -> None:
    reception = after(1)
    for n in range(400):
        late = 0.005 * (n % 2)
        reception.measure(160 * n + (jump if n >= 200 else 0) & 0xFFFFFFFF, 0.02 * n + late)
        if n == 200:
            assert reception.jitter < 50
    assert reception.jitter == pytest.approx(40, rel=0.01)


@given(st.lists(st.integers(0, 12) | st.integers(0, 65535), min_size=1, max_size=60))
def test_never_more_arrives_than_was_sent(sequences: list[int]) -> None:
    counts = after(*sequences).counts()
    assert counts.lost >= 0
    assert counts.received + counts.duplicated + counts.strayed == len(sequences)
