"""A re-INVITE of ours against a peer played message by message: refusals, glare, challenges, silence."""

import random

import pytest
from sipmessage import Request, Response

from offhook.sip import Account, Direction
from offhook.sip.events import Answered, ChangeRefused, Ended, MediaChanged, PeerHold
from offhook.sip.session_change import GLARE_FOR

from .message_text import SDP, read, response
from .test_user_agent import ALICE, SOUND, Stage, within

CONTACT = {"Contact": "<sip:alice@192.0.2.101>"}
RECVONLY = SDP + "a=recvonly\r\n"


class Held(Stage):
    """A call that is up, with our re-INVITE on its way; `call` came in, or was placed from here."""

    def __init__(self, placed: bool = False) -> None:
        super().__init__()
        self.account = Account(7, "bob", "192.0.2.101", password="secret")
        self.bob.add_account(self.account)
        if placed:
            self.call = "c"
            self.bob.invite("c", self.account, "sip:alice@192.0.2.101", SOUND, 0.0)
            invite = self.bob.outbox.pop().data
            self.receive(response(invite, 200, tag="a", body=SDP, headers=CONTACT))
        else:
            self.call, self.tag = self.talking()
        self.told()
        self.bob.hold(self.call, 0.0)
        self.reinvite = self.last()

    def last(self) -> bytes:
        data = self.bob.outbox[-1].data
        self.bob.outbox.clear()
        return data

    def answered(self, code: int, body: str = "", **headers: str) -> list[Request | Response]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.receive(response(self.reinvite, code, body=body, headers=named))

    def let_time_pass(self, until: float) -> list[str]:
        """First words of what is sent until then."""
        while self.bob.deadline is not None and self.bob.deadline <= until:
            self.bob.tick(self.bob.deadline)
        return [bytes(message).decode().partition(" ")[0] for message in self.sent()]


def test_a_hold_and_its_ack() -> None:
    held = Held()
    invite = read(held.reinvite)
    assert isinstance(invite, Request)
    assert b"a=sendonly" in invite.body
    assert invite.headers["CSeq"] == "1 INVITE"
    assert invite.headers["Contact"] == "<sip:bob@192.0.2.201:5060>"
    assert "UPDATE" in invite.headers["Allow"]
    (ack,) = held.answered(200, RECVONLY, Contact="<sip:alice@192.0.2.102>")
    assert isinstance(ack, Request)
    assert (ack.method, str(ack.uri)) == ("ACK", "sip:alice@192.0.2.102")
    assert ack.headers["CSeq"] == "1 ACK"
    (changed,) = held.told()
    assert isinstance(changed, MediaChanged)
    assert changed.flow.direction is Direction.SENDONLY
    (again,) = held.answered(200, RECVONLY)
    assert bytes(again) == bytes(ack), "each repetition of the 2xx gets the same ACK"
    assert held.told() == []


@pytest.mark.parametrize("code", [488, 500, 603, 403, 503])
def test_a_refusal_leaves_everything_as_it_was(code: int) -> None:
    held = Held()
    held.answered(code)
    assert held.told() == [ChangeRefused(held.call, code, "Because")]
    (answer,) = held.receive(within("INVITE", held.tag, 2, SDP))
    assert b"a=sendrecv" in answer.body, "it is not held"
    held.receive(within("ACK", held.tag, 2))
    held.bob.hold(held.call, 0.0)
    assert b"a=sendonly" in held.last(), "and may be asked again"


@pytest.mark.parametrize("wishes", ["r", "rh"])
def test_a_refusal_of_what_is_wished_no_more(wishes: str) -> None:
    held = Held()
    for wish in wishes:
        (held.bob.hold if wish == "h" else held.bob.resume)(held.call, 0.0)
    sent = [message.method for message in held.answered(488) if isinstance(message, Request)]
    assert sent == (["ACK", "INVITE"] if wishes[-1] == "h" else ["ACK"]), "what is wished now is asked"
    assert held.told() == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [(481, "the far end is gone (481 Because)"), (408, "the far end is gone (408 Because)")],
)
def test_a_dialog_that_is_gone(code: int, reason: str) -> None:
    held = Held()
    ack, bye = held.answered(code)
    assert isinstance(ack, Request)
    assert isinstance(bye, Request)
    assert (ack.method, bye.method) == ("ACK", "BYE")
    assert held.told() == [Ended(held.call, reason)]
    held.receive(response(bytes(bye), 481))
    assert not held.bob.calls


