"""From one hop to the next (RFC 3263 §4.3), on the virtual network: RFC 3665 §3.4 and more."""

import random
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from offhook.sip import Account, Hop, LocalMedia, UserAgent
from offhook.sip.events import Answered, Binding, BindingChanged, Ended, Failed

from .message_text import SDP, response
from .virtual_network import VirtualNetwork

ALICE = Hop("UDP", "192.0.2.101", 5060)
FIRST = Hop("UDP", "192.0.2.111", 5060)
SECOND = Hop("UDP", "192.0.2.222", 5060)
ACCOUNT = Account(1, "alice", "atlanta.example", password="secret")
SOUND = LocalMedia(ALICE.host, 4000)

Answer = Callable[[bytes], list[bytes]]


class Proxy:
    """Answers as `answer` says, by default 100, 180 and 200; keeps what it got."""

    def __init__(self, network: VirtualNetwork, hop: Hop) -> None:
        self.network = network
        self.hop = hop
        self.got: list[bytes] = []
        self.silent = False
        self.answer: Answer = self.accept
        network.add_peer(hop, self._receive)

    def _receive(self, data: bytes, source: Hop) -> None:
        self.got.append(data)
        if self.silent or data.startswith(b"ACK"):
            return
        for each in self.answer(data):
            self.network.send(each, self.hop, source)

    def say(self, data: bytes) -> None:
        self.network.send(data, self.hop, ALICE)

    def accept(self, data: bytes) -> list[bytes]:
        if not data.startswith(b"INVITE"):
            return [response(data, 200, tag="b")]
        answer = response(data, 200, tag="b", body=SDP, headers={"Contact": "<sip:bob@192.0.2.201>"})
        transport = self.hop.transport.lower()
        route = f"\r\nRecord-Route: <sip:{self.hop};transport={transport};lr>\r\nContact".encode()
        answer = answer.replace(b"\r\nContact", route, 1)
        return [response(data, 100), response(data, 180, tag="b"), answer]

    def lines(self) -> list[str]:
        return [data.split(b" ", 1)[0].decode() for data in self.got]


class Scene:
    def __init__(self, account: Account = ACCOUNT) -> None:
        self.account = account
        self.network = VirtualNetwork()
        self.network.names["atlanta.example"] = [FIRST, SECOND]
        self.alice = self.network.add(UserAgent(ALICE, "alice", random.Random(1)))
        self.alice.add_account(account)
        self.first, self.second = Proxy(self.network, FIRST), Proxy(self.network, SECOND)

    def call(self, name: str = "c", seconds: float = 1.0) -> None:
        self.alice.invite(name, self.account, "bob", SOUND, self.network.now)
        self.network.run(seconds)

    def hang_up(self, name: str = "c") -> None:
        self.alice.hang_up(name, self.network.now)
        self.network.run(1)

    def of(self, kind: type) -> list[object]:
        return [event for event in self.network.events[ALICE] if isinstance(event, kind)]

    def assert_nothing_is_left(self) -> None:
        assert not self.alice.calls
        assert not self.alice.busy
        self.network.run(100)
        assert self.alice.layer.idle
        assert self.alice.deadline is None
        assert not self.alice.dialogs


def branch(data: bytes) -> bytes:
    found = re.search(rb"branch=([^;\r]+)", data)
    assert found
    return found[1]


def without_via(data: bytes) -> bytes:
    return re.sub(rb"Via: [^\r]*\r\n", b"", data)


def test_session_via_the_alternate_proxy() -> None:
    """RFC 3665 §3.4: the first proxy is dead, and the same INVITE goes to the second in a new transaction."""
    scene = Scene()
    scene.first.silent = True
    scene.call(seconds=3.9)
    assert scene.first.lines() == ["INVITE"] * 4
    assert not scene.second.got
    scene.network.run(1)
    assert scene.second.lines() == ["INVITE", "ACK"]
    tried, taken = scene.first.got[0], scene.second.got[0]
    assert branch(tried) != branch(taken)
    assert without_via(tried) == without_via(taken), "Call-ID, From tag and CSeq too"
    assert scene.of(Answered) == [Answered("c")]
    assert len(scene.first.got) == 4, "the dead one is left alone"
    scene.hang_up()
    assert scene.second.lines() == ["INVITE", "ACK", "BYE"]
    scene.assert_nothing_is_left()


def test_what_worked_last_is_asked_first() -> None:
    scene = Scene()
    scene.first.silent = True
    scene.call(seconds=6)
    scene.hang_up()
    scene.first.got.clear()
    scene.first.silent = False
    scene.call("d")
    assert scene.of(Answered)[-1] == Answered("d")
    assert not scene.first.got
    scene.hang_up("d")
    # After an hour the domain's own order counts again.
    scene.network.run(3600)
    scene.call("e")
    assert scene.first.lines() == ["INVITE", "ACK"]


