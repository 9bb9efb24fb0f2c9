import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from itertools import pairwise

import pytest
import uvloop

from offhook.rtp import rtcp, rtcp_session
from offhook.rtp.leg import Leg, Source
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.packet import RtpPacket
from offhook.rtp.ports import RtpPorts

from .bad_relay import BadRelay
from .far_end import HOST, FarEnd, open_leg, rtp, settle, start, until

Scenario = Callable[[], Coroutine[None, None, None]]


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_two_legs_hear_each_other(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def scenario() -> None:
        clock = MediaClock()
        one, two = open_leg(clock), open_leg(clock)
        start(one, two.port)
        start(two, one.port)
        await until(lambda: min(one.stats().received, two.stats().received) >= 20)
        for leg in (one, two):
            stats = leg.stats()
            assert stats.sent >= stats.received
            assert (stats.lost, stats.duplicated, stats.reordered, stats.ignored, stats.unsent) == (0,) * 5
            assert 0 < stats.jitter < 60
        one.close()
        two.close()
        assert not clock.running

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(scenario())


@pytest.mark.parametrize(
    ("codec", "pt", "silence"), [("PCMU", 0, b"\xff"), ("PCMA", 8, b"\xd5"), ("G722", 9, b"\xfd")]
)
@pytest.mark.parametrize(("ptime", "paced"), [(10, 10), (20, 20), (30, 30), (60, 60), (5, 10), (200, 60)])
def test_stream_of_silence(codec: str, pt: int, silence: bytes, ptime: int, paced: int) -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        with FarEnd() as far:
            leg = open_leg()
            began = loop.time()
            start(leg, far.port, codec_name=codec, payload_type=pt, ptime=ptime)
            packets = await far.receive(4)
            assert loop.time() - began >= 3 * paced / 1000 - 0.005
            leg.close()
        assert [p.marker for p in packets] == [True, False, False, False]
        assert {(p.pt, p.ssrc, p.payload) for p in packets} == {(pt, packets[0].ssrc, silence * 8 * paced)}
        for before, after in pairwise(packets):
            assert (after.sequence - before.sequence) & 0xFFFF == 1
            step = (after.timestamp - before.timestamp) & 0xFFFFFFFF
            assert step % (8 * paced) == 0
            assert step > 0

    asyncio.run(scenario())


def test_an_agreement_that_changes_before_the_first_packet_keeps_its_marker() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            start(leg, far.port)
            start(leg, far.port, codec_name="PCMA", payload_type=8)
            assert [(p.marker, p.pt) for p in await far.receive(2)] == [(True, 8), (False, 8)]
            leg.close()

    asyncio.run(scenario())


def test_every_stream_begins_at_random() -> None:
    async def scenario() -> None:
        begun = []
        with FarEnd() as far:
            for _ in range(4):
                leg = open_leg()
                start(leg, far.port)
                [first] = await far.receive()
                begun.append((first.sequence, first.timestamp, first.ssrc))
                leg.close()
                far.drain()
        assert [len(set(values)) for values in zip(*begun, strict=True)] == [4, 4, 4]

    asyncio.run(scenario())


def fate(n: int) -> str:
    return {3: "lose", 6: "repeat", 9: "swap"}.get(n % 12, "pass")


def test_what_a_bad_network_does_is_counted() -> None:
    async def scenario() -> None:
        clock = MediaClock()
        one, two = open_leg(clock), open_leg(clock)
        relay = BadRelay(two.port, fate)
        start(one, relay.port, ptime=10)
        start(two, relay.port, sending=False)
        await until(lambda: relay.done["lose"] >= 5)
        start(one, relay.port, sending=False)
        await settle(5)
        relay.flush()
        await settle()
        done, stats = relay.done, two.stats()
        # The last packet may be the lost one, which nobody can know of yet.
        assert done["lose"] - 1 <= stats.lost <= done["lose"]
        assert (stats.duplicated, stats.reordered) == (done["repeat"], done["swap"])
        assert stats.received == done["pass"] + done["repeat"] + done["swap"]
        for leg in (one, two):
            leg.close()
        relay.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("ptime", [10, 20])
def test_digits_arrive_once_each_even_so(ptime: int) -> None:
    async def scenario() -> None:
        clock = MediaClock()
        one, two = open_leg(clock), open_leg(clock)
        relay = BadRelay(two.port, fate)
        heard: list[str] = []
        two.on_digit = heard.append
        start(one, relay.port, ptime=ptime, telephone_event=96)
        start(two, relay.port, telephone_event=96, sending=False)
        assert all(one.send_digit(digit) for digit in "1102#")
        await until(lambda: len(heard) >= 5)
        sent = one.stats().sent
        await until(lambda: one.stats().sent > sent + 5)
        assert "".join(heard) == "1102#"
        for leg in (one, two):
            leg.close()
        relay.close()

    asyncio.run(scenario())


def test_events_on_the_wire_take_the_place_of_sound() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            start(leg, far.port)
            leg.send_digit("7")
            packets = await far.receive(10)
            leg.close()
        assert [p.pt for p in packets] == [101] * 7 + [0] * 3
        assert [p.marker for p in packets[:7]] == [True] + [False] * 6
        assert {p.timestamp for p in packets[:7]} == {packets[0].timestamp}
        # The stream's first sound follows a digit, so it is the first of a talkspurt as well.
        assert packets[7].marker
        assert (packets[7].timestamp - packets[0].timestamp) & 0xFFFFFFFF >= 7 * 160
        assert [(p.sequence - packets[0].sequence) & 0xFFFF for p in packets] == list(range(10))

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"telephone_event": None}, id="far end takes none"),
        pytest.param({"sending": False}, id="on hold"),
    ],
)
def test_digit_that_will_not_be_sent(changes: dict[str, object]) -> None:
    async def scenario() -> None:
        leg = open_leg()
        assert not leg.send_digit("1")
        start(leg, 9)
        assert leg.send_digit("1")
        start(leg, 9, **changes)
        assert not leg.send_digit("1")
        leg.close()

    asyncio.run(scenario())


