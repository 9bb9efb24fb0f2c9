"""The session flows of RFC 3665 §3, replayed between two user agents, through proxies where it has some."""

import random

import pytest

from offhook.sip import Account, Direction, Hop, LocalMedia, UserAgent
from offhook.sip.events import Answered, Ended, Failed, Incoming, MediaChanged, Progress, UserAgentEvent
from offhook.sip.redirection import Redirects

from .message_text import SDP, read, request, response
from .record_routing_proxy import RecordRoutingProxy
from .virtual_network import VirtualNetwork

ALICE = Hop("UDP", "192.0.2.101", 5060)
BOB = Hop("UDP", "192.0.2.201", 5060)
PROXY_1 = Hop("UDP", "192.0.2.111", 5060)
PROXY_2 = Hop("UDP", "192.0.2.222", 5060)

ALICE_SOUND = LocalMedia("192.0.2.101", 49172)
BOB_SOUND = LocalMedia("192.0.2.201", 3456)


class Flow:
    """Alice and Bob; what Bob does with a call is `on_incoming`."""

    def __init__(self, alice_account: Account | None = None) -> None:
        self.network = VirtualNetwork()
        self.alice = self.network.add(UserAgent(ALICE, "alice", random.Random(1)))
        self.bob = self.network.add(UserAgent(BOB, "bob", random.Random(2)), self._at_bob)
        self.bob.add_account(Account(1, "bob", "biloxi.example.com", display_name="Bob"))
        self.account = alice_account
        if alice_account is not None:
            self.alice.add_account(alice_account)
        self.bobs_call = ""

    def _at_bob(self, event: UserAgentEvent) -> None:
        if isinstance(event, Incoming):
            self.bobs_call = event.call
            self.on_incoming(event.call)

    def on_incoming(self, call: str) -> None:
        self.bob.ring(call, self.network.now)

    def call(self, target: str = "sip:bob@192.0.2.201") -> None:
        self.alice.invite("1", self.account, target, ALICE_SOUND, self.network.now)
        self.network.run(1)

    def answer(self) -> None:
        self.bob.answer(self.bobs_call, BOB_SOUND, self.network.now)
        self.network.run(1)

    def assert_nothing_is_left(self) -> None:
        assert not self.alice.calls
        assert not self.bob.calls
        assert not self.alice.busy
        assert not self.bob.busy
        self.network.run(40)
        assert self.alice.layer.idle
        assert self.bob.layer.idle
        assert self.alice.deadline is None
        assert self.bob.deadline is None
        assert not self.alice.dialogs
        assert not self.bob.dialogs

    def of(self, agent: UserAgent, kind: type[UserAgentEvent]) -> list[UserAgentEvent]:
        return [event for event in self.network.events[agent.contact] if isinstance(event, kind)]


def test_3_1_successful_session_establishment() -> None:
    flow = Flow()
    flow.call()
    flow.answer()
    assert flow.network.told(flow.alice) == ["Progress", "MediaChanged", "Answered"]
    assert flow.network.told(flow.bob) == ["Incoming", "MediaChanged", "Answered"]
    (theirs,), (ours,) = flow.of(flow.alice, MediaChanged), flow.of(flow.bob, MediaChanged)
    assert isinstance(theirs, MediaChanged)
    assert isinstance(ours, MediaChanged)
    assert (theirs.flow.address, theirs.flow.port) == ("192.0.2.201", 3456)
    assert (ours.flow.address, ours.flow.port) == ("192.0.2.101", 49172)

    flow.bob.hang_up(flow.bobs_call, flow.network.now)
    flow.network.run(1)
    assert flow.network.ladder() == ["INVITE", "100", "180", "200", "ACK", "BYE", "200"]
    assert flow.of(flow.alice, Ended) == [Ended("1", "the far end hung up")]
    assert not flow.of(flow.bob, Ended), "who hung up is not told so"
    flow.assert_nothing_is_left()


