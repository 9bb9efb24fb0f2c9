"""The user agent against a peer that the test plays message by message: what RFC 3261 asks of both ends."""

import random
from collections.abc import Mapping

import pytest
from sipmessage import Request, Response

from offhook.sip import Account, Direction, Hop, LocalMedia, UserAgent
from offhook.sip.capabilities import ALLOW
from offhook.sip.destination import Destination
from offhook.sip.events import (
    Answered,
    Digit,
    Ended,
    Failed,
    Incoming,
    MediaChanged,
    PeerHold,
    Progress,
    UserAgentEvent,
)
from offhook.sip.redirection import Redirects
from offhook.sip.user_agent import MAX_CALLS, TRANSACTIONS_PER_CALL

from .message_text import SDP, read, request, response

BOB = Hop("UDP", "192.0.2.201", 5060)
ALICE = Hop("UDP", "192.0.2.101", 5060)
SOUND = LocalMedia("192.0.2.201", 3456)


class Stage:
    """Bob's user agent, with what it sends read and what it tells gathered, at time 0."""

    def __init__(self) -> None:
        self.bob = UserAgent(BOB, "offhook/test", random.Random(1))
        self.bob.add_account(Account(1, "bob", "192.0.2.201"))
        self.bob.add_account(Account(2, "bob", "biloxi.example.com"))

    def receive(self, data: bytes, now: float = 0.0, source: Hop = ALICE) -> list[Request | Response]:
        self.bob.receive(data, source, now)
        return self.sent()

    def sent(self) -> list[Request | Response]:
        data = [transmit.data for transmit in self.bob.outbox]
        self.bob.outbox.clear()
        return [read(message) for message in data]

    def told(self) -> list[UserAgentEvent]:
        events = list(self.bob.events)
        self.bob.events.clear()
        return events

    def incoming(self, body: str = SDP) -> str:
        self.receive(request(body=body))
        (event,) = self.told()
        assert isinstance(event, Incoming)
        return event.call

    def talking(self) -> tuple[str, str]:
        """A call that came in and is up: its name, and our tag."""
        call = self.incoming()
        self.bob.answer(call, SOUND, 0.0)
        (answer,) = self.sent()
        tag = answer.headers["To"].partition("tag=")[2]
        self.receive(within("ACK", tag, 1))
        assert [type(event) for event in self.told()] == [MediaChanged, Answered]
        return call, tag

    def calling(self) -> bytes:
        """A call of ours; what was sent."""
        self.bob.invite("c", None, "sip:alice@192.0.2.101", SOUND, 0.0)
        (transmit,) = self.bob.outbox
        self.bob.outbox.clear()
        return transmit.data


def within(
    method: str, tag: str, sequence: int, body: str = "", headers: Mapping[str, str | None] | None = None
) -> bytes:
    """A request from alice in the dialog that her `request()` opened."""
    return request(
        method,
        "sip:bob@192.0.2.201:5060",
        body=body,
        headers={
            "To": f"Bob <sip:bob@192.0.2.201>;tag={tag}",
            "CSeq": f"{sequence} {method}",
            "Via": f"SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bK{method}{sequence}",
            **(headers or {}),
        },
    )


@pytest.fixture
def stage() -> Stage:
    return Stage()


# --- what is refused, and leaves nothing behind


@pytest.mark.parametrize(
    ("data", "code", "expected"),
    [
        (request(uri="sip:carol@192.0.2.201", body=SDP), 404, {}),
        (request("OPTIONS", "sip:carol@192.0.2.201"), 404, {}),
        (request("REGISTER", headers={"User-Agent": "x" * 80}), 405, {"Allow": ALLOW}),
        (request("NEW", headers={"User-Agent": "x" * 80}), 501, {"Allow": ALLOW}),
        (request(uri="tel:+4930"), 416, {}),
        (request(headers={"Require": "100rel, foo, bar"}), 420, {"Unsupported": "foo, bar"}),
        (request(headers={"Require": "100REL, Timer, Foo"}), 420, {"Unsupported": "Foo"}),
        (request(body="x", headers={"Content-Type": "text/plain"}), 415, {"Accept": "application/sdp"}),
        (request(body="x", headers={"Content-Encoding": "gzip"}), 415, {"Accept-Encoding": "identity"}),
        (request(headers={"Contact": None}), 400, {}),
        (request(headers={"Call-ID": None}), 400, {}),
        *[(request(headers={"From": f'"A{c}l" <sip:alice@x>;tag=1'}), 400, {}) for c in "\0\n\r\x1b\x7f"],
        (request(headers={"Subject": "a\0b"}), 400, {}),
        (request(headers={"Record-Route": "<sip:a"}), 400, {}),
        (request("BYE"), 481, {}),
        (request("INFO"), 481, {}),
        (request("CANCEL"), 481, {}),
        (request(headers={"To": "<sip:bob@192.0.2.201>;tag=x"}, body=SDP), 481, {}),
    ],
)
def test_refusals(stage: Stage, data: bytes, code: int, expected: dict[str, str]) -> None:
    (answer,) = stage.receive(data)
    assert isinstance(answer, Response)
    assert answer.code == code
    for name, value in expected.items():
        assert answer.headers[name] == value
    assert "tag=" in answer.headers["To"]
    assert stage.told() == []
    assert stage.bob.layer.idle, "no state for what is refused"
    assert stage.bob.deadline is None
    (again,) = stage.receive(data)
    assert bytes(again) == bytes(answer), "a repetition gets the same answer, and the same tag"