def test_hold_stops_the_stream_and_resuming_marks_it() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            clock = MediaClock()
            leg = open_leg(clock)
            start(leg, far.port)
            begun = await far.receive(2)
            start(leg, far.port, sending=False)
            assert not clock.running
            before = [*begun, *far.drain()][-1]
            await asyncio.sleep(0.1)
            assert far.drain() == []
            start(leg, far.port)
            [after] = await far.receive()
            assert after.marker
            assert after.ssrc == before.ssrc
            assert (after.sequence - before.sequence) & 0xFFFF == 1
            assert 0.09 <= ((after.timestamp - before.timestamp) & 0xFFFFFFFF) / 8000 < 2
            leg.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "changes",
    [
        {"address": "0.0.0.0"},
        {"port": 0},
        {"address": "far.example"},
        {"address": "::1"},
        {"address": "239.1.2.3"},
        {"address": "127.0.0.1\0"},
        {"port": 70000},
        {"rtcp_port": 65536},
    ],
)
def test_nothing_goes_to_what_is_no_address(changes: dict[str, object]) -> None:
    async def scenario() -> None:
        clock = MediaClock()
        leg = open_leg(clock)
        start(leg, 9, **changes)
        assert clock.running == ("rtcp_port" in changes)
        leg.close()

    asyncio.run(scenario())


def test_unknown_codec() -> None:
    async def scenario() -> None:
        leg = open_leg()
        with pytest.raises(
            ValueError, match="codec 'G729' is not spoken here; these are PCMU, PCMA, G722, OPUS"
        ):
            start(leg, 9, codec_name="G729")
        leg.close()

    asyncio.run(scenario())


def test_echo_sends_back_in_order_and_silence_when_there_is_nothing() -> None:
    async def scenario() -> None:
        spoken = [bytes((n,)) * 160 for n in range(6)]
        with FarEnd() as far:
            leg = open_leg()
            leg.source = Source.ECHO
            start(leg, far.port)
            for n, payload in enumerate(spoken):
                far.send(leg, rtp(n, 160 * n, payload=payload))
            answers = [p.payload for p in await far.receive(10)]
            leg.close()
        silence = b"\xff" * 160
        assert [a for a in answers if a != silence] == spoken
        assert answers[-1] == silence

    asyncio.run(scenario())