def test_a_refused_connection_costs_no_time() -> None:
    scene = Scene(replace(ACCOUNT, transport="TCP"))
    tcp = [replace(hop, transport="TCP") for hop in (FIRST, SECOND)]
    scene.network.names["atlanta.example"] = tcp  # type: ignore[assignment]
    scene.network.refused.add(tcp[0])  # type: ignore[arg-type]
    second = Proxy(scene.network, tcp[1])  # type: ignore[arg-type]
    scene.call(seconds=0.2)
    assert scene.of(Answered) == [Answered("c")]
    assert second.lines() == ["INVITE", "ACK"]
    assert b";transport=tcp>" in second.got[0]


def test_503_goes_on_and_retry_after_is_kept() -> None:
    scene = Scene()
    scene.first.answer = lambda data: [
        response(data, 503, tag="x", headers={"Retry-After": "1800 (maintenance)"})
    ]
    scene.call()
    assert scene.first.lines() == ["INVITE", "ACK"], "each transaction has its own ACK"
    assert scene.of(Answered) == [Answered("c")]
    scene.hang_up()
    scene.second.silent = True
    # Nobody else is left, so the one that is to be avoided is asked after the dead one.
    scene.first.answer = scene.first.accept
    scene.call("d", 6)
    assert scene.of(Answered)[-1] == Answered("d")
    assert scene.first.lines()[2:] == ["INVITE", "ACK"]


def test_when_all_fail_the_last_says_why() -> None:
    scene = Scene()
    scene.first.silent = True
    scene.second.answer = lambda data: [response(data, 503, "Full", tag="x")]
    scene.call(seconds=6)
    assert scene.of(Failed) == [Failed("c", 503, "Full")]
    scene.assert_nothing_is_left()


@pytest.mark.parametrize("code", [404, 480, 486, 500, 603])
def test_an_answer_is_an_answer(code: int) -> None:
    scene = Scene()
    scene.first.answer = lambda data: [response(data, code, "No", tag="x")]
    scene.call()
    assert scene.of(Failed) == [Failed("c", code, "No")]
    assert not scene.second.got


def test_who_says_100_is_waited_for() -> None:
    scene = Scene()
    scene.first.answer = lambda data: [response(data, 100)] if data.startswith(b"INVITE") else []
    scene.call(seconds=60)
    assert not scene.second.got
    assert not scene.of(Failed)


def test_a_late_200_of_a_hop_that_was_left_is_acknowledged_and_ended() -> None:
    scene = Scene()
    scene.first.silent = True
    scene.call(seconds=6)
    scene.first.silent = False
    late = response(scene.first.got[0], 200, tag="late", body=SDP, headers={"Contact": f"<sip:bob@{FIRST}>"})
    scene.first.got.clear()
    scene.first.say(late)
    scene.first.say(late)
    scene.network.run(1)
    assert sorted(scene.first.lines()) == ["ACK", "ACK", "BYE"]
    assert scene.of(Answered) == [Answered("c")]
    assert not scene.of(Ended)
    scene.hang_up()
    scene.assert_nothing_is_left()


def test_a_late_180_of_a_hop_that_was_left_is_cancelled() -> None:
    scene = Scene()
    scene.first.silent = True
    scene.call(seconds=6)
    scene.first.silent = False
    invite = scene.first.got[0]
    scene.first.got.clear()
    scene.first.say(response(invite, 180, tag="late"))
    scene.network.run(1)
    assert scene.first.lines() == ["CANCEL"]
    assert branch(scene.first.got[0]) == branch(invite)
    for code in (180, 183):
        scene.first.say(response(invite, code, tag="late"))
        scene.network.run(1)
    assert scene.first.lines() == ["CANCEL"], "once"
    scene.first.say(response(invite, 487, tag="late"))
    scene.network.run(1)
    assert scene.first.lines() == ["CANCEL", "ACK"]
    scene.hang_up()
    scene.assert_nothing_is_left()


def test_who_hangs_up_meanwhile_calls_nobody_else() -> None:
    scene = Scene()
    scene.first.silent = True
    scene.call(seconds=2)
    scene.hang_up()
    scene.network.run(40)
    assert not scene.second.got
    assert not scene.of(Failed)
    scene.assert_nothing_is_left()


