"""A phone and a receiver in trouble: what gets there, in which order, and that the phone does not mind."""

import asyncio
import base64
import hashlib
import hmac
import logging
import ssl
import time
import urllib.request

import pytest
from tests.authority import Authority
from tests.notify.receiver import OK, Receiver, answer, phone, receiving, said, until

from offhook.flash.flash import FILE_NAME, Flash
from offhook.host import Host
from offhook.notify import delivery, http_request
from offhook.notify.action_event import ActionEvent
from offhook.notify.delivery import MOST_WAITING, Pace
from offhook.options import farm_options, run_options
from offhook.phone.events import CallAnswered, Function, MakeCall, Perform

DND = (Function.DND_ON, Function.DND_OFF)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PAUSES", (0.02, 0.04))


def urls(receiver: Receiver, rest: str = "$call_id") -> dict[str, object]:
    return {f"action_urls.{event}": f"{receiver.url}/{event}?{rest}" for event in ActionEvent}


def names(receiver: Receiver) -> list[str]:
    return [target[1:].partition("?")[0] for target in receiver.targets]


def test_a_call_in_order_with_its_variables(tmp_path):
    async def run() -> None:
        wanted = "c=$call_id;r=$remote&d=$display_local:$mac|$ip"
        async with receiving() as receiver, phone(tmp_path, urls(receiver, wanted)) as station:
            await said(station.press(MakeCall("1002")))
            [call] = station.device.phone.calls
            station.device._take(CallAnswered(call))
            for function in (Function.HOLD, Function.UNHOLD, Function.MUTE, Function.CALL_END):
                await said(station.press(Perform(function)))
            await receiver.until(11)
            assert names(receiver) == [
                "off_hook", "outgoing_call", "idle_to_busy", "established", "hold", "unhold", "mute",
                "terminated", "unmute", "busy_to_idle", "on_hook",
            ]  # fmt: skip
            expected = f"c={call};r=sip%3A1002%40127.0.0.1&d=Anna%20M%C3%BCller:0c1105000001|127.0.0.1"
            assert {target.partition("?")[2] for target in receiver.targets} == {expected}
            assert receiver.most_open == 1
            first = receiver.received[0]
            assert first.method == "GET"
            assert first.headers["host"] == receiver.url.removeprefix("http://")
            # The last one waits until its answer has come back.
            await until(lambda: station.state()["notify"]["queued"] == 0)
            assert station.state()["notify"] == {
                "queued": 0,
                "dropped": 0,
                "failures": {"action_url": None, "webhook": None},
            }

    asyncio.run(run())


def test_the_webhook(tmp_path):
    async def run() -> None:
        async with receiving() as receiver:
            settings = {"notify.webhook": f"{receiver.url}/hook?x=1", "notify.webhook_secret": "gehe im"}
            async with phone(tmp_path, settings) as station:
                await said(station.press(Perform(Function.DND_ON)))
                await said(station.press(MakeCall("1002")))
                got = await receiver.until(4)
            assert [each.json["event"] for each in got[:4]] == [
                "dnd_on",
                "off_hook",
                "outgoing_call",
                "idle_to_busy",
            ]
            numbers = [each.json["number"] for each in got]
            assert numbers == list(range(numbers[0], numbers[0] + len(got)))
            assert len({each.json["id"] for each in got}) == len(got)
            third = got[2]
            assert (third.method, third.target) == ("POST", "/hook?x=1")
            assert third.headers["content-type"] == "application/json"
            proof = hmac.new(b"gehe im", third.body, hashlib.sha256).hexdigest()
            assert third.headers["x-offhook-signature"] == f"sha256={proof}"
            told = third.json
            assert told["phone"]["mac"] == "0c1105000001"
            assert told["account"] == {
                "id": 1,
                "username": "1001",
                "host": "127.0.0.1",
                "name": "Anna Müller",
            }
            assert told["call"]["direction"] == "out"
            assert told["call"]["remote"] == "sip:1002@127.0.0.1"
            assert told["call"]["local"] == "sip:1001@127.0.0.1"
            assert told["time"].endswith("+00:00")

    asyncio.run(run())


