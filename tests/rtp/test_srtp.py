"""Legs that encrypt: they hear each other, and nobody else."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pylibsrtp import Policy, Session

from offhook.rtp import rtcp_session
from offhook.rtp.leg import Leg, Source
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.srtp import MAX_CONTEXTS, MAX_SOURCES, PROFILES, Srtp
from offhook.rtp.srtp_keys import SrtpKeys
from offhook.sip.sdes import SUITES

from .far_end import HOST, FarEnd, open_leg, rtp, settle, start, until

CM = "AES_CM_128_HMAC_SHA1_80"


def made(suite: str = CM) -> SrtpKeys:
    return SrtpKeys(suite, os.urandom(SUITES[suite]), os.urandom(SUITES[suite]))


def turned(keys: SrtpKeys) -> SrtpKeys:
    """The same, seen from the other end."""
    return replace(keys, sending=keys.receiving, receiving=keys.sending)


class EncryptingFarEnd(FarEnd):
    """The other end of `keys`, by libsrtp itself."""

    def __init__(self, keys: SrtpKeys) -> None:
        super().__init__()
        profile = PROFILES[keys.suite]
        self.sending = Session(
            Policy(key=keys.receiving, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile)
        )
        self.receiving = Session(
            Policy(key=keys.sending, ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=profile)
        )


async def more(*legs: Leg) -> None:
    """Until each has heard some more."""
    before = [leg.stats().received for leg in legs]
    await until(
        lambda: all(leg.stats().received >= heard + 5 for leg, heard in zip(legs, before, strict=True))
    )


def test_the_suites_of_signalling_are_those_of_the_sound() -> None:
    assert PROFILES.keys() == SUITES.keys()


@pytest.mark.parametrize("suite", SUITES)
def test_two_legs_hear_each_other(suite: str) -> None:
    async def scenario() -> None:
        clock = MediaClock()
        one, two = open_leg(clock), open_leg(clock)
        keys = made(suite)
        pressed: list[str] = []
        two.on_digit = pressed.append
        start(one, two.port, srtp=keys)
        start(two, one.port, srtp=turned(keys))
        assert one.send_digit("5")
        await until(lambda: min(one.stats().received, two.stats().received) >= 20 and pressed)
        assert pressed == ["5"]
        for leg in (one, two):
            stats = leg.stats()
            assert (stats.lost, stats.duplicated, stats.reordered, stats.ignored, stats.unsent) == (0,) * 5
        one.close()
        two.close()

    asyncio.run(scenario())


def test_nothing_of_the_sound_is_to_be_read_on_the_way() -> None:
    async def scenario() -> None:
        keys = made()
        with EncryptingFarEnd(keys) as far:
            leg = open_leg()
            start(leg, far.port, srtp=keys)
            loop = asyncio.get_running_loop()
            seen = await loop.sock_recv(far.rtp, 2048)
            assert b"\xff\xff\xff\xff" not in seen
            assert len(seen) == 12 + 160 + 10
            assert far.receiving.unprotect(seen)[12:] == b"\xff" * 160
            leg.close()
            # BYE is encrypted too, and comes after a report.
            [report] = far.drain_rtcp()
            assert far.receiving.unprotect_rtcp(report)[1] in {200, 201}

    asyncio.run(scenario())


def test_an_echo_comes_back_encrypted() -> None:
    async def scenario() -> None:
        keys = made()
        with EncryptingFarEnd(keys) as far:
            leg = open_leg()
            leg.source = Source.ECHO
            start(leg, far.port, srtp=keys)
            spoken = bytes(range(160))
            loop = asyncio.get_running_loop()
            for number in range(20):
                far.send(leg, far.sending.protect(rtp(number, 160 * number, payload=spoken)))
                heard = far.receiving.unprotect(await loop.sock_recv(far.rtp, 2048))
                if heard[12:] == spoken:
                    break
            else:
                raise AssertionError("no echo")
            leg.close()

    asyncio.run(scenario())


def forged(protect: Callable[[bytes], bytes], packet: bytes) -> dict[str, bytes]:
    right = protect(packet)
    bent = bytearray(right)
    bent[20] ^= 1
    stranger = Srtp()
    stranger.use(made())
    return {
        "plain": packet,
        "bent": bytes(bent),
        "a header of another": bytes([right[0], right[1] ^ 0x80]) + right[2:],
        "cut": right[:-1],
        "header alone": right[:12],
        "by another key": stranger.protect(packet) or b"",
        "long": right + bytes(1600),
        "longer": right + bytes(4000),
        "nothing": b"",
        "a few octets": b"\x80\x00\x00",
    }


def test_what_was_not_encrypted_for_this_call_is_ignored_and_moves_nothing() -> None:
    async def scenario() -> None:
        keys = made()
        with EncryptingFarEnd(keys) as far, FarEnd() as stranger:
            leg = open_leg()
            start(leg, far.port, srtp=keys)
            other = EncryptingFarEnd(keys)  # for what is bent: its counts do not run in those of `far`
            attempts = forged(other.sending.protect, rtp(1, payload=bytes(160)))
            for end in (stranger, far):
                for _ in range(3):
                    for packet in attempts.values():
                        end.send(leg, packet)
                        await settle()
            assert leg.stats().received == 0
            assert leg.stats().ignored == 6 * len(attempts)
            far.drain()
            stranger.drain()
            # The stranger was not believed: the far end is heard at once, and is who is spoken to.
            first = far.sending.protect(rtp(1, payload=bytes(160)))
            far.send(leg, first)
            await until(lambda: leg.stats().received == 1)
            # What was said once and is said again, by whomever, is not heard again.
            before = leg.stats().ignored
            stranger.send(leg, first)
            far.send(leg, first)
            await until(lambda: leg.stats().ignored == before + 2)
            assert leg.stats().received == 1
            stranger.drain()
            far.drain()
            await asyncio.get_running_loop().sock_recv(far.rtp, 2048)
            assert stranger.drain() == []
            other.__exit__()
            leg.close()

    asyncio.run(scenario())


def test_the_far_end_may_come_from_elsewhere_and_nobody_else() -> None:
    """A NAT: the address that signalling gave is wrong."""

    async def scenario() -> None:
        keys = made()
        with FarEnd() as announced, EncryptingFarEnd(keys) as far:
            leg = open_leg()
            start(leg, announced.port, srtp=keys)
            for number in range(3):
                far.send(leg, far.sending.protect(rtp(number, payload=bytes(160))))
                await settle()
            await until(lambda: leg.stats().received == 1)
            seen = await asyncio.get_running_loop().sock_recv(far.rtp, 2048)
            assert far.receiving.unprotect(seen)
            leg.close()

    asyncio.run(scenario())


def test_new_keys_in_the_call() -> None:
    async def scenario() -> None:
        clock = MediaClock()
        one, two = open_leg(clock), open_leg(clock)
        for suite in (CM, CM, "AEAD_AES_128_GCM"):
            keys = made(suite)
            start(one, two.port, srtp=keys)
            start(two, one.port, srtp=turned(keys))
            await more(one, two)
        # Hold and resume: what was agreed on is said again.
        ignored = one.stats().ignored
        start(one, two.port, srtp=keys, sending=False)
        start(one, two.port, srtp=keys)
        await more(one, two)
        assert one.stats().ignored == ignored
        # And no key at all.
        start(one, two.port)
        start(two, one.port)
        await more(one, two)
        one.close()
        two.close()

    asyncio.run(scenario())


def test_a_key_that_comes_back_does_not_count_anew() -> None:
    """Else two packets would be encrypted alike."""
    srtp, far = Srtp(), Srtp()
    first, second = made(), made()
    packet = rtp(65535, payload=bytes(160))
    after = rtp(0, payload=bytes(160))
    srtp.use(first)
    far.use(turned(first))
    seen = [srtp.protect(packet), srtp.protect(after)]
    srtp.use(second)
    srtp.protect(after)
    srtp.use(first)
    # After a wrap of the sequence the same header makes another packet.
    assert srtp.protect(after) not in seen
    assert far.unprotect(seen[0] or b"") == packet
    assert far.unprotect(seen[1] or b"") == after


def test_keys_and_sources_without_end_cost_no_memory_without_end() -> None:
    srtp = Srtp()
    for _ in range(3 * MAX_CONTEXTS):
        keys = made()
        srtp.use(keys)
    assert len(srtp._senders) == len(srtp._receivers) == MAX_CONTEXTS
    far = Srtp()
    far.use(turned(keys))
    for ssrc in range(1, 3 * MAX_SOURCES):
        packet = rtp(7, ssrc=ssrc, payload=b"x")
        assert srtp.unprotect(far.protect(packet) or b"") == packet
    assert len(srtp._receiver._sources) == MAX_SOURCES


@pytest.mark.parametrize(
    "keys",
    [SrtpKeys("F8", bytes(30), bytes(30)), SrtpKeys(CM, bytes(29), bytes(30)), SrtpKeys(CM, bytes(30), b"")],
)
def test_what_is_no_key_is_said(keys: SrtpKeys) -> None:
    with pytest.raises(ValueError, match=r"suite|key"):
        Srtp().use(keys)


def test_keys_are_in_no_text() -> None:
    assert repr(made()) == f"SrtpKeys(suite='{CM}')"


ENDS = {suite: Srtp() for suite in SUITES}
for _suite, _end in ENDS.items():
    _end.use(made(_suite))


@given(st.sampled_from(list(SUITES)), st.binary(max_size=120), st.booleans())
@settings(max_examples=400)
def test_no_datagram_does_anything(suite: str, datagram: bytes, looks_right: bool) -> None:
    packet = b"\x90\x80" + datagram if looks_right else datagram
    assert ENDS[suite].unprotect(packet) is None
    assert ENDS[suite].unprotect_rtcp(packet) is None


def test_reports_go_encrypted_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtcp_session, "INTERVAL", 0.1)

    async def scenario() -> None:
        clock = MediaClock()
        one, two = open_leg(clock), open_leg(clock)
        keys = made()
        start(one, two.port, srtp=keys)
        start(two, one.port, srtp=turned(keys))
        await until(lambda: all(leg.stats().round_trip is not None for leg in (one, two)))
        one.close()
        two.close()

    asyncio.run(scenario())


def test_a_report_that_is_not_encrypted_says_nothing() -> None:
    async def scenario() -> None:
        keys = made()
        with EncryptingFarEnd(keys) as far:
            leg = open_leg()
            start(leg, far.port, srtp=keys)
            far.send(leg, far.sending.protect(rtp(1, payload=bytes(160))))
            await until(lambda: leg.stats().received == 1)
            session = leg._rtcp
            bye = b"\x81\xcb\x00\x01" + (7).to_bytes(4)
            for packet in (bye, bye + bytes(14), b"", b"\x81"):
                far.rtcp.sendto(packet, (HOST, leg.port + 1))
            await settle(5)
            assert session._gone is None
            compound = b"\x80\xc9\x00\x01" + (7).to_bytes(4) + bye
            far.rtcp.sendto(far.sending.protect_rtcp(compound), (HOST, leg.port + 1))
            await until(lambda: session._gone == 7)
            leg.close()

    asyncio.run(scenario())


def test_a_leg_that_does_not_encrypt_does_not_load_libsrtp() -> None:
    code = "import sys, offhook.host, offhook.sound.mixing; assert 'pylibsrtp' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_first_sequence_number_is_far_from_a_wrap() -> None:
    async def scenario() -> None:
        sequences = []
        for _ in range(40):
            leg: Leg = open_leg()
            sequences.append(leg._sender._sequence)
            leg.close()
        assert max(sequences) < 0x8000
        assert len(set(sequences)) > 30

    asyncio.run(scenario())


class Wire(list[bytes]):
    """In place of a socket: what is sent."""

    def sendto(self, datagram: bytes, _to: object) -> None:
        self.append(datagram)


@pytest.mark.parametrize("ours_stays", [True, False])
@pytest.mark.parametrize("sent", [10, 65_400, 70_000])
def test_whoever_comes_to_new_keys_late_counts_the_wraps_from_none(sent: int, ours_stays: bool) -> None:
    """RFC 3711 §3.3.1: the party behind an exchange that answers a re-INVITE knows of no wrap, and may miss
    the first packets."""

    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            keys, new = made(), made()
            start(leg, far.port, srtp=keys)
            sender, wire = leg._sender, Wire()
            sender.rtp = wire  # type: ignore[assignment]
            sender._sequence = sender._first_sequence = 100
            ssrc = sender.ssrc
            for _ in range(sent):
                sender.beat(0)
            start(leg, far.port, srtp=replace(new, sending=keys.sending) if ours_stays else new)
            del wire[:]
            for _ in range(200):
                sender.beat(0)
            heard = Srtp()
            heard.use(turned(keys if ours_stays else new))
            packets = [heard.unprotect(datagram) for datagram in wire[46:]]
            assert None not in packets
            assert (sender.ssrc != ssrc) is (sent > 10), "another source only where it has to be"
            assert all(packet is not None and packet[8:12] == sender.ssrc.to_bytes(4) for packet in packets)
            assert sender.counted[0] == 200 + (10 if sent == 10 else 0)
            leg.close()

    asyncio.run(scenario())
