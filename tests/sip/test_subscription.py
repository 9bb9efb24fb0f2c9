"""The subscription of a REFER at either end, message by message (RFC 3515, RFC 4488, RFC 6665)."""

import pytest
from sipmessage import Request, Response

from offhook.sip import Account, Hop
from offhook.sip.dialog_client import MAX_WAITING
from offhook.sip.events import (
    Digit,
    Ended,
    ReferAccepted,
    ReferDone,
    ReferFailed,
    ReferReceived,
    UserAgentEvent,
)
from offhook.sip.sipfrag import status_of
from offhook.sip.transferor import NO_OUTCOME

from .message_text import SDP, request, response
from .test_user_agent import SOUND, Stage, within

TARGET = "sip:carol@192.0.2.77"


class Referring(Stage):
    """A call that is up, and our REFER in it."""

    def __init__(self) -> None:
        super().__init__()
        self.call, self.tag = self.talking()
        self.sequence = 1
        self.refer = self.send_refer()

    def send_refer(self) -> bytes:
        self.bob.refer(self.call, TARGET, 0.0)
        (transmit,) = self.bob.outbox
        self.bob.outbox.clear()
        return transmit.data

    def notify(
        self,
        status: str = "",
        state: str | None = "active;expires=60",
        event: str = "refer",
        kind: str = "message/sipfrag",
    ) -> int:
        """The code of what answers it."""
        self.sequence += 1
        headers = {"Event": event, "Subscription-State": state, "Content-Type": kind}
        body = f"SIP/2.0 {status}\r\n" if status else ""
        (answer,) = self.receive(within("NOTIFY", self.tag, self.sequence, body, headers))
        assert isinstance(answer, Response)
        return answer.code


@pytest.mark.parametrize("code", [405, 501, 603, 400, 408])
def test_a_refer_that_is_refused(code: int) -> None:
    stage = Referring()
    stage.receive(response(stage.refer, code))
    assert stage.told() == [ReferFailed(stage.call, code, "Because")]
    assert stage.call in stage.bob.calls, "the call goes on"


def test_a_refer_in_a_dialog_that_is_gone() -> None:
    stage = Referring()
    stage.receive(response(stage.refer, 481))
    assert [type(event) for event in stage.told()] == [ReferFailed, Ended]


def test_a_refer_that_nobody_answers() -> None:
    stage = Referring()
    while stage.bob.deadline is not None and stage.bob.deadline < 100:
        stage.bob.tick(stage.bob.deadline)
    assert stage.told() == [ReferFailed(stage.call, 408, "no answer from 192.0.2.101:5060")]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (["202", "100 Trying", "200 OK"], [ReferAccepted, ReferDone]),
        (["100 Trying", "202", "200 OK"], [ReferAccepted, ReferDone]),
        (["100 Trying", "200 OK", "202"], [ReferDone]),
        (["200 OK", "202", "200 OK"], [ReferDone]),
        (["486 Busy Here", "202"], [ReferFailed]),
        (["202", "180 Ringing", "486 Busy Here", "200 OK"], [ReferAccepted, ReferFailed]),
        (["202"], [ReferAccepted]),
    ],
)
def test_notify_and_202_in_any_order(said: list[str], told: list[type[UserAgentEvent]]) -> None:
    stage = Referring()
    for what in said:
        if what == "202":
            stage.receive(response(stage.refer, 202))
        else:
            assert stage.notify(what) == 200
    assert [type(event) for event in stage.told()] == told


@pytest.mark.parametrize("status", ["", "100 Trying", "183 Session Progress"])
def test_a_subscription_that_ends_without_an_outcome(status: str) -> None:
    stage = Referring()
    assert stage.notify(status, "terminated;reason=timeout") == 200
    (failed,) = stage.told()
    assert isinstance(failed, ReferFailed)
    assert failed.code == NO_OUTCOME
    assert "timeout" in failed.reason