def test_no_answer_at_all_ends_the_call() -> None:
    held = Held()
    sent = held.let_time_pass(40)
    assert sent[:6] == ["INVITE"] * 6
    assert "BYE" in sent
    assert held.told() == [Ended(held.call, "no answer from 192.0.2.101:5060")]
    held.let_time_pass(200)
    assert not held.bob.busy
    assert held.bob.layer.idle


def test_a_provisional_response_and_nothing_more() -> None:
    held = Held()
    held.answered(180)
    assert held.let_time_pass(31) == []
    assert "CANCEL" in held.let_time_pass(33)
    sent = held.let_time_pass(200)
    assert "BYE" in sent
    assert [type(event) for event in held.told()] == [Ended]
    assert held.bob.layer.idle
    assert not held.bob.dialogs


def test_a_late_answer_after_our_cancel() -> None:
    held = Held()
    held.answered(180)
    held.let_time_pass(40)
    held.bob.receive(response(held.reinvite, 200, body=RECVONLY), ALICE, 41.0)
    assert [type(event) for event in held.told()] == [MediaChanged]
    held.let_time_pass(200)
    assert held.call in held.bob.calls


@pytest.mark.parametrize("body", ["", "v=0\r\n", SDP.replace("49172", "0")])
def test_a_2xx_that_answers_nothing_is_acknowledged_and_nobody_cut_off(body: str) -> None:
    held = Held()
    (ack,) = held.answered(200, body)
    assert isinstance(ack, Request)
    (refused,) = held.told()
    assert isinstance(refused, ChangeRefused)
    assert refused.code == 488
    assert held.call in held.bob.calls


@pytest.mark.parametrize(("placed", "least", "most"), [(True, 2.1, 4.0), (False, 0.0, 2.0)])
def test_glare_waits_by_who_owns_the_call_id(placed: bool, least: float, most: float) -> None:
    waits = []
    for seed in range(40):
        held = Held(placed)
        held.bob.layer.random = random.Random(seed)
        held.answered(491)
        assert held.told() == []
        for hundredths in range(500):
            held.bob.tick(hundredths / 100)
            if sent := [m for m in held.sent() if isinstance(m, Request) and m.method == "INVITE"]:
                waits.append(hundredths / 100)
                assert sent[0].headers["CSeq"] == ("3 INVITE" if placed else "2 INVITE")
                break
    assert len(waits) == 40
    assert least <= min(waits) < least + 0.5
    assert most - 0.5 < max(waits) <= most


def test_glare_without_end_is_a_refusal() -> None:
    held = Held()
    for seconds in range(0, int(GLARE_FOR), 4):
        held.bob.receive(response(held.reinvite, 491), ALICE, seconds)
        held.bob.outbox.clear()
        held.bob.tick(seconds + 2)
        held.reinvite = next(t.data for t in held.bob.outbox if t.data.startswith(b"INVITE"))
    assert held.told() == []
    held.bob.receive(response(held.reinvite, 491), ALICE, GLARE_FOR)
    assert held.told() == [ChangeRefused(held.call, 491, "Because")]


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_an_offer_of_theirs_while_ours_waits_is_491(method: str) -> None:
    held = Held()
    (answer,) = held.receive(within(method, held.tag, 2, SDP))
    assert isinstance(answer, Response)
    assert answer.code == 491
    held.answered(200, RECVONLY)
    (answer,) = held.receive(within(method, held.tag, 3, SDP))
    assert isinstance(answer, Response)
    assert answer.code == 200
    assert b"a=sendonly" in answer.body, "what we hold stays held"


def test_no_re_invite_before_the_ack_to_theirs() -> None:
    stage = Stage()
    call, tag = stage.talking()
    stage.receive(within("INVITE", tag, 2, SDP))
    stage.bob.hold(call, 0.0)
    assert stage.sent() == []
    (invite,) = stage.receive(within("ACK", tag, 2))
    assert b"a=sendonly" in invite.body


def test_a_challenge_is_answered_and_the_ack_has_the_credentials() -> None:
    held = Held(placed=True)
    sent = held.answered(407, Proxy_Authenticate='Digest realm="r", nonce="n", qop="auth"')
    ack, again = [message for message in sent if isinstance(message, Request)]
    assert (ack.method, ack.headers["CSeq"]) == ("ACK", "2 ACK")
    assert again.headers["CSeq"] == "3 INVITE"
    assert 'realm="r"' in again.headers["Proxy-Authorization"]
    held.reinvite = bytes(again)
    (ack,) = (m for m in held.answered(200, RECVONLY) if isinstance(m, Request))
    assert ack.headers["CSeq"] == "3 ACK"
    assert "Proxy-Authorization" in ack.headers.keys()  # noqa: SIM118 - no mapping
    held.bob.resume(held.call, 0.0)
    assert b"CSeq: 4 INVITE" in held.last()