def through_two_proxies(
    flow: Flow, password: str | None = None
) -> tuple[RecordRoutingProxy, RecordRoutingProxy]:
    first = RecordRoutingProxy(flow.network, PROXY_1, {"bob": PROXY_2}, password)
    second = RecordRoutingProxy(flow.network, PROXY_2, {"bob": BOB})
    return first, second


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_3_2_session_establishment_through_two_proxies(who: str) -> None:
    flow = Flow(Account(1, "alice", "192.0.2.111"))
    first, second = through_two_proxies(flow)
    flow.call("bob")
    flow.answer()
    if who == "alice":
        flow.alice.hang_up("1", flow.network.now)
    else:
        flow.bob.hang_up(flow.bobs_call, flow.network.now)
    flow.network.run(1)
    within = [data.decode() for source, _, data in flow.network.log if data.startswith(b"BYE")]
    assert len(within) == 3, "by both proxies, as they recorded themselves"
    routes = [first.route, second.route] if who == "alice" else [second.route, first.route]
    assert f"Route: {routes[0]}\r\nRoute: {routes[1]}\r\n" in within[0]
    target = "sip:bob@192.0.2.201:5060" if who == "alice" else "sip:alice@192.0.2.101:5060"
    assert all(text.startswith(f"BYE {target} SIP/2.0") for text in within)
    assert flow.network.ladder().count("ACK") == 3
    flow.assert_nothing_is_left()


def test_3_3_session_establishment_with_proxy_authentication() -> None:
    flow = Flow(Account(1, "alice", "192.0.2.111", password="secret", display_name='Alice "A" Ü'))
    through_two_proxies(flow, "secret")
    flow.call("bob")
    flow.answer()
    invites = [
        data.decode()
        for source, _, data in flow.network.log
        if source == ALICE and data.startswith(b"INVITE")
    ]
    assert len(invites) == 2
    assert "CSeq: 1 INVITE" in invites[0]
    assert "CSeq: 2 INVITE" in invites[1]
    branches = {text.partition("branch=")[2].partition(";")[0] for text in invites}
    assert len(branches) == 2
    for name in ("Call-ID", "From", "To"):
        assert len({text.partition(f"\r\n{name}: ")[2].partition("\r\n")[0] for text in invites}) == 1
    assert 'From: "Alice \\"A\\" Ü" <sip:alice@192.0.2.111>;tag=' in invites[0]
    acks = [
        data.decode() for source, _, data in flow.network.log if source == ALICE and data.startswith(b"ACK")
    ]
    assert "CSeq: 1 ACK" in acks[0], "the challenge is acknowledged"
    assert "CSeq: 2 ACK" in acks[1]
    assert "Proxy-Authorization" in acks[1], "RFC 3261 §13.2.2.4"
    assert flow.network.told(flow.alice) == ["Progress", "MediaChanged", "Answered"]

    flow.alice.hang_up("1", flow.network.now)
    flow.network.run(1)
    assert flow.of(flow.bob, Ended) == [Ended(flow.bobs_call, "the far end hung up")]
    flow.assert_nothing_is_left()


def test_a_wrong_password_is_refused_and_not_tried_for_ever() -> None:
    flow = Flow(Account(1, "alice", "192.0.2.111", password="wrong"))
    through_two_proxies(flow, "secret")
    flow.call("bob")
    assert flow.of(flow.alice, Failed) == [Failed("1", 407, "Proxy Authentication Required")]
    assert flow.network.ladder().count("INVITE") == 2
    flow.assert_nothing_is_left()


def test_3_8_unsuccessful_no_answer() -> None:
    flow = Flow(Account(1, "alice", "192.0.2.111"))
    through_two_proxies(flow)
    flow.call("bob")
    flow.alice.hang_up("1", flow.network.now)
    flow.network.run(1)
    end_to_end = [
        line
        for (source, _, _), line in zip(flow.network.log, flow.network.ladder(), strict=True)
        if source in {ALICE, BOB}
    ]
    assert end_to_end == ["INVITE", "100", "180", "CANCEL", "200", "487", "ACK"]
    assert flow.network.told(flow.bob) == ["Incoming", "Ended"]
    assert flow.network.told(flow.alice) == ["Progress"], "who hung up hears no more"
    flow.assert_nothing_is_left()


def test_3_9_unsuccessful_busy() -> None:
    flow = Flow()
    flow.on_incoming = lambda call: flow.bob.refuse(call, 486, flow.network.now)  # type: ignore[method-assign]
    flow.call()
    assert flow.network.ladder() == ["INVITE", "100", "486", "ACK"]
    assert flow.of(flow.alice, Failed) == [Failed("1", 486, "Busy Here")]
    flow.assert_nothing_is_left()