@pytest.mark.parametrize("method", ["ACK", "BYE"])
def test_nothing_answers_an_ack(stage: Stage, method: str) -> None:
    broken = request(method, headers={"Call-ID": None})
    assert len(stage.receive(broken)) == (method == "BYE")
    assert stage.receive(request("ACK", headers={"To": "<sip:bob@192.0.2.201>;tag=x"})) == []


@pytest.mark.parametrize("forwards", ["0", "70", None])
def test_options_is_answered_with_what_is_understood(stage: Stage, forwards: str | None) -> None:
    (answer,) = stage.receive(request("OPTIONS", headers={"Max-Forwards": forwards}))
    assert isinstance(answer, Response)
    assert answer.code == 200
    assert "INVITE" in answer.headers["Allow"]
    assert "application/sdp" in answer.headers["Accept"]
    assert answer.headers["Server"] == "offhook/test"
    assert answer.body == b""
    assert stage.bob.layer.idle


def test_a_request_that_comes_by_two_paths_is_taken_once(stage: Stage) -> None:
    stage.incoming()
    (answer,) = stage.receive(
        request(body=SDP, headers={"Via": "SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bKother"})
    )
    assert isinstance(answer, Response)
    assert answer.code == 482
    assert stage.told() == []


@pytest.mark.parametrize("room", [1, MAX_CALLS, 100])
def test_more_calls_than_there_is_room_for(stage: Stage, room: int) -> None:
    stage.bob = UserAgent(BOB, "offhook/test", random.Random(1), max_calls=room)
    stage.bob.add_account(Account(1, "bob", "192.0.2.201"))
    codes = []
    for n in range(room + 1):
        headers = {"Call-ID": str(n), "Via": f"SIP/2.0/UDP 192.0.2.101;branch=z9hG4bK{n}"}
        data, source = request(body=SDP, headers=headers), Hop("UDP", f"198.51.100.{n}", 5060)
        codes += [m.code for m in stage.receive(data, source=source) if isinstance(m, Response)]
    assert codes == [100] * room + [503]
    assert len(stage.bob.calls) == room


OTHER = {"Call-ID": "other", "Via": "SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bKother"}


def fill(stage: Stage, tag: str) -> int:
    """Ask from three addresses, slowly enough for them, until nothing is answered; the CSeq after that."""
    number = 2
    sources = (ALICE, Hop("UDP", "192.0.2.102", 5060), Hop("UDP", "192.0.2.103", 5060))
    while stage.receive(within("OPTIONS", tag, number), number / 200, sources[number % 3]):
        number += 1
        assert number < 2 * TRANSACTIONS_PER_CALL * MAX_CALLS
    return number


def test_more_transactions_than_there_is_room_for_are_dropped(stage: Stage) -> None:
    _, tag = stage.talking()
    fill(stage, tag)
    assert len(stage.bob.layer._server) == TRANSACTIONS_PER_CALL * MAX_CALLS
    (answer,) = stage.receive(request(body=SDP, headers=OTHER))
    assert isinstance(answer, Response)
    assert (answer.code, answer.headers["Retry-After"]) == (503, "5")
    assert stage.told() == []