def test_echo_is_bounded_and_keeps_the_newest() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            leg.source = Source.ECHO
            start(leg, far.port)
            await far.receive()
            for n in range(100):
                far.send(leg, rtp(n, 160 * n, payload=bytes((n,)) * 160))
            await until(lambda: leg.stats().received == 100)
            sent = leg.stats().sent
            await until(lambda: leg.stats().sent >= sent + 12)
            echoed = [p.payload[0] for p in far.drain() if p.payload[0] != 0xFF]
            leg.close()
        assert echoed == sorted(echoed)
        assert echoed[-10:] == list(range(90, 100))
        assert len(echoed) <= 20

    asyncio.run(scenario())


@pytest.mark.parametrize("ptime", [10, 20, 30])
def test_what_is_fed_is_sent_in_packets_of_the_call_and_silence_after_it(ptime: int) -> None:
    async def scenario() -> None:
        fed = bytes(range(240))
        with FarEnd() as far:
            leg = open_leg()
            leg.feed(fed)
            leg.source = Source.FED
            start(leg, far.port, codec_name="G722", payload_type=9, ptime=ptime)
            leg.feed(fed)
            answers = [p.payload for p in await far.receive(5)]
            leg.close()
        silence = b"\xfd" * 8 * ptime
        sound = b"".join(a for a in answers if a != silence)
        assert sound == fed[: 240 // (8 * ptime) * 8 * ptime]
        assert answers[-1] == silence

    asyncio.run(scenario())


def test_what_is_fed_too_fast_does_not_pile_up() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            leg.source = Source.FED
            start(leg, far.port)
            for n in range(50):
                leg.feed(bytes((n,)) * 160)
            first, second, third, fourth = [p.payload[0] for p in await far.receive(4)]
            leg.close()
        assert [first, second, third, fourth] == [47, 48, 49, 0xFF]

    asyncio.run(scenario())


def test_silence_after_what_was_fed_and_after_a_change_of_codec() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            leg.source = Source.FED
            start(leg, far.port)
            leg.feed(b"a" * 480)
            assert [p.payload[:1] for p in await far.receive(1)] == [b"a"]
            start(leg, far.port, codec_name="PCMA", payload_type=8)
            assert [p.payload[:1] for p in await far.receive(1)] == [b"\xd5"]
            leg.feed(b"b" * 320)
            assert [p.payload[:1] for p in await far.receive(1)] == [b"b"]
            leg.source = Source.SILENCE
            assert [p.payload[:1] for p in await far.receive(1)] == [b"\xd5"]
            leg.close()

    asyncio.run(scenario())


def test_digits_do_not_delay_what_is_fed() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            leg.source = Source.FED
            start(leg, far.port)
            await far.receive()
            leg.send_digit("5")
            for n in range(1, 20):
                leg.feed(bytes((n,)) * 160)
                [sent] = await far.receive()
                assert sent.pt == 101 or sent.payload[0] in (n, 0xFF)
            leg.close()

    asyncio.run(scenario())


class Ears:
    def __init__(self) -> None:
        self.heard: list[tuple[int, int, bytes]] = []
        self.codecs: list[str] = []
        self.noise: list[int] = []

    def hear(self, received: RtpPacket, codec_name: str, payload: bytearray) -> None:
        self.heard.append((received.ssrc, received.timestamp, bytes(payload)))
        self.codecs.append(codec_name)

    def hear_noise(self, level: int) -> None:
        self.noise.append(level)


def test_a_listener_hears_each_packet_of_sound_once_and_nothing_on_hold() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg, ears = open_leg(), Ears()
            leg.listener = ears
            start(leg, far.port)
            for sequence, pt in ((1, 0), (2, 0), (2, 0), (3, 101), (4, 0)):
                far.send(leg, rtp(sequence, 160 * sequence, pt=pt, payload=bytes((sequence,)) * 4))
            await settle(5)
            start(leg, far.port, receiving=False)
            far.send(leg, rtp(5, 800, payload=b"held"))
            await settle()
            leg.close()
        assert ears.heard == [(7, 160 * n, bytes((n,)) * 4) for n in (1, 2, 4)]

    asyncio.run(scenario())


def test_any_of_the_agreed_formats_may_come_at_any_time() -> None:
    """RFC 3264 §5.1; each by the number that was agreed on for it."""
    formats = {0: "PCMU", 9: "G722", 111: "OPUS", 101: "TELEPHONE-EVENT", 13: "CN", 98: "CN"}

    async def scenario() -> None:
        with FarEnd() as far:
            leg, ears, digits = open_leg(), Ears(), []
            leg.listener, leg.on_digit = ears, digits.append
            start(leg, far.port, payload_type=0, telephone_event=96, formats=formats)
            said = [
                (0, b"u"),
                (9, b"g"),
                (13, b"\x3c"),
                (111, b"o"),
                (96, b"no"),
                (101, bytes(4)),
                (98, b"\xc0\1"),
            ]
            for sequence, (pt, payload) in enumerate(said):
                far.send(leg, rtp(sequence, 160 * sequence, pt=pt, payload=payload))
            await settle(len(said))
            stats = leg.stats()
            leg.close()
        assert ears.codecs == ["PCMU", "G722", "OPUS"]
        assert ears.noise == [60, 64]
        assert digits == ["0"]
        assert (stats.received, stats.lost, stats.ignored) == (6, 1, 1)

    asyncio.run(scenario())


def test_silence_of_the_far_end_is_no_loss_and_no_jitter() -> None:
    """It sends comfort noise once and then nothing, and its timestamps count on."""

    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            start(leg, far.port)
            began = time.monotonic()
            for sequence in range(8):
                if sequence == 4:
                    await asyncio.sleep(0.3)
                ticks = int((time.monotonic() - began) * 8000)
                far.send(leg, rtp(sequence, ticks, pt=13 if sequence == 3 else 0, payload=b"\x40"))
                await settle()
            stats = leg.stats()
            leg.close()
        assert (stats.received, stats.lost, stats.ignored) == (8, 0, 0)
        assert stats.jitter < 5

    asyncio.run(scenario())


def test_opus_is_sent_as_whole_packets_by_its_own_clock() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            leg.source = Source.FED
            start(
                leg,
                far.port,
                codec_name="OPUS",
                payload_type=111,
                telephone_event=110,
                telephone_event_rate=48000,
                ptime=40,
            )
            leg.feed(b"one packet")
            leg.feed(b"another, longer")
            sent = await far.receive(4)
            assert [each.payload for each in sent] == [
                b"one packet",
                b"another, longer",
                *[b"\xf8\xff\xfe"] * 2,
            ]
            assert {each.pt for each in sent} == {111}
            assert {two.timestamp - one.timestamp & 0xFFFFFFFF for one, two in pairwise(sent)} == {960}
            assert leg.send_digit("5")
            events = [each for each in await far.receive(8) if each.pt == 110]
            assert [int.from_bytes(each.payload[2:]) for each in events[:4]] == [960, 1920, 2880, 3840]
            assert len({each.timestamp for each in events}) == 1
            leg.close()

    asyncio.run(scenario())


def test_tones_go_before_all_else_and_are_cut_to_the_packets() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            assert not leg.play([b"x" * 160])
            start(leg, far.port, ptime=30)
            await far.receive()
            assert leg.play([b"a" * 160, b"b" * 160, b"c" * 160])
            sent = await far.receive(4)
            heard = b"".join(each.payload for each in sent).strip(b"\xff")
            assert heard == b"a" * 160 + b"b" * 160 + b"c" * 160
            assert sent[-1].payload == b"\xff" * 240
            waiting = next(count for count in range(1000) if not leg.play([b"d" * 160] * 8))
            assert waiting == 63
            leg.close()

    asyncio.run(scenario())


def test_echo_of_longer_packets_than_ours() -> None:
    async def scenario() -> None:
        spoken = bytes(range(240)) * 2
        with FarEnd() as far:
            leg = open_leg()
            leg.source = Source.ECHO
            start(leg, far.port)
            far.send(leg, rtp(1, 0, payload=spoken[:240]))
            far.send(leg, rtp(2, 240, payload=spoken[240:]))
            answers = [p.payload for p in await far.receive(6)]
            leg.close()
        assert b"".join(a for a in answers if a != b"\xff" * 160) == spoken

    asyncio.run(scenario())


def test_a_leg_behind_another_address_is_answered_where_it_is() -> None:
    async def scenario() -> None:
        with FarEnd() as announced, FarEnd() as real:
            leg = open_leg()
            start(leg, announced.port)
            await announced.receive()
            for n in range(3):
                real.send(leg, rtp(n))
            [first] = await real.receive()
            announced.drain()
            await real.receive(2)
            assert announced.drain() == []
            assert first.payload == b"\xff" * 160
            # Session refresh: what was learnt stays.
            start(leg, announced.port)
            await real.receive(2)
            assert announced.drain() == []
            leg.close()

    asyncio.run(scenario())


def test_a_stranger_takes_nothing_over() -> None:
    async def scenario() -> None:
        with FarEnd() as far, FarEnd() as stranger:
            leg = open_leg()
            heard: list[str] = []
            leg.on_digit = heard.append
            start(leg, far.port)
            far.send(leg, rtp(1))
            await settle()
            for n in range(50):
                stranger.send(leg, rtp(2 + n))
                stranger.send(leg, rtp(2 + n, 5, ssrc=8, pt=101, payload=b"\1\n\0\xa0"))
            await settle(100)
            stats = leg.stats()
            assert (stats.received, stats.ignored) == (1, 100)
            far.drain()
            await far.receive(3)
            assert stranger.drain() == []
            assert heard == []
            leg.close()

    asyncio.run(scenario())


def test_new_ssrc_of_the_same_sender_adds_to_the_counts() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            start(leg, far.port)
            for n in (1, 2, 4):
                far.send(leg, rtp(n))
            for n in (900, 901, 902, 904):
                far.send(leg, rtp(n, ssrc=8))
            await settle(8)
            stats = leg.stats()
            assert (stats.received, stats.lost, stats.ignored) == (5, 2, 2)
            leg.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(b"", id="empty"),
        pytest.param(rtp(1)[:11], id="short"),
        pytest.param(b"\x40" + rtp(1)[1:], id="version 1"),
        pytest.param(rtp(1, pt=9), id="payload type nobody agreed on"),
        pytest.param(rtp(1) + bytes(3000), id="huge"),
    ],
)
def test_ignored(datagram: bytes) -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            start(leg, far.port, sending=False)
            far.send(leg, datagram)
            await settle()
            stats = leg.stats()
            assert (stats.ignored, stats.received) == (1, 0)
            leg.close()

    asyncio.run(scenario())


