"""Provisional responses that want a PRACK (RFC 3262), and early dialogs each for itself."""

import pytest
from sipmessage import Request, Response

from offhook.sip import Direction
from offhook.sip.events import Answered, Ended, Failed, MediaChanged, Progress

from .message_text import SDP, request, response
from .test_user_agent import SOUND, Stage, within

CONTACT = {"Contact": "<sip:alice@192.0.2.101>"}
OTHER = SDP.replace("49172", "50000")


def reliable(rseq: int, contact: str = "<sip:alice@192.0.2.101>") -> dict[str, str]:
    return {"Contact": contact, "Require": "100rel", "RSeq": str(rseq)}


class Calling(Stage):
    """A call of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.invite = self.calling()

    def answered(
        self, code: int, tag: str = "a", body: str = "", headers: dict[str, str] = CONTACT, now: float = 0.0
    ) -> list[Request | Response]:
        return self.receive(response(self.invite, code, tag=tag, body=body, headers=headers), now)

    def in_early_dialog(
        self, method: str, sequence: int, body: str = "", tag: str = "a"
    ) -> list[Request | Response]:
        sent = self.invite.decode().split("\r\n")
        named = dict(line.split(": ", 1) for line in sent[1:] if ": " in line)
        headers = {
            "From": f"{named['To']};tag={tag}",
            "To": named["From"],
            "Call-ID": named["Call-ID"],
            "CSeq": f"{sequence} {method}",
            "Via": f"SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bK{tag}{method}{sequence}",
            "RAck": "1 1 INVITE" if method == "PRACK" else None,
        }
        return self.receive(request(method, "sip:192.0.2.201:5060", body=body, headers=headers))


@pytest.fixture
def calling() -> Calling:
    return Calling()


def flows(stage: Stage) -> list[int]:
    """The ports that sound is sent to, one after the other."""
    return [event.flow.port for event in stage.told() if isinstance(event, MediaChanged)]


# --- the one who calls


def test_a_reliable_183_is_acknowledged_and_heard(calling: Calling) -> None:
    assert b"100rel" in calling.invite
    (prack,) = calling.answered(183, body=SDP, headers=reliable(776656))
    assert isinstance(prack, Request)
    assert (prack.method, prack.headers["RAck"]) == ("PRACK", "776656 1 INVITE")
    assert (prack.headers["CSeq"], str(prack.uri)) == ("2 PRACK", "sip:alice@192.0.2.101")
    changed, progress = calling.told()
    assert isinstance(changed, MediaChanged)
    assert progress == Progress("c", 183, "Because", early_media=True)
    calling.receive(response(bytes(prack), 200))
    (ack,) = calling.answered(200)
    assert isinstance(ack, Request)
    assert (ack.method, ack.headers["CSeq"]) == ("ACK", "1 ACK")
    assert [type(event) for event in calling.told()] == [Answered], "the answer need not come again"
    calling.bob.hang_up("c", 0.0)
    (bye,) = calling.sent()
    assert bye.headers["CSeq"] == "3 BYE", "one count for PRACK and BYE"


def test_repeated_and_overtaking_ones_are_passed_over(calling: Calling) -> None:
    (first,) = calling.answered(180, headers=reliable(5))
    assert calling.answered(180, headers=reliable(5)) == [], "its PRACK repeats itself"
    assert calling.answered(183, body=SDP, headers=reliable(7)) == [], "6 is missing, and will come again"
    assert [type(event) for event in calling.told()] == [Progress]
    assert calling.answered(180, headers=reliable(6)) == [], "until the first PRACK is answered"
    (second,) = calling.receive(response(bytes(first), 200))
    assert isinstance(second, Request)
    assert second.headers["RAck"] == "6 1 INVITE"
    calling.receive(response(bytes(second), 200))
    (third,) = calling.answered(183, body=SDP, headers=reliable(7))
    assert isinstance(third, Request)
    assert third.headers["RAck"] == "7 1 INVITE"


@pytest.mark.parametrize("rseq", ["", "0", "x", "99999999999", "4294967296"])
def test_an_rseq_that_is_none(calling: Calling, rseq: str) -> None:
    assert calling.answered(180, headers={**CONTACT, "Require": "100rel", "RSeq": rseq}) == []
    assert [type(event) for event in calling.told()] == [Progress]


def test_a_prack_goes_unanswered_and_the_call_goes_on(calling: Calling) -> None:
    calling.answered(183, body=SDP, headers=reliable(1))
    while calling.bob.deadline is not None and calling.bob.deadline < 100:
        calling.bob.tick(calling.bob.deadline)
    assert [message.method for message in calling.sent() if isinstance(message, Request)] == ["PRACK"] * 10
    calling.answered(200, now=100.0)
    assert isinstance(calling.told()[-1], Answered)


def test_each_branch_has_its_own_numbers(calling: Calling) -> None:
    calling.answered(180, "a", headers=reliable(5))
    (prack,) = calling.answered(180, "b", headers=reliable(900))
    assert isinstance(prack, Request)
    assert prack.headers["To"].endswith(";tag=b")
    assert (prack.headers["RAck"], prack.headers["CSeq"]) == ("900 1 INVITE", "2 PRACK")


# --- early media


def test_the_branch_that_came_last_with_media_is_heard_and_keeps_being_heard(calling: Calling) -> None:
    calling.answered(183, "a", SDP)
    calling.answered(183, "b", OTHER)
    calling.answered(183, "a", SDP)
    calling.answered(180, "a")
    assert flows(calling) == [49172, 50000], "nobody takes over by repeating itself"


def test_180_after_early_media_leaves_it(calling: Calling) -> None:
    calling.answered(183, "a", SDP)
    calling.answered(180, "a")
    assert [event.early_media for event in calling.told() if isinstance(event, Progress)] == [True, True]


def test_another_branch_answers_than_was_heard(calling: Calling) -> None:
    calling.answered(183, "a", SDP)
    calling.answered(200, "b", OTHER)
    assert flows(calling) == [49172, 50000]


def test_a_branch_answers_with_what_it_said_before_another_was_heard(calling: Calling) -> None:
    calling.answered(183, "a", SDP, reliable(1))
    calling.answered(183, "b", OTHER)
    calling.answered(200, "a")
    assert flows(calling) == [49172, 50000, 49172]


def test_a_branch_without_media_answers_without_any(calling: Calling) -> None:
    calling.answered(183, "a", SDP)
    sent = calling.answered(200, "b")
    assert [message.method for message in sent if isinstance(message, Request)] == ["ACK", "BYE"]
    assert any(isinstance(event, Failed) and event.code == 488 for event in calling.told())


def test_199_ends_one_branch_and_what_is_heard_of_it(calling: Calling) -> None:
    assert b"199" in calling.invite
    calling.answered(183, "a", SDP)
    calling.answered(183, "b", OTHER)
    calling.answered(199, "b")
    assert flows(calling) == [49172, 50000, 49172], "back to the one that is left"
    calling.answered(199, "a")
    assert calling.told() == [Progress("c", 199, "Because", early_media=False)]
    assert calling.bob.dialogs == {}
    calling.answered(200, "b", OTHER)
    assert isinstance(calling.told()[-1], Answered), "what is answered all the same is a call"


def test_of_two_that_answer_the_second_is_thanked_and_left(calling: Calling) -> None:
    calling.answered(180, "a", headers=reliable(1))
    calling.answered(180, "b", headers=reliable(1))
    calling.answered(200, "a", SDP)
    ack, bye = calling.answered(200, "b", OTHER)
    assert isinstance(bye, Request)
    assert bye.headers["CSeq"] == "3 BYE", "the PRACK of that branch counts"
    assert [type(event) for event in calling.told()].count(Answered) == 1
    assert ack.headers["To"].endswith("tag=b")


# --- UPDATE before the answer


def test_an_update_in_an_early_dialog_moves_its_media(calling: Calling) -> None:
    calling.answered(183, "a", SDP, reliable(1))
    (answer,) = calling.in_early_dialog("UPDATE", 1, OTHER)
    assert isinstance(answer, Response)
    assert (answer.code, b"m=audio 3456" in answer.body) == (200, True)
    assert flows(calling) == [49172, 50000]
    calling.answered(200, "a", SDP)
    assert flows(calling) == [], "the description in the 2xx is older than the UPDATE"


@pytest.mark.parametrize("headers", [CONTACT, reliable(1)])
def test_an_update_before_there_is_an_answer_that_counts(calling: Calling, headers: dict[str, str]) -> None:
    calling.answered(180, "a", "" if "RSeq" in headers else SDP, headers)
    (answer,) = calling.in_early_dialog("UPDATE", 1, OTHER)
    assert isinstance(answer, Response)
    assert answer.code == 491, "RFC 3311 §5.2"


def test_a_re_invite_of_theirs_waits_for_the_answer_to_our_invite(calling: Calling) -> None:
    calling.answered(183, "a", SDP, reliable(1))
    (answer,) = calling.in_early_dialog("INVITE", 1, OTHER)
    assert isinstance(answer, Response)
    assert answer.code == 491, "RFC 3261 §14.2"
    assert flows(calling) == [49172]


def test_a_prack_to_one_who_sent_nothing_reliably(calling: Calling) -> None:
    calling.answered(180, "a")
    (answer,) = calling.in_early_dialog("PRACK", 1)
    assert isinstance(answer, Response)
    assert answer.code == 481


# --- the one who is called


class Ringing(Stage):
    """A call from somebody who requires reliable responses, ringing."""

    def __init__(self, body: str = SDP, **headers: str) -> None:
        super().__init__()
        self.receive(request(body=body, headers={"Require": "100rel", "Supported": "100rel", **headers}))
        (self.call,) = self.bob.calls
        self.told()
        self.bob.ring(self.call, 0.0, SOUND)
        (self.ringing,) = self.sent()
        self.tag = self.ringing.headers["To"].partition("tag=")[2]

    def prack(self, sequence: int = 2, body: str = "", rack: str = "", now: float = 0.0) -> list[object]:
        wanted = rack or f"{self.ringing.headers['RSeq']} 1 INVITE"
        return list(self.receive(within("PRACK", self.tag, sequence, body, {"RAck": wanted}), now))


def test_180_is_repeated_until_its_prack() -> None:
    stage = Ringing()
    assert isinstance(stage.ringing, Response)
    assert (stage.ringing.code, stage.ringing.headers["Require"]) == (180, "100rel")
    assert 1 <= int(stage.ringing.headers["RSeq"]) < 2**31
    moments = []
    for tenth in range(40):
        stage.bob.tick(tenth / 10)
        moments += [tenth / 10 for message in stage.sent() if bytes(message) == bytes(stage.ringing)]
    assert moments == [0.5, 1.5, 3.5]
    (ok,) = stage.prack(now=4.0)
    assert isinstance(ok, Response)
    assert (ok.code, ok.body) == (200, b"")
    stage.bob.tick(30)
    assert stage.sent() == []
    (gone,) = stage.prack(3, now=30.0)
    assert isinstance(gone, Response)
    assert gone.code == 481, "it was acknowledged before"
    stage.bob.tick(60)
    (again,) = stage.sent()
    assert int(again.headers["RSeq"]) == int(stage.ringing.headers["RSeq"]) + 1, "so that proxies wait on"


def test_180_that_nobody_acknowledges() -> None:
    stage = Ringing()
    while stage.bob.deadline is not None and stage.bob.deadline <= 32:
        stage.bob.tick(stage.bob.deadline)
    sent = [message.code for message in stage.sent() if isinstance(message, Response)]
    assert sent == [180] * 6 + [504]
    (ended,) = stage.told()
    assert isinstance(ended, Ended)
    assert "never acknowledged" in ended.reason
    stage.receive(within("ACK", stage.tag, 1), 32.0)
    stage.bob.tick(100)
    assert stage.bob.layer.idle
    assert not stage.bob.dialogs


@pytest.mark.parametrize(
    ("rack", "code"),
    [
        ("1 1 INVITE", 481),
        ("x", 400),
        ("", 200),
        ("{} 2 INVITE", 481),
        ("{} 1 BYE", 481),
        ("1 1 " + "x" * 99, 400),
    ],
)
def test_what_a_prack_is_about(rack: str, code: int) -> None:
    stage = Ringing()
    (answer,) = stage.prack(rack=rack.format(stage.ringing.headers["RSeq"]))
    assert isinstance(answer, Response)
    assert answer.code == code


def test_an_answer_does_not_wait_for_a_prack_without_a_description() -> None:
    stage = Ringing()
    stage.bob.answer(stage.call, SOUND, 0.0)
    (answer,) = stage.sent()
    assert isinstance(answer, Response)
    assert answer.code == 200
    (ok,) = stage.prack()
    assert isinstance(ok, Response)
    assert ok.code == 200, "it may come later"
    assert all(getattr(message, "code", 0) == 200 for message in stage.sent())


def test_our_offer_in_the_180_is_answered_in_the_prack() -> None:
    stage = Ringing(body="")
    assert b"m=audio 3456" in stage.ringing.body
    stage.prack(body=SDP)
    assert stage.told() == [], "not before it is answered"
    stage.bob.answer(stage.call, SOUND, 0.0)
    (answer,) = stage.sent()
    assert isinstance(answer, Response)
    assert (answer.code, answer.body) == (200, b"")
    (changed,) = stage.told()
    assert isinstance(changed, MediaChanged)
    assert changed.flow.direction is Direction.SENDRECV
    stage.receive(within("ACK", stage.tag, 1))
    assert stage.told() == [Answered(stage.call)]


def test_the_2xx_waits_for_the_answer_to_our_offer() -> None:
    stage = Ringing(body="")
    stage.bob.answer(stage.call, SOUND, 0.0)
    assert stage.sent() == []
    stage.bob.hold(stage.call, 0.0)
    _, answer = stage.prack(body=SDP)
    assert isinstance(answer, Response)
    assert (answer.code, answer.headers["CSeq"]) == (200, "1 INVITE")
    (hold,) = stage.receive(within("ACK", stage.tag, 1))
    assert b"a=sendonly" in hold.body


@pytest.mark.parametrize("end", ["hang up", "cancel"])
def test_a_call_that_ends_while_its_2xx_waits(end: str) -> None:
    stage = Ringing(body="")
    stage.bob.answer(stage.call, SOUND, 0.0)
    if end == "hang up":
        stage.bob.hang_up(stage.call, 0.0)
        sent = stage.sent()
    else:
        sent = stage.receive(request("CANCEL"))
    assert [message.code for message in sent if isinstance(message, Response)][-1] == (
        486 if end == "hang up" else 487
    )
    stage.prack(body=SDP)
    assert not any(isinstance(event, Answered) for event in stage.told())
    assert not stage.bob.calls


def test_a_prack_without_the_answer_that_it_owes() -> None:
    stage = Ringing(body="")
    _, refusal = stage.prack()
    assert isinstance(refusal, Response)
    assert (refusal.code, refusal.headers["CSeq"]) == (488, "1 INVITE")
    assert [type(event) for event in stage.told()] == [Ended]


def test_an_offer_in_a_prack_is_answered_in_its_2xx() -> None:
    stage = Ringing(body="")
    stage.prack(body=SDP)
    stage.bob.tick(60)
    (stage.ringing,) = (message for message in stage.sent() if isinstance(message, Response))
    assert stage.ringing.body == b"", "one offer is enough"
    (ok,) = stage.prack(3, OTHER, now=60.0)
    assert isinstance(ok, Response)
    assert (ok.code, b"m=audio 3456" in ok.body) == (200, True)
    stage.bob.answer(stage.call, SOUND, 60.0)
    assert flows(stage) == [50000]


@pytest.mark.parametrize("answering", [False, True])
def test_a_re_invite_of_theirs_waits_for_the_answer_to_their_first(answering: bool) -> None:
    stage = Ringing(body="")
    if answering:
        stage.bob.answer(stage.call, SOUND, 0.0)
    else:
        stage.prack(body=SDP)
    (answer,) = stage.receive(within("INVITE", stage.tag, 3, OTHER))
    assert isinstance(answer, Response)
    assert answer.code == 500
    assert 0 <= int(answer.headers["Retry-After"]) <= 10, "RFC 3261 §14.2"
    stage.receive(within("ACK", stage.tag, 3))
    assert stage.told() == [], "it still rings"


def test_an_offer_in_a_prack_while_the_invites_own_waits() -> None:
    stage = Ringing()
    (answer,) = stage.prack(body=OTHER)
    assert isinstance(answer, Response)
    assert answer.code == 500
    stage.bob.tick(10)
    assert stage.sent() == [], "that it came is certain"
    for sequence, code in ((3, 200), (4, 481)):
        (answer,) = stage.prack(sequence, now=10.0)
        assert isinstance(answer, Response)
        assert answer.code == code, "once more it may come"


def test_who_merely_supports_it_is_told_unreliably() -> None:
    stage = Stage()
    stage.receive(request(body=SDP, headers={"Supported": "100rel"}))
    stage.bob.ring(next(iter(stage.bob.calls)), 0.0, SOUND)
    (ringing,) = stage.sent()
    assert "RSeq" not in ringing.headers.keys()  # noqa: SIM118 - no mapping
