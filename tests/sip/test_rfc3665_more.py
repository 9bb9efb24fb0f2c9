"""RFC 3665 flows with somebody else's hand in them: other contacts of one user (§2.2, §2.3), a SIP ALG that
rewrites the SDP (§3.5), and a far end whose address changes (§3.7)."""

import random
import re
from collections.abc import Callable
from itertools import pairwise

import pytest

from offhook.sip import Account, Hop, UserAgent
from offhook.sip.events import Answered, Binding, BindingChanged, Ended, MediaChanged

from .message_text import SDP, read, request, response
from .record_routing_proxy import RecordRoutingProxy
from .test_rfc3665_calls import ALICE, ALICE_SOUND, BOB, PROXY_2, Flow
from .virtual_network import VirtualNetwork

# --- §2.2 and §2.3: the registrar lists every contact there is

DESK = Hop("UDP", "192.0.2.201", 5060)
SHELF = Hop("UDP", "192.0.2.202", 5060)
REGISTRAR = Hop("UDP", "192.0.2.223", 5060)
MAILTO = "<mailto:bob@biloxi.example.com>;expires=4294967295"


class ListingRegistrar:
    """Grants each host what `granted` says, and lists all that is bound, a mail address first and last."""

    def __init__(self, network: VirtualNetwork, granted: dict[str, int], between: str) -> None:
        self._network = network
        self._granted = granted
        self._between = between
        self.bound: dict[str, str] = {}
        self.requests: list[tuple[float, Hop, str]] = []
        network.add_peer(REGISTRAR, self._receive)

    def _receive(self, data: bytes, source: Hop) -> None:
        self.requests.append((self._network.now, source, data.decode()))
        headers = read(data).headers
        contact = headers["Contact"].partition(";expires")[0]
        if int(headers["Expires"]):
            self.bound[source.host] = f"{contact};expires={self._granted[source.host]}"
        else:
            self.bound.pop(source.host, None)
        listed = ", ".join([MAILTO, *self.bound.values(), MAILTO])
        answer = response(data, 200, "OK", tag="r", headers={"Contact": listed})
        self._network.send(answer.replace(b", <", self._between.encode() + b"<"), REGISTRAR, source)

    def times(self, phone: Hop) -> list[float]:
        return [moment for moment, source, _ in self.requests if source == phone]


def phone(network: VirtualNetwork, hop: Hop) -> UserAgent:
    agent = network.add(UserAgent(hop, "bob", random.Random(hop.host)))
    agent.add_account(Account(1, "bob", REGISTRAR.host, mwi="no"))
    agent.register(1, network.now)
    network.run(1)
    return agent


def state_of(network: VirtualNetwork, hop: Hop) -> Binding:
    return [event.state for event in network.events[hop] if isinstance(event, BindingChanged)][-1]


@pytest.mark.parametrize("between", [", ", "\r\nContact: "], ids=["one header", "a header each"])
def test_2_2_each_phone_finds_its_own_contact_in_the_list(between: str) -> None:
    network = VirtualNetwork()
    registrar = ListingRegistrar(network, {DESK.host: 600, SHELF.host: 100}, between)
    phone(network, SHELF)
    phone(network, DESK)
    assert len(registrar.bound) == 2
    assert (state_of(network, DESK), state_of(network, SHELF)) == (Binding.REGISTERED, Binding.REGISTERED)
    network.run(900)
    for hop, granted in ((DESK, 600), (SHELF, 100)):
        times = registrar.times(hop)
        pauses = [after - before for before, after in pairwise(times)]
        assert pauses, hop
        assert all(0.45 * granted <= pause <= 0.5 * granted + 1 for pause in pauses), (hop, pauses)
        assert state_of(network, hop) is Binding.REGISTERED


@pytest.mark.parametrize("between", [", ", "\r\nContact: "], ids=["one header", "a header each"])
def test_2_3_a_list_of_what_others_bound_is_no_binding_of_ours(between: str) -> None:
    """The answer to a removal is that to a query: what is bound still, by others."""
    network = VirtualNetwork()
    registrar = ListingRegistrar(network, {DESK.host: 600, SHELF.host: 100}, between)
    phone(network, SHELF)
    desk = phone(network, DESK)
    desk.unregister(1, network.now)
    network.run(1)
    assert list(registrar.bound) == [SHELF.host], "the other phone stays bound"
    assert state_of(network, DESK) is Binding.UNREGISTERED
    assert not desk.busy
    asked, others = len(registrar.times(DESK)), len(registrar.times(SHELF))
    network.run(2000)
    assert len(registrar.times(DESK)) == asked == 2
    assert len(registrar.times(SHELF)) > others
    assert state_of(network, DESK) is Binding.UNREGISTERED
    assert state_of(network, SHELF) is Binding.REGISTERED
    for _, source, text in registrar.requests:
        assert re.findall(r"\r\nContact: (.*)\r\n", text)[0].startswith(f"<sip:bob@{source.host}"), "no *"
    assert desk.layer.idle
    assert desk.deadline is None