def test_own_packets_come_back() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            start(leg, far.port)
            [ours] = await far.receive()
            far.send(leg, rtp(ours.sequence, ssrc=ours.ssrc))
            await until(lambda: leg.stats().looped == 1)
            assert leg.stats().received == 0
            leg.close()

    asyncio.run(scenario())


def test_what_came_before_the_agreement_is_not_counted() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            for n in range(10):
                far.send(leg, rtp(n))
            start(leg, far.port, sending=False)
            far.send(leg, rtp(10))
            await settle(11)
            assert leg.stats().received == 1
            leg.close()

    asyncio.run(scenario())


def test_not_receiving_hears_no_digit_but_keeps_count() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            heard: list[str] = []
            leg.on_digit = heard.append
            start(leg, far.port, receiving=False)
            far.send(leg, rtp(1, pt=101, payload=b"\1\n\0\xa0"))
            await settle()
            assert (heard, leg.stats().received) == ([], 1)
            leg.close()

    asyncio.run(scenario())


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtcp_session, "INTERVAL", 0.06)


@pytest.mark.usefixtures("often")
def test_round_trip_is_measured_by_reports() -> None:
    async def scenario() -> None:
        clock = MediaClock()
        one, two = open_leg(clock), open_leg(clock)
        start(one, two.port)
        start(two, one.port)
        await until(lambda: one.stats().round_trip is not None and two.stats().round_trip is not None)
        for leg in (one, two):
            round_trip = leg.stats().round_trip
            assert round_trip is not None
            assert 0 <= round_trip < 500
            leg.close()

    asyncio.run(scenario())