def test_bye_comes_through_where_there_is_no_room(stage: Stage) -> None:
    """Otherwise those who give up could never be rid of, and the room would stay full."""
    call, tag = stage.talking()
    number = fill(stage, tag)
    (answer,) = stage.receive(within("BYE", tag, number))
    assert isinstance(answer, Response)
    assert answer.code == 200
    assert stage.told() == [Ended(call, "the far end hung up")]
    assert not stage.bob.calls


def test_cancel_comes_through_where_there_is_no_room(stage: Stage) -> None:
    _, tag = stage.talking()
    stage.receive(request(body=SDP, headers=OTHER))
    (event,) = stage.told()
    assert isinstance(event, Incoming)
    fill(stage, tag)
    codes = [m.code for m in stage.receive(request("CANCEL", headers=OTHER)) if isinstance(m, Response)]
    assert codes == [200, 487]
    assert stage.told() == [Ended(event.call, "the caller gave up")]


def test_what_ends_calls_is_bounded_too(stage: Stage) -> None:
    _, tag = stage.talking()
    number = fill(stage, tag)
    stage.bob.layer._room = 0
    assert stage.receive(within("BYE", tag, number)) == []


# --- whose call it is


@pytest.mark.parametrize(
    ("uri", "to", "account"),
    [
        ("sip:bob@192.0.2.201", "sip:bob@192.0.2.201", 1),
        ("sip:bob@biloxi.example.com", "sip:bob@biloxi.example.com", 2),
        ("sip:bob@192.0.2.201:5060", "sip:bob@Biloxi.example.com", 1),
        ("sip:bob@10.0.0.1:5060", "sip:bob@Biloxi.example.com", 2),
        ("sip:b%6fb@nowhere", "sip:bob@nowhere", 1),
        ("sip:192.0.2.201", "sip:192.0.2.201", None),
    ],
)
def test_the_account_that_is_called(stage: Stage, uri: str, to: str, account: int | None) -> None:
    stage.receive(request(uri=uri, body=SDP, headers={"To": f"<{to}>"}))
    (event,) = stage.told()
    assert isinstance(event, Incoming)
    assert (event.account, event.remote, event.remote_name) == (account, "sip:alice@192.0.2.101", "Alice")


# --- a call that comes in


def test_repetitions_are_answered_and_not_acted_on_twice(stage: Stage) -> None:
    call = stage.incoming()
    assert [m.code for m in stage.receive(request(body=SDP)) if isinstance(m, Response)] == [100]
    stage.bob.ring(call, 0.0)
    assert [m.code for m in stage.sent() + stage.receive(request(body=SDP)) if isinstance(m, Response)] == [
        180,
        180,
    ]
    assert stage.told() == []


def test_an_invite_without_an_offer_is_answered_with_one(stage: Stage) -> None:
    call = stage.incoming(body="")
    stage.bob.answer(call, SOUND, 0.0)
    (offered,) = stage.sent()
    assert b"m=audio 3456" in offered.body
    assert stage.told() == []
    tag = offered.headers["To"].partition("tag=")[2]
    assert stage.receive(within("INVITE", tag, 2, SDP))[0].headers["CSeq"] == "2 INVITE"
    stage.receive(within("ACK", tag, 1, SDP))
    changed, answered = stage.told()
    assert isinstance(changed, MediaChanged)
    assert changed.flow.port == 49172
    assert answered == Answered(call)


def test_a_re_invite_before_the_ack_that_answers_our_offer_is_491(stage: Stage) -> None:
    call = stage.incoming(body="")
    stage.bob.answer(call, SOUND, 0.0)
    tag = stage.sent()[0].headers["To"].partition("tag=")[2]
    (answer,) = stage.receive(within("INVITE", tag, 2, SDP))
    assert isinstance(answer, Response)
    assert answer.code == 491


@pytest.mark.parametrize("body", ["", "v=0\r\n"])
def test_an_ack_without_the_answer_ends_the_call(stage: Stage, body: str) -> None:
    call = stage.incoming(body="")
    stage.bob.answer(call, SOUND, 0.0)
    tag = stage.sent()[0].headers["To"].partition("tag=")[2]
    (bye,) = stage.receive(within("ACK", tag, 1, body))
    assert isinstance(bye, Request)
    assert bye.method == "BYE"
    assert [type(event) for event in stage.told()] == [Ended]


def test_an_invite_that_expires(stage: Stage) -> None:
    stage.receive(request(body=SDP, headers={"Expires": "30"}))
    stage.told()
    stage.bob.tick(30)
    assert [m.code for m in stage.sent() if isinstance(m, Response)] == [487]
    assert [type(event) for event in stage.told()] == [Ended]


