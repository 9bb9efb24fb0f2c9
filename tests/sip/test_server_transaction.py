"""RFC 3261 §17.2 and RFC 6026: the server transactions, timer by timer, and what matches them."""

import pytest

from offhook.sip.hop import Hop, Transmit
from offhook.sip.message import ReceivedRequest, parse, respond
from offhook.sip.server_transaction import INVITE_SERVER, NON_INVITE_SERVER, ServerTransaction, key_of
from offhook.sip.timers import Timers
from offhook.sip.traffic import Traffic
from offhook.sip.transaction import Input, State

SOURCE = Hop("UDP", "192.0.2.9", 5060)


def received(
    method: str,
    *,
    source: Hop = SOURCE,
    via: str = "192.0.2.9:5060;branch=z9hG4bK1",
    sequence: int = 7,
    from_tag: str = "a",
    to_tag: str = "",
) -> ReceivedRequest:
    to = f";tag={to_tag}" if to_tag else ""
    message = parse(
        (
            f"{method} sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/{source.transport} {via}\r\n"
            f"From: <sip:alice@192.0.2.9>;tag={from_tag}\r\nTo: <sip:bob@192.0.2.1>{to}\r\n"
            f"Call-ID: 1\r\nCSeq: {sequence} {method}\r\n\r\n"
        ).encode(),
        source,
    )
    assert isinstance(message, ReceivedRequest)
    return message


class Bench:
    def __init__(self, method: str, transport: str = "UDP") -> None:
        self.timers = Timers()
        self.now = 0.0
        self.sent: list[tuple[float, int]] = []
        self.gone = False
        self.request = received(method, source=Hop(transport, "192.0.2.9", 5060))  # type: ignore[arg-type]
        self.transaction = ServerTransaction(
            self.request,
            key_of(self.request),
            timers=self.timers,
            transmit=self._sent,
            terminated=self._terminated,
            traffic=Traffic(),
        )

    def _sent(self, transmit: Transmit) -> None:
        self.sent.append((self.now, int(transmit.data.split()[1])))

    def _terminated(self, _transaction: ServerTransaction) -> None:
        self.gone = True

    def respond(self, code: int) -> None:
        self.transaction.respond(respond(self.request.message, code), self.now)

    def run(self, until: float) -> None:
        while (deadline := self.timers.deadline) is not None and deadline <= until:
            self.now = deadline
            self.timers.tick(deadline)
        self.now = until


def test_a_repeated_invite_gets_the_last_provisional_response() -> None:
    bench = Bench("INVITE")
    bench.respond(100)
    bench.transaction.repeat(0.0)
    bench.respond(180)
    bench.transaction.repeat(0.0)
    assert [code for _, code in bench.sent] == [100, 100, 180, 180]


def test_a_failure_is_repeated_by_timer_g_until_timer_h() -> None:
    bench = Bench("INVITE")
    bench.respond(486)
    bench.run(100)
    assert [time for time, _ in bench.sent] == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert bench.gone


def test_the_ack_stops_timer_g_and_timer_i_absorbs_its_repetitions() -> None:
    bench = Bench("INVITE")
    bench.respond(486)
    bench.run(0.6)
    bench.transaction.acknowledge(bench.now)
    assert bench.transaction.state is State.CONFIRMED
    bench.run(5.5)
    bench.transaction.acknowledge(bench.now)
    bench.transaction.repeat(bench.now)
    assert [time for time, _ in bench.sent] == [0, 0.5]
    assert not bench.gone
    bench.run(5.6)
    assert bench.gone


def test_an_accepted_invite_absorbs_its_repetitions_until_timer_l() -> None:
    bench = Bench("INVITE")
    bench.respond(200)
    bench.transaction.repeat(0.0)
    bench.transaction.acknowledge(0.0)
    bench.run(31.9)
    assert [code for _, code in bench.sent] == [200]
    bench.respond(200)
    assert [code for _, code in bench.sent] == [200, 200], "the user agent core repeats its 2xx"
    bench.run(32)
    assert bench.gone


def test_over_a_reliable_transport_only_timers_h_and_l_run() -> None:
    refused = Bench("INVITE", "TCP")
    refused.respond(486)
    refused.run(31.9)
    assert [time for time, _ in refused.sent] == [0]
    refused.transaction.acknowledge(31.9)
    assert refused.gone

    accepted = Bench("INVITE", "TCP")
    accepted.respond(200)
    assert accepted.timers.deadline == 32.0

    other = Bench("BYE", "TCP")
    other.respond(200)
    assert other.gone


def test_a_repeated_request_is_absorbed_then_answered_until_timer_j() -> None:
    bench = Bench("BYE")
    bench.transaction.repeat(0.0)
    assert bench.sent == []
    bench.respond(100)
    bench.transaction.repeat(0.0)
    bench.respond(200)
    bench.run(31.9)
    bench.transaction.repeat(31.9)
    assert [code for _, code in bench.sent] == [100, 100, 200, 200]
    bench.run(32)
    assert bench.gone


@pytest.mark.parametrize("method", ["INVITE", "BYE"])
def test_nothing_follows_a_final_response(method: str) -> None:
    bench = Bench(method)
    bench.respond(404)
    bench.respond(180)
    bench.respond(200)
    bench.respond(500)
    assert [code for _, code in bench.sent] == [404]


@pytest.mark.parametrize("table", [INVITE_SERVER, NON_INVITE_SERVER])
def test_every_final_state_ends_by_a_timer(
    table: dict[tuple[State, Input], tuple[State, object]],
) -> None:
    for state in {to for to, _ in table.values()} - {State.TRYING, State.PROCEEDING, State.TERMINATED}:
        assert any(
            source is state and what.startswith("timer") and to is State.TERMINATED
            for (source, what), (to, _) in table.items()
        )


INVITE = received("INVITE")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (received("INVITE"), True),
        (received("ACK"), True),
        (received("INVITE", via="192.0.2.9;branch=z9hG4bK1"), True),
        (received("CANCEL"), False),
        (received("INVITE", via="192.0.2.9:5061;branch=z9hG4bK1"), False),
        (received("INVITE", via="192.0.2.8:5060;branch=z9hG4bK1"), False),
        (received("INVITE", via="192.0.2.9:5060;branch=z9hG4bK2"), False),
    ],
)
def test_requests_match_by_branch_sent_by_and_method(other: ReceivedRequest, same: bool) -> None:
    assert (key_of(other) == key_of(INVITE)) is same


def test_cancel_asks_for_the_key_of_its_invite() -> None:
    assert key_of(received("CANCEL"), "INVITE") == key_of(INVITE)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (received("INVITE", via="192.0.2.9:5060;branch=1"), True),
        (received("ACK", via="192.0.2.9:5060;branch=1", to_tag="ours"), True),
        (received("INVITE", via="192.0.2.9:5060;branch=1", sequence=8), False),
        (received("INVITE", via="192.0.2.9:5060;branch=1", from_tag="c"), False),
        (received("INVITE", via="192.0.2.9:5060;branch=2"), False),
        (received("CANCEL", via="192.0.2.9:5060;branch=1"), False),
    ],
)
def test_without_the_magic_cookie_the_whole_request_is_compared(other: ReceivedRequest, same: bool) -> None:
    old = received("INVITE", via="192.0.2.9:5060;branch=1")
    assert (key_of(other) == key_of(old)) is same
