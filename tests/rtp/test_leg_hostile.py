"""Whatever arrives, a leg neither raises nor loses count."""

import asyncio
import struct
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from offhook.rtp import rtcp
from offhook.rtp.leg import Source

from .far_end import HOST, FarEnd, open_leg, rtp, settle, start

NEAR = st.integers(0, 20) | st.integers(0, 0xFFFF)
RTP = st.builds(
    lambda flags, second, sequence, timestamp, ssrc, rest: (
        struct.pack("!BBHII", flags, second, sequence, timestamp, ssrc) + rest
    ),
    st.sampled_from([0x80, 0x80, 0x80, 0x90, 0xA0, 0x8F, 0x00]),
    st.sampled_from([0, 0x80, 101, 101 | 0x80, 8, 72]),
    NEAR,
    st.integers(0, 0xFFFFFFFF),
    st.sampled_from([7, 7, 7, 8]),
    st.binary(max_size=40),
)
BLOCK = st.builds(struct.pack, st.just("!IIIIII"), *[st.integers(0, 0xFFFFFFFF)] * 6)
RTCP = st.builds(
    lambda report, more, cut: (report + more)[: len(report) + len(more) - cut],
    st.builds(
        lambda kind, block: struct.pack("!BBHI", 0x81, 201 + kind, 7, 7) + block, st.integers(-1, 1), BLOCK
    )
    | st.just(rtcp.build(7, "x", None, None, bye=True)),
    st.binary(max_size=60),
    st.integers(0, 3),
)
FROM = st.sampled_from(["far", "stranger"])


@given(
    st.lists(st.tuples(FROM, st.just("rtp"), RTP | st.binary(max_size=60)), max_size=12),
    st.lists(st.tuples(FROM, st.just("rtcp"), RTCP | st.binary(max_size=60)), max_size=6),
)
def test_any_datagrams(sound: list[tuple[str, str, bytes]], reports: list[tuple[str, str, bytes]]) -> None:
    failures: list[dict[str, Any]] = []

    async def scenario() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
        with FarEnd() as far, FarEnd() as stranger:
            leg = open_leg()
            leg.source = Source.ECHO
            leg.on_digit = lambda _: None
            start(leg, far.port)
            far.send(leg, rtp(1))
            for end, kind, datagram in sound + reports:
                sockets = {"far": far, "stranger": stranger}[end]
                if kind == "rtp":
                    sockets.rtp.sendto(datagram, (HOST, leg.port))
                else:
                    sockets.rtcp.sendto(datagram, (HOST, leg.port + 1))
            await settle(len(sound) + len(reports) + 1)
            leg._rtcp._send(bye=False)
            stats = leg.stats()
            assert stats.received + stats.duplicated + stats.ignored + stats.looped == len(sound) + 1
            assert stats.lost >= 0
            leg.close()

    asyncio.run(scenario())
    assert failures == []