def test_no_call_rings_for_ever(stage: Stage) -> None:
    call = stage.incoming()
    stage.bob.ring(call, 0.0)
    for minute in range(1, 6):
        stage.bob.tick(minute * 60.0)
    assert [m.code for m in stage.sent() if isinstance(m, Response)] == [180] * 5 + [487]
    assert stage.told() == [Ended(call, "it rang for too long")]


def test_cancel_says_why(stage: Stage) -> None:
    call = stage.incoming()
    answers = stage.receive(
        request("CANCEL", headers={"Reason": 'SIP;cause=200;text="Call completed elsewhere"'})
    )
    assert [m.code for m in answers if isinstance(m, Response)] == [200, 487]
    assert answers[0].headers["To"] == answers[1].headers["To"]
    assert stage.told() == [Ended(call, "Call completed elsewhere", elsewhere=True)]
    assert not stage.bob.calls


def test_cancel_after_the_answer_changes_nothing(stage: Stage) -> None:
    call, _ = stage.talking()
    (answer,) = stage.receive(request("CANCEL"))
    assert isinstance(answer, Response)
    assert answer.code == 200
    assert call in stage.bob.calls


@pytest.mark.parametrize("wrong", [200, 183, 700])
def test_what_refuses_nothing_is_a_mistake_of_the_owner(stage: Stage, wrong: int) -> None:
    call = stage.incoming()
    with pytest.raises(ValueError, match="300 to 699"):
        stage.bob.refuse(call, wrong, 0.0)
    with pytest.raises(ValueError, match="control"):
        stage.bob.refuse(call, 486, 0.0, reason="Busy\r\nVia: x")
    with pytest.raises(ValueError, match="not a URI"):
        stage.bob.refuse(call, 302, 0.0, contact="carol")
    with pytest.raises(KeyError):
        stage.bob.hang_up("nobody", 0.0)


# --- within a call


def test_a_re_invite_with_the_same_sound_is_answered_and_changes_nothing(stage: Stage) -> None:
    _, tag = stage.talking()
    (answer,) = stage.receive(within("INVITE", tag, 2, SDP))
    assert isinstance(answer, Response)
    assert answer.code == 200
    assert b"o=- " in answer.body
    stage.receive(within("ACK", tag, 2))
    assert stage.told() == []
    assert stage.receive(within("ACK", tag, 2)) == []


def test_a_peer_that_holds_is_mirrored_and_the_version_rises(stage: Stage) -> None:
    call, tag = stage.talking()
    (first,) = stage.receive(within("INVITE", tag, 2, SDP))
    (second,) = stage.receive(within("INVITE", tag, 3, SDP + "a=sendonly\r\n"))
    changed, held = stage.told()
    assert isinstance(changed, MediaChanged)
    assert changed.flow.direction is Direction.RECVONLY
    assert held == PeerHold(call, held=True)
    assert b"a=recvonly" in second.body
    versions = [int(message.body.split(b"o=- ")[1].split()[1]) for message in (first, second)]
    assert versions[1] == versions[0] + 1
    stage.receive(within("ACK", tag, 3))
    stage.receive(within("INVITE", tag, 4, SDP))
    changed, resumed = stage.told()
    assert isinstance(changed, MediaChanged)
    assert changed.flow.direction is Direction.SENDRECV
    assert resumed == PeerHold(call, held=False)


def test_a_re_invite_that_cannot_be_is_488_and_the_call_goes_on(stage: Stage) -> None:
    call, tag = stage.talking()
    (answer,) = stage.receive(within("INVITE", tag, 2, SDP.replace("RTP/AVP 0", "RTP/AVP 99")))
    assert isinstance(answer, Response)
    assert answer.code == 488
    assert answer.headers["Warning"].startswith("399 ")
    assert call in stage.bob.calls
    assert stage.told() == []


def test_hold_and_another_codec_at_once(stage: Stage) -> None:
    call, tag = stage.talking()
    stage.receive(
        within("INVITE", tag, 2, SDP.replace("0 PCMU", "8 PCMA").replace("AVP 0", "AVP 8") + "a=sendonly\r\n")
    )
    changed, held = stage.told()
    assert isinstance(changed, MediaChanged)
    assert (changed.flow.codec.name, changed.flow.direction) == ("PCMA", Direction.RECVONLY)
    assert held == PeerHold(call, held=True)


