import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sip.framing import MAX_BODY, MAX_HEAD, PING, BadFrame, Framing

HEAD = b"OPTIONS sip:a@b SIP/2.0\r\n"


def message(body: bytes, header: bytes = b"Content-Length: %d") -> bytes:
    return HEAD + b"Via: SIP/2.0/TCP b\r\n" + header % len(body) + b"\r\nX: y\r\n\r\n" + body


def collect(*chunks: bytes) -> tuple[list[bytes], bool]:
    """What the chunks hold, and whether it ended in a BadFrame."""
    framing = Framing()
    items: list[bytes] = []
    try:
        for chunk in chunks:
            for item in framing.feed(chunk):
                items.append(item)  # noqa: PERF402 - extend would lose what came before an error
    except BadFrame:
        return items, True
    return items, False


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: %d",
        b"l: %d",
        b"L:%d",
        b"CONTENT-LENGTH\t :  %d  ",
        b"Content-Length:\r\n  %d",
        b"l: 3\r\nContent-Length: %d",
    ],
)
def test_content_length(header: bytes) -> None:
    whole = message(b"abc", header)
    assert collect(whole + whole) == ([whole, whole], False)


def test_the_body_may_look_like_anything() -> None:
    whole = message(b"\r\n\r\n" + message(b"") + b"l: 99\r\n\r\n")
    assert collect(whole, whole) == ([whole, whole], False)


def test_keep_alives() -> None:
    one, two = message(b"1"), message(b"")
    stream = b"\r\n\r\n" + one + b"\r\n" + two + b"\r\n\r\n\r\n\r\n" + one
    assert collect(stream) == ([PING, one, two, PING, PING, one], False)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (HEAD + b"Via: x\r\n\r\n", "no Content-Length"),
        (HEAD + b" l: 5\r\nX-l: 5\r\n\r\n", "no Content-Length"),
        (HEAD + b"l: 5\r\nContent-Length: 6\r\n\r\n", "disagree"),
        (HEAD + b"l: -1\r\n\r\n", "is no number"),
        (HEAD + b"l: 0x10\r\n\r\n", "is no number"),
        (HEAD + b"l: 1\n\r\n\r\n", "is no number"),
        (HEAD + b"l: %d\r\n\r\n" % (MAX_BODY + 1), "is no number up to 65536"),
        (HEAD + b"l: " + b"9" * 5000 + b"\r\n\r\n", "is no number"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "no Content-Length"),
        (b"\x16\x03\x01" * MAX_HEAD, "no end of the headers"),
    ],
)
def test_what_cannot_be_followed(data: bytes, why: str) -> None:
    good = message(b"x")
    framing = Framing()
    assert list(framing.feed(good)) == [good]
    with pytest.raises(BadFrame, match=why):
        list(framing.feed(data))


def test_bounds_are_reached_exactly() -> None:
    largest = message(b"x" * MAX_BODY)
    assert collect(largest) == ([largest], False)
    head = HEAD + b"l: 0\r\nX: "
    longest = head + b"y" * (MAX_HEAD - len(head) - 4) + b"\r\n\r\n"
    assert collect(longest) == ([longest], False)
    assert collect(longest[:-5] + b"yy\r\n\r\n") == ([], True)


def test_nothing_endless_is_kept() -> None:
    assert collect(*[b"xx"] * (MAX_HEAD // 2 - 1)) == ([], False)
    assert collect(*[b"xx"] * (MAX_HEAD // 2)) == ([], True)


STREAM = st.lists(
    st.binary(max_size=60).map(message)
    | st.sampled_from(
        [b"\r\n", b"\r\n\r\n", b"\r", b"\n", HEAD, b"l: 3\r\n\r\nabc", b"\r\nl: 4", b"\r\n\r\nab"]
    )
    | st.binary(max_size=10),
    max_size=12,
).map(b"".join)


@given(stream=STREAM, data=st.data())
def test_how_a_stream_is_split_makes_no_difference(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    chunks = [stream[i:j] for i, j in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole = collect(stream)
    assert collect(*chunks) == whole
    assert collect(*(bytes([byte]) for byte in stream)) == whole
