"""RFC 3261 §17.1 and RFC 6026: the client transactions, timer by timer."""

import pytest
from sipmessage import Request

from offhook.sip.client_transaction import INVITE_CLIENT, NON_INVITE_CLIENT, ClientTransaction
from offhook.sip.hop import Hop, Transmit
from offhook.sip.message import ReceivedResponse, finish, parse, respond
from offhook.sip.timers import Timers
from offhook.sip.traffic import Traffic
from offhook.sip.transaction import Input, State
from offhook.sip.uri import parse_uri

PEER = Hop("UDP", "192.0.2.1", 5060)


class Bench:
    """One transaction, what it sent and what its user heard, each with its time."""

    def __init__(self, method: str, transport: str = "UDP") -> None:
        self.timers = Timers()
        self.now = 0.0
        self.sent: list[tuple[float, str]] = []
        self.heard: list[tuple[float, int]] = []
        self.gone = False
        request = Request(method, parse_uri("sip:bob@192.0.2.1"))
        request.headers.set("Via", f"SIP/2.0/{transport} 192.0.2.9:5060;branch=z9hG4bK1;rport")
        request.headers.set("Max-Forwards", "70")
        request.headers.set("From", "<sip:alice@192.0.2.9>;tag=a")
        request.headers.set("To", "<sip:bob@192.0.2.1>")
        request.headers.set("Call-ID", "1")
        request.headers.set("CSeq", f"7 {method}")
        request.headers.set("Route", "<sip:192.0.2.1;lr>")
        finish(request)
        self.request = request
        self.transaction = ClientTransaction(
            request,
            "z9hG4bK1",
            Hop(transport, "192.0.2.1", 5060),  # type: ignore[arg-type]
            timers=self.timers,
            transmit=self._sent,
            on_response=self._heard,
            terminated=self._terminated,
            traffic=Traffic(),
        )
        self.transaction.begin(0.0)

    def _sent(self, transmit: Transmit) -> None:
        self.sent.append((self.now, transmit.data.split()[0].decode()))

    def _heard(self, response: ReceivedResponse, now: float) -> None:
        self.heard.append((now, response.code))
        self.own = response.own
        self.phrase = response.message.phrase

    def _terminated(self, transaction: ClientTransaction) -> None:
        assert transaction is self.transaction
        self.gone = True

    def receive(self, code: int) -> None:
        received = parse(bytes(respond(self.request, code, to_tag="b")), PEER)
        assert isinstance(received, ReceivedResponse)
        self.transaction.receive(received, self.now)

    def run(self, until: float) -> None:
        while (deadline := self.timers.deadline) is not None and deadline <= until:
            self.now = deadline
            self.timers.tick(deadline)
        self.now = until

    @property
    def times(self) -> list[float]:
        return [time for time, _ in self.sent]


def test_invite_is_repeated_at_doubling_intervals_until_timer_b() -> None:
    bench = Bench("INVITE")
    bench.run(100)
    assert bench.times == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert bench.heard == [(32.0, 408)]
    assert bench.own
    assert bench.phrase == "no answer from 192.0.2.1:5060"
    assert bench.gone


def test_other_requests_are_repeated_at_intervals_up_to_t2_until_timer_f() -> None:
    bench = Bench("BYE")
    bench.run(100)
    assert bench.times == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert bench.heard == [(32.0, 408)]
    assert bench.gone


@pytest.mark.parametrize("method", ["INVITE", "BYE"])
def test_nothing_is_repeated_over_a_reliable_transport(method: str) -> None:
    bench = Bench(method, "TCP")
    bench.run(100)
    assert bench.times == [0]
    assert bench.heard == [(32.0, 408)]


def test_a_provisional_response_stops_timers_a_and_b() -> None:
    bench = Bench("INVITE")
    bench.receive(180)
    bench.run(1000)
    bench.receive(180)
    assert bench.times == [0]
    assert bench.heard == [(0.0, 180), (1000, 180)]
    assert bench.transaction.state is State.PROCEEDING