def test_a_re_invite_that_is_cancelled_was_answered_before(stage: Stage) -> None:
    call, tag = stage.talking()
    stage.receive(within("INVITE", tag, 2, SDP))
    via = {"Via": "SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bKINVITE2"}
    (answer,) = stage.receive(within("CANCEL", tag, 2, headers=via))
    assert isinstance(answer, Response)
    assert (answer.code, answer.headers["CSeq"]) == (200, "2 CANCEL")
    stage.receive(within("ACK", tag, 2))
    assert call in stage.bob.calls
    assert stage.told() == []


def test_a_re_invite_without_an_offer_gets_ours(stage: Stage) -> None:
    _, tag = stage.talking()
    (answer,) = stage.receive(within("INVITE", tag, 2))
    assert b"m=audio 3456" in answer.body
    stage.receive(within("ACK", tag, 2, SDP.replace("49172", "49174")))
    (changed,) = stage.told()
    assert isinstance(changed, MediaChanged)
    assert changed.flow.port == 49174


def test_an_invite_on_top_of_one_that_waits_is_500_with_retry_after(stage: Stage) -> None:
    call = stage.incoming()
    stage.bob.ring(call, 0.0)
    tag = stage.sent()[-1].headers["To"].partition("tag=")[2]
    (answer,) = stage.receive(within("INVITE", tag, 2, SDP))
    assert isinstance(answer, Response)
    assert answer.code == 500
    assert 0 <= int(answer.headers["Retry-After"]) <= 10


def test_requests_out_of_order_are_500(stage: Stage) -> None:
    call, tag = stage.talking()
    stage.receive(within("OPTIONS", tag, 9))
    (answer,) = stage.receive(within("BYE", tag, 8))
    assert isinstance(answer, Response)
    assert answer.code == 500
    assert call in stage.bob.calls


def test_a_refreshed_target_is_where_bye_goes(stage: Stage) -> None:
    call, tag = stage.talking()
    stage.receive(within("INVITE", tag, 2, SDP, {"Contact": "<sip:alice@192.0.2.102:5099>"}))
    stage.receive(within("ACK", tag, 2))
    stage.bob.hang_up(call, 0.0)
    (transmit,) = stage.bob.outbox
    assert transmit.data.startswith(b"BYE sip:alice@192.0.2.102:5099 SIP/2.0")
    assert transmit.hop == Hop("UDP", "192.0.2.102", 5099)


@pytest.mark.parametrize(
    ("kind", "body", "code", "digit"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", 200, "5"),
        ("application/dtmf-relay", "Signal= * \r\n", 200, "*"),
        ("application/dtmf-relay", "Duration=100\r\nsignal=11", 200, "#"),
        ("application/dtmf", "d", 200, "D"),
        ("application/dtmf", "10", 200, "*"),
        ("Application/DTMF; x=y", "#", 200, "#"),
        ("application/dtmf", "77", 400, None),
        ("application/dtmf-relay", "Signal=\r\n", 400, None),
        ("text/plain", "5", 415, None),
        ("application/dtmf", "", 200, None),
    ],
)
def test_digits_by_info(stage: Stage, kind: str, body: str, code: int, digit: str | None) -> None:
    call, tag = stage.talking()
    data = within("INFO", tag, 2, body, {"Content-Type": kind})
    (answer,) = stage.receive(data)
    stage.receive(data)
    assert isinstance(answer, Response)
    assert answer.code == code
    assert stage.told() == ([Digit(call, digit)] if digit else [])


def test_an_invite_takes_the_place_of_one_whose_ack_was_lost(stage: Stage) -> None:
    call = stage.incoming()
    stage.bob.answer(call, SOUND, 0.0)
    tag = stage.sent()[0].headers["To"].partition("tag=")[2]
    stage.receive(within("INVITE", tag, 2, SDP), 0.1)
    stage.bob.tick(10)
    assert {message.headers["CSeq"] for message in stage.sent()} == {"2 INVITE"}
    stage.receive(within("ACK", tag, 2), 10)
    assert stage.told()[-1] == Answered(call)
    stage.bob.tick(11)
    assert stage.sent() == []


def test_a_call_that_is_ending_takes_nothing_but_bye(stage: Stage) -> None:
    call, tag = stage.talking()
    stage.bob.hang_up(call, 0.0)
    stage.sent()
    codes = [stage.receive(data)[0] for data in (within("INVITE", tag, 2, SDP), within("BYE", tag, 3))]
    assert [m.code for m in codes if isinstance(m, Response)] == [481, 200]


