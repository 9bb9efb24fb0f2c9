import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.phone.number import NotDiallable, dialled
from offhook.sip.uri import parse_uri

PBX = "pbx.example:5070"


@pytest.mark.parametrize(
    ("typed", "target"),
    [
        ("1002", "sip:1002@pbx.example:5070"),
        ("+49 (30) 123-45.67", "sip:+49301234567@pbx.example:5070"),
        ("*43", "sip:*43@pbx.example:5070"),
        ("*21*0301234#", "sip:*21*0301234%23@pbx.example:5070"),
        ("alice", "sip:alice@pbx.example:5070"),
        ("alice.b%20c", "sip:alice.b%20c@pbx.example:5070"),
        ("alice@example.org", "sip:alice@example.org"),
        ("1002@example.org:5080", "sip:1002@example.org:5080"),
        ("SIP:1002@example.org;transport=tcp", "sip:1002@example.org;transport=tcp"),
        ("sip:pbx1", "sip:pbx1"),
        ("sips:bob@example.org", "sips:bob@example.org"),
        ("192.0.2.1", "sip:192.0.2.1"),
        ("192.0.2.1:5062", "sip:192.0.2.1:5062"),
        ("2001:db8::1", "sip:[2001:db8::1]"),
        ("[2001:db8::1]:5062", "sip:[2001:db8::1]:5062"),
        ("sip:1@[::1]", "sip:1@[::1]"),
        ("030.123.456.789", "sip:030123456789@pbx.example:5070"),
        (" 1002 ", "sip:1002@pbx.example:5070"),
    ],
)
def test_what_may_be_dialled(typed, target):
    assert dialled(typed).target(PBX) == target


@pytest.mark.parametrize(
    "typed",
    ["", " ", "10 02 x y", "1002\r\nX: y", "1\x00", "тест", "sip:", "sip:a b@c", "bob@", "@host", "a@b@c",
     "bob@ho_st", "sip:bob@host?X=y", "http://example.org", "tel:+4930", "sip:bob:secret@host", "sip:b@h:0",
     "b@h:99999", "b@h:123456", "[::g]", "[:::1]", "b@[1.2.3.4]", "1+2<3>", '"a"', "1" * 257, "%zz",
     "+", "()", "-"],
)  # fmt: skip
def test_what_may_not_be_dialled(typed):
    with pytest.raises(NotDiallable):
        dialled(typed)


@given(st.text(alphabet="0123456789+*#@:;.[]()abcxyzsip-_%=&$,/!~' \r\n\x00é", max_size=40))
def test_whatever_is_typed_is_a_uri_for_the_user_agent_or_is_refused(typed):
    try:
        target = dialled(typed).target("127.0.0.1:5060")
    except NotDiallable:
        return
    assert parse_uri(target).host
