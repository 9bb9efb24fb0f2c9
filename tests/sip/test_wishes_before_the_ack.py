"""What the owner asks for as soon as a call is answered: carried out once the ACK is there, not before."""

import pytest
from sipmessage import Request

from offhook.sip.events import Ended

from .message_text import SDP, response
from .test_user_agent import SOUND, Stage, within

TARGET = "sip:carol@192.0.2.3"


class JustAnswered(Stage):
    """A call that is answered, its 2xx on the way."""

    def __init__(self, body: str = SDP) -> None:
        super().__init__()
        self.call = self.incoming(body)
        self.bob.answer(self.call, SOUND, 0.0)
        (answer,) = self.sent()
        self.tag = answer.headers["To"].partition("tag=")[2]
        self.told()

    def acknowledged(self, body: str = "") -> list[Request]:
        return [m for m in self.receive(within("ACK", self.tag, 1, body)) if isinstance(m, Request)]


@pytest.mark.parametrize(("offer", "answer"), [(SDP, ""), ("", SDP)], ids=["offer", "offer in the 2xx"])
def test_hold(offer: str, answer: str) -> None:
    stage = JustAnswered(offer)
    stage.bob.hold(stage.call, 0.0)
    assert stage.sent() == []
    (invite,) = stage.acknowledged(answer)
    assert invite.method == "INVITE"
    assert b"a=sendonly" in invite.body


def test_the_last_wish_counts() -> None:
    stage = JustAnswered()
    stage.bob.hold(stage.call, 0.0)
    stage.bob.resume(stage.call, 0.0)
    assert stage.acknowledged() == []


def test_digits_and_refer_in_their_order_after_what_may_go_beside_them() -> None:
    stage = JustAnswered()
    assert stage.bob.send_digit_info(stage.call, "1", 0.0)
    stage.bob.refer(stage.call, TARGET, 0.0)
    stage.bob.hold(stage.call, 0.0)
    assert stage.sent() == []
    (invite,) = stage.acknowledged()
    assert invite.method == "INVITE"
    (info,) = stage.receive(response(bytes(invite), 100))
    assert isinstance(info, Request)
    assert (info.method, info.headers["CSeq"]) == ("INFO", "2 INFO")
    (refer,) = stage.receive(response(bytes(info), 200))
    assert isinstance(refer, Request)
    assert refer.method == "REFER"


def test_refer_replacing() -> None:
    stage = JustAnswered()
    consultation = "c"
    invite = stage.calling()
    stage.receive(response(invite, 200, tag="c", body=SDP, headers={"Contact": "<sip:carol@192.0.2.3>"}))
    stage.bob.refer_replacing(stage.call, consultation, 0.0)
    assert stage.sent() == []
    (refer,) = stage.acknowledged()
    assert "Replaces=" in refer.headers["Refer-To"]


@pytest.mark.parametrize("end", ["hang up", "BYE", "silence"])
def test_a_call_that_ends_first(end: str) -> None:
    stage = JustAnswered()
    stage.bob.hold(stage.call, 0.0)
    stage.bob.send_digit_info(stage.call, "1", 0.0)
    if end == "hang up":
        stage.bob.hang_up(stage.call, 0.0)
        with pytest.raises(ValueError, match="not up"):
            stage.bob.hold(stage.call, 0.0)
        sent = stage.acknowledged()
    elif end == "BYE":
        stage.receive(within("BYE", stage.tag, 2))
        assert stage.told() == [Ended(stage.call, "the far end hung up")]
        sent = stage.acknowledged()
    else:
        while stage.bob.deadline is not None and stage.bob.deadline <= 32:
            stage.bob.tick(stage.bob.deadline)
        sent = [message for message in stage.sent() if isinstance(message, Request)]
    assert {message.method for message in sent} == (set() if end == "BYE" else {"BYE"})