@pytest.mark.parametrize(
    ("notify", "code"),
    [
        ({"event": "refer;id=1"}, 200),
        ({"event": "refer; id=1 ; x"}, 200),
        ({"event": "REFER"}, 200),
        ({"event": "refer;id=2"}, 481),
        ({"event": "refer;id"}, 200),
        ({"event": "presence"}, 489),
        ({"event": ""}, 489),
        ({"status": "100 Trying", "kind": "text/plain"}, 415),
        ({"status": "rubbish"}, 400),
        ({"status": "200 OK", "state": None}, 200),
        ({"status": "200 OK", "state": ";;;"}, 200),
    ],
)
def test_what_is_taken_for_our_subscription(notify: dict[str, str], code: int) -> None:
    assert Referring().notify(**notify) == code


def test_a_notify_for_a_refer_that_never_was() -> None:
    stage = Stage()
    _, tag = stage.talking()
    (answer,) = stage.receive(within("NOTIFY", tag, 2, headers={"Event": "refer"}))
    assert isinstance(answer, Response)
    assert answer.code == 481


def test_one_more_refer_takes_the_place_of_the_first() -> None:
    stage = Referring()
    stage.receive(response(stage.refer, 202))
    second = stage.send_refer()
    assert b"CSeq: 2 REFER" in second
    stage.told()
    assert stage.notify("200 OK", event="refer;id=1") == 481
    assert stage.told() == []
    assert stage.notify("200 OK", event="refer;id=2") == 200
    assert stage.told() == [ReferDone(stage.call)]


def test_a_challenge_moves_the_id() -> None:
    stage = Stage()
    stage.bob.add_account(Account(1, "bob", "192.0.2.101", password="x"))
    call, tag = stage.talking()
    stage.bob.refer(call, TARGET, 0.0)
    refer = stage.bob.outbox.pop().data
    (again,) = stage.receive(
        response(refer, 401, headers={"WWW-Authenticate": 'Digest realm="r", nonce="n"'})
    )
    assert isinstance(again, Request)
    assert again.headers["CSeq"] == "2 REFER"
    stage.receive(response(bytes(again), 202))
    (answer,) = stage.receive(within("NOTIFY", tag, 2, headers={"Event": "refer;id=2"}))
    assert isinstance(answer, Response)
    assert answer.code == 200


def refer(tag: str, sequence: int = 2, target: str | None = f"<{TARGET}>", **headers: str | None) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return within("REFER", tag, sequence, headers={"Refer-To": target, **named})


def codes(messages: list[Request | Response]) -> list[str]:
    return [str(m.code) if isinstance(m, Response) else m.method for m in messages]


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (None, "400"),
        ("", "400"),
        ("<sip:a@x>, <sip:b@x>", "400"),
        ("<tel:123>", "400"),
        ("<http://x/>", "400"),
        ("<sip:a@x;method=BYE>", "400"),
        ("<sip:a@x?Replaces=rubbish>", "400"),
        ("<sip:a@x?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc&replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>", "400"),
        ("<sip:a@x?Replaces=a%0d%0aVia: x%3Bto-tag%3Db%3Bfrom-tag%3Dc>", "400"),
    ],
)
def test_a_refer_that_cannot_be_followed(target: str | None, code: str) -> None:
    stage = Stage()
    _, tag = stage.talking()
    assert codes(stage.receive(refer(tag, target=target))) == [code]
    assert stage.told() == []


@pytest.mark.parametrize(
    ("target", "uri"),
    [
        (f"<{TARGET}>", TARGET),
        (TARGET, TARGET),
        ('"Carol" <sip:carol@192.0.2.77;method=INVITE;user=phone>', "sip:carol@192.0.2.77;user=phone"),
        ("<sip:carol@192.0.2.77?Subject=x&Route=%3Csip:evil%3E>", TARGET),
        ("<sip:a;method=x@192.0.2.77>", "sip:a;method=x@192.0.2.77"),
    ],
)
def test_whom_a_refer_names(target: str, uri: str) -> None:
    stage = Stage()
    call, tag = stage.talking()
    stage.receive(refer(tag, target=target))
    assert stage.told() == [ReferReceived(call, uri, "")]
    stage.bob.accept_refer(call, "new", None, SOUND, 0.0)
    invite = next(m for m in stage.sent() if isinstance(m, Request) and m.method == "INVITE")
    assert str(invite.uri) == uri
    assert "Route" not in invite.headers.keys()  # noqa: SIM118 - no mapping