def test_3_10_unsuccessful_no_response() -> None:
    flow = Flow()
    flow.network.lose = lambda data: data.startswith((b"INVITE", b"CANCEL"))
    flow.call()
    flow.network.run(40)
    assert flow.network.ladder() == ["INVITE"] * 7
    assert flow.of(flow.alice, Failed) == [Failed("1", 408, "no answer from 192.0.2.201:5060")]
    flow.assert_nothing_is_left()


def test_3_11_unsuccessful_temporarily_unavailable() -> None:
    flow = Flow()
    flow.call()
    flow.bob.refuse(flow.bobs_call, 480, flow.network.now)
    flow.network.run(1)
    assert flow.network.ladder() == ["INVITE", "100", "180", "480", "ACK"]
    assert flow.of(flow.alice, Failed) == [Failed("1", 480, "Temporarily Unavailable")]
    flow.assert_nothing_is_left()


def test_3_6_session_via_redirect_and_proxy_servers() -> None:
    flow = Flow()
    proxy = RecordRoutingProxy(flow.network, PROXY_2, {"bob": BOB})
    contact = {"Contact": f"<sip:bob@{PROXY_2.host}>"}

    def redirect(data: bytes, source: Hop) -> None:
        if data.startswith(b"INVITE"):
            moved = response(data, 302, "Moved Temporarily", tag="r", headers=contact)
            flow.network.send(moved, PROXY_1, source)

    flow.network.add_peer(PROXY_1, redirect)
    flow.call(f"sip:bob@{PROXY_1.host}")
    flow.answer()
    flow.bob.hang_up(flow.bobs_call, flow.network.now)
    flow.network.run(1)
    hops = {ALICE: "alice", PROXY_1: "redirect", PROXY_2: "proxy", BOB: "bob"}
    steps = [(hops[source], hops[to]) for source, to, _ in flow.network.log]
    assert list(zip(steps, flow.network.ladder(), strict=True)) == [
        (("alice", "redirect"), "INVITE"),
        (("redirect", "alice"), "302"),
        (("alice", "redirect"), "ACK"),
        (("alice", "proxy"), "INVITE"),
        (("proxy", "bob"), "INVITE"),
        (("bob", "proxy"), "100"),
        (("bob", "proxy"), "180"),
        (("proxy", "alice"), "100"),
        (("proxy", "alice"), "180"),
        (("bob", "proxy"), "200"),
        (("proxy", "alice"), "200"),
        (("alice", "proxy"), "ACK"),
        (("proxy", "bob"), "ACK"),
        (("bob", "proxy"), "BYE"),
        (("proxy", "alice"), "BYE"),
        (("alice", "proxy"), "200"),
        (("proxy", "bob"), "200"),
    ]
    first, again = (
        read(data)
        for source, to, data in flow.network.log
        if source == ALICE and to in {PROXY_1, PROXY_2} and data.startswith(b"INVITE")
    )
    for name in ("From", "To", "Call-ID"):
        assert again.headers[name] == first.headers[name]
    assert (first.headers["CSeq"], again.headers["CSeq"]) == ("1 INVITE", "2 INVITE")
    assert str(again.uri) == f"sip:bob@{PROXY_2.host}"  # type: ignore[union-attr]
    (ack,) = [data.decode() for source, to, data in flow.network.log if (source, to) == (PROXY_2, BOB)][1:2]
    assert ack.startswith("ACK sip:bob@192.0.2.201:5060 SIP/2.0")
    assert proxy.challenged == []
    flow.assert_nothing_is_left()