@pytest.mark.parametrize(
    ("first", "attempts"),
    [
        (answer(500), 2),
        (answer(503), 2),
        (None, 2),
        (b"SMTP ready\r\n", 2),
        (answer(404), 1),
        (answer(302, "Location: /elsewhere"), 1),
        (answer(204), 1),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 1),
        (answer(200, body=b"x" * 300_000), 1),
    ],
    ids=["500", "503", "hangs up", "no HTTP", "404", "redirect", "204", "100 and 200", "a long answer"],
)
def test_what_is_tried_again(tmp_path, first, attempts):
    async def run() -> None:
        async with receiving(first, OK) as receiver, phone(tmp_path, urls(receiver)) as station:
            await said(station.press(Perform(Function.DND_ON)))
            await said(station.press(Perform(Function.DND_OFF)))
            await receiver.until(attempts + 1)
            assert names(receiver) == ["dnd_on"] * attempts + ["dnd_off"]

    asyncio.run(run())


def test_what_cannot_be_told_is_in_the_state_and_once_in_the_log(tmp_path, caplog):
    async def run() -> None:
        async with receiving(answer(403)) as receiver:
            secret = receiver.url.replace("://", "://me:hush@") + "/token-hush?$mac"
            settings = {"action_urls.dnd_on": secret, "action_urls.dnd_off": secret}
            async with phone(tmp_path, settings) as station:
                for _ in range(5):
                    for function in DND:
                        await said(station.press(Perform(function)))
                await receiver.until(10)
                await until(lambda: station.state()["notify"]["queued"] == 0)
                told = station.state()["notify"]["failures"]["action_url"]
                assert told["event"] == "dnd_off"
                assert told["receiver"] == receiver.url
                assert "403" in told["why"]
                receiver.answer = OK
                await said(station.press(Perform(Function.DND_ON)))
                await receiver.until(11)
                await until(lambda: "again" in caplog.text)

    with caplog.at_level(logging.INFO):
        asyncio.run(run())
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("offhook.notify")]
    assert len(lines) == 2
    assert "hush" not in caplog.text


def test_a_receiver_that_is_away_and_comes_back(tmp_path):
    async def run() -> None:
        async with receiving() as gone:
            pass
        async with phone(tmp_path, {"action_urls.dnd_on": gone.url}) as station:
            await said(station.press(Perform(Function.DND_ON)))
            await until(lambda: station.state()["notify"]["failures"]["action_url"] is not None)
            assert "refused" in station.state()["notify"]["failures"]["action_url"]["why"].lower()

    asyncio.run(run())


def test_a_receiver_that_stalls_holds_nothing_up(tmp_path, monkeypatch):
    monkeypatch.setattr(http_request, "PATIENCE", 2.0)

    async def run() -> None:
        async with receiving(60.0) as receiver, phone(tmp_path, urls(receiver)) as station:
            await said(station.press(MakeCall("1002")))
            taken: list[float] = []
            for index in range(MOST_WAITING + 20):
                began = time.perf_counter()
                await said(station.press(Perform((Function.MUTE, Function.UNMUTE)[index % 2])))
                taken.append(time.perf_counter() - began)
            assert sorted(taken)[-10] < 0.02
            state = station.state()["notify"]
            assert state["queued"] == MOST_WAITING
            # The call itself had three things to tell.
            assert state["dropped"] == 23
            # The one that is under way is not among the dropped.
            assert len(receiver.received) <= 1
            # What is switched off is not sent, and nothing waits any more.
            await station.change({"notify.active": False})
            await until(lambda: station.state()["notify"]["queued"] == 0)
            assert len(receiver.received) <= 2

    asyncio.run(run())


