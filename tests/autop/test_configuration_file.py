"""The vendor's configuration file: what is a line of it, and what is no file of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.autop.configuration_file import LONGEST_FILE, NotAConfiguration, parse

# a line, the name, the value
LINES = [
    (b"Config.Account1.SIP.Port = 5060", "Config.Account1.SIP.Port", "5060"),
    (b"Config.Account1.SIP.Port=5060", "Config.Account1.SIP.Port", "5060"),
    (b"  Config.Account1.SIP.Port\t=\t5060  ", "Config.Account1.SIP.Port", "5060"),
    (b"Config.Account1.GENERAL.Pwd = a=b #c;d", "Config.Account1.GENERAL.Pwd", "a=b #c;d"),
    (b"Config.Account1.GENERAL.Label =", "Config.Account1.GENERAL.Label", ""),
    (
        "Config.Account1.GENERAL.DisplayName = Jürgen".encode(),
        "Config.Account1.GENERAL.DisplayName",
        "Jürgen",
    ),
]
WHOLE = (
    b"\xef\xbb\xbf# by hand\r\n\r\n; and so on\r\nConfig.A = 1\r\n"
    b"   \r\nConfig.B = 2\nConfig.C = 3\rConfig.D = 4"
)
# content, a part of what is said
NONE_OF_IT = [
    (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
    (b"\xef\xbb\xbf \r\n<?xml version='1.0'?><a b='c'/>", "web page or XML"),
    ("Config.A = 1".encode("utf-16"), "UTF-16"),
    ("Config.Account1.GENERAL.DisplayName = J\xfcrgen".encode("latin-1"), "not UTF-8"),
    (b"\x7fELF\x02\x01\x01\x00\x00", "no text"),
    (b"\x89PNG\r\n\x1a\n\x00", "not UTF-8"),
    (b"Config.A = 1\nhunter2\n", "line 2 of x.cfg is neither"),
    (b"Config.A hunter2 = 1", "line 1 of x.cfg is neither"),
    (b"= hunter2", "line 1 of x.cfg is neither"),
    (b"C" * 200 + b" = hunter2", "line 1 of x.cfg is neither"),
    (b"Config.A = 1\n" * (LONGEST_FILE // 13 + 1), "longer than"),
]


@pytest.mark.parametrize(("line", "name", "value"), LINES)
def test_a_line_is_a_name_and_what_stands_behind_the_first_equals_sign(line, name, value):
    [assignment] = parse(line, "x.cfg")
    assert (assignment.name, assignment.value) == (name, value)


def test_comments_blank_lines_and_each_kind_of_line_end():
    got = parse(WHOLE, "x.cfg")
    assert [(each.name, each.value) for each in got] == [
        (f"Config.{c}", f"{i}") for i, c in enumerate("ABCD", 1)
    ]
    assert got[0].where == "line 4 of x.cfg"


def test_an_empty_file_says_nothing():
    assert parse(b"", "x.cfg") == []


@pytest.mark.parametrize(("content", "said"), NONE_OF_IT)
def test_what_is_no_configuration_is_refused_whole_and_nothing_of_it_repeated(content, said):
    with pytest.raises(NotAConfiguration, match=said) as raised:
        parse(content, "x.cfg")
    assert "hunter2" not in str(raised.value)


def test_no_value_shows_in_a_repr():
    assert "hunter2" not in repr(parse(b"Config.Account1.GENERAL.Pwd = hunter2", "x.cfg"))


@given(st.binary())
def test_anything_is_lines_or_is_refused(content):
    try:
        for each in parse(content, "x.cfg"):
            assert each.value == each.value.strip(" \t")
    except NotAConfiguration:
        pass
