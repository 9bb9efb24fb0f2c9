"""RFC 5359 §2.7 to §2.11: calls that a proxy forwards, and conferences of three, message by message as the
phones have them."""

import pytest
from sipmessage import Request, Response

from offhook.sip import Direction, Hop
from offhook.sip.events import Answered, Ended, Failed, Incoming, Progress
from offhook.sip.uri import parse_uri

from .message_text import SDP, read, request, response
from .parties import Parties, Party
from .record_routing_proxy import RecordRoutingProxy
from .test_user_agent import Stage
from .virtual_network import VirtualNetwork

PROXY = Hop("UDP", "192.0.2.222", 5060)


class ForwardingProxy(RecordRoutingProxy):
    """Calls one target after the other for one caller, who hears of it each time that it goes on."""

    def __init__(self, network: VirtualNetwork, *targets: Party, unconditionally: bool = False) -> None:
        super().__init__(network, PROXY, {party.name: party.hop for party in targets})
        self._targets = [party.name for party in targets]
        self._unconditionally = unconditionally
        self._at = PROXY

    def _receive(self, data: bytes, source: Hop) -> None:
        message = read(data)
        if isinstance(message, Response):
            self._answered(message, data, source)
        elif message.method == "INVITE" and "tag=" not in message.headers["To"]:
            self._invite, self._caller = data, source
            self._say(100, "Trying")
            if self._unconditionally:
                self._say(181, "Call Is Being Forwarded")
            self._call_next()
        elif message.method != "ACK" or "Route" in message.headers.keys():  # noqa: SIM118 - no mapping
            super()._receive(data, source)

    def _answered(self, message: Response, data: bytes, source: Hop) -> None:
        if message.code == 100 or message.headers["CSeq"].endswith("CANCEL"):
            return
        if message.code >= 300:
            self._by_hop("ACK", message.headers["To"])
            if self._targets:
                self._say(181, "Call Is Being Forwarded")
                self._call_next()
                return
        super()._receive(data, source)

    def _call_next(self) -> None:
        user = self._targets.pop(0)
        invite = read(self._invite)
        assert isinstance(invite, Request)
        invite.uri = parse_uri(f"sip:{user}@{PROXY.host}")
        super()._receive(bytes(invite), self._caller)
        _, self._at, self._sent = self._network.log[-1]

    def give_up(self) -> None:
        """Whoever is called does not answer in time."""
        self._by_hop("CANCEL", str(read(self._sent).headers["To"]))

    def _by_hop(self, method: str, to: str) -> None:
        sent = read(self._sent)
        assert isinstance(sent, Request)
        headers = {name: sent.headers[name] for name in ("From", "Call-ID")}
        headers |= {"Via": sent.headers.getlist("Via")[0], "To": to, "CSeq": f"1 {method}"}
        self._network.send(
            request(method, str(sent.uri), headers={**headers, "Contact": None}), PROXY, self._at
        )

    def _say(self, code: int, phrase: str) -> None:
        tag = "proxy" if code > 100 else ""
        self._network.send(response(self._invite, code, phrase, tag=tag), PROXY, self._caller)


class Forwarded(Parties):
    """Alice calls Bob by way of a proxy that knows Carol, too."""

    def to(self, party: Party) -> list[str]:
        """The ladder of what went between it and the proxy; what it said itself has a `<`."""
        ladder = []
        for (source, target, _), line in zip(self.network.log, self.network.ladder(), strict=True):
            if (source, target) == (PROXY, party.hop):
                ladder.append(line)
            elif (source, target) == (party.hop, PROXY):
                ladder.append(f"<{line}")
        return ladder

    def call(self) -> str:
        return self.alice.call(f"sip:bob@{PROXY.host}")

    def assert_that_carol_takes_it(self, call: str, *heard: int) -> None:
        """After Alice heard these codes of the call."""
        assert [event.code for event in self.alice.of(Progress) if isinstance(event, Progress)] == [*heard]
        self.carol.answer(self.carol.calls[0])
        self.network.run(1)
        assert self.alice.told[-1] == Answered(call)
        flow = self.alice.agent.calls[call].flow
        assert flow is not None
        assert flow.address == self.carol.hop.host
        self.alice.hang_up(call)
        assert self.to(self.carol) == ["INVITE", "<100", "<180", "<200", "ACK", "BYE", "<200"]
        assert self.to(self.alice) == [
            "<INVITE", "100", *(str(code) for code in heard), "200", "<ACK", "<BYE", "200",
        ]  # fmt: skip
        self.assert_nothing_is_left()