def test_an_action_uri_called_through_http_while_the_receiver_stalls(tmp_path):
    async def run() -> None:
        async with receiving(60.0) as receiver:
            host = Host(Flash(tmp_path / FILE_NAME))
            ports = {"http_port": "0", "https_port": "0", "sip_port": "0"}
            [listening] = await host.start([run_options(ports, {}).device("0c1105000001")])
            try:
                await host.stations[0].change(urls(receiver))

                def press(function: str) -> float:
                    began = time.perf_counter()
                    with urllib.request.urlopen(f"{listening.web[0]}/fcgi/do?action={function}") as response:
                        assert response.status == 200
                    return time.perf_counter() - began

                taken = [
                    await asyncio.to_thread(press, ("DNDOn", "DNDOff")[index % 2]) for index in range(100)
                ]
                assert sorted(taken)[50] < 0.1
                assert max(taken) < 1.0
            finally:
                await host.stop()

    asyncio.run(run())


CHALLENGES = {
    "basic": ('WWW-Authenticate: Basic realm="x"',),
    "digest": ('WWW-Authenticate: Digest realm="x", nonce="n1", qop="auth", algorithm=SHA-256',),
    "both in one line": (
        'WWW-Authenticate: Basic realm="x", Digest realm="x", nonce="n1", qop="auth,auth-int"',
    ),
    "both": (
        'WWW-Authenticate: Basic realm="x"',
        'WWW-Authenticate: Digest realm="x", nonce="n1", qop="auth"',
    ),
}


@pytest.mark.parametrize("offered", CHALLENGES)
def test_user_and_password_of_the_url(tmp_path, offered):
    async def run() -> None:
        async with receiving(answer(401, *CHALLENGES[offered]), OK) as receiver:
            url = receiver.url.replace("://", "://me:p%40ss@") + "/a?b=$mac"
            async with phone(tmp_path, {"action_urls.dnd_on": url}) as station:
                await said(station.press(Perform(Function.DND_ON)))
                first, second = await receiver.until(2)
                assert "authorization" not in first.headers
                assert second.target == "/a?b=0c1105000001"
                given = second.headers["authorization"]
                if offered == "basic":
                    assert given == "Basic " + base64.b64encode(b"me:p@ss").decode()
                    return
                assert given.startswith("Digest ")
                hash_of = hashlib.sha256 if "SHA-256" in given else hashlib.md5
                parts = dict(
                    part.split("=", 1) for part in given.removeprefix("Digest ").replace('"', "").split(", ")
                )
                secret = hash_of(b"me:x:p@ss").hexdigest()
                target = hash_of(b"GET:/a?b=0c1105000001").hexdigest()
                middle = f"n1:00000001:{parts['cnonce']}:auth"
                assert parts["response"] == hash_of(f"{secret}:{middle}:{target}".encode()).hexdigest()

    asyncio.run(run())


@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "not trusted"])
def test_a_certificate_must_be_right(tmp_path, monkeypatch, trusted):
    authority = Authority(tmp_path / "ca")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file if trusted else tmp_path / "none.pem"))
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(authority.certificate("127.0.0.1"))

    async def run() -> None:
        async with receiving(tls=shown) as receiver, phone(tmp_path, urls(receiver)) as station:
            await said(station.press(Perform(Function.DND_ON)))
            if not trusted:
                await until(lambda: station.state()["notify"]["failures"]["action_url"] is not None)
                assert "certificate" in station.state()["notify"]["failures"]["action_url"]["why"]
                assert receiver.received == []
                await station.change({"notify.verify": "no"})
                await said(station.press(Perform(Function.DND_OFF)))
            await receiver.until(1)

    asyncio.run(run())


def test_a_restart_says_goodbye_and_comes_back(tmp_path):
    async def run() -> None:
        async with receiving() as receiver, phone(tmp_path, urls(receiver)) as station:
            await said(station.press(MakeCall("1002")))
            await said(station.press(Perform(Function.REBOOT)))
            await until(lambda: station.device is not None)
            await receiver.until(7)
            assert names(receiver) == [
                "off_hook", "outgoing_call", "idle_to_busy",
                "terminated", "busy_to_idle", "on_hook", "setup_completed",
            ]  # fmt: skip
            await said(station.press(Perform(Function.RESET)))
            await until(lambda: station.device is not None)
            await said(station.press(Perform(Function.DND_ON)))
            await asyncio.sleep(0.05)
            assert len(receiver.received) == 7

    asyncio.run(run())