@pytest.mark.parametrize(
    ("account", "source", "stranger"),
    [
        (Account(1, "bob", "192.0.2.1"), Hop("UDP", "198.51.100.7", 5060), True),
        (
            Account(1, "bob", "192.0.2.1", register=False, password="x"),
            Hop("UDP", "198.51.100.7", 5060),
            True,
        ),
        (Account(1, "bob", "192.0.2.1", register=False), Hop("UDP", "198.51.100.7", 5060), False),
        (Account(1, "bob", "192.0.2.1"), Hop("UDP", "192.0.2.1", 5060), False),
        (Account(1, "bob", "192.0.2.1"), Hop("UDP", "127.0.0.1", 5060), False),
    ],
)
def test_who_asks_at_the_cost_of_an_account(account: Account, source: Hop, stranger: bool) -> None:
    stage = Stage()
    for each in (1, 2):
        stage.bob.remove_account(each, 0.0)
    stage.bob.add_account(account)
    _, tag = stage.talking()
    stage.receive(refer(tag), source=source)
    (event,) = stage.told()
    assert isinstance(event, ReferReceived)
    assert event.stranger is stranger


@pytest.mark.parametrize(
    ("by", "read"),
    [
        ("<sip:bob@x>", "sip:bob@x"),
        ('"B" <sips:bob@x>;cid="2@x"', "sips:bob@x"),
        ("<sip:" + "b" * 300 + "@x>", ""),
        ("rubbish", ""),
        ("", ""),
    ],
)
def test_by_whom(by: str, read: str) -> None:
    stage = Stage()
    call, tag = stage.talking()
    stage.receive(refer(tag, Referred_By=by))
    assert stage.told() == [ReferReceived(call, TARGET, read)]
    stage.bob.accept_refer(call, "new", None, SOUND, 0.0)
    invite = next(m for m in stage.sent() if isinstance(m, Request) and m.method == "INVITE")
    assert invite.headers.get("Referred-By") == (f"<{read}>" if read else None)


def test_replaces_is_passed_on() -> None:
    stage = Stage()
    call, tag = stage.talking()
    stage.receive(refer(tag, target=f"<{TARGET}?Replaces=1%40x%3Bto-tag%3Db%3Bfrom-tag%3Dc%3Bearly-only>"))
    stage.bob.accept_refer(call, "new", None, SOUND, 0.0)
    invite = next(m for m in stage.sent() if isinstance(m, Request) and m.method == "INVITE")
    assert invite.headers["Replaces"] == "1@x;to-tag=b;from-tag=c;early-only"


def test_one_refer_at_a_time() -> None:
    stage = Stage()
    call, tag = stage.talking()
    stage.receive(refer(tag))
    assert codes(stage.receive(refer(tag, 3))) == ["491"], "while the first is undecided"
    stage.bob.accept_refer(call, "new", None, SOUND, 0.0)
    stage.sent()
    assert codes(stage.receive(refer(tag, 4))) == ["491"], "and while it is followed"
    with pytest.raises(ValueError, match="nobody asks"):
        stage.bob.accept_refer(call, "other", None, SOUND, 0.0)
    with pytest.raises(ValueError, match="already"):
        stage.bob.accept_refer(call, "new", None, SOUND, 0.0)
    with pytest.raises(ValueError, match="300 to 699"):
        stage.bob.refuse_refer(call, 202, 0.0)


def test_202_comes_before_the_first_notify_and_one_notify_at_a_time() -> None:
    stage = Stage()
    call, tag = stage.talking()
    stage.receive(refer(tag))
    stage.bob.accept_refer(call, "new", None, SOUND, 0.0)
    sent = stage.sent()
    assert codes(sent) == ["202", "NOTIFY", "INVITE"]
    accepted, notify, invite = sent
    assert "Contact" in accepted.headers.keys()  # noqa: SIM118 - no mapping
    for code in (180, 183, 486):
        assert "NOTIFY" not in codes(stage.receive(response(bytes(invite), code, tag="t")))
    (last,) = stage.receive(response(bytes(notify), 200))
    assert last.body == b"SIP/2.0 486 Because\r\n", "what came between is old news"
    assert last.headers["Subscription-State"] == "terminated;reason=noresource"