def test_a_provisional_response_slows_timer_e_to_t2_and_leaves_timer_f() -> None:
    bench = Bench("BYE")
    bench.run(0.6)
    bench.receive(100)
    bench.run(100)
    assert bench.times == [0, 0.5, 1.5, 5.5, 9.5, 13.5, 17.5, 21.5, 25.5, 29.5]
    assert bench.heard == [(0.6, 100), (32.0, 408)]


def test_accepted_invite_passes_every_2xx_up_until_timer_m() -> None:
    bench = Bench("INVITE")
    bench.receive(200)
    bench.run(31.9)
    bench.receive(200)
    assert bench.heard == [(0.0, 200), (31.9, 200)]
    assert bench.times == [0], "the ACK of a 2xx is its user's"
    assert not bench.gone
    bench.run(32)
    assert bench.gone


@pytest.mark.parametrize("code", [302, 401, 486, 500, 603])
def test_a_failed_invite_is_acknowledged_each_time_and_told_once(code: int) -> None:
    bench = Bench("INVITE")
    bench.receive(code)
    bench.run(31.9)
    bench.receive(code)
    assert [what for _, what in bench.sent] == ["INVITE", "ACK", "ACK"]
    assert bench.heard == [(0.0, code)]
    bench.run(32)
    assert bench.gone, "timer D"


def test_the_ack_has_the_invites_via_route_and_cseq_and_the_responses_to() -> None:
    bench = Bench("INVITE")
    sent: list[bytes] = []
    bench.transaction._transmit = lambda transmit: sent.append(transmit.data)
    bench.receive(486)
    assert sent[0].decode().split("\r\n") == [
        "ACK sip:bob@192.0.2.1 SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1;rport",
        "Max-Forwards: 70",
        "From: <sip:alice@192.0.2.9>;tag=a",
        "To: <sip:bob@192.0.2.1>;tag=b",
        "Call-ID: 1",
        "CSeq: 7 ACK",
        "Route: <sip:192.0.2.1;lr>",
        "Content-Length: 0",
        "",
        "",
    ]


def test_a_completed_request_absorbs_repetitions_until_timer_k() -> None:
    bench = Bench("BYE")
    bench.receive(200)
    bench.run(4.9)
    bench.receive(200)
    assert bench.heard == [(0.0, 200)]
    assert bench.times == [0]
    assert not bench.gone
    bench.run(5)
    assert bench.gone


@pytest.mark.parametrize(("method", "code"), [("INVITE", 486), ("BYE", 200)])
def test_timers_d_and_k_are_nothing_over_a_reliable_transport(method: str, code: int) -> None:
    bench = Bench(method, "TCP")
    bench.receive(code)
    assert bench.gone
    assert bench.timers.deadline is None


@pytest.mark.parametrize("method", ["INVITE", "BYE"])
def test_a_transport_that_fails_is_a_503_of_our_own(method: str) -> None:
    bench = Bench(method)
    bench.transaction.fail("connection refused by 192.0.2.1:5060", 0.0)
    assert bench.heard == [(0.0, 503)]
    assert bench.phrase == "connection refused by 192.0.2.1:5060"
    assert bench.gone
    assert bench.timers.deadline is None


def test_a_transport_that_fails_the_ack_tells_nobody_anything_new() -> None:
    bench = Bench("INVITE")
    bench.receive(486)
    bench.transaction.fail("unreachable", 1.0)
    assert bench.heard == [(0.0, 486)]
    assert bench.gone


@pytest.mark.parametrize("table", [INVITE_CLIENT, NON_INVITE_CLIENT])
def test_every_state_has_a_way_out_and_none_leads_back_from_termination(
    table: dict[tuple[State, Input], tuple[State, object]],
) -> None:
    states = {state for state, _ in table}
    assert State.TERMINATED not in states
    reached = {State.TERMINATED}
    while more := {state for (state, _), (to, _) in table.items() if to in reached and state not in reached}:
        reached |= more
    assert states <= reached
