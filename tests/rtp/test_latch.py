from itertools import count

import pytest

from offhook.rtp.latch import MAX_CANDIDATES, QUIET, Latch
from offhook.rtp.socket_address import SocketAddress

ANNOUNCED = ("10.0.0.1", 4000)
NAT = ("192.0.2.1", 61000)
STRANGER = ("198.51.100.66", 9)


def burst(
    latch: Latch, source: SocketAddress, packets: int, *, ssrc: int = 1, now: float = 0.0
) -> list[bool]:
    return [latch.admit(source, ssrc, sequence, now) for sequence in range(packets)]


def latched(source: SocketAddress = ANNOUNCED) -> Latch:
    latch = Latch()
    latch.expect(ANNOUNCED, 0.0)
    assert burst(latch, source, 5)[-1]
    return latch


def test_announced_source_is_believed_at_once() -> None:
    latch = Latch()
    latch.expect(ANNOUNCED, 0.0)
    assert burst(latch, ANNOUNCED, 2) == [True, True]


def test_another_source_needs_three_in_sequence() -> None:
    latch = Latch()
    latch.expect(ANNOUNCED, 0.0)
    assert burst(latch, NAT, 4) == [False, False, True, True]
    assert latch.source == NAT


@pytest.mark.parametrize(
    ("announced", "source", "sent_to_source"),
    [
        ("8.8.8.8", "9.9.9.9", False),
        ("8.8.8.8", "8.8.8.8", True),
        ("8.8.8.8", "192.168.1.10", True),
        ("192.168.1.10", "9.9.9.9", True),
        ("192.168.1.10", "192.168.1.11", True),
        ("100.64.0.1", "9.9.9.9", True),
        ("2a00::1", "2a01::1", False),
        ("2a00::1", "2a00::2", True),
        ("fd00::1", "2a01::1", True),
    ],
)
def test_sound_goes_to_another_host_only_where_a_nat_may_be(
    announced: str, source: str, sent_to_source: bool
) -> None:
    latch = Latch()
    latch.expect((announced, 4000), 0.0)
    assert burst(latch, (source, 61000), 3)[-1], "it is heard"
    assert latch.to == ((source, 61000) if sent_to_source else (announced, 4000))
    assert burst(latch, (announced, 4000), 3, ssrc=2)[-1]
    assert latch.to == (announced, 4000)
    latch.expect((announced, 4002), 1.0)
    assert latch.to is None


def test_out_of_sequence_proves_nothing() -> None:
    latch = Latch()
    latch.expect(ANNOUNCED, 0.0)
    assert not any(latch.admit(NAT, 1, sequence, 0.0) for sequence in range(0, 200, 2))


@pytest.mark.parametrize("source", [ANNOUNCED, NAT])
@pytest.mark.parametrize("ssrc", [1, 2], ids=["same SSRC", "another SSRC"])
@pytest.mark.parametrize("now", [0.0, QUIET + 1], ids=["busy", "quiet"])
def test_a_stranger_cannot_take_over_a_flow(source: SocketAddress, ssrc: int, now: float) -> None:
    latch = latched(source)
    assert not any(burst(latch, STRANGER, 1000, ssrc=ssrc, now=now))
    assert latch.source == source


def test_announced_source_takes_over_from_one_that_was_first() -> None:
    latch = latched(STRANGER)
    assert burst(latch, ANNOUNCED, 3) == [False, False, True]
    assert not any(burst(latch, STRANGER, 10))


def test_sender_may_change_its_ssrc() -> None:
    latch = latched()
    assert burst(latch, ANNOUNCED, 3, ssrc=2) == [False, False, True]
    assert latch.ssrc == 2


def test_a_new_nat_binding_waits_for_silence() -> None:
    latch = latched(NAT)
    rebound = (NAT[0], 62000)
    assert not any(burst(latch, rebound, 10, now=QUIET - 0.1))
    assert burst(latch, rebound, 3, now=QUIET + 0.1) == [False, False, True]


def test_hold_and_refresh_keep_the_flow() -> None:
    latch = latched(NAT)
    latch.expect(None, 1.0)
    latch.expect(ANNOUNCED, 2.0)
    assert latch.admit(NAT, 1, 5, 2.0)


def test_a_new_party_is_not_lost_to_packets_of_the_old_one() -> None:
    latch = latched()
    latch.expect(("10.0.0.2", 4000), 1.0)
    assert not any(burst(latch, ANNOUNCED, 10, now=1.1))
    assert burst(latch, NAT, 3, now=1.2)[-1]


def test_candidates_are_bounded_and_noise_cannot_starve_the_peer_for_ever() -> None:
    latch = Latch()
    noise = count()
    for _ in range(1000):
        latch.admit(("203.0.113.1", next(noise)), 3, 0, 0.0)
    assert len(latch._candidates) <= MAX_CANDIDATES
    for sequence in range(3):
        latch.admit(STRANGER, 3, sequence * 7, 0.0)
        believed = latch.admit(NAT, 1, sequence, 0.0)
    assert believed
