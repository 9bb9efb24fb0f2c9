"""A device with real sockets: what a wish becomes on the wire, and what comes of it."""

import asyncio
import inspect
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from offhook import device as device_module
from offhook.device import Device, House
from offhook.phone import Reply, Verdict
from offhook.phone.effects import HouseEffect, LogCall
from offhook.phone.events import Event, Function, Key, KeyDown, MakeCall, Perform
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.ports import RtpPorts
from offhook.rtp.sender import Source
from offhook.sip.account import Account, Srtp
from offhook.sip.user_agent import UserAgent
from offhook.sound.opus_library import MISSING

from .sip.message_text import request


@asynccontextmanager
async def running(
    *accounts: Account, ports: RtpPorts | None = None, house: House | None = None
) -> AsyncIterator[Device]:
    device = Device(accounts, clock=MediaClock(), ports=ports or RtpPorts(), address="127.0.0.1", house=house)
    await device.start(0)
    try:
        yield device
    finally:
        await device.stop()


async def press(device: Device, event: Event) -> Reply:
    reply = device.press(event)
    return await reply if inspect.isawaitable(reply) else reply


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def direct(number: int, user: str, port: int) -> Account:
    return Account(number, user, "127.0.0.1", port, register=False)


@pytest.fixture
def far_end() -> socket.socket:
    """A UDP socket that hears what is sent and answers nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.settimeout(5)
        yield bound


def test_the_invite_is_on_the_wire_when_make_call_is_answered(far_end, monkeypatch):
    monkeypatch.setattr(device_module, "FAREWELL", 0.1)

    async def play() -> None:
        async with running(direct(1, "1001", far_end.getsockname()[1])) as device:
            reply = device.press(MakeCall("1002"))

            assert reply == Reply(Verdict.DONE, "calling 1002 from 1001")
            far_end.setblocking(False)
            invite = far_end.recv(4096)
            assert invite.startswith(b"INVITE sip:1002@127.0.0.1:")
            assert b"\r\nm=audio " in invite

    asyncio.run(play())


def test_nothing_that_a_call_means_to_the_house_stands_before_its_invite(far_end, monkeypatch):
    monkeypatch.setattr(device_module, "FAREWELL", 0.1)
    far_end.setblocking(False)
    sent_before: list[bytes] = []

    class Waiting:
        def carry_out(self, effect: HouseEffect) -> None:
            if isinstance(effect, LogCall) and not sent_before:
                sent_before.append(far_end.recv(4096))

    async def play() -> None:
        async with running(direct(1, "1001", far_end.getsockname()[1]), house=Waiting()) as device:
            device.press(MakeCall("1002"))

            assert sent_before[0].startswith(b"INVITE ")

    asyncio.run(play())


def test_two_phones_talk_and_hear_digits_until_one_hangs_up():
    async def play() -> None:
        async with running(direct(1, "1002", 5060)) as bob, running(direct(1, "1001", bob.sip_port)) as alice:
            assert (await press(alice, MakeCall("1002"))).verdict is Verdict.DONE
            await until(lambda: bob.state()["screen"]["page"] == "ringing")
            await until(lambda: alice.state()["screen"]["title"] == "Ringing")
            await press(bob, KeyDown(Key.OK))
            await until(lambda: alice.state()["screen"]["page"] == "talking")
            await press(alice, KeyDown(Key.FIVE))
            await press(alice, KeyDown(Key.POUND))
            await until(lambda: bob.state()["calls"][0]["digits_received"] == "5#")
            (heard,) = [leg.stats() for leg in bob.legs.by_call.values()]
            assert heard.received > 0
            assert heard.sent > 0
            assert heard.lost == 0
            await press(alice, KeyDown(Key.CANCEL))
            await until(lambda: bob.state()["screen"]["page"] == "idle")
            assert alice.legs.by_call == bob.legs.by_call == {}

    asyncio.run(play())


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("sip:anna@nowhere.invalid", "no IPv4 address found for nowhere.invalid"),
        ("sip:anna@127.0.0.1:{refusing};transport=tcp", "connection refused by 127.0.0.1:{refusing}"),
        ("sips:anna@127.0.0.1:{refusing}", "connection refused by 127.0.0.1:{refusing}"),
        ("sip:anna@[2001:db8::1]", "cannot be reached from an IPv4 address"),
    ],
)
def test_a_next_hop_that_cannot_be_reached_is_a_refusal_that_says_why(number, words):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        refusing = closed.getsockname()[1]

        async def play() -> None:
            async with running() as device:
                reply = await press(device, MakeCall(number.format(refusing=refusing)))

                assert reply.verdict is Verdict.NOT_NOW
                assert words.format(refusing=refusing) in reply.text
                assert device.state()["calls"] == []
                assert device.legs.by_call == {}

        asyncio.run(play())


def test_a_next_hop_that_takes_long_is_under_way_and_can_be_given_up(monkeypatch):
    monkeypatch.setattr(device_module, "PATIENCE", 0.05)
    monkeypatch.setattr(device_module, "FAREWELL", 0.1)

    async def play() -> None:
        looked_up = asyncio.Event()

        async def never(*_: object, **__: object) -> list:
            looked_up.set()
            await asyncio.Event().wait()
            return []

        async with running() as device:
            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", never)
            reply = await press(device, MakeCall("sip:anna@slow.example:5060"))

            assert reply.verdict is Verdict.UNDER_WAY
            assert looked_up.is_set()
            assert device.state()["screen"]["page"] == "calling"
            assert (await press(device, Perform(Function.CALL_END))).verdict is Verdict.DONE
            assert device.state()["calls"] == []

    asyncio.run(play())


def test_a_call_without_a_port_left_for_its_sound_is_refused_and_never_rings():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1] & ~1

        async def play() -> None:
            ports = RtpPorts(port, port + 1)
            async with (
                running(direct(1, "1002", 5060), ports=ports) as bob,
                running(direct(1, "1001", bob.sip_port)) as alice,
            ):
                reply = await press(bob, MakeCall("1001"))
                assert reply.verdict is Verdict.NOT_NOW
                assert f"no RTP ports left on 127.0.0.1: all 1 pairs of {port}-{port + 1}" in reply.text

                await press(alice, MakeCall("1002"))
                await until(lambda: "503" in alice.state()["screen"]["lines"][0])
                assert alice.state()["calls"] == bob.state()["calls"] == []
                assert bob.state()["screen"]["lines"][0] == "missed 1001"

        asyncio.run(play())


def test_a_phone_that_stops_hangs_up():
    async def play() -> None:
        async with running(direct(1, "1002", 5060)) as bob:
            async with running(direct(1, "1001", bob.sip_port)) as alice:
                await press(alice, MakeCall("1002"))
                await until(lambda: bob.state()["screen"]["page"] == "ringing")
                await press(bob, KeyDown(Key.OK))
                await until(lambda: alice.state()["screen"]["page"] == "talking")
            await until(lambda: bob.state()["calls"] == [])
            assert alice.press(KeyDown(Key.ONE)) == Reply(Verdict.BOOTING, "the phone is booting")

    asyncio.run(play())


def test_an_account_that_asks_for_what_is_not_spoken_stays_out_of_service(monkeypatch):
    monkeypatch.setattr("offhook.spoken_codecs.libopus", lambda: None)
    mute = Account(1, "1002", "127.0.0.1", codecs=("OPUS",))

    async def play() -> None:
        async with running(mute) as device:
            states = [(account["state"], account["reason"]) for account in device.state()["accounts"]]
            assert states == [("disabled", MISSING)]
            assert (await press(device, MakeCall("1003"))).verdict is Verdict.NOT_NOW

    asyncio.run(play())


def test_hold_transfer_and_a_refused_refer_leave_nothing_behind():
    async def play() -> None:
        async with (
            running(direct(1, "1002", 5060)) as bob,
            running(direct(1, "1003", 5060)) as carol,
            running(direct(1, "1001", bob.sip_port)) as alice,
        ):
            await press(alice, MakeCall("1002"))
            await until(lambda: bob.state()["screen"]["page"] == "ringing")
            await press(bob, KeyDown(Key.OK))
            await until(lambda: alice.state()["screen"]["page"] == "talking")

            await press(alice, Perform(Function.HOLD))
            await until(lambda: bob.state()["calls"][0]["held_by_peer"])
            await press(alice, MakeCall(f"sip:1003@127.0.0.1:{carol.sip_port}"))
            await until(lambda: carol.state()["screen"]["page"] == "ringing")
            await press(carol, KeyDown(Key.OK))
            await until(lambda: alice.state()["screen"]["page"] == "talking")
            assert (await press(alice, Perform(Function.TRANSFER))).verdict is Verdict.DONE

            await until(lambda: alice.state()["calls"] == [])
            await until(lambda: [c["remote"] for c in carol.state()["calls"]] == ["sip:1002@127.0.0.1"])
            await until(lambda: bob.state()["screen"]["page"] == "talking")
            await until(lambda: len(bob.legs.by_call) == len(carol.legs.by_call) == 1)
            await press(carol, Perform(Function.CALL_END))
            await until(lambda: bob.state()["calls"] == [])
            assert alice.legs.by_call == bob.legs.by_call == carol.legs.by_call == {}

    asyncio.run(play())


def test_a_conference_mixes_what_the_others_say():
    async def play() -> None:
        async with (
            running(direct(1, "1002", 5060)) as bob,
            running(direct(1, "1003", 5060)) as carol,
            running(direct(1, "1001", bob.sip_port)) as alice,
        ):
            for callee, number in ((bob, "1002"), (carol, f"sip:1003@127.0.0.1:{carol.sip_port}")):
                await press(alice, MakeCall(number))
                await until(lambda callee=callee: callee.state()["screen"]["page"] == "ringing")
                await press(callee, KeyDown(Key.OK))
                await until(lambda: alice.state()["screen"]["page"] == "talking")
            await press(alice, Perform(Function.CONFERENCE))
            await until(lambda: all(leg.source is Source.FED for leg in alice.legs.by_call.values()))
            await until(lambda: not any(c["held_by_peer"] for d in (bob, carol) for c in d.state()["calls"]))

            await press(carol, Perform(Function.CALL_END))
            await until(lambda: alice.state()["screen"]["page"] == "talking")
            assert [leg.source for leg in alice.legs.by_call.values()] == [Source.SILENCE]

    asyncio.run(play())


def test_what_an_effect_cannot_do_reaches_the_phone_as_news_and_not_the_loop(monkeypatch, caplog):
    def broken(*_: object) -> None:
        raise ValueError("no such thing")

    async def play() -> None:
        async with running(direct(1, "1002", 5060)) as bob, running(direct(1, "1001", bob.sip_port)) as alice:
            await press(alice, MakeCall("1002"))
            await until(lambda: bob.state()["screen"]["page"] == "ringing")
            await press(bob, KeyDown(Key.OK))
            await until(lambda: alice.state()["screen"]["page"] == "talking")
            monkeypatch.setattr(UserAgent, "hold", broken)

            assert (await press(alice, Perform(Function.HOLD))).verdict is Verdict.DONE
            assert alice.state()["screen"]["page"] == "talking"
            assert "cannot be held" in alice.state()["screen"]["lines"][0]
            monkeypatch.setattr(UserAgent, "invite", broken)
            reply = await press(bob, MakeCall("1003"))
            assert reply.verdict is Verdict.NOT_NOW
            assert len(bob.legs.by_call) == 1

    asyncio.run(play())
    assert "no such thing" in caplog.text


def test_a_phone_that_stops_takes_no_more_calls():
    async def play() -> None:
        async with running(direct(1, "1001", 5060)) as alice:
            bob = Device((direct(1, "1002", 1),), clock=MediaClock(), ports=RtpPorts(), address="127.0.0.1")
            await bob.start(0)
            await press(bob, MakeCall("1009"))
            stopping = asyncio.create_task(bob.stop())
            await asyncio.sleep(0)
            await press(alice, MakeCall(f"sip:1002@127.0.0.1:{bob.sip_port}"))
            await until(lambda: "503" in alice.state()["screen"]["lines"][0])
            await stopping
            assert bob.legs.by_call == {}

    asyncio.run(play())


def encrypting(number: int, user: str, port: int, srtp: Srtp) -> Account:
    return Account(number, user, "127.0.0.1", port, register=False, srtp=srtp)


@pytest.mark.parametrize("srtp", ["optional", "required"])
def test_the_sound_of_two_phones_is_encrypted_and_over_udp_no_lock_says_so(srtp: Srtp):
    async def play() -> None:
        async with (
            running(encrypting(1, "1001", 9, srtp)) as bob,
            running(encrypting(1, "1002", bob.sip_port, srtp)) as alice,
        ):
            await press(alice, MakeCall("1001"))
            await until(lambda: bob.state()["calls"])
            await press(bob, Perform(Function.ANSWER))
            for phone in (alice, bob):
                await until(lambda phone=phone: phone.state()["screen"]["page"] == "talking")
                [call] = phone.state()["calls"]
                assert (call["srtp"], call["encrypted"]) == ("AEAD_AES_256_GCM", False)
                assert "encrypted" not in phone.state()["screen"]["icons"]
            legs = [leg for phone in (alice, bob) for leg in phone.legs.by_call.values()]
            await until(lambda: all(leg.stats().received > 10 for leg in legs))
            await press(alice, Perform(Function.HOLD))
            await until(lambda: bob.state()["calls"][0]["held_by_peer"])
            await press(alice, Perform(Function.UNHOLD))
            await until(lambda: not bob.state()["calls"][0]["held_by_peer"])
            heard = [leg.stats().received for leg in legs]
            await until(lambda: all(leg.stats().received > h + 5 for leg, h in zip(legs, heard, strict=True)))
            assert [leg.stats().ignored for leg in legs] == [0, 0]
            await press(alice, Perform(Function.CALL_END))
            await until(lambda: not bob.state()["calls"])

    asyncio.run(play())


@pytest.mark.parametrize(("caller", "called"), [("required", "no"), ("no", "required")])
def test_required_against_none_fails_and_says_so(caller: Srtp, called: Srtp):
    async def play() -> None:
        async with (
            running(encrypting(1, "1001", 9, called)) as bob,
            running(encrypting(1, "1002", bob.sip_port, caller)) as alice,
        ):
            await press(alice, MakeCall("1001"))
            await until(lambda: not alice.state()["calls"])
            assert "1001 found no way to talk with us" in alice.state()["screen"]["lines"][0]
            assert bob.state()["calls"] == []

    asyncio.run(play())


def test_a_conference_of_an_encrypted_and_a_plain_call():
    """Each leg has its own keys, or none; what is said in one is heard in the other."""

    async def play() -> None:
        async with (
            running(encrypting(1, "1002", 5060, "required")) as bob,
            running(encrypting(1, "1003", 5060, "no")) as carol,
            running(encrypting(1, "1001", bob.sip_port, "optional")) as alice,
        ):
            await press(bob, MakeCall(f"sip:1001@127.0.0.1:{alice.sip_port}"))
            await until(lambda: alice.state()["calls"])
            await press(alice, Perform(Function.ANSWER))
            await until(lambda: alice.state()["screen"]["page"] == "talking")
            await press(alice, MakeCall(f"sip:1003@127.0.0.1:{carol.sip_port}"))
            await until(lambda: carol.state()["calls"])
            await press(carol, Perform(Function.ANSWER))
            await until(lambda: alice.state()["screen"]["page"] == "talking")
            await press(alice, Perform(Function.CONFERENCE))
            await until(lambda: all(leg.source is Source.FED for leg in alice.legs.by_call.values()))
            assert [c["srtp"] for c in alice.state()["calls"]] == ["AEAD_AES_256_GCM", None]
            assert "encrypted" not in alice.state()["screen"]["icons"]
            [leg] = carol.legs.by_call.values()
            [other] = bob.legs.by_call.values()
            other.source = Source.FED
            said, heard = bytes([0x10, 0x90]) * 80, []

            class Listener:
                def hear(self, received: object, codec_name: str, payload: bytearray) -> None:
                    heard.append(bytes(payload))

            leg.listener = Listener()

            def carol_hears_it() -> bool:
                other.feed(said)
                return any(payload.strip(b"\xff\x7f") for payload in heard)

            await until(carol_hears_it)
            assert other.stats().ignored == leg.stats().ignored == 0

    asyncio.run(play())


def test_a_flood_and_a_scanner_stand_in_the_log_once(caplog, monkeypatch):
    monkeypatch.setattr(device_module, "FAREWELL", 0.1)
    scan = request("OPTIONS", "sip:100@phone", headers={"User-Agent": "friendly-scanner\x1b[2J"})
    clean = request("OPTIONS", "sip:100@phone", headers={"User-Agent": "friendly-scanner"})

    async def play() -> None:
        async with running(Account(1, "1001", "192.0.2.1", register=False)) as device:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                for number in range(300):
                    stranger.sendto(clean if number % 2 else scan, ("127.0.0.1", device.sip_port))
                await until(lambda: "turned away" in caplog.text)
                await asyncio.sleep(0.2)

    asyncio.run(play())
    assert caplog.messages == ["127.0.0.1 is turned away: a scanner, by its own User-Agent"]