def test_bye_ends_it_and_what_follows_is_481(stage: Stage) -> None:
    call, tag = stage.talking()
    bye = within("BYE", tag, 2)
    assert [m.code for m in stage.receive(bye) + stage.receive(bye) if isinstance(m, Response)] == [200, 200]
    assert stage.told() == [Ended(call, "the far end hung up")]
    assert not stage.bob.calls
    (late,) = stage.receive(within("INFO", tag, 3))
    assert isinstance(late, Response)
    assert late.code == 481


def test_bye_from_the_caller_of_a_ringing_call_ends_it(stage: Stage) -> None:
    call = stage.incoming()
    stage.bob.ring(call, 0.0)
    tag = stage.sent()[-1].headers["To"].partition("tag=")[2]
    assert [m.code for m in stage.receive(within("BYE", tag, 2)) if isinstance(m, Response)] == [200, 487]
    assert stage.told() == [Ended(call, "the far end hung up")]


# --- a call of ours


def test_an_early_answer_counts_until_the_2xx_brings_another(stage: Stage) -> None:
    invite = stage.calling()
    contact = {"Contact": "<sip:alice@192.0.2.101>"}
    early = response(invite, 183, "Session Progress", tag="a", body=SDP, headers=contact)
    stage.receive(early)
    stage.receive(early)
    changed, progress = stage.told()
    assert isinstance(changed, MediaChanged)
    assert progress == Progress("c", 183, "Session Progress", early_media=True)
    stage.receive(response(invite, 200, tag="a", headers=contact))
    assert stage.told() == [Answered("c")]


def test_a_second_fork_that_answers_is_acknowledged_and_ended(stage: Stage) -> None:
    invite = stage.calling()
    first = response(invite, 200, tag="a", body=SDP, headers={"Contact": "<sip:alice@192.0.2.101>"})
    second = response(invite, 200, tag="z", body=SDP, headers={"Contact": "<sip:alice@192.0.2.102>"})
    for fork in ("a", "y", "z"):
        stage.receive(response(invite, 180, tag=fork))
    stage.told()
    assert [m.method for m in stage.receive(first) if isinstance(m, Request)] == ["ACK"]
    sent = stage.receive(second)
    assert [(m.method, str(m.uri)) for m in sent if isinstance(m, Request)] == [
        ("ACK", "sip:alice@192.0.2.102"),
        ("BYE", "sip:alice@192.0.2.102"),
    ]
    assert [m.method for m in stage.receive(second) if isinstance(m, Request)] == ["ACK"]
    assert [type(event) for event in stage.told()] == [MediaChanged, Answered]
    stage.receive(response(bytes(sent[1]), 200))
    assert list(stage.bob.calls) == ["c"]
    assert len(stage.bob.dialogs) == 1


def test_a_2xx_without_any_answer_is_acknowledged_and_ended(stage: Stage) -> None:
    invite = stage.calling()
    sent = stage.receive(response(invite, 200, tag="a"))
    assert [m.method for m in sent if isinstance(m, Request)] == ["ACK", "BYE"]
    (failed,) = stage.told()
    assert isinstance(failed, Failed)
    assert failed.code == 488
    stage.receive(response(bytes(sent[1]), 200))
    assert not stage.bob.busy


def test_a_re_invite_in_an_early_dialog_of_ours_is_491(stage: Stage) -> None:
    invite = stage.calling()
    stage.receive(response(invite, 180, tag="a", headers={"Contact": "<sip:alice@192.0.2.101>"}))
    sent = read(invite)
    (answer,) = stage.receive(
        request(
            body=SDP,
            headers={
                "From": sent.headers["To"] + ";tag=a",
                "To": sent.headers["From"],
                "Call-ID": sent.headers["Call-ID"],
            },
        )
    )
    assert isinstance(answer, Response)
    assert answer.code == 491


def test_contacts_of_a_redirection_come_best_first(stage: Stage) -> None:
    stage.bob.redirects = Redirects.NEVER
    invite = stage.calling()
    value = '<sip:b@x>;q=0.1, "C, D" <sip:c@x?Subject=1>, <sip:d@x>;q=0.5, <bad'
    stage.receive(response(invite, 302, "Moved", tag="a", headers={"Contact": value}))
    assert stage.told() == [Failed("c", 302, "Moved", ("sip:c@x?Subject=1", "sip:d@x", "sip:b@x"))]