def test_a_wrong_password_is_a_refusal() -> None:
    held = Held(placed=True)
    for nonce in "ab":
        sent = held.answered(401, WWW_Authenticate=f'Digest realm="r", nonce="{nonce}"')
        held.reinvite = next((bytes(m) for m in sent if isinstance(m, Request) and m.method == "INVITE"), b"")
    assert held.told() == [ChangeRefused(held.call, 401, "Because")]


@pytest.mark.parametrize(
    ("answer", "held"),
    [("sendrecv", []), ("recvonly", []), ("sendonly", [True]), ("inactive", [True])],
)
def test_what_an_answer_tells_of_the_peers_hold(answer: str, held: list[bool]) -> None:
    """To `sendrecv`, in the 2xx of a call of ours."""
    stage = Stage()
    invite = stage.calling()
    stage.receive(response(invite, 200, tag="a", body=SDP + f"a={answer}\r\n", headers=CONTACT))
    told = stage.told()
    assert isinstance(told[-1], Answered)
    assert [event.held for event in told if isinstance(event, PeerHold)] == held


def test_inactive_in_answer_to_a_hold_may_be_a_mere_mirror() -> None:
    held = Held()
    held.answered(200, SDP + "a=inactive\r\n")
    assert [type(event) for event in held.told()] == [MediaChanged]
    held.bob.resume(held.call, 0.0)
    assert b"a=sendrecv" in held.last(), "or nobody would ever hear the other again"


@pytest.mark.parametrize("old", ["c=IN IP4 0.0.0.0", "c=IN IP4 192.0.2.101\r\na=sendonly"])
def test_hold_as_rfc_2543_had_it_and_as_it_is_now(old: str) -> None:
    stage = Stage()
    call, tag = stage.talking()
    stage.receive(within("INVITE", tag, 2, SDP.replace("c=IN IP4 192.0.2.101", old)))
    assert stage.told()[-1] == PeerHold(call, held=True)


def test_our_offer_in_a_2xx_keeps_the_hold() -> None:
    held = Held()
    held.answered(200, RECVONLY)
    held.told()
    (offer,) = held.receive(within("INVITE", held.tag, 2))
    assert b"a=sendonly" in offer.body
    held.receive(within("ACK", held.tag, 2, RECVONLY))
    assert held.told() == []


def test_an_update_without_a_body_is_a_new_target() -> None:
    stage = Stage()
    call, tag = stage.talking()
    (answer,) = stage.receive(within("UPDATE", tag, 2, headers={"Contact": "<sip:alice@192.0.2.102>"}))
    assert isinstance(answer, Response)
    assert (answer.code, answer.body) == (200, b"")
    assert "Contact" in answer.headers.keys()  # noqa: SIM118 - no mapping
    stage.bob.hang_up(call, 0.0)
    assert stage.bob.outbox[0].data.startswith(b"BYE sip:alice@192.0.2.102 ")


def test_an_update_holds_as_a_re_invite_does() -> None:
    stage = Stage()
    call, tag = stage.talking()
    (answer,) = stage.receive(within("UPDATE", tag, 2, SDP + "a=sendonly\r\n"))
    assert b"a=recvonly" in answer.body
    assert stage.told()[-1] == PeerHold(call, held=True)
    stage.bob.tick(100)
    assert stage.sent() == [], "nobody acknowledges an UPDATE"


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (SDP.replace("RTP/AVP 0", "RTP/AVP 99"), "application/sdp", 488),
        ("x", "text/plain", 415),
        ("rubbish", "application/sdp", 488),
    ],
)
def test_an_update_that_cannot_be(body: str, kind: str, code: int) -> None:
    stage = Stage()
    call, tag = stage.talking()
    (answer,) = stage.receive(within("UPDATE", tag, 2, body, {"Content-Type": kind}))
    assert isinstance(answer, Response)
    assert answer.code == code
    assert call in stage.bob.calls
    assert stage.told() == []


@pytest.mark.parametrize(("body", "code"), [(SDP, 500), ("", 200)])
def test_an_update_of_a_call_that_rings(body: str, code: int) -> None:
    stage = Stage()
    call = stage.incoming()
    stage.bob.ring(call, 0.0)
    tag = stage.sent()[-1].headers["To"].partition("tag=")[2]
    (answer,) = stage.receive(within("UPDATE", tag, 2, body))
    assert isinstance(answer, Response)
    assert answer.code == code, "RFC 3311 §5.2"