def test_3_6_the_description_in_the_ack() -> None:
    """The one called has no offer yet: it makes one, and the ACK answers."""
    flow = Flow()
    proxy = RecordRoutingProxy(flow.network, PROXY_2, {"bob": BOB})
    heard: list[bytes] = []
    flow.network.add_peer(ALICE, lambda data, _source: heard.append(data))
    del flow.network._agents[ALICE]
    flow.network.send(request(uri=f"sip:bob@{PROXY_2.host}"), ALICE, PROXY_2)
    flow.network.run(1)
    flow.answer()
    codes = [read(data).code for data in heard]  # type: ignore[union-attr]
    assert codes[:3] == [100, 180, 200]
    ok = read(heard[2])
    assert b"m=audio 3456 RTP/AVP" in ok.body
    assert flow.of(flow.bob, MediaChanged) == []
    headers = {
        "To": ok.headers["To"],
        "Route": proxy.route,
        "Via": "SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bKack",
    }
    flow.network.send(request("ACK", "sip:bob@192.0.2.201:5060", body=SDP, headers=headers), ALICE, PROXY_2)
    flow.network.run(1)
    (changed,) = flow.of(flow.bob, MediaChanged)
    assert isinstance(changed, MediaChanged)
    assert (changed.flow.address, changed.flow.port) == ("192.0.2.101", 49172)
    assert flow.network.told(flow.bob)[-2:] == ["MediaChanged", "Answered"]


def test_3_6_redirection_names_where_to_go() -> None:
    flow = Flow()
    flow.alice.redirects = Redirects.NEVER
    flow.on_incoming = lambda call: flow.bob.refuse(  # type: ignore[method-assign]
        call, 302, flow.network.now, contact="sip:carol@192.0.2.77"
    )
    flow.call()
    assert flow.of(flow.alice, Failed) == [Failed("1", 302, "Moved Temporarily", ("sip:carol@192.0.2.77",))]
    flow.assert_nothing_is_left()


def test_the_2xx_is_repeated_until_its_ack_and_each_is_acknowledged() -> None:
    flow = Flow()
    lost = 0

    def lose(data: bytes) -> bool:
        nonlocal lost
        lost += data.startswith(b"ACK")
        return data.startswith(b"ACK") and lost <= 3

    flow.network.lose = lose
    flow.call()
    flow.answer()
    assert flow.network.told(flow.bob) == ["Incoming", "MediaChanged"]
    flow.network.run(10)
    assert flow.network.ladder().count("200") == 4
    assert flow.network.ladder().count("ACK") == 4
    assert flow.network.told(flow.alice) == ["Progress", "MediaChanged", "Answered"]
    assert flow.network.told(flow.bob) == ["Incoming", "MediaChanged", "Answered"]


def test_a_2xx_that_is_never_acknowledged_ends_in_a_bye() -> None:
    flow = Flow()
    flow.network.lose = lambda data: data.startswith(b"ACK")
    flow.call()
    flow.answer()
    flow.network.run(40)
    assert flow.of(flow.bob, Ended) == [Ended(flow.bobs_call, "the far end never acknowledged our answer")]
    assert flow.of(flow.alice, Ended) == [Ended("1", "Request Timeout")]
    assert "BYE" in flow.network.ladder()
    flow.assert_nothing_is_left()


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_a_bye_that_is_never_answered_ends_the_call_all_the_same(who: str) -> None:
    flow = Flow()
    flow.call()
    flow.answer()
    flow.network.lose = lambda data: b" BYE\r\n" in data
    if who == "alice":
        flow.alice.hang_up("1", flow.network.now)
        leaving, left = flow.alice, flow.bob
    else:
        flow.bob.hang_up(flow.bobs_call, flow.network.now)
        leaving, left = flow.bob, flow.alice
    flow.network.run(31)
    assert leaving.busy
    flow.network.run(2)
    assert not leaving.busy
    assert not leaving.calls
    assert left.calls, "nobody has told it"
    flow.network.lose = lambda _data: False
    left.hang_up_all(flow.network.now)
    flow.network.run(1)
    flow.assert_nothing_is_left()


def test_an_ack_and_a_bye_that_never_come_through_leave_nothing() -> None:
    flow = Flow()
    flow.network.lose = lambda data: data.startswith((b"ACK", b"BYE"))
    flow.call()
    flow.answer()
    flow.network.run(33)
    assert flow.of(flow.bob, Ended) == [Ended(flow.bobs_call, "the far end never acknowledged our answer")]
    assert flow.bob.calls, "its BYE may still be answered"
    flow.network.run(32)
    assert not flow.bob.calls
    flow.alice.hang_up("1", flow.network.now)
    flow.network.run(33)
    flow.assert_nothing_is_left()