def test_an_invite_that_stays_without_answer_to_its_cancel_is_given_up(stage: Stage) -> None:
    invite = stage.calling()
    stage.receive(response(invite, 180, tag="a"))
    stage.bob.hang_up("c", 0.0)
    stage.bob.hang_up("c", 0.0)
    assert [m.method for m in stage.sent() if isinstance(m, Request)] == ["CANCEL"]
    while stage.bob.deadline is not None:
        stage.bob.tick(stage.bob.deadline)
    assert not stage.bob.busy
    assert stage.bob.layer.idle
    assert not stage.bob.dialogs


def test_the_cancel_has_the_branch_and_number_of_its_invite(stage: Stage) -> None:
    invite = stage.calling()
    stage.receive(response(invite, 180, tag="a"))
    stage.bob.hang_up("c", 0.0)
    (cancel,) = stage.sent()
    sent = read(invite)
    assert isinstance(cancel, Request)
    assert isinstance(sent, Request)
    assert str(cancel.uri) == str(sent.uri)
    for name in ("Via", "From", "To", "Call-ID"):
        assert cancel.headers[name] == sent.headers[name]
    assert cancel.headers["CSeq"] == "1 CANCEL"


@pytest.mark.parametrize(
    ("target", "uri", "hop"),
    [
        ("1002", "sip:1002@pbx.example:5070", Hop("TCP", "192.0.2.9", 5070, "pbx.example")),
        ("#21*", "sip:%2321*@pbx.example:5070", Hop("TCP", "192.0.2.9", 5070, "pbx.example")),
        ("carol@192.0.2.9", "sip:carol@192.0.2.9", Hop("UDP", "192.0.2.9", 5060)),
        (
            "sip:carol@192.0.2.9:99;transport=tcp",
            "sip:carol@192.0.2.9:99;transport=tcp",
            Hop("TCP", "192.0.2.9", 99),
        ),
        ("sip:192.0.2.9", "sip:192.0.2.9", Hop("UDP", "192.0.2.9", 5060)),
    ],
)
def test_what_is_dialled_and_where_it_goes(stage: Stage, target: str, uri: str, hop: Hop) -> None:
    account = Account(3, "1001", "pbx.example", 5070, "TCP")
    stage.bob.add_account(account)
    stage.bob.invite("c", account, target, SOUND, 0.0)
    for wanted in stage.bob.wanted:
        assert wanted == Destination("pbx.example", 5070, "TCP")
        stage.bob.located(wanted, [Hop("TCP", "192.0.2.9", 5070, wanted.host)], 0.0)
    (transmit,) = stage.bob.outbox
    assert transmit.hop == hop
    sent = read(transmit.data)
    assert isinstance(sent, Request)
    assert str(sent.uri) == uri
    assert sent.headers["From"].startswith("<sip:1001@pbx.example>;tag=")
    transport = ";transport=tcp" if hop.transport == "TCP" else ""
    assert sent.headers["Contact"] == f"<sip:1001@192.0.2.201:5060{transport}>"
    assert sent.headers["Via"].startswith(f"SIP/2.0/{hop.transport} 192.0.2.201:5060;branch=z9hG4bK")


@pytest.mark.parametrize(
    "target",
    [
        "",
        "1002",
        "sip:",
        "sip:a@b\r\nVia: x",
        "a b@c",
        "tel:1",
        "sip:a@b>",
        "mailto:a@b",
        "sip:a@b:0",
        "a@b\0",
    ],
)
def test_what_cannot_be_dialled(stage: Stage, target: str) -> None:
    with pytest.raises(ValueError, match=r"right would be|control|no port"):
        stage.bob.invite("c", None, target, SOUND, 0.0)
    assert not stage.bob.outbox
    assert not stage.bob.calls


@pytest.mark.parametrize(
    "account",
    [
        Account(9, "a\r\nb", "h"),
        Account(9, "a", "h\r\nx"),
        Account(9, "a", "h", display_name="x\r\nVia: y"),
        Account(9, "a", "h", auth_name="x\0"),
    ],
)
def test_an_account_that_cannot_be_written_down(stage: Stage, account: Account) -> None:
    with pytest.raises(ValueError, match=r"control|not a URI"):
        stage.bob.add_account(account)
