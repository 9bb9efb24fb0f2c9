"""Who may come in: anybody or the registrars alone, and what strangers are told."""

import random

import pytest
from sipmessage import Response

from offhook.sip import Account, Hop, UserAgent
from offhook.sip.admission import SILENCE, Admission, Callers, UnknownCallers
from offhook.sip.events import Incoming, UserAgentEvent

from .message_text import SDP, read, request

PBX = Hop("UDP", "192.0.2.1", 5060)
STRANGER = Hop("UDP", "192.0.2.66", 40000)
ANYONE, REGISTRAR = Callers
REFUSE, IGNORE = UnknownCallers


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("callers", Callers)
@pytest.mark.parametrize("unknown", UnknownCallers)
def test_the_rule(trusted: bool, known: bool, callers: Callers, unknown: UnknownCallers) -> None:
    code = Admission(callers, unknown).of_new(trusted=trusted, known=known)
    if trusted:
        assert code == (None if known else 404)
    elif callers is ANYONE and known:
        assert code is None
    else:
        assert (code == SILENCE) is (unknown is IGNORE)


INVITE = request(body=SDP)
SCAN = request(uri="sip:100@192.0.2.201", body=SDP)
DIRECT = request(uri="sip:192.0.2.201", body=SDP)
STRAY = request("BYE", headers={"To": "<sip:bob@192.0.2.201>;tag=x"})
CANCEL, REFER, PING = request("CANCEL"), request("REFER"), request("OPTIONS")
NOTIFY = request("NOTIFY", headers={"Event": "message-summary"})
BROKEN = request(headers={"Call-ID": None})
ODD = request("SUBSCRIBE")


@pytest.mark.parametrize(
    ("callers", "unknown", "source", "data", "code"),
    [
        (ANYONE, REFUSE, STRANGER, INVITE, 100),
        (ANYONE, REFUSE, STRANGER, SCAN, 404),
        (ANYONE, REFUSE, STRANGER, STRAY, 481),
        (ANYONE, IGNORE, STRANGER, INVITE, 100),
        (ANYONE, IGNORE, STRANGER, SCAN, None),
        (ANYONE, IGNORE, STRANGER, STRAY, None),
        (ANYONE, IGNORE, STRANGER, CANCEL, None),
        (ANYONE, IGNORE, STRANGER, request("INVITE", "sip:1@192.0.2.201", headers={"Require": "x"}), None),
        *[
            (ANYONE, unknown, STRANGER, data, code if unknown is REFUSE else None)
            for unknown in UnknownCallers
            for data, code in (
                (request("OPTIONS", "sip:192.0.2.201"), 200),
                (request("REGISTER", "sip:192.0.2.201"), 405),
                (request("OPTIONS", "tel:+4930"), 416),
                (request("INVITE", "tel:+4930", body=SDP), 416),
                (BROKEN, 400),
                (request().replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1), 505),
            )
        ],
        (ANYONE, IGNORE, STRANGER, DIRECT, 100),
        (ANYONE, IGNORE, STRANGER, PING, 200),
        (ANYONE, IGNORE, PBX, request("OPTIONS", "sip:192.0.2.201"), 200),
        (ANYONE, IGNORE, PBX, BROKEN, 400),
        (ANYONE, IGNORE, PBX, SCAN, 404),
        (ANYONE, IGNORE, PBX, STRAY, 481),
        (REGISTRAR, REFUSE, PBX, INVITE, 100),
        (REGISTRAR, REFUSE, PBX, DIRECT, 100),
        (REGISTRAR, REFUSE, PBX, NOTIFY, 200),
        (REGISTRAR, REFUSE, STRANGER, INVITE, 403),
        (REGISTRAR, REFUSE, STRANGER, DIRECT, 403),
        (REGISTRAR, REFUSE, STRANGER, SCAN, 403),
        (REGISTRAR, REFUSE, STRANGER, NOTIFY, 403),
        (REGISTRAR, REFUSE, STRANGER, REFER, 403),
        (REGISTRAR, REFUSE, STRANGER, PING, 403),
        (REGISTRAR, IGNORE, PBX, REFER, 603),
        *[
            (REGISTRAR, IGNORE, STRANGER, data, None)
            for data in (INVITE, DIRECT, SCAN, NOTIFY, REFER, PING, STRAY, CANCEL, BROKEN, ODD)
        ],
    ],
)
def test_what_is_answered(
    callers: Callers, unknown: UnknownCallers, source: Hop, data: bytes, code: int | None
) -> None:
    bob = UserAgent(
        Hop("UDP", "192.0.2.201", 5060),
        "offhook/test",
        random.Random(1),
        admission=Admission(callers, unknown),
    )
    bob.add_account(Account(1, "bob", PBX.host))
    bob.receive(data, source, 0.0)
    answers = [read(transmit.data) for transmit in bob.outbox]
    assert [answer.code for answer in answers if isinstance(answer, Response)] == ([code] if code else [])
    told: list[type[UserAgentEvent]] = [type(event) for event in bob.events]
    assert told == ([Incoming] if code == 100 else [])
    assert bob.layer.idle == (code != 100), "what is refused leaves nothing"
