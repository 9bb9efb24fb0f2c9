"""phone.md's "The vendor's tables" and the rows of "What a request gets back" that are the grammar's."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.action_uri.grammar import parse
from offhook.action_uri.parameters import NotUnderstood, from_form, from_query
from offhook.phone.events import Function, Key, KeyDown, KeyUp, MakeCall, Perform

KEYS = [(f"keydown={key.value}", KeyDown(key)) for key in Key]
FUNCTIONS = [(f"action={function.value}", Perform(function)) for function in Function]
CALLED = [
    (f"action={function}&call=c1", Perform(Function(function), "c1"))
    for function in ("CallEnd", "Hold", "UnHold", "Answer", "Reject", "Transfer")
]

UNDERSTOOD = [
    *KEYS,
    *FUNCTIONS,
    *CALLED,
    ("keyup=Hook", KeyUp(Key.HOOK)),
    ("keydown=%2A", KeyDown(Key.STAR)),
    ("keydown=%35", KeyDown(Key.FIVE)),
    ("key%64own=OK", KeyDown(Key.OK)),
    ("keydown=OK&name=Door&_=1700000000", KeyDown(Key.OK)),
    ("&&keydown=OK&", KeyDown(Key.OK)),
    ("keydown=OK&name=%ff%&x=%zz", KeyDown(Key.OK)),
    ("keydown=OK&number=5", KeyDown(Key.OK)),
    ("action=MakeCall&number=1002", MakeCall("1002")),
    ("number=1002&action=MakeCall", MakeCall("1002")),
    ("action=MakeCall&number=1002&line=1001", MakeCall("1002", line="1001")),
    ("action=MakeCall&number=1002&line=1001@pbx.test", MakeCall("1002", line="1001@pbx.test")),
    ("action=MakeCall&number=1002&lineID=0", MakeCall("1002", line_id=0)),
    ("action=MakeCall&number=1002&lineID=2", MakeCall("1002", line_id=2)),
    ("action=MakeCall&number=%2B49301", MakeCall("+49301")),
    ("action=MakeCall&number=+49301", MakeCall("+49301")),
    ("action=MakeCall&number=+49+30+1", MakeCall("+49 30 1")),
    ("action=MakeCall&number=49%2030", MakeCall("49 30")),
    ("action=MakeCall&number=1&line=+a", MakeCall("1", line=" a")),
    ("action=MakeCall&number=*43", MakeCall("*43")),
    ("action=MakeCall&number=%2343", MakeCall("#43")),
    ("action=MakeCall&number=sip:x@127.0.0.1:5999", MakeCall("sip:x@127.0.0.1:5999")),
    ("action=MakeCall&number=sip%3Ax%40h%3Btransport%3Dtcp", MakeCall("sip:x@h;transport=tcp")),
    ("action=MakeCall&number=a=b", MakeCall("a=b")),
    ("action=MakeCall&number=J%C3%BCrgen", MakeCall("Jürgen")),
    ("action=MakeCall&number=Jürgen", MakeCall("Jürgen")),
    ("action=MakeCall&number=" + "1" * 255, MakeCall("1" * 255)),
]

REFUSED = [
    ("", "nothing to do"),
    ("name=x", "nothing to do"),
    ("number=1", "nothing to do"),
    ("keydown=OK&action=Hold", "keydown and action in one request"),
    ("keydown=Hook&keyup=Hook", "only one of them at a time"),
    ("keydown=1&keydown=1", "keydown is given more than once"),
    ("keydown=1&key%64own=1", "keydown is given more than once"),
    ("keydown=", "keydown is empty"),
    ("keydown", "keydown is empty"),
    ("keydown=ok", "OK is: letter case counts"),
    ("keydown=pound", "Pound is: letter case counts"),
    ("keydown=%23", "called Pound"),
    ("keydown=Nope", '"Nope" is no key; there is 0 1 2'),
    ("keydown=11", "is no key"),
    ("keydown=５", "is no key"),
    ("keydown=" + "x" * 33, "too long: 33 characters, at most 32"),
    ("KeyDown=OK", "keydown is: letter case counts"),
    ("keyup=OK", "can be put back; there is Hook"),
    ("keyup=hook", "Hook is: letter case counts"),
    ("action=callend", "CallEnd is: letter case counts"),
    ("action=makecall&number=1", "MakeCall is: letter case counts"),
    ("action=OpenDoor", "is no function"),
    ("action=Mute&call=c1", "takes no call="),
    ("action=MakeCall&number=1&call=c1", "takes no call="),
    ("keydown=OK&call=c1", "takes no call="),
    ("action=Hold&call=", "call is empty"),
    ("action=Hold&call=" + "c" * 129, "call is too long"),
    ("action=MakeCall", "needs a number"),
    ("action=MakeCall&number=", "number is empty"),
    ("action=MakeCall&number=1&number=2", "number is given more than once"),
    ("action=MakeCall&number=" + "1" * 256, "number is too long: 256 characters, at most 255"),
    ("action=MakeCall&number=1&line=", "line is empty"),
    ("action=MakeCall&number=1&line=" + "a" * 256, "line is too long"),
    ("action=MakeCall&number=1&lineID=", "lineID is empty"),
    ("action=MakeCall&number=1&lineid=2", "lineID is: letter case counts"),
    ("action=MakeCall&number=1&lineID=x", '"x" is not'),
    ("action=MakeCall&number=1&lineID=-1", '"-1" is not'),
    ("action=MakeCall&number=1&lineID=1.0", '"1.0" is not'),
    ("action=MakeCall&number=1&lineID=٣", '"٣" is not'),
    ("action=MakeCall&number=1&lineID=1234567890", "lineID is too long"),
    ("action=MakeCall&number=1&line=a&lineID=1", "line or lineID, not both"),
    ("action=MakeCall&number=%ff", "not UTF-8"),
    ("action=MakeCall&number=%C3", "not UTF-8"),
    ("action=MakeCall&number=1%2", "% without two hexadecimal digits"),
    ("action=MakeCall&number=%zz", "% without two hexadecimal digits"),
    ("action=MakeCall&number=1%0d%0aX:y", "control character"),
    ("action=MakeCall&number=1%00", "control character"),
]


@pytest.mark.parametrize(("query", "event"), UNDERSTOOD)
def test_what_is_understood(query: str, event: object) -> None:
    assert parse(from_query(query.encode())) == event


@pytest.mark.parametrize(("query", "why"), REFUSED)
def test_what_is_not(query: str, why: str) -> None:
    with pytest.raises(NotUnderstood) as refusal:
        parse(from_query(query.encode()))
    assert why in str(refusal.value)


def test_in_a_form_every_plus_is_a_space() -> None:
    assert parse(from_form(b"action=MakeCall&number=+4930")) == MakeCall(" 4930")
    assert parse(from_form(b"action=MakeCall&number=%2B4930")) == MakeCall("+4930")


@given(st.binary(max_size=300) | st.text(alphabet="keydownaction=&%+2BMakeCnumber ").map(str.encode))
def test_nothing_else_escapes(query: bytes) -> None:
    for parameters in (from_query, from_form):
        with contextlib.suppress(NotUnderstood):
            parse(parameters(query))
