"""What strangers may cause: so much a second, no answer longer than the question, and no crowding out."""

import random
from dataclasses import replace

import pytest
from sipmessage import Response

from offhook.sip import Account, Hop, LocalMedia, UserAgent
from offhook.sip.admission import ANYBODY, Admission
from offhook.sip.calls import MOST_UNANSWERED
from offhook.sip.events import Incoming, Unwelcome
from offhook.sip.rate_limit import BUCKETS, STRANGER, TOLD_AT_MOST, TOLD_EVERY, TRUSTED, Kind, RateLimit
from offhook.sip.scanners import SCANNERS

from .message_text import SDP, read, request
from .rfc4475_messages import MESSAGES

HERE = Hop("UDP", "192.0.2.201", 5060)
REGISTRAR = Hop("UDP", "192.0.2.1", 5060)
STRANGER_AT = Hop("UDP", "198.51.100.7", 5060)
CALLS = int(STRANGER[Kind.CALL.value].at_once)


class Phone:
    def __init__(self) -> None:
        self.agent = UserAgent(HERE, "offhook/test", random.Random(1))
        self.agent.add_account(Account(1, "bob", REGISTRAR.host))
        self.asked = 0

    def receive(
        self,
        method: str,
        source: Hop = STRANGER_AT,
        now: float = 0.0,
        uri: str = "sip:bob@phone",
        **headers: str,
    ) -> list[int]:
        """Of a request that nobody sent before."""
        self.asked += 1
        branch = f"z9hG4bK{self.asked}"
        new = {"Via": f"SIP/2.0/UDP {source.host};branch={branch}", "Call-ID": f"{self.asked}@x"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = request(method, uri, body=SDP if method == "INVITE" else "", headers={**new, **named})
        self.agent.receive(data, source, now)
        sent = [read(transmit.data) for transmit in self.agent.outbox]
        self.agent.outbox.clear()
        return [message.code for message in sent if isinstance(message, Response)]

    def told(self) -> list[Unwelcome]:
        told = [event for event in self.agent.events if isinstance(event, Unwelcome)]
        self.agent.events.clear()
        return told


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1"])
def test_this_machine_is_no_stranger(host):
    rates = RateLimit(lambda _hop: False, lambda _told: None)
    admitted = 0
    while rates.admits(Hop("UDP", host, 5060), Kind.CALL, 0.0):
        admitted += 1
    assert admitted == TRUSTED[Kind.CALL.value].at_once


def test_a_flood_is_answered_up_to_its_rate_and_said_once() -> None:
    phone = Phone()
    answers = [phone.receive("OPTIONS", now=n / 1000) for n in range(2000)]
    answered = sum(answer == [200] for answer in answers)
    rate = STRANGER[Kind.REQUEST.value]
    assert rate.at_once <= answered <= rate.at_once + 2 * rate.a_second + 1
    assert phone.told() == [Unwelcome(STRANGER_AT, "too many requests a second")]
    assert phone.agent.layer.idle


def test_after_a_pause_it_is_heard_again() -> None:
    phone = Phone()
    for _ in range(1000):
        phone.receive("OPTIONS")
    assert phone.receive("OPTIONS") == []
    assert phone.receive("OPTIONS", now=5.0) == [200]


def test_no_stranger_costs_the_registrar_anything() -> None:
    phone = Phone()
    for n in range(5000):
        phone.receive("INVITE", Hop("UDP", f"10.{n % 256}.{n // 256}.1", 5060), uri="sip:nobody@phone")
    assert phone.receive("OPTIONS", REGISTRAR) == [200]
    assert phone.receive("INVITE", REGISTRAR) == [100]


def test_no_more_ring_from_one_stranger_than_its_rate_has() -> None:
    phone = Phone()
    answers = [phone.receive("INVITE", now=0.0) for _ in range(CALLS + 5)]
    assert answers == [[100]] * MOST_UNANSWERED + [[486]] * (CALLS - MOST_UNANSWERED) + [[]] * 5
    assert len(phone.agent.calls) == MOST_UNANSWERED
    assert phone.told() == [Unwelcome(STRANGER_AT, "too many calls a second")]


def test_only_unanswered_calls_of_the_same_strangers_are_too_many() -> None:
    phone = Phone()
    for _ in range(MOST_UNANSWERED):
        assert phone.receive("INVITE") == [100]
    assert phone.receive("INVITE") == [486]
    assert phone.receive("INVITE", Hop("TCP", STRANGER_AT.host, 40001)) == [486]
    assert phone.receive("INVITE", Hop("UDP", "198.51.100.8", 5060)) == [100]
    for known in (REGISTRAR, Hop("UDP", "127.0.0.1", 5060)):
        assert [phone.receive("INVITE", known) for _ in range(5)] == [[100]] * 5
    strangers = [event.stranger for event in phone.agent.events if isinstance(event, Incoming)]
    assert strangers == [True] * (MOST_UNANSWERED + 1) + [False] * 10
    first = next(iter(phone.agent.calls))
    phone.agent.refuse(first, 603, 0.0)
    phone.agent.outbox.clear()
    assert phone.receive("INVITE") == [100]


def test_an_answered_call_makes_room_for_the_next_one_from_there() -> None:
    phone = Phone()
    for _ in range(MOST_UNANSWERED):
        phone.receive("INVITE")
    phone.agent.answer(next(iter(phone.agent.calls)), LocalMedia("192.0.2.201", 40000), 0.0)
    phone.agent.outbox.clear()
    assert phone.receive("INVITE") == [100]


def test_who_is_named_may_ask_as_much_as_it_likes_and_nobody_else() -> None:
    phone = Phone()
    phone.agent.admission = Admission(unlimited=lambda address: address == STRANGER_AT.host)
    assert [phone.receive("OPTIONS") for _ in range(1000)] == [[200]] * 1000
    assert [phone.receive("INVITE") for _ in range(CALLS + 5)] == [[100]] * (CALLS + 5)
    another = replace(STRANGER_AT, host="198.51.100.8")
    assert [phone.receive("INVITE", another) for _ in range(CALLS + 1)] == [
        *[[100]] * MOST_UNANSWERED,
        *[[486]] * (CALLS - MOST_UNANSWERED),
        [],
    ]
    phone.agent.admission = ANYBODY
    assert [phone.receive("OPTIONS", now=1.0) for _ in range(1000)].count([200]) < 1000


def test_what_belongs_to_a_call_is_not_held_against_it() -> None:
    """An INVITE's repetitions, its CANCEL and requests in the dialog come through when nothing else does."""
    phone = Phone()
    assert phone.receive("INVITE") == [100]
    while phone.receive("OPTIONS"):
        pass
    again = request(body=SDP, headers={"Via": "SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1", "Call-ID": "1@x"})
    phone.agent.receive(again, STRANGER_AT, 0.0)
    assert [read(transmit.data).code for transmit in phone.agent.outbox] == [100]
    phone.agent.outbox.clear()
    assert phone.receive("CANCEL", Via="SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1", Call_ID="1@x") == [
        200,
        487,
    ]


def limit(told: list[Unwelcome]) -> RateLimit:
    return RateLimit(lambda source: source.host == REGISTRAR.host, told.append)


def test_the_table_has_a_bound_and_nobody_is_pushed_out_of_it() -> None:
    told: list[Unwelcome] = []
    rates = limit(told)
    while rates.admits(STRANGER_AT, Kind.CALL, 0.0):
        pass
    for n in range(60_000):
        rates.admits(Hop("UDP", f"10.{n % 256}.{n // 256}.1", 5060), Kind.CALL, 0.0)
    assert len(rates._strangers) <= BUCKETS
    assert not rates.admits(STRANGER_AT, Kind.CALL, 0.0)
    assert len(told) == TOLD_AT_MOST
    assert rates.admits(REGISTRAR, Kind.CALL, 0.0)


def test_forged_addresses_leave_room_for_real_ones() -> None:
    """3000 INVITEs a second, each from another address."""
    rates, forged = limit([]), random.Random(1)
    refused = 0
    for step in range(200):
        now = step / 20
        for _ in range(150):
            rates.admits(Hop("UDP", f"198.{forged.getrandbits(24)}", 5060), Kind.CALL, now)
        refused += not rates.admits(Hop("UDP", f"203.0.113.{step}", 5060), Kind.CALL, now)
    assert refused <= 4


def test_one_word_about_a_source_at_a_time() -> None:
    told: list[Unwelcome] = []
    rates = limit(told)
    for second in range(int(2 * TOLD_EVERY)):
        rates.tell(STRANGER_AT, "because", float(second))
    assert told == [Unwelcome(STRANGER_AT, "because")] * 2


def test_the_addresses_of_one_customer_count_as_one() -> None:
    rates = limit([])
    admitted = sum(
        rates.admits(Hop("UDP", f"2001:db8:1:2::{n:x}", 5060), Kind.CALL, 0.0) for n in range(10 * CALLS)
    )
    assert admitted == CALLS


def test_time_that_goes_back_gives_nothing() -> None:
    rates = limit([])
    while rates.admits(STRANGER_AT, Kind.CALL, 100.0):
        pass
    assert not rates.admits(STRANGER_AT, Kind.CALL, 0.0)
    assert not rates.admits(STRANGER_AT, Kind.CALL, 100.0)


@pytest.mark.parametrize(
    "name", [*SCANNERS, "friendly-scanner v1", "Mozilla sipcli/v1.8", "VaxSIPUserAgent/3.1"]
)
@pytest.mark.parametrize("method", ["OPTIONS", "INVITE", "REGISTER", "SUBSCRIBE"])
def test_a_scanner_is_refused_and_nothing_is_kept_of_it(name: str, method: str) -> None:
    phone = Phone()
    assert phone.receive(method, User_Agent=name) == [403]
    assert phone.agent.layer.idle
    assert not phone.agent.calls
    assert phone.told() == [Unwelcome(STRANGER_AT, "a scanner, by its own User-Agent")]


def test_what_comes_by_the_registrar_is_no_scanner_whatever_its_name() -> None:
    phone = Phone()
    assert phone.receive("INVITE", REGISTRAR, User_Agent="friendly-scanner") == [100]
    assert any(isinstance(event, Incoming) for event in phone.agent.events)


# --- no amplification

TERSE = (
    b"OPTIONS sip:x@y SIP/2.0\r\nv: SIP/2.0/UDP a;branch=z9hG4bK1;rport\r\nf: <sip:a>;tag=1\r\nt: <sip:b>\r\n"
    b"i: 1\r\nCSeq: 1 OPTIONS\r\n\r\n"
)


@pytest.mark.parametrize(
    "data",
    [
        *MESSAGES.values(),
        request("REGISTER"),
        request("NEW"),
        request("OPTIONS", "sip:x@y"),
        request(headers={"Require": "a" * 300}),
        request(body="x", headers={"Content-Type": "text/plain"}),
        request(headers={"From": "<sip:a@b" + "y" * 500}),
        TERSE,
        b"X\xff",
    ],
)
def test_no_refusal_over_udp_is_longer_than_what_it_refuses(data: bytes) -> None:
    phone = Phone()
    phone.agent.receive(data, STRANGER_AT, 0.0)
    for transmit in phone.agent.outbox:
        answer = read(transmit.data)
        assert answer.code < 300 or len(transmit.data) <= len(data)


def test_a_short_refusal_is_one_all_the_same() -> None:
    phone = Phone()
    data = request("OPTIONS", "sip:x@y", headers={"Contact": None})
    phone.agent.receive(data, STRANGER_AT, 0.0)
    (transmit,) = phone.agent.outbox
    assert len(transmit.data) <= len(data)
    answer = read(transmit.data)
    assert answer.code == 404
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        assert answer.headers.get(name), name


# --- no more state than one source's share


def test_one_source_has_half_of_the_transactions() -> None:
    phone = Phone()
    phone.agent = UserAgent(HERE, "offhook/test", random.Random(1), max_calls=1)
    phone.agent.add_account(Account(1, "bob", REGISTRAR.host))
    assert phone.receive("INVITE") == [100]
    (event,) = phone.agent.events
    assert isinstance(event, Incoming)
    tag = phone.agent.calls[event.call].local_tag
    answered = 0
    for n in range(100):
        headers = {"To": f"<sip:bob@phone>;tag={tag}", "Call_ID": "1@x", "CSeq": f"{n + 2} INFO"}
        answered += bool(phone.receive("INFO", **headers))
    assert answered == 31
