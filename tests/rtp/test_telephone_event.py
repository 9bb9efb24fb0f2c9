import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.rtp.telephone_event import DIGITS, MAX_QUEUED, EventQueue, EventReceiver

Beat = tuple[bytes | None, bool, int]


def beats(queue: EventQueue, samples: int) -> list[Beat]:
    sent: list[Beat] = []
    timestamp = 1000
    while queue:
        payload, begins = queue.next(timestamp, samples)
        sent.append((payload, begins, queue.timestamp))
        timestamp += samples
    return sent


def payload(event: int, duration: int, *, end: bool = False) -> bytes:
    return bytes((event, 0x80 * end | 10)) + duration.to_bytes(2)


def test_a_digit_is_100_ms_of_growing_duration_three_ends_and_a_pause() -> None:
    queue = EventQueue(8000)
    assert queue.add("#")
    assert beats(queue, 160) == [
        (payload(11, 160), True, 1000),
        (payload(11, 320), False, 1000),
        (payload(11, 480), False, 1000),
        (payload(11, 640), False, 1000),
        *[(payload(11, 800, end=True), False, 1000)] * 3,
        (None, False, 1000),
    ]


@pytest.mark.parametrize(
    ("ptime", "tone", "length"), [(10, 100, 16), (20, 100, 8), (30, 120, 6), (60, 120, 4)]
)
def test_other_packet_lengths(ptime: int, tone: int, length: int) -> None:
    queue = EventQueue(8000)
    queue.add("0")
    sent = beats(queue, 8 * ptime)
    assert len(sent) == length
    assert [p for p, *_ in sent if p and p[1] & 0x80] == [payload(0, 8 * tone, end=True)] * 3


def test_each_digit_has_a_timestamp_of_its_own() -> None:
    queue = EventQueue(8000)
    for digit in "55":
        queue.add(digit)
    sent = beats(queue, 160)
    assert [timestamp for _, begins, timestamp in sent if begins] == [1000, 1000 + 8 * 160]


@pytest.mark.parametrize("bad", ["", "E", "12", "٣", " "])
def test_no_digit(bad: str) -> None:
    with pytest.raises(ValueError, match="is no DTMF digit"):
        EventQueue(8000).add(bad)


def test_queue_is_bounded() -> None:
    queue = EventQueue(8000)
    assert [queue.add("1") for _ in range(MAX_QUEUED + 1)] == [True] * MAX_QUEUED + [False]


def hear(*packets: tuple[int, bytes]) -> str:
    receiver = EventReceiver()
    return "".join(receiver.receive(timestamp, p) or "" for timestamp, p in packets)


@pytest.mark.parametrize("digit", DIGITS)
def test_what_is_sent_is_heard_once(digit: str) -> None:
    queue = EventQueue(8000)
    queue.add(digit)
    assert hear(*((timestamp, p) for p, _, timestamp in beats(queue, 160) if p)) == digit


@pytest.mark.parametrize(
    ("packets", "heard"),
    [
        pytest.param([(1, payload(5, 800, end=True))], "5", id="only the last end arrives"),
        pytest.param([(1, payload(5, 800, end=True))] * 3, "5", id="ends repeated"),
        pytest.param([(1, payload(5, 160)), (1601, payload(5, 160))], "55", id="same key twice, ends lost"),
        pytest.param(
            [(1, payload(5, 160)), (1601, payload(6, 160)), (1, payload(5, 800, end=True))],
            "56",
            id="end comes late, in the next digit",
        ),
        pytest.param([(0xFFFFFF00, payload(1, 160)), (0x300, payload(2, 160))], "12", id="over the wrap"),
        pytest.param(
            [
                (1, payload(5, 0xFFFF)),
                (1 + 0xFFFF, payload(5, 160)),
                (1 + 2 * 0xFFFF, payload(5, 160, end=True)),
            ],
            "5",
            id="a key held for long comes in segments",
        ),
        pytest.param(
            [(0x60000001, payload(5, 160)), (1, payload(6, 160)), (1601, payload(7, 160))],
            "567",
            id="timestamps of another source, put through by a server in the middle",
        ),
        pytest.param(
            [(1, payload(16, 160)), (1, payload(255, 160))], "", id="flash and others are no digits"
        ),
        pytest.param([(1, b""), (1, b"\5\n\0")], "", id="short"),
    ],
)
def test_heard(packets: list[tuple[int, bytes]], heard: str) -> None:
    assert hear(*packets) == heard


@given(st.lists(st.tuples(st.integers(0, 0xFFFFFFFF), st.binary(max_size=8))))
def test_any_octets(packets: list[tuple[int, bytes]]) -> None:
    assert set(hear(*packets)) <= set(DIGITS)
