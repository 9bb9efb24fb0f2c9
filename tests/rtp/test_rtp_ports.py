import asyncio
import errno
import socket
from contextlib import ExitStack

import pytest

from offhook.rtp.ports import NoFreePorts, Pair, RtpPorts

from .far_end import open_leg, start

HOST = "127.0.0.1"


def numbers(pair: Pair) -> tuple[int, int]:
    return pair[0].getsockname()[1], pair[1].getsockname()[1]


def keep(stack: ExitStack, pair: Pair) -> tuple[int, int]:
    for end in pair:
        stack.callback(end.close)
    return numbers(pair)


def free_range(pairs: int) -> tuple[int, int]:
    """Neighbouring ports that nobody has right now."""
    for first in range(20000, 32000, 2 * pairs):
        with ExitStack() as stack:
            try:
                for port in range(first, first + 2 * pairs):
                    stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)).bind((HOST, port))
            except OSError:
                continue
            return first, first + 2 * pairs - 1
    raise AssertionError("no free range")


@pytest.mark.parametrize("host", [HOST, "::1"])
def test_the_systems_choice_is_an_even_port_and_the_next(host: str) -> None:
    with ExitStack() as stack:
        for _ in range(50):
            rtp, rtcp = keep(stack, RtpPorts().bind(host))
            assert rtp % 2 == 0
            assert rtcp == rtp + 1


def test_a_range_is_used_up_to_its_last_pair_then_says_so() -> None:
    first, last = free_range(8)
    ports = RtpPorts(first, last)
    with ExitStack() as stack:
        taken = {keep(stack, ports.bind(HOST))[0] for _ in range(8)}
        assert taken == set(range(first, last, 2))
        with pytest.raises(NoFreePorts, match=f"all 8 pairs of {first}-{last} are in use") as caught:
            ports.bind(HOST)
        assert caught.value.errno == errno.EADDRINUSE
    numbers_again = ports.bind(HOST)
    for end in numbers_again:
        end.close()


def test_a_pair_whose_rtcp_port_is_taken_is_passed_over() -> None:
    first, last = free_range(2)
    with ExitStack() as stack:
        stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)).bind((HOST, first + 1))
        assert keep(stack, RtpPorts(first, last).bind(HOST)) == (first + 2, first + 3)


def test_sockets_do_not_block() -> None:
    pair = RtpPorts().bind(HOST)
    with pair[0], pair[1], pytest.raises(BlockingIOError):
        pair[0].recv(1)


def test_an_address_that_is_not_ours_is_told_at_once() -> None:
    with pytest.raises(OSError, match="assign requested address") as caught:
        RtpPorts(20000, 30000).bind("192.0.2.1")
    assert not isinstance(caught.value, NoFreePorts)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("10000-10999", "10000-10999"), (" 10001 - 10003 ", "10001-10003"), ("1-65535", "1-65535")],
)
def test_range_as_text(text: str, shown: str) -> None:
    assert str(RtpPorts.parse(text)) == shown


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "write MIN-MAX"),
        ("10000", "write MIN-MAX"),
        ("a-b", "write MIN-MAX"),
        ("-1-5", "write MIN-MAX"),
        ("٣-٤٤٤", "write MIN-MAX"),
        ("10000-" + "9" * 5000, "write MIN-MAX"),
        ("20000-10000", "lower one first"),
        ("0-100", "from 1 to 65535"),
        ("10000-70000", "from 1 to 65535"),
        ("10001-10002", "a call takes two"),
        ("10000-10000", "a call takes two"),
    ],
)
def test_bad_range(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        RtpPorts.parse(text)


def test_a_closed_legs_ports_are_free_again() -> None:
    async def scenario() -> None:
        leg = open_leg()
        start(leg, 9)
        port = leg.port
        leg.close()
        leg.close()
        with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as two:
            one.bind((HOST, port))
            two.bind((HOST, port + 1))

    asyncio.run(scenario())