@pytest.mark.usefixtures("often")
def test_reports_go_on_while_on_hold() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            start(leg, far.port)
            await far.receive(2)
            start(leg, far.port, sending=False)
            sender, *_, idle = [rtcp.parse(await far.receive_rtcp())[0] for _ in range(4)]
            assert isinstance(sender, rtcp.Report)
            assert isinstance(idle, rtcp.Report)
            assert sender.sender
            assert sender.sender.octet_count == 160 * sender.sender.packet_count
            assert idle.sender is None
            leg.close()

    asyncio.run(scenario())


@pytest.mark.usefixtures("often")
def test_report_block_tells_what_was_heard() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            start(leg, far.port, sending=False)
            for n in (65534, 65535, 65536, 65538):
                far.send(leg, rtp(n, 160 * n & 0xFFFFFFFF))
            # A source's end is told by BYE; from then on nothing is reported on it.
            [report] = rtcp.parse(await far.receive_rtcp())
            assert isinstance(report, rtcp.Report)
            [block] = report.blocks
            assert (block.ssrc, block.highest_sequence, block.packets_lost) == (7, 65538, 1)
            assert block.fraction_lost == 256 // 5
            far.rtcp.sendto(rtcp.build(7, "far", None, None, bye=True), (HOST, leg.port + 1))
            await settle()
            far.drain_rtcp()
            [report] = rtcp.parse(await far.receive_rtcp())
            assert isinstance(report, rtcp.Report)
            assert report.blocks == ()
            leg.close()

    asyncio.run(scenario())


