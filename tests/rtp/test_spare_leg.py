"""The leg that is bound ahead of its call: one, never two calls', and none out of a range."""

from contextlib import closing

import pytest

from offhook.rtp.media_clock import MediaClock
from offhook.rtp.ports import Pair, RtpPorts
from offhook.rtp.spare_leg import SpareLeg

HOST = "127.0.0.1"


class NotedPorts(RtpPorts):
    """Keeps the pairs that were bound."""

    def __init__(self, first: int | None = None, last: int | None = None) -> None:
        super().__init__(first, last)
        self.pairs: list[Pair] = []

    def bind(self, address: str) -> Pair:
        self.pairs.append(super().bind(address))
        return self.pairs[-1]


def test_what_was_prepared_is_taken_once() -> None:
    ports = NotedPorts()
    with closing(SpareLeg(MediaClock(), HOST, ports)) as spare:
        spare.prepare()
        spare.prepare()
        assert len(ports.pairs) == 1
        with closing(spare.take()) as first, closing(spare.take()) as second:
            assert len(ports.pairs) == 2
            assert first.port != second.port


def test_what_nobody_took_is_given_back() -> None:
    ports = NotedPorts()
    spare = SpareLeg(MediaClock(), HOST, ports)
    spare.prepare()
    spare.close()
    spare.close()
    assert [end.fileno() for end in ports.pairs[0]] == [-1, -1]


def test_none_is_kept_out_of_a_range() -> None:
    ports = NotedPorts(20000, 29999)
    spare = SpareLeg(MediaClock(), HOST, ports)
    spare.prepare()
    assert not ports.pairs
    spare.take().close()
    assert len(ports.pairs) == 1


def test_where_none_can_be_prepared_taking_one_says_why() -> None:
    spare = SpareLeg(MediaClock(), "192.0.2.1", RtpPorts())
    spare.prepare()
    with pytest.raises(OSError, match="assign"):
        spare.take()