def test_registration_goes_on_too_and_stays() -> None:
    scene = Scene()
    scene.first.silent = True

    def bind(data: bytes) -> list[bytes]:
        if b"Authorization" not in data:
            asked = {"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"'}
            return [response(data, 401, tag="r", headers=asked)]
        return [response(data, 200, tag="r", headers={"Expires": "600"})]

    scene.second.answer = bind
    scene.alice.register(1, scene.network.now)
    scene.network.run(5)
    states = [event.state for event in scene.of(BindingChanged) if isinstance(event, BindingChanged)]
    assert states[-1] is Binding.REGISTERED
    assert scene.second.lines() == ["REGISTER", "REGISTER"], "challenged and answered at one place"
    scene.first.got.clear()
    scene.network.run(400)
    assert not scene.first.got
    assert len(scene.second.got) > 2
    # What it was given there is good for calls: the place is at home.
    scene.second.answer = scene.second.accept
    scene.call()
    assert b"\r\nAuthorization: " in scene.second.got[-2] or b"Proxy-Authorization: " in scene.second.got[-2]


def test_a_refresh_that_goes_to_a_second_hop_is_no_replay() -> None:
    scene = Scene(replace(ACCOUNT, mwi="no"))

    def bind(data: bytes) -> list[bytes]:
        if b"Authorization" not in data:
            asked = {"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"'}
            return [response(data, 401, tag="r", headers=asked)]
        return [response(data, 200, tag="r", headers={"Expires": "600"})]

    scene.first.answer = scene.second.answer = bind
    scene.alice.register(1, scene.network.now)
    scene.network.run(1)
    scene.first.silent = True
    scene.network.run(320)
    counts = [
        re.findall(rb"nc=([0-9a-f]+)", data)[0]
        for proxy in (scene.first, scene.second)
        for data in dict.fromkeys(proxy.got)
        if b"\r\nAuthorization: " in data
    ]
    assert counts == [b"00000001", b"00000002", b"00000003"]


def test_a_name_that_is_not_found_fails_the_call_with_its_reason() -> None:
    scene = Scene()
    scene.network.names["atlanta.example"] = []
    scene.call()
    assert scene.of(Failed) == [Failed("c", 503, "no address found for atlanta.example")]
    scene.assert_nothing_is_left()


def test_given_up_before_the_hop_is_found() -> None:
    scene = Scene()
    scene.alice.invite("c", ACCOUNT, "bob", SOUND, 0.0)
    assert [each.host for each in scene.alice.wanted] == ["atlanta.example"]
    assert scene.alice.busy
    scene.alice.hang_up("c", 0.0)
    assert not scene.alice.calls
    scene.network.run(1)
    assert not scene.network.log
    assert not scene.of(Failed)
    scene.assert_nothing_is_left()


def test_two_calls_wait_for_one_look_up() -> None:
    scene = Scene()
    scene.alice.invite("c", ACCOUNT, "bob", SOUND, 0.0)
    scene.alice.invite("d", ACCOUNT, "bob", SOUND, 0.0)
    assert len(scene.alice.wanted) == 1
    scene.network.run(1)
    assert scene.of(Answered) == [Answered("c"), Answered("d")]


BIG = "x" * 700


@pytest.mark.parametrize("listens", [True, False])
def test_what_is_too_long_for_a_datagram_goes_by_tcp_where_somebody_listens(listens: bool) -> None:
    """RFC 3261 §18.1.1."""
    stream = Hop("TCP", "192.0.2.201", 5060)
    scene = Scene(replace(ACCOUNT, host="192.0.2.201", display_name=BIG))
    by_stream = Proxy(scene.network, stream)
    by_datagram = Proxy(scene.network, replace(stream, transport="UDP"))
    if not listens:
        scene.network.refused.add(stream)
    scene.call()
    assert scene.of(Answered) == [Answered("c")]
    took, other = (by_stream, by_datagram) if listens else (by_datagram, by_stream)
    assert took.lines()[0] == "INVITE"
    assert not [line for line in other.lines() if line == "INVITE"]
    assert b"SIP/2.0/TCP" in took.got[0] if listens else b"SIP/2.0/UDP" in took.got[0]
    assert (b";transport=tcp>" in took.got[0]) == listens


def test_a_transport_that_was_asked_for_is_kept() -> None:
    scene = Scene(replace(ACCOUNT, host="192.0.2.201", transport="UDP", display_name=BIG))
    by_datagram = Proxy(scene.network, Hop("UDP", "192.0.2.201", 5060))
    scene.call()
    assert by_datagram.lines() == ["INVITE", "ACK"]


@pytest.mark.parametrize("proxy", ["", "sip:atlanta.example;transport=udp"])
def test_a_sips_uri_goes_by_tls_or_not_at_all(proxy: str) -> None:
    scene = Scene(replace(ACCOUNT, transport="UDP", proxy=proxy))
    scene.alice.invite("c", scene.account, "sips:bob@atlanta.example", SOUND, 0.0)
    (wanted,) = scene.alice.wanted
    assert wanted.secure
    assert wanted.over_tls


@pytest.mark.parametrize(
    ("dialled", "uri"), [("bob", "sip:bob@atlanta.example"), ("sip:bob@far.example", "sip:bob@far.example")]
)
def test_an_outbound_proxy_gets_everything_outside_a_dialog(dialled: str, uri: str) -> None:
    scene = Scene(replace(ACCOUNT, proxy="sip:edge.example;transport=udp"))
    edge = Proxy(scene.network, Hop("UDP", "192.0.2.33", 5060))
    scene.network.names["edge.example"] = [edge.hop]
    scene.alice.invite("c", scene.account, dialled, SOUND, 0.0)
    scene.alice.register(1, 0.0)
    scene.network.run(1)
    assert not scene.first.got
    invite, register = (next(d for d in edge.got if d.startswith(m)) for m in (b"INVITE", b"REGISTER"))
    assert invite.startswith(f"INVITE {uri} SIP/2.0".encode())
    for each in (invite, register):
        assert b"\r\nRoute: <sip:edge.example;transport=udp;lr>\r\n" in each
    assert register.startswith(b"REGISTER sip:atlanta.example SIP/2.0")