@pytest.fixture
def forwarded() -> Forwarded:
    forwarded = Forwarded()
    forwarded.carol.on_incoming = forwarded.carol.ring
    return forwarded


def test_2_7_call_forwarding_unconditional(forwarded: Forwarded) -> None:
    ForwardingProxy(forwarded.network, forwarded.carol, unconditionally=True)
    forwarded.assert_that_carol_takes_it(forwarded.call(), 181, 180)
    assert forwarded.to(forwarded.bob) == []


def test_2_8_call_forwarding_busy(forwarded: Forwarded) -> None:
    bob = forwarded.bob
    bob.on_incoming = bob.refuse_with(486)
    ForwardingProxy(forwarded.network, bob, forwarded.carol)
    forwarded.assert_that_carol_takes_it(forwarded.call(), 181, 180)
    assert forwarded.to(bob) == ["INVITE", "<100", "<486", "ACK"]


def test_2_9_call_forwarding_no_answer(forwarded: Forwarded) -> None:
    bob = forwarded.bob
    bob.on_incoming = bob.ring
    proxy = ForwardingProxy(forwarded.network, bob, forwarded.carol)
    call = forwarded.call()
    proxy.give_up()
    forwarded.network.run(1)
    forwarded.assert_that_carol_takes_it(call, 180, 181, 180)
    assert forwarded.to(bob) == ["INVITE", "<100", "<180", "CANCEL", "<200", "<487", "ACK"]
    assert [event.reason for event in bob.of(Ended) if isinstance(event, Ended)] == ["the caller gave up"]


def test_2_9_nobody_answers(forwarded: Forwarded) -> None:
    for party in (forwarded.bob, forwarded.carol):
        party.on_incoming = party.ring
    proxy = ForwardingProxy(forwarded.network, forwarded.bob, forwarded.carol)
    call = forwarded.call()
    for _ in range(2):
        proxy.give_up()
        forwarded.network.run(1)
    assert forwarded.alice.told[-1] == Failed(call, 487, "Request Terminated")
    assert forwarded.to(forwarded.alice)[-2:] == ["487", "<ACK"]
    forwarded.assert_nothing_is_left()


def test_2_10_three_way_conference_third_party_is_added() -> None:
    """Alice, who mixes, holds Bob while she calls Carol, and fetches him back."""
    parties = Parties()
    alice, bob, carol = parties.everybody
    with_bob = alice.call(bob)
    begun = len(parties.between(alice, bob))
    alice.hold(with_bob)
    with_carol = alice.call(carol)
    alice.resume(with_bob)
    assert parties.between(alice, bob)[begun:] == ["INVITE", "<200", "ACK"] * 2
    assert parties.between(alice, carol) == ["INVITE", "<100", "<200", "ACK"]
    assert "a=sendonly" in parties.sent(alice, "INVITE")[1]
    assert "a=sendrecv" in parties.sent(alice, "INVITE")[-1]
    assert bob.held == [True, False]
    assert {alice.direction(call) for call in (with_bob, with_carol)} == {Direction.SENDRECV}
    assert parties.between(bob, carol) == []
    bob.hang_up(bob.calls[0])
    assert alice.told[-1] == Ended(with_bob, "the far end hung up")
    assert alice.direction(with_carol) is Direction.SENDRECV, "the others go on"
    alice.hang_up(with_carol)
    parties.assert_nothing_is_left()


@pytest.mark.parametrize("required", [True, False])
def test_2_11_three_way_conference_third_party_joins(required: bool) -> None:
    """RFC 3911 is not spoken: who insists on it hears so, who does not calls beside the call there is."""
    stage = Stage()
    call, tag = stage.talking()
    stage.told()
    headers = {
        "Call-ID": "third",
        "From": "Carol <sip:carol@192.0.2.3>;tag=c",
        "Via": "SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bKjoin",
        "Join": f"3848276298220188511@192.0.2.101;to-tag={tag};from-tag=9fxced76sl",
        "Require" if required else "Supported": "join",
    }
    (answer,) = stage.receive(request(body=SDP, headers=headers))
    assert isinstance(answer, Response)
    if required:
        assert (answer.code, answer.headers["Unsupported"]) == (420, "join")
        assert stage.told() == []
    else:
        assert answer.code == 100
        (incoming,) = stage.told()
        assert isinstance(incoming, Incoming)
        assert incoming.call != call
    assert stage.bob.calls[call].flow is not None, "untouched"