# --- §3.5

ALG = Hop("UDP", "192.0.2.128", 5060)
PINHOLES = {b"49172": b"2000", b"3456": b"1734"}
"""Where the ALG takes in what is meant for a port of one of the two."""


class Alg(RecordRoutingProxy):
    """Has the sound of both ends go by itself."""

    def _receive(self, data: bytes, source: Hop) -> None:
        head, _, body = data.partition(b"\r\n\r\n")
        if body:
            body = re.sub(rb"(?m)^c=IN IP4 \S+", b"c=IN IP4 " + ALG.host.encode(), body)
            body = re.sub(rb"(?m)^m=audio (\d+)", lambda m: b"m=audio " + PINHOLES[m[1]], body)
            head = re.sub(rb"(?m)^Content-Length: \d+", b"Content-Length: %d" % len(body), head)
        super()._receive(head + b"\r\n\r\n" + body, source)


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_3_5_session_through_a_sip_alg(who: str) -> None:
    flow = Flow(Account(1, "alice", ALG.host))
    alg = Alg(flow.network, ALG, {"bob": PROXY_2})
    proxy = RecordRoutingProxy(flow.network, PROXY_2, {"bob": BOB})
    flow.call("bob")
    flow.answer()
    assert flow.network.told(flow.alice) == ["Progress", "MediaChanged", "Answered"]
    assert flow.network.told(flow.bob) == ["Incoming", "MediaChanged", "Answered"]
    (theirs,), (ours,) = flow.of(flow.alice, MediaChanged), flow.of(flow.bob, MediaChanged)
    assert isinstance(theirs, MediaChanged)
    assert isinstance(ours, MediaChanged)
    assert (theirs.flow.address, theirs.flow.port) == (ALG.host, 1734), "not to Bob himself"
    assert (theirs.flow.rtcp_address, theirs.flow.rtcp_port) == (ALG.host, 1735)
    assert (ours.flow.address, ours.flow.port) == (ALG.host, 2000), "not to Alice herself"
    assert (ours.flow.rtcp_address, ours.flow.rtcp_port) == (ALG.host, 2001)

    if who == "alice":
        flow.alice.hang_up("1", flow.network.now)
        path, routes, target = (
            [ALICE, ALG, PROXY_2, BOB],
            [alg.route, proxy.route],
            "sip:bob@192.0.2.201:5060",
        )
    else:
        flow.bob.hang_up(flow.bobs_call, flow.network.now)
        path, routes, target = (
            [BOB, PROXY_2, ALG, ALICE],
            [proxy.route, alg.route],
            "sip:alice@192.0.2.101:5060",
        )
    flow.network.run(1)
    byes = [(source, to, data.decode()) for source, to, data in flow.network.log if data.startswith(b"BYE")]
    assert [(source, to) for source, to, _ in byes] == list(pairwise(path))
    assert all(text.startswith(f"BYE {target} SIP/2.0\r\n") for _, _, text in byes)
    assert f"Route: {routes[0]}\r\nRoute: {routes[1]}\r\n" in byes[0][2]
    ended = flow.of(flow.bob if who == "alice" else flow.alice, Ended)
    assert [event.reason for event in ended if isinstance(event, Ended)] == ["the far end hung up"]
    flow.assert_nothing_is_left()


def test_3_5_a_hold_goes_by_the_alg_too() -> None:
    flow = Flow(Account(1, "alice", ALG.host))
    Alg(flow.network, ALG, {"bob": PROXY_2})
    RecordRoutingProxy(flow.network, PROXY_2, {"bob": BOB})
    flow.call("bob")
    flow.answer()
    flow.bob.hold(flow.bobs_call, flow.network.now)
    flow.network.run(1)
    reinvites = [(source, to) for source, to, data in flow.network.log if data.startswith(b"INVITE")][3:]
    assert reinvites == [(BOB, PROXY_2), (PROXY_2, ALG), (ALG, ALICE)]
    for agent, port in ((flow.alice, 1734), (flow.bob, 2000)):
        changed = flow.of(agent, MediaChanged)[-1]
        assert isinstance(changed, MediaChanged)
        assert (changed.flow.address, changed.flow.port) == (ALG.host, port)
    flow.alice.hang_up("1", flow.network.now)
    flow.network.run(1)
    flow.assert_nothing_is_left()


# --- §3.7

MOVED = Hop("UDP", "192.0.2.205", 5060)
BOBS_SDP = SDP.replace("alice", "bob").replace("192.0.2.101", BOB.host).replace("49172", "3456")
MOVED_SDP = re.sub(r"(2890844526) 2890844526", r"\1 2890844527", BOBS_SDP).replace(BOB.host, MOVED.host)
MOVED_SDP = MOVED_SDP.replace("3456", "47172")