@pytest.mark.usefixtures("often")
def test_reports_follow_the_far_end_to_its_real_port_but_no_stranger() -> None:
    async def scenario() -> None:
        with FarEnd() as announced, FarEnd() as real:
            leg = open_leg()
            start(leg, announced.port, sending=False)
            real.rtcp.sendto(rtcp.build(7, "early", None, None, bye=False), (HOST, leg.port + 1))
            await announced.receive_rtcp()
            for n in range(3):
                real.send(leg, rtp(n))
            await settle(3)
            announced.rtcp.sendto(rtcp.build(99, "other SSRC", None, None, bye=False), (HOST, leg.port + 1))
            real.rtcp.sendto(rtcp.build(7, "far", None, None, bye=False), (HOST, leg.port + 1))
            await settle(2)
            announced.drain_rtcp()
            await real.receive_rtcp()
            assert announced.drain_rtcp() == []
            leg.close()

    asyncio.run(scenario())


def test_goodbye_at_the_end_but_not_of_one_that_never_spoke() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            start(leg, far.port)
            [ours] = await far.receive()
            leg.close()
            *_, goodbye = rtcp.parse(await far.receive_rtcp())
            assert goodbye == rtcp.Bye((ours.ssrc,))
            silent = open_leg()
            start(silent, far.port, sending=False)
            silent.close()
            assert far.drain_rtcp() == []

    asyncio.run(scenario())


def test_stats_after_the_end() -> None:
    async def scenario() -> None:
        with FarEnd() as far:
            leg = open_leg()
            start(leg, far.port)
            await far.receive(2)
            leg.close()
            assert leg.stats().sent >= 2

    asyncio.run(scenario())


def test_ipv6() -> None:
    async def scenario() -> None:
        clock = MediaClock()
        one, two = (Leg.open(clock, "::1", RtpPorts()) for _ in range(2))
        start(one, two.port, address="::1", rtcp_address="::1")
        start(two, one.port, address="::1", rtcp_address="::1")
        await until(lambda: min(one.stats().received, two.stats().received) >= 2)
        assert one.stats().ignored == 0
        one.close()
        two.close()

    asyncio.run(scenario())


def test_a_far_end_that_is_gone_stops_nobody() -> None:
    async def scenario() -> None:
        clock = MediaClock()
        with ExitStack() as stack:
            far, gone = stack.enter_context(FarEnd()), FarEnd()
            gone.__exit__()
            dead, alive = open_leg(clock), open_leg(clock)
            start(dead, gone.port)
            start(alive, far.port)
            await far.receive(5)
            dead.close()
            alive.close()

    asyncio.run(scenario())