def test_hanging_up_before_the_ack_waits_for_it() -> None:
    flow = Flow()
    flow.call()
    flow.bob.answer(flow.bobs_call, BOB_SOUND, flow.network.now)
    flow.bob.hang_up(flow.bobs_call, flow.network.now)
    flow.network.run(1)
    assert flow.network.ladder() == ["INVITE", "100", "180", "200", "ACK", "BYE", "200"]
    flow.assert_nothing_is_left()


def test_giving_up_waits_for_a_provisional_response() -> None:
    flow = Flow()
    flow.alice.invite("1", None, "sip:bob@192.0.2.201", ALICE_SOUND, 0.0)
    flow.alice.hang_up("1", 0.0)
    flow.network.flush()
    assert flow.network.ladder() == ["INVITE"]
    flow.network.run(1)
    assert flow.network.ladder().index("CANCEL") > flow.network.ladder().index("100")
    assert flow.network.told(flow.alice) == []
    flow.assert_nothing_is_left()


def test_a_2xx_that_crosses_the_cancel_is_acknowledged_and_ended() -> None:
    flow = Flow()
    flow.call()
    flow.alice.hang_up("1", flow.network.now)
    flow.bob.answer(flow.bobs_call, BOB_SOUND, flow.network.now)
    flow.network.run(1)
    assert sorted(flow.network.ladder()[3:]) == ["200", "200", "200", "ACK", "BYE", "CANCEL"]
    assert flow.network.told(flow.bob)[-1] == "Ended"
    assert flow.network.told(flow.alice) == ["Progress"]
    flow.assert_nothing_is_left()


def test_without_a_codec_in_common_the_answer_is_488() -> None:
    flow = Flow()
    flow.call()
    speech = LocalMedia("192.0.2.201", 3456, codecs=())
    flow.bob.answer(flow.bobs_call, speech, flow.network.now)
    flow.network.run(1)
    (failed,) = flow.of(flow.alice, Failed)
    assert isinstance(failed, Failed)
    assert failed.code == 488
    assert flow.network.told(flow.bob) == ["Incoming", "Ended"]
    flow.assert_nothing_is_left()


def test_a_transport_that_fails_ends_the_call_in_words() -> None:
    flow = Flow()
    flow.alice.invite("1", None, "sip:bob@192.0.2.201", ALICE_SOUND, 0.0)
    (transmit,) = flow.alice.outbox
    assert transmit.call == "1"
    flow.alice.outbox.clear()
    flow.alice.transport_failed(transmit, "connection refused by 192.0.2.201:5060", 0.0)
    flow.network.run(0)
    assert flow.of(flow.alice, Failed) == [Failed("1", 503, "connection refused by 192.0.2.201:5060")]
    flow.assert_nothing_is_left()


def test_hang_up_all_leaves_nothing() -> None:
    flow = Flow()
    flow.call()
    flow.answer()
    flow.alice.invite("2", None, "sip:bob@192.0.2.201", ALICE_SOUND, flow.network.now)
    flow.network.run(1)
    assert flow.alice.busy
    flow.alice.hang_up_all(flow.network.now)
    flow.network.run(1)
    flow.assert_nothing_is_left()


def test_ringing_is_said_again_every_minute() -> None:
    flow = Flow()
    flow.call()
    flow.network.run(130)
    assert flow.network.ladder().count("180") == 3
    assert len(flow.of(flow.alice, Progress)) == 1


def test_both_hang_up_at_once() -> None:
    flow = Flow()
    flow.call()
    flow.answer()
    flow.alice.hang_up("1", flow.network.now)
    flow.bob.hang_up(flow.bobs_call, flow.network.now)
    flow.network.run(1)
    assert flow.network.ladder().count("BYE") == 2
    flow.assert_nothing_is_left()


def test_what_was_agreed_is_mirrored() -> None:
    flow = Flow()
    flow.call()
    listening = LocalMedia("192.0.2.201", 3456, direction=Direction.RECVONLY)
    flow.bob.answer(flow.bobs_call, listening, flow.network.now)
    flow.network.run(1)
    (here,), (there,) = flow.of(flow.bob, MediaChanged), flow.of(flow.alice, MediaChanged)
    assert isinstance(here, MediaChanged)
    assert isinstance(there, MediaChanged)
    assert here.flow.direction is Direction.RECVONLY
    assert there.flow.direction is Direction.SENDONLY
    assert flow.of(flow.alice, Answered) == [Answered("1")]