def test_each_later_offer_keeps_the_lines_that_the_session_has() -> None:
    """RFC 3264 §8: none of them goes away, those that are off have port 0."""
    stage = Stage()
    video = "m=video 40010 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    call = stage.incoming(SDP.replace("m=audio", video + "m=audio"))
    stage.bob.answer(call, SOUND, 0.0)
    (answer,) = stage.sent()
    tag = answer.headers["To"].partition("tag=")[2]
    stage.receive(within("ACK", tag, 1))
    stage.told()
    stage.bob.hold(call, 0.0)
    data = stage.bob.outbox[-1].data
    (hold,) = stage.sent()
    lines = [line for line in hold.body.decode().split("\r\n") if line.startswith("m=")]
    assert lines[0] == "m=video 0 RTP/AVP 96"
    assert lines[1].startswith("m=audio 3456 ")
    agreed = SDP.replace("m=audio", "m=video 0 RTP/AVP 96\r\nm=audio") + "a=recvonly\r\n"
    stage.receive(response(data, 200, body=agreed))
    assert [type(event) for event in stage.told()] == [MediaChanged], "and nothing is refused"
    (offer,) = stage.receive(within("INVITE", tag, 2))
    assert b"m=video 0 RTP/AVP 96\r\nm=audio 3456 " in offer.body
    stage.receive(within("ACK", tag, 2, agreed))
    again = SDP + video
    (answer,) = stage.receive(within("INVITE", tag, 3, again))
    assert [line[:12] for line in answer.body.decode().split("\r\n") if line.startswith("m=")] == [
        "m=audio 3456",
        "m=video 0 RT",
    ]


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
@pytest.mark.parametrize(
    "lines", [["m=audio 0 RTP/AVP 0"], ["m=video 0 RTP/AVP 31", "m=audio 0 RTP/AVP 0"], []]
)
def test_an_offer_without_sound_rests_it(method: str, lines: list[str]) -> None:
    """RFC 3264 §8.2; RFC 3725 §4.1 has offers without any stream."""
    stage = Stage()
    call, tag = stage.talking()
    stage.told()
    off = SDP[: SDP.index("m=")] + "".join(f"{line}\r\n" for line in lines)
    (answer,) = stage.receive(within(method, tag, 2, off))
    assert isinstance(answer, Response)
    assert answer.code == 200
    assert [line for line in answer.body.decode().split("\r\n") if line.startswith("m=")] == lines
    stage.receive(within("ACK", tag, 2))
    changed, held = stage.told()
    assert isinstance(changed, MediaChanged)
    assert changed.flow.direction is Direction.INACTIVE
    assert held == PeerHold(call, True)
    (answer,) = stage.receive(within(method, tag, 3, SDP.replace("m=", "m=video 0 RTP/AVP 31\r\nm=")))
    assert b"m=audio 3456 " in answer.body
    changed, held = stage.told()
    assert isinstance(changed, MediaChanged)
    assert changed.flow.direction is Direction.SENDRECV
    assert held == PeerHold(call, False)


def test_an_offer_of_video_alone_is_refused() -> None:
    stage = Stage()
    _, tag = stage.talking()
    (answer,) = stage.receive(within("INVITE", tag, 2, SDP.replace("m=audio", "m=video")))
    assert isinstance(answer, Response)
    assert answer.code == 488


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        (["audio"], False),
        (["video", "audio"], False),
        (["audio", "video"], True),
        (["video"], True),
        ([], True),
    ],
)
def test_an_answer_may_leave_out_the_lines_that_are_off(lines: list[str], refused: bool) -> None:
    stage = Stage()
    call = stage.incoming(SDP.replace("m=audio", "m=video 40010 RTP/AVP 96\r\nm=audio"))
    stage.bob.answer(call, SOUND, 0.0)
    (answer,) = stage.sent()
    stage.receive(within("ACK", answer.headers["To"].partition("tag=")[2], 1))
    stage.told()
    stage.bob.hold(call, 0.0)
    data = stage.bob.outbox[-1].data
    stage.sent()
    ports = {"audio": "49172 RTP/AVP 0", "video": "0 RTP/AVP 96"}
    body = SDP[: SDP.index("m=")] + "".join(f"m={kind} {ports[kind]}\r\n" for kind in lines)
    stage.receive(response(data, 200, body=body))
    assert any(isinstance(event, ChangeRefused) for event in stage.told()) is refused