class MovingBob:
    """Bob, played by the test: called by way of a proxy that does not record itself, and then elsewhere."""

    def __init__(self) -> None:
        self.network = VirtualNetwork()
        self.alice = self.network.add(UserAgent(ALICE, "alice", random.Random(1)))
        self.account = Account(1, "alice", PROXY_2.host)
        self.alice.add_account(self.account)
        self.received: dict[Hop, list[bytes]] = {hop: [] for hop in (PROXY_2, BOB, MOVED)}
        for hop in self.received:
            self.network.add_peer(hop, self._receiver(hop))

    def _receiver(self, hop: Hop) -> Callable[[bytes, Hop], None]:
        def receive(data: bytes, source: Hop) -> None:
            self.received[hop].append(data)
            if data.startswith(b"INVITE"):
                contact = {"Contact": f"<sip:bob@{BOB.host}>"}
                self.network.send(
                    response(data, 200, "OK", tag="b", body=BOBS_SDP, headers=contact), hop, source
                )
            elif data.startswith(b"BYE"):
                self.network.send(response(data, 200, "OK"), hop, source)

        return receive

    def call(self) -> None:
        self.alice.invite("1", self.account, "bob", ALICE_SOUND, self.network.now)
        self.network.run(1)

    def within(self, method: str, sequence: int, body: str = "") -> None:
        """From where Bob is now."""
        invite = read(self.received[PROXY_2][0]).headers
        headers = {
            "Via": f"SIP/2.0/UDP {MOVED.host}:5060;branch=z9hG4bK{method}{sequence}",
            "From": f"{invite['To']};tag=b",
            "To": invite["From"],
            "Call-ID": invite["Call-ID"],
            "CSeq": f"{sequence} {method}",
            "Contact": f"<sip:bob@{MOVED.host}>" if method == "INVITE" else None,
        }
        self.network.send(
            request(method, f"sip:alice@{ALICE.host}:5060", body=body, headers=headers), MOVED, ALICE
        )
        self.network.run(1)

    def got(self, hop: Hop) -> list[str]:
        return [data.decode().partition("\r\n")[0] for data in self.received[hop]]

    def flows(self) -> list[tuple[str, int]]:
        events = self.network.events[ALICE]
        return [(e.flow.address, e.flow.port) for e in events if isinstance(e, MediaChanged)]


@pytest.fixture
def moving() -> MovingBob:
    moving = MovingBob()
    moving.call()
    assert moving.flows() == [(BOB.host, 3456)]
    assert moving.got(BOB) == [f"ACK sip:bob@{BOB.host} SIP/2.0"], "past the proxy"
    return moving


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_3_7_session_with_re_invite_ip_address_change(moving: MovingBob, who: str) -> None:
    moving.within("INVITE", 14, MOVED_SDP)
    answer = read(moving.received[MOVED][-1])
    assert bytes(answer).startswith(b"SIP/2.0 200 OK\r\n")
    assert answer.headers["CSeq"] == "14 INVITE"
    assert answer.headers["Contact"] == "<sip:alice@192.0.2.101:5060>"
    assert b"c=IN IP4 192.0.2.101\r\n" in answer.body
    assert b"m=audio 49172 RTP/AVP 0\r\n" in answer.body, "hers stays where it was"
    moving.within("ACK", 14)
    assert moving.flows() == [(BOB.host, 3456), (MOVED.host, 47172)]
    moved = [e for e in moving.network.events[ALICE] if isinstance(e, MediaChanged)][-1]
    assert (moved.call, moved.flow.rtcp_address, moved.flow.rtcp_port) == ("1", MOVED.host, 47173)
    assert [e for e in moving.network.events[ALICE] if isinstance(e, Answered)] == [Answered("1")]

    if who == "alice":
        moving.alice.hang_up("1", moving.network.now)
        moving.network.run(1)
        assert moving.got(MOVED)[-1] == f"BYE sip:bob@{MOVED.host} SIP/2.0"
        assert "\r\nRoute:" not in moving.received[MOVED][-1].decode()
    else:
        moving.within("BYE", 15)
        assert moving.got(MOVED)[-1] == "SIP/2.0 200 OK"
        assert moving.network.events[ALICE][-1] == Ended("1", "the far end hung up")
    assert len(moving.got(BOB)) == 1, "nothing more goes to where Bob was"
    assert not moving.alice.calls
    assert not moving.alice.busy
    moving.network.run(40)
    assert moving.alice.layer.idle
    assert moving.alice.deadline is None
    assert not moving.alice.dialogs


def test_3_7_a_refused_offer_moves_nothing(moving: MovingBob) -> None:
    """RFC 3261 §12.2.2, §14.2: what is refused leaves target and sound as they were."""
    moving.within("INVITE", 14, MOVED_SDP.replace("RTP/AVP 0", "RTP/AVP 18").replace("0 PCMU", "18 G729"))
    moving.within("ACK", 14)
    assert moving.got(MOVED)[-1].startswith("SIP/2.0 488 ")
    assert moving.flows() == [(BOB.host, 3456)]
    moving.alice.hang_up("1", moving.network.now)
    moving.network.run(1)
    assert moving.got(BOB)[-1] == f"BYE sip:bob@{BOB.host} SIP/2.0"
