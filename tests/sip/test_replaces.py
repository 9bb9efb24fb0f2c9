"""INVITE with Replaces (RFC 3891 §3): what it may take the place of."""

import pytest
from sipmessage import Response

from offhook.sip.events import Incoming, Replacing
from offhook.sip.replaces import Replaces

from .message_text import SDP, read, request, response
from .test_user_agent import SOUND, Stage, within

CALL_ID = "3848276298220188511@192.0.2.101"


def replacing(value: str, method: str = "INVITE", **headers: str) -> bytes:
    return request(
        method,
        body=SDP,
        headers={
            "Replaces": value,
            "Call-ID": "another",
            "From": "Carol <sip:carol@192.0.2.77>;tag=c",
            "Via": "SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bKr",
            **headers,
        },
    )


def code_of(stage: Stage, data: bytes) -> int:
    answer = stage.receive(data)[-1]
    assert isinstance(answer, Response)
    return answer.code


def test_a_call_that_is_up_is_replaced() -> None:
    stage = Stage()
    call, tag = stage.talking()
    assert code_of(stage, replacing(f"{CALL_ID};from-tag=9fxced76sl;to-tag={tag}", Require="replaces")) == 100
    (event,) = stage.told()
    assert isinstance(event, Replacing)
    assert (event.replaced, event.account, event.remote) == (call, 1, "sip:carol@192.0.2.77")
    stage.bob.answer(event.call, SOUND, 0.0)
    stage.bob.hang_up(call, 0.0)
    sent = [str(m.code) if isinstance(m, Response) else m.method for m in stage.sent()]
    assert sent == ["200", "BYE"]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (CALL_ID + ";to-tag=TAG;from-tag=9fxced76sl;early-only", 486),
        (CALL_ID + ";to-tag=TAG;from-tag=other", 481),
        (CALL_ID + ";to-tag=9fxced76sl;from-tag=TAG", 481),
        (CALL_ID + ";to-tag=TAG;from-tag=0", 481),
        ("other@x;to-tag=TAG;from-tag=9fxced76sl", 481),
        (CALL_ID.upper() + "x;to-tag=TAG;from-tag=9fxced76sl", 481),
        (CALL_ID + ";to-tag=TAG", 400),
        (CALL_ID, 400),
        (";to-tag=TAG;from-tag=9fxced76sl", 400),
        ('x;to-tag="TAG";from-tag=9fxced76sl', 400),
        ("", 400),
    ],
)
def test_what_does_not_match(value: str, code: int) -> None:
    stage = Stage()
    _, tag = stage.talking()
    assert code_of(stage, replacing(value.replace("TAG", tag))) == code
    assert stage.told() == []
    assert len(stage.bob.calls) == 1, "no state for what is refused"


def test_two_of_them_or_join_or_another_method() -> None:
    stage = Stage()
    _, tag = stage.talking()
    value = f"{CALL_ID};to-tag={tag};from-tag=9fxced76sl"
    assert code_of(stage, replacing(value, Join=value)) == 400
    twice = replacing(value).replace(b"\r\nCall-ID", b"\r\nReplaces: x;to-tag=a;from-tag=b\r\nCall-ID")
    assert code_of(stage, twice) == 400
    assert code_of(stage, replacing(value, "OPTIONS", CSeq="1 OPTIONS")) == 400


def test_a_call_that_is_ending_is_declined() -> None:
    stage = Stage()
    call, tag = stage.talking()
    stage.bob.hang_up(call, 0.0)
    stage.sent()
    assert code_of(stage, replacing(f"{CALL_ID};to-tag={tag};from-tag=9fxced76sl")) == 603


def test_a_call_that_rings_here_is_not_replaced() -> None:
    """An early dialog that this end did not initiate."""
    stage = Stage()
    call = stage.incoming()
    stage.bob.ring(call, 0.0)
    tag = stage.sent()[-1].headers["To"].partition("tag=")[2]
    assert code_of(stage, replacing(f"{CALL_ID};to-tag={tag};from-tag=9fxced76sl")) == 481


def test_a_call_that_was_answered_and_not_acknowledged_yet() -> None:
    stage = Stage()
    call = stage.incoming()
    stage.bob.answer(call, SOUND, 0.0)
    tag = stage.sent()[-1].headers["To"].partition("tag=")[2]
    stage.told()
    assert code_of(stage, replacing(f"{CALL_ID};to-tag={tag};from-tag=9fxced76sl")) == 100
    (event,) = stage.told()
    assert isinstance(event, Replacing)
    stage.bob.hang_up(call, 0.0)
    stage.sent()
    (bye,) = stage.receive(within("ACK", tag, 1))
    assert bytes(bye).startswith(b"BYE")


@pytest.mark.parametrize("early_only", ["", ";early-only"])
def test_a_call_of_ours_that_rings_there_is_replaced(early_only: str) -> None:
    """As a call pickup does it: the one who picks up takes the place of the one who rings."""
    stage = Stage()
    invite = read(stage.calling())
    stage.receive(response(bytes(invite), 180, tag="ringing"))
    ours = invite.headers["From"].partition("tag=")[2]
    value = f"{invite.headers['Call-ID']};to-tag={ours};from-tag=ringing{early_only}"
    stage.told()
    assert code_of(stage, replacing(value)) == 100
    (event,) = stage.told()
    assert isinstance(event, Replacing)
    assert event.replaced == "c"
    stage.bob.answer(event.call, SOUND, 0.0)
    stage.bob.hang_up("c", 0.0)
    sent = [str(m.code) if isinstance(m, Response) else m.method for m in stage.sent()]
    assert sent == ["200", "CANCEL"]


def test_a_call_of_ours_that_was_answered_by_another_branch() -> None:
    stage = Stage()
    invite = read(stage.calling())
    contact = {"Contact": "<sip:alice@192.0.2.101>"}
    for branch in "ab":
        stage.receive(response(bytes(invite), 180, tag=branch, headers=contact))
    stage.receive(response(bytes(invite), 200, tag="a", body=SDP, headers=contact))
    ours = invite.headers["From"].partition("tag=")[2]
    call_id = invite.headers["Call-ID"]
    assert code_of(stage, replacing(f"{call_id};to-tag={ours};from-tag=b")) == 481
    assert code_of(stage, replacing(f"{call_id};to-tag={ours};from-tag=a;early-only", CSeq="2 INVITE")) == 486


def test_the_tag_0_is_a_missing_one_too() -> None:
    """A peer of RFC 2543 has no tag."""
    stage = Stage()
    stage.receive(request(body=SDP, headers={"From": "Alice <sip:alice@192.0.2.101>"}))
    (event,) = stage.told()
    assert isinstance(event, Incoming)
    stage.bob.answer(event.call, SOUND, 0.0)
    tag = stage.sent()[-1].headers["To"].partition("tag=")[2]
    stage.told()
    assert code_of(stage, replacing(f"{CALL_ID};to-tag={tag};from-tag=0")) == 100


@pytest.mark.parametrize(
    "text",
    [
        "1@x;to-tag=a;from-tag=b",
        "1@x;to-tag=a;from-tag=b;early-only",
        "{odd}[(<\"'?/\\>)]:@x;to-tag=a;from-tag=b",
    ],
)
def test_what_is_read_is_written_again(text: str) -> None:
    assert str(Replaces.parse(text)) == text
