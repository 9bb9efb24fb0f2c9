"""RFC 4475: each torture message, and what a phone that answers to the names in them makes of it.

A phone is no registrar: a REGISTER that is well formed and one that only a registrar could fault are both
405 here. What is dropped is a response to nothing that was asked.
"""

import random
from dataclasses import dataclass

import pytest

from offhook.sip import Account, Hop, UserAgent
from offhook.sip.capabilities import ALLOW
from offhook.sip.events import Incoming
from offhook.sip.hop import Transport
from offhook.sip.message import ReceivedRequest, ReceivedResponse, parse

from .message_text import read
from .rfc4475_messages import MESSAGES

USERS = (
    "user",
    "UserB",
    "sips:user@example.com",
    "user;par=u@example.net",
    "t.watson",
    "remote-target",
    "joe",
)
RINGS = 100
DROPPED = None


@dataclass(frozen=True)
class Case:
    """`answer` is the code of the one answer; RINGS also tells of a call."""

    section: str
    name: str
    answer: int | None
    why: str


CASES = [
    Case("3.1.1.1", "wsinv", 481, "well formed and odd throughout; its To has the tag of no dialog here"),
    Case("3.1.1.2", "intmeth", 501, "a method of unusual characters is a method that is not known"),
    Case("3.1.1.3", "esc01", RINGS, "the user is what the escapes stand for, and the host stays the host"),
    Case("3.1.1.4", "escnull", 405, "an escaped NUL ends nothing"),
    Case("3.1.1.5", "esc02", 501, "no escapes in a method: RE%47IST%45R is not REGISTER"),
    Case("3.1.1.6", "lwsdisp", 200, "no space is needed between display name and <"),
    Case("3.1.1.7", "longreq", RINGS, "long values, and 34 Vias"),
    Case("3.1.1.8", "dblreq", 405, "what follows the end of a datagram's message is ignored"),
    Case("3.1.1.9", "semiuri", 200, "a semicolon before the @ belongs to the user"),
    Case("3.1.1.10", "transports", 200, "transports nobody knows, further down among the Vias"),
    Case("3.1.1.11", "mpart01", 405, "a binary body is nobody's business who refuses the method"),
    Case("3.1.1.12", "unreason", DROPPED, "a reason phrase in Cyrillic, of a response to nothing"),
    Case("3.1.1.13", "noreason", DROPPED, "no reason phrase at all, of a response to nothing"),
    Case("3.1.2.1", "badinv01", 400, "separators with nothing between them, in Via and Contact"),
    Case("3.1.2.2", "clerr", 400, "a Content-Length beyond the end of the datagram"),
    Case("3.1.2.3", "ncl", 400, "a negative Content-Length"),
    Case("3.1.2.4", "scalar02", 400, "a CSeq beyond 2**31"),
    Case("3.1.2.5", "scalarlg", DROPPED, "the same in a response"),
    Case("3.1.2.6", "quotbal", 400, "a quote that nothing closes"),
    Case("3.1.2.7", "ltgtruri", 400, "a Request-URI in angle brackets"),
    Case("3.1.2.8", "lwsruri", 400, "white space within the Request-URI"),
    Case("3.1.2.9", "lwsstart", 400, "more than one space in the request line"),
    Case("3.1.2.10", "trws", 400, "white space after the version"),
    Case("3.1.2.11", "escruri", 400, "a Request-URI may not bring headers (RFC 3261 §19.1.1)"),
    Case("3.1.2.12", "baddate", RINGS, "a Date of another zone than GMT, which a phone does not read"),
    Case("3.1.2.13", "regbadct", 405, "for a registrar to fault"),
    Case("3.1.2.14", "badaspec", 200, "spaces within <>, which do no harm"),
    Case("3.1.2.15", "baddn", 200, "a comma in a display name without quotes, and one From all the same"),
    Case("3.1.2.16", "badvers", 505, "SIP/7.0"),
    Case("3.1.2.17", "mismatch01", 400, "CSeq names another method"),
    Case("3.1.2.18", "mismatch02", 501, "the same with a method that is not known, judged first (§8.2.1)"),
    Case("3.1.2.19", "bigcode", DROPPED, "a status of ten digits"),
    Case("3.2.1", "badbranch", 200, "the magic cookie alone names no transaction"),
    Case("3.3.1", "insuf", 400, "From, To and Call-ID missing"),
    Case("3.3.2", "unkscm", 416, "a Request-URI of an unknown scheme"),
    Case("3.3.3", "novelsc", 416, "a known scheme, and no SIP"),
    Case("3.3.4", "unksm2", 405, "for a registrar to fault"),
    Case("3.3.5", "bext01", 420, "Require names what nobody supports"),
    Case("3.3.6", "invut", 415, "a body of an unknown type"),
    Case("3.3.7", "regaut01", 405, "for a registrar to challenge"),
    Case("3.3.8", "multi01", 400, "From, To, Call-ID, CSeq and Max-Forwards twice"),
    Case("3.3.9", "mcl01", 400, "two Content-Lengths that disagree"),
    Case("3.3.10", "bcast", DROPPED, "a response whose second Via is the broadcast address: it goes nowhere"),
    Case("3.3.11", "zeromf", 200, "no hop is left, and none is needed"),
    Case("3.3.12", "cparam01", 405, "for a registrar to store"),
    Case("3.3.13", "cparam02", 405, "for a registrar to store"),
    Case("3.3.14", "regescrt", 405, "for a registrar to store"),
    Case("3.3.15", "sdp01", 406, "who does not read SDP cannot be answered with it"),
    Case("3.4.1", "inv2543", RINGS, "no branch, no From tag, no Contact, no Max-Forwards, no Content-Length"),
]


