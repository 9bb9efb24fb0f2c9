import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sound.jitter_buffer import FRAME, LONGEST, MARGIN, JitterBuffer

START = 0xFFFFFF00
"""So that the timestamps wrap after the second packet."""


def packet(number: int, length: int = FRAME) -> tuple[int, bytes]:
    return START + number * length & 0xFFFFFFFF, bytes([number % 251]) * length


def filled(numbers: list[int], length: int = FRAME) -> JitterBuffer:
    buffer = JitterBuffer()
    for number in numbers:
        buffer.put(*packet(number, length))
    return buffer


def played(buffer: JitterBuffer, frames: int) -> list[int | str]:
    """The packets of each frame by their number; a dot for each frame that is missing."""
    out: list[int | str] = []
    for _ in range(frames):
        pieces = buffer.take()
        assert sum(piece if isinstance(piece, int) else len(piece) for piece in pieces) == FRAME
        out += ["." if isinstance(piece, int) else piece[0] for piece in pieces]
    return out


def test_nothing_before_the_first() -> None:
    assert JitterBuffer().take() == [FRAME]


@pytest.mark.parametrize(
    ("arrived", "heard"),
    [
        pytest.param([0, 1, 2, 3], [".", 0, 1, 2, 3, "."], id="in order"),
        pytest.param([0, 2, 1, 3], [".", 0, 1, 2, 3, "."], id="out of order"),
        pytest.param([0, 3, 2, 1], [".", 0, 1, 2, 3, "."], id="backwards"),
        pytest.param([0, 0, 1, 1, 1, 2], [".", 0, 1, 2, ".", "."], id="twice"),
        pytest.param([0, 1, 3], [".", 0, 1, ".", 3, "."], id="lost"),
        pytest.param([1, 0, 2], [0, 1, 2, ".", ".", "."], id="before the first"),
    ],
)
def test_order(arrived: list[int], heard: list[int | str]) -> None:
    assert played(filled(arrived), 6) == heard


@pytest.mark.parametrize("length", [80, 240, 480])
def test_packets_of_any_length(length: int) -> None:
    buffer = filled([0, 1], length)
    taken = b"".join(piece for _ in range(8) for piece in buffer.take() if isinstance(piece, bytes))
    assert taken == b"\0" * length + b"\1" * length


def test_what_overlaps_is_played_once() -> None:
    buffer = JitterBuffer()
    buffer.put(1000, b"a" * 160)
    buffer.put(1080, b"b" * 160)
    assert [buffer.take(), buffer.take(), buffer.take()] == [
        [160],
        [b"a" * 160],
        [b"b" * 80, 80],
    ]


def test_late_is_dropped_and_makes_the_rest_wait() -> None:
    buffer = filled([0, 1])
    assert played(buffer, 4) == [".", 0, 1, "."]
    assert not buffer.put(*packet(2))
    assert buffer.wait == 1
    assert played(buffer, 1) == ["."]


def test_half_late_is_half_played() -> None:
    buffer = filled([0])
    played(buffer, 2)
    buffer.put(START + 80 & 0xFFFFFFFF, b"x" * 160)
    assert buffer.take() == [b"x" * 80, 80]


def test_a_second_of_earliness_is_surplus_and_lateness_takes_it_back() -> None:
    buffer = filled([])
    for number in range(110):
        buffer.put(*packet(number))
        if number >= 4:
            buffer.take()
    assert buffer.surplus == 4 * FRAME
    while buffer.delay:
        buffer.take()
    buffer.take()
    buffer.put(*packet(110))
    assert buffer.surplus == 0


def test_the_longest_delay() -> None:
    buffer = filled(list(range(40)))
    assert buffer.delay == LONGEST
    assert played(buffer, 2) == [30, 31]


@pytest.mark.parametrize("jump", [9000, -9000, 0x70000000, -0x70000000])
def test_another_timeline_is_followed_at_once(jump: int) -> None:
    buffer = filled([0, 1, 2])
    buffer.take()
    buffer.put(START + jump & 0xFFFFFFFF, b"x" * 160)
    assert [buffer.take(), buffer.take()] == [[MARGIN], [b"x" * 160]]


def test_a_pause_begins_anew() -> None:
    buffer = filled([0])
    assert played(buffer, 60) == [".", 0] + ["."] * 58
    assert buffer.put(*packet(58))
    assert played(buffer, 2) == [".", 58]


def test_holds() -> None:
    assert not JitterBuffer().holds(1)
    buffer = filled([0, 1, 3])
    assert not buffer.holds(1)
    buffer.take()
    assert buffer.holds(2 * FRAME)
    assert not buffer.holds(2 * FRAME + 1)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.integers(0, 0xFFFFFFFF), st.integers(0, 2036)),
            st.tuples(st.integers(0, 3000), st.integers(0, 300)),
            st.none(),
        ),
        max_size=60,
    )
)
def test_whatever_arrives(script: list[tuple[int, int] | None]) -> None:
    buffer = JitterBuffer()
    for step in script:
        if step is None:
            pieces = buffer.take()
            assert sum(piece if isinstance(piece, int) else len(piece) for piece in pieces) == FRAME
        else:
            buffer.put(step[0], bytes(step[1]))
        assert 0 <= buffer.delay <= LONGEST
        assert 0 <= buffer.wait * FRAME <= LONGEST
        assert buffer.surplus >= 0
