"""Headers and bodies of transfers and notices, from strangers: read, or refused with ValueError.

Nothing that is read can end a line when it is written again.
"""

import contextlib
import re
import time
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from sipmessage import URI, Request

from offhook.sip.auto_answer import asks_to_be_answered
from offhook.sip.info import digit_of
from offhook.sip.message import MAX_HEAD
from offhook.sip.message_summary import MessageSummary
from offhook.sip.reason import MAX_TEXT, Reason
from offhook.sip.refer import Refer
from offhook.sip.replaces import Replaces
from offhook.sip.sipfrag import status_of
from offhook.sip.subscription import Event, SubscriptionState

PIECES = [
    "sip:", "sips:a@b", "tel:1", "<", ">", "@", ";", "?", "&", "=", "%3B", "%0d%0a", "%00", "%", "Replaces=",
    "replaces=", "1@x;to-tag=a;from-tag=b", "1%40x%3Bto-tag%3Da%3Bfrom-tag%3Db", ";to-tag=", ";from-tag=0",
    ";early-only", ";method=BYE", ";method=INVITE", '"', "\\", ",", " ", "\t", "\u2028", "\x85", "SIP",
    ";cause=200", ';text="', "refer", ";id=1", "terminated", ";reason=", "answer-after=0", "Auto",
    "info=alert-autoanswer", "Messages-Waiting: yes", "Voice-Message: 1/2", "\n", "SIP/2.0 200 OK", "Signal=",
    "\u0661", "a" * 300,
]  # fmt: skip

texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=12).map("".join)


def message(**headers: str) -> Request:
    request = Request("REFER", URI(scheme="sip", host="x"))
    for name, value in headers.items():
        # As the parser has it: whatever ends a line has ended it.
        request.headers.set(name.replace("_", "-"), re.sub(r"[\x00-\x08\x0a-\x1f\x7f]", "", value))
    return request


def one_line(text: str) -> bool:
    return not re.search(r"[\x00-\x1f\x7f]", text)


@given(texts, texts)
def test_refer(target: str, by: str) -> None:
    try:
        refer = Refer.of(message(Refer_To=target, Referred_By=by))
    except ValueError:
        return
    assert refer.target.is_sip
    assert "?" not in str(refer.target)
    assert one_line(str(refer.target))
    assert all(map(one_line, refer.invite_headers().values()))


@given(texts)
def test_replaces(text: str) -> None:
    try:
        replaces = Replaces.parse(text)
    except ValueError:
        return
    assert one_line(str(replaces))
    assert Replaces.parse(str(replaces)) == replaces


@given(texts, texts)
def test_headers_that_are_always_read(one: str, other: str) -> None:
    request = message(
        Event=one,
        Subscription_State=other,
        Reason=one,
        Call_Info=other,
        Alert_Info=one,
        Answer_Mode=other,
    )
    Event.of(request)
    assert isinstance(SubscriptionState.of(request).terminated, bool)
    assert len(Reason.of(request).text) <= MAX_TEXT
    assert isinstance(asks_to_be_answered(request), bool)


@given(st.one_of(texts.map(str.encode), st.binary(max_size=200)))
def test_bodies(body: bytes) -> None:
    status = status_of(body)
    assert status is None or (100 <= status[0] < 700 and one_line(status[1]))
    request = message(Content_Type="application/dtmf-relay")
    request.body = body
    digit_of(request)
    try:
        summary = MessageSummary.parse(body)
    except ValueError:
        return
    assert 0 <= summary.new < 10**9
    assert 0 <= summary.old < 10**9


def test_nothing_takes_longer_than_its_length_allows() -> None:
    """A message's headers full of what makes a careless pattern try every way through."""
    readers: list[Callable[[str], object]] = [
        Replaces.parse,
        lambda text: MessageSummary.parse(text.encode()),
        lambda text: status_of(text.encode()),
        lambda text: Refer.of(message(Refer_To=text)),
        lambda text: Reason.of(message(Reason=text)),
        lambda text: asks_to_be_answered(message(Call_Info=text, Alert_Info=text)),
        lambda text: SubscriptionState.of(message(Subscription_State=text)),
    ]
    for piece in (" ", ";", "\t;", "a=", "alert-", '"', "\\", "<", "%3B", "&", "messages-waiting: "):
        text = (piece * MAX_HEAD)[:MAX_HEAD]
        for read in readers:
            begun = time.process_time()
            with contextlib.suppress(ValueError):
                read(text)
            assert time.process_time() - begun < 0.5, (piece, read)