def transport(data: bytes) -> Transport:
    return "TCP" if b"SIP/2.0/TCP" in data.partition(b"\r\n\r\n")[0].partition(b"SIP/2.0/UDP")[0] else "UDP"


def source(data: bytes) -> Hop:
    return Hop(transport(data), "192.0.2.15", 5060)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.section} {case.name}")
def test_the_expected_answer_and_nothing_else(case: Case) -> None:
    phone = UserAgent(Hop("UDP", "192.0.2.201", 5060), "offhook/test", random.Random(1))
    for number, user in enumerate(USERS, 1):
        phone.add_account(Account(number, user, "example.com"))
    data = MESSAGES[case.name]

    phone.receive(data, source(data), 0.0)

    answers = [read(transmit.data) for transmit in phone.outbox]
    assert [answer.code for answer in answers] == ([] if case.answer is None else [case.answer]), case.why
    assert all(transmit.hop.host == "192.0.2.15" for transmit in phone.outbox)
    rings = case.answer == RINGS
    assert len(phone.calls) == rings
    assert [type(event) for event in phone.events] == [Incoming] * rings
    if not rings:
        assert phone.layer.idle
        assert phone.deadline is None


def test_all_of_them_are_here() -> None:
    assert [case.name for case in CASES] == list(dict.fromkeys(case.name for case in CASES))
    assert {case.name for case in CASES} == MESSAGES.keys()
    assert len(MESSAGES) == 49


def answer_to(name: str) -> str:
    phone = UserAgent(Hop("UDP", "192.0.2.201", 5060), "offhook/test", random.Random(1))
    phone.add_account(Account(1, "user", "example.com"))
    phone.receive(MESSAGES[name], source(MESSAGES[name]), 0.0)
    (transmit,) = phone.outbox
    return transmit.data.decode()


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("intmeth", f"Allow: {ALLOW}"),
        ("esc02", f"Allow: {ALLOW}"),
        ("mpart01", f"Allow: {ALLOW}"),
        ("bext01", "Unsupported: nothingSupportsThis, nothingSupportsThisEither"),
        ("invut", "Accept: application/sdp"),
    ],
)
def test_a_refusal_says_what_would_be_right(name: str, header: str) -> None:
    assert f"\r\n{header}\r\n" in answer_to(name)


def request_of(name: str) -> ReceivedRequest:
    message = parse(MESSAGES[name], source(MESSAGES[name]))
    assert isinstance(message, ReceivedRequest)
    return message


def test_what_is_well_formed_is_read_as_it_is_meant() -> None:
    tortuous = request_of("wsinv")
    assert (tortuous.sequence, tortuous.method) == (9, "INVITE")
    assert tortuous.from_.name == 'J Rosenberg \\"'
    assert tortuous.from_.tag == "98asjd8"
    assert tortuous.to.tag == "1918181833n"
    assert (tortuous.via.transport, tortuous.via.host, tortuous.via.branch) == (
        "UDP",
        "192.0.2.2",
        "390skdjuw",
    )
    assert len(tortuous.message.headers.getlist("Via")) == 3
    assert len(tortuous.message.body) == 150

    assert request_of("esc01").message.uri.user == "sips:user@example.com"
    assert request_of("esc01").message.uri.host == "example.net"
    assert request_of("semiuri").message.uri.user == "user;par=u@example.net"
    assert request_of("escnull").from_.uri == "sip:null-%00-null@example.com"
    assert request_of("dblreq").message.body == b""
    assert len(request_of("longreq").message.headers.getlist("Via")) == 34
    # A text and its signature: of its parts none is read.
    assert request_of("mpart01").message.body == b""


def test_responses_without_and_with_a_foreign_reason_phrase() -> None:
    for name, code, phrase in [
        ("unreason", 200, "= 2**3 * 5**2 но сто девяносто девять - простое"),
        ("noreason", 100, ""),
    ]:
        response = parse(MESSAGES[name], source(MESSAGES[name]))
        assert isinstance(response, ReceivedResponse)
        assert (response.code, response.message.phrase) == (code, phrase)