@pytest.mark.parametrize("code", [481, 408])
def test_nobody_is_told_who_does_not_listen(code: int) -> None:
    stage = Stage()
    call, tag = stage.talking()
    stage.receive(refer(tag))
    stage.bob.accept_refer(call, "new", None, SOUND, 0.0)
    _, notify, invite = stage.sent()
    stage.receive(response(bytes(notify), code))
    stage.receive(response(bytes(invite), 180, tag="t"))
    assert codes(stage.receive(response(bytes(invite), 486, tag="t"))) == ["ACK"]
    assert call in stage.bob.calls, "the call may well go on"


def test_without_a_subscription() -> None:
    stage = Stage()
    call, tag = stage.talking()
    stage.receive(refer(tag, Refer_Sub="false", Require="norefersub"))
    stage.bob.accept_refer(call, "new", None, SOUND, 0.0)
    accepted, invite = stage.sent()
    assert accepted.headers["Refer-Sub"] == "false"
    assert codes(stage.receive(response(bytes(invite), 486, tag="t"))) == ["ACK"]


def test_a_refer_outside_any_call_is_603() -> None:
    stage = Stage()
    assert codes(stage.receive(request("REFER", headers={"Refer-To": f"<{TARGET}>"}))) == ["603"]
    assert stage.bob.layer.idle
    call = stage.incoming(SDP)
    stage.bob.ring(call, 0.0)
    tag = stage.sent()[-1].headers["To"].partition("tag=")[2]
    assert codes(stage.receive(refer(tag))) == ["603"], "nor in one that is not up"


def test_a_far_end_that_answers_nothing_is_not_notified_without_end() -> None:
    stage = Stage()
    call, tag = stage.talking()
    while stage.bob.send_digit_info(call, "1", 0.0):
        pass
    stage.receive(refer(tag))
    assert stage.bob.deadline is not None
    while stage.bob.deadline <= 2:
        stage.bob.tick(stage.bob.deadline)
    assert "202" in codes(stage.sent())
    stage.bob.refuse_refer(call, 603, 2.0)
    assert codes(stage.sent()) == []


def test_digits_by_info_go_one_after_the_other() -> None:
    stage = Stage()
    call, _ = stage.talking()
    for digit in "5#":
        stage.bob.send_digit_info(call, digit, 0.0)
    (first,) = stage.sent()
    assert first.headers["Content-Type"] == "application/dtmf-relay"
    assert first.body == b"Signal=5\r\nDuration=100\r\n"
    (second,) = stage.receive(response(bytes(first), 415))
    assert second.body == b"Signal=#\r\nDuration=100\r\n"
    for wrong in ("x", "", "12", "5\r\n"):
        with pytest.raises(ValueError, match="right would be"):
            stage.bob.send_digit_info(call, wrong, 0.0)
    for _ in range(MAX_WAITING):
        assert stage.bob.send_digit_info(call, "1", 0.0) is True
    assert stage.bob.send_digit_info(call, "1", 0.0) is False
    stage.bob.refer(call, "sip:carol@192.0.2.3", 0.0)
    assert stage.told() == [ReferFailed(call, 503, "64 requests wait already for the far end to answer")]
    stage.bob.hang_up(call, 0.0)
    assert codes(stage.sent()) == ["BYE"]
    assert codes(stage.receive(response(bytes(second), 200))) == [], "what waited goes unsaid"
    assert not [event for event in stage.told() if isinstance(event, Digit)]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"SIP/2.0 200 OK\r\n", (200, "OK")),
        (b"SIP/2.0 200 OK", (200, "OK")),
        (b"SIP/2.0 486 Busy Here\r\nTo: x\r\n\r\nbody", (486, "Busy Here")),
        (b"sip/2.0 603\n", (603, "")),
        (b"\r\nSIP/2.0 100 Trying\r\n", (100, "Trying")),
        (b"SIP/2.0 180 Kl\xc3\xa4ngelt\r\n", (180, "Klängelt")),
        (b"SIP/2.0 200 " + b"x" * 1000, (200, "x" * 120)),
        (b"SIP/2.0 700 OK\r\n", None),
        (b"SIP/2.0 2000 OK\r\n", None),
        (b"INVITE sip:a SIP/2.0\r\n", None),
        (b"", None),
    ],
)
def test_sipfrag(body: bytes, status: tuple[int, str] | None) -> None:
    assert status_of(body) == status