def test_a_phone_that_moves(tmp_path):
    async def run() -> None:
        async with receiving() as receiver, phone(tmp_path, urls(receiver, "$ip")) as station:
            await station.device.move("127.0.0.2", "127.0.0.2")
            await said(station.press(Perform(Function.DND_ON)))
            await receiver.until(2)
            assert receiver.targets == ["/ip_changed?127.0.0.2", "/dnd_on?127.0.0.2"]

    asyncio.run(run())


def test_the_next_start_says_that_it_is_up(tmp_path):
    async def run() -> None:
        async with receiving() as receiver:
            async with phone(tmp_path, urls(receiver)):
                pass
            async with phone(tmp_path, {}):
                await receiver.until(1)
            assert names(receiver) == ["setup_completed"]

    asyncio.run(run())


def test_what_is_queued_gets_a_chance_when_the_phone_stops(tmp_path):
    async def run() -> None:
        async with receiving(0.05) as receiver:
            async with phone(tmp_path, urls(receiver)) as station:
                await said(station.press(Perform(Function.DND_ON)))
                await said(station.press(Perform(Function.DND_OFF)))
            assert names(receiver) == ["dnd_on", "dnd_off"]
        async with asyncio.timeout(5), receiving(60.0) as receiver:  # noqa: SIM117
            async with phone(tmp_path, urls(receiver)) as station:
                await said(station.press(Perform(Function.DND_ON)))

    asyncio.run(run())


def test_the_pace():
    pace, now, sent = Pace(), 0.0, 0
    while now < 10.0:
        now += pace.wait(now)
        sent += 1
    assert sent <= delivery.BURST + 10 * delivery.RATE + 1
    # A pause gives the burst back.
    assert all(pace.wait(now + 60.0) == 0.0 for _ in range(delivery.BURST))


def test_a_phone_that_calls_itself_in_circles_is_slowed_down(tmp_path, monkeypatch):
    monkeypatch.setattr(delivery, "BURST", 10)

    async def run() -> None:
        host = Host(Flash(tmp_path / FILE_NAME))
        options = {"account": ["sip:1001@127.0.0.1;register=no"], "http_port": "0", "https_port": "0"}
        [listening] = await host.start([run_options({**options, "sip_port": "0"}, {}).device("0c1105000001")])
        [station] = host.stations
        try:
            url = f"{listening.web[0]}/fcgi/do?action="
            await station.change({"action_urls.mute": f"{url}UnMute", "action_urls.unmute": f"{url}Mute"})
            heard: list[int] = []
            station.happenings.listen(lambda number, _happening: heard.append(number))
            await said(station.press(MakeCall("1002")))
            await said(station.press(Perform(Function.MUTE)))
            await asyncio.sleep(1.0)
            assert 10 < len(heard) < 10 + 3 + delivery.RATE * 1.5
            await station.change({"notify.active": "no"})
            await until(lambda: station.state()["notify"]["queued"] == 0)
        finally:
            await host.stop()

    asyncio.run(run())


def test_two_hundred_phones(tmp_path):
    async def run() -> None:
        async with receiving(0.01) as receiver:
            host = Host(Flash(tmp_path / FILE_NAME))
            farm = {"count": "200", "http_port": "0", "sip_port": "0", "data": str(tmp_path)}
            await host.start_farm(farm_options(farm, {}).devices("0c1105000001"), "127.0.0.1", 0)
            try:
                idle = len(asyncio.all_tasks())
                for station in host.stations:
                    await station.change({"notify.webhook": receiver.url})
                assert len(asyncio.all_tasks()) == idle
                for station in host.stations:
                    for function in DND:
                        await said(station.press(Perform(function)))
                got = await receiver.until(400, within=20.0)
                await until(lambda: len(asyncio.all_tasks()) == idle)
                assert receiver.most_open <= http_request.MOST_AT_ONE_RECEIVER
                for station in host.stations:
                    mac = station.options.mac
                    mine = [each.json["event"] for each in got if each.json["phone"]["mac"] == mac]
                    assert mine == ["dnd_on", "dnd_off"]
            finally:
                await host.stop()

    asyncio.run(run())
