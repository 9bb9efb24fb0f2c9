import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.account_uri import BadAccount, account_from_table, parse_account
from offhook.sip.account import Account

READ = [
    ("sip:1001@pbx.example", Account(1, "1001", "pbx.example")),
    ("  SIP:1001@PBX.Example.  ", Account(1, "1001", "pbx.example")),
    ("sip:1001:secret@pbx:5070", Account(1, "1001", "pbx", 5070, password="secret")),
    ("sip:1001:@pbx", Account(1, "1001", "pbx")),
    ("sip:1001:p@ss:w@rd@pbx", Account(1, "1001", "pbx", password="p@ss:w@rd")),
    ("sip:1001:%40%3A%3B%25@pbx", Account(1, "1001", "pbx", password="@:;%")),
    ("sip:1001:100%@pbx", Account(1, "1001", "pbx", password="100%")),
    ("sip:1001:a+b c@pbx", Account(1, "1001", "pbx", password="a+b c")),
    ("sip:1001:gehörig@pbx", Account(1, "1001", "pbx", password="gehörig")),
    ("sip:anna%2Eb@my_pbx", Account(1, "anna.b", "my_pbx")),
    ("sip:+4930123@192.0.2.7", Account(1, "+4930123", "192.0.2.7")),
    ("sip:1001@[2001:DB8::1]", Account(1, "1001", "2001:db8::1")),
    ("sip:1001@[::1]:5062", Account(1, "1001", "::1", 5062)),
    ("sip:1001@h;transport=tcp", Account(1, "1001", "h", transport="TCP")),
    ("sip:1001@h;Transport=UDP", Account(1, "1001", "h", transport="UDP")),
    ("sip:1@h;proxy=Edge.example:5080", Account(1, "1", "h", proxy="sip:edge.example:5080")),
    ("sip:1@h;proxy=[2001:DB8::9]", Account(1, "1", "h", proxy="sip:[2001:db8::9]")),
    (
        "sip:1@h;transport=tcp;proxy=edge",
        Account(1, "1", "h", transport="TCP", proxy="sip:edge;transport=tcp"),
    ),
    (
        'sip:1@h;proxy="sip:edge:5080;lr;transport=TCP"',
        Account(1, "1", "h", proxy="sip:edge:5080;transport=tcp"),
    ),
    ("sip:1@h;proxy=sips:edge", Account(1, "1", "h", proxy="sip:edge;transport=tls")),
    ("sip:1001@h;transport=tls", Account(1, "1001", "h", transport="TLS")),
    ("sips:1001@h", Account(1, "1001", "h", transport="TLS")),
    ("sips:1001@h;transport=tcp", Account(1, "1001", "h", transport="TLS")),
    ("sip:1001@h;auth=anna@realm.example", Account(1, "1001", "h", auth_name="anna@realm.example")),
    ("sip:1001@h;name=Anna Müller", Account(1, "1001", "h", display_name="Anna Müller")),
    ("sip:1001@h;name=Anna%20M%C3%BCller", Account(1, "1001", "h", display_name="Anna Müller")),
    ('sip:1001@h;name="Müller; Anna" ;srtp=no', Account(1, "1001", "h", display_name="Müller; Anna")),
    (r'sip:1001@h;name="The \"Boss\""', Account(1, "1001", "h", display_name='The "Boss"')),
    ('sip:1001@h;name=Anna "Ä" M', Account(1, "1001", "h", display_name='Anna "Ä" M')),
    ("sip:1001@h;srtp=optional", Account(1, "1001", "h", srtp="optional")),
    ("sip:1001@h;codecs=opus, G722,pcmu", Account(1, "1001", "h", codecs=("OPUS", "G722", "PCMU"))),
    ("sip:1001@h;codecs=pcma;dtmf=InBand", Account(1, "1001", "h", codecs=("PCMA",), dtmf="inband")),
    ("sip:1001@h;srtp=required;register=no", Account(1, "1001", "h", srtp="required", register=False)),
    ("sip:1001@h;register=yes;", Account(1, "1001", "h")),
    ("sip:1001@h;backup=PBX2", Account(1, "1001", "h", backup=("pbx2", None))),
    ("sip:1001@h;backup=[2001:DB8::2]:5070", Account(1, "1001", "h", backup=("2001:db8::2", 5070))),
    ("sip:1001@h;keepalive=no;ping=options", Account(1, "1001", "h", keepalive=0, ping="options")),
    ("sip:1001@h;refresh=600", Account(1, "1001", "h", refresh=600)),
    ("sip:1001@h;refresh=NO", Account(1, "1001", "h", refresh=0)),
    ("sip:1001@h;keepalive=45", Account(1, "1001", "h", keepalive=45)),
    ("sip:1001@h ; register = no ; name = A ", Account(1, "1001", "h", register=False, display_name="A")),
]


@pytest.mark.parametrize(("text", "account"), READ)
def test_reads(text: str, account: Account) -> None:
    assert parse_account(text, 1) == account


REFUSED = [
    ("", "must begin with sip:"),
    ("1001@pbx", "must begin with sip:"),
    ("tel:+4930123", "must begin with sip:"),
    ("sip:pbx.example", "no @HOST"),
    ("sip:1001:sec;ret@pbx", "%3B"),
    ("sip:@pbx", "USER is empty"),
    ("sip:1001@", "HOST is empty"),
    ("sip:1001@pbx:0", "PORT"),
    ("sip:1001@pbx:65536", "PORT"),
    ("sip:1001@pbx:", "PORT"),
    ("sip:1001@pbx:٥", "PORT"),
    ("sip:1001@300.0.0.1", "IPv4"),
    ("sip:1001@1.2.3", "IPv4"),
    ("sip:1001@[::zz]", "IPv6"),
    ("sip:1001@2001:db8::1", "in brackets"),
    ("sip:1001@[fe80::1%eth0]", "zone"),
    ("sip:1001@-pbx", "host name"),
    ("sip:1001@a..b", "host name"),
    ("sip:1001@pbx?subject=x", "host name"),
    ("sip:1001@büro.example", "xn--"),
    ("sip:10 01@pbx", "spaces"),
    ("sip:1001%0d%0aVia:@pbx", "spaces"),
    ("sip:%3C1001%3E@pbx", "quotes"),
    ("sip:1001:\udcff@pbx", "UTF-8"),
    ("sip:1001:%FF@pbx", "UTF-8"),
    ("sip:1001@pbx;name=%0D%0AX: y", "cannot be printed"),
    ("sip:1001@pbx;auth=a%00", "cannot be printed"),
    ("sip:1001@pbx;transprt=tcp", "did you mean 'transport'"),
    ("sip:1001@pbx;lr", "parameter 1 is unknown"),
    ("sip:1001@pbx;transport=sctp", "udp, tcp or tls"),
    ("sip:1001@pbx;transport=", "empty"),
    ("sip:1001@pbx;transport", "empty"),
    ("sip:1001@pbx;srtp=yes", "no, optional or required"),
    ("sip:1001@pbx;dtmf=yes", "auto, rtp, info or inband"),
    ("sip:1001@pbx;codecs=pcmu,g729", "pcmu, pcma, g722 and opus"),
    ("sip:1001@pbx;codecs=pcmu,", "pcmu, pcma, g722 and opus"),
    ("sip:1001@pbx;codecs=pcmu,PCMU", "names one twice"),
    ("sip:1001@pbx;register=maybe", "yes or no"),
    ("sip:1001@pbx;srtp=no;SRTP=no", "twice"),
    ("sip:1001@pbx;backup=a..b", "backup: HOST is no host name"),
    ("sip:1001@pbx;backup=pbx2:x", "backup: PORT"),
    ("sip:1001@pbx;keepalive=0", "seconds from 1 to 3600"),
    ("sip:1001@pbx;keepalive=86400", "seconds from 1 to 3600"),
    ("sip:1001@pbx;refresh=89", "seconds from 90 to 86400"),
    ("sip:1001@pbx;refresh=x", "seconds from 90 to 86400"),
    ("sip:1001@pbx;ping=stun", "crlf or options"),
    ("sips:1001@pbx;transport=udp", "cannot go over udp"),
]


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_refuses_and_says_why(text: str, why: str) -> None:
    with pytest.raises(BadAccount) as raised:
        parse_account(text, 1)
    assert why in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "sip:1001:hunter2",
        "sip:1001:hunter2;transport=tcp",
        "sip:1001:hunter2@",
        "sip:1001:hunter2@pbx:x",
        "sip:1001:x@hunter2 y",
        "sip:1001:x@pbx;hunter2@pbx",
        "sip:1001:x@pbx;transport=hunter2@pbx",
        "sip:1001:x@1.2.3:hunter2",
        "hunter2",
    ],
)
def test_no_error_shows_what_may_be_a_password(text: str) -> None:
    with pytest.raises(BadAccount) as raised:
        parse_account(text, 1)
    assert "hunter2" not in str(raised.value)
    assert raised.value.__context__ is None or raised.value.__suppress_context__


def test_the_password_is_in_no_repr() -> None:
    account = parse_account("sip:1001:hunter2@pbx", 1)
    assert account.password == "hunter2"
    assert "hunter2" not in f"{account} {account!r}"


TABLES = [
    ({"uri": "sip:1001@pbx", "password": "a@;%41"}, Account(1, "1001", "pbx", password="a@;%41")),
    ({"user": "1001", "host": "::1", "port": 5062}, Account(1, "1001", "::1", 5062)),
    (
        {"user": "1001", "host": "pbx", "register": False, "name": "Anna; Müller"},
        Account(1, "1001", "pbx", register=False, display_name="Anna; Müller"),
    ),
    (
        {"uri": "sip:1001@pbx;srtp=no", "transport": "tls", "port": "5061"},
        Account(1, "1001", "pbx", 5061, "TLS"),
    ),
    (
        {"user": "1001", "host": "pbx", "codecs": ["g722", "pcmu"], "dtmf": "info"},
        Account(1, "1001", "pbx", codecs=("G722", "PCMU"), dtmf="info"),
    ),
]


@pytest.mark.parametrize(("table", "account"), TABLES)
def test_reads_a_table(table: dict[str, object], account: Account) -> None:
    assert account_from_table(table, 1) == account


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({}, "user is missing"),
        ({"user": "1001", "password": "hunter2"}, "host is missing"),
        ({"uri": "sip:1001:x@pbx", "password": "hunter2"}, "password stands in the uri and beside it"),
        ({"uri": "sip:1001@pbx", "pasword": "hunter2"}, "did you mean 'password'"),
        ({"uri": "sip:1001@pbx", "password": 123456}, "password must be a text"),
        ({"uri": "sip:1001@pbx", "port": True}, "port must be a text"),
        ({"uri": "sip:1001@pbx", "port": 0}, "PORT"),
        ({"uri": "sip:1001@pbx", "register": "no way"}, "yes or no"),
        ({"uri": ["sip:1001@pbx"]}, "uri must be a text"),
    ],
)
def test_refuses_a_table(table: dict[str, object], why: str) -> None:
    with pytest.raises(BadAccount) as raised:
        account_from_table(table, 1)
    assert why in str(raised.value)
    assert "hunter2" not in str(raised.value)


def read_or_refusal(text: str) -> Account | str:
    try:
        return parse_account(text, 1)
    except BadAccount as error:
        return str(error)


@given(st.text(), st.text())
def test_any_text_is_an_account_or_refused(before: str, after: str) -> None:
    for text in (before, f"sip:{before}", f"sip:1001:{before}@{after}", f"sip:1001@pbx;{before}={after}"):
        result = read_or_refusal(text)
        if isinstance(result, str):
            assert len(result.splitlines()) == 1
        else:
            assert result.user
            assert result.host
            assert (result.display_name + result.password + result.auth_name).encode() is not None


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_password_can_be_percent_encoded(password: str) -> None:
    encoded = "".join(f"%{byte:02X}" for byte in password.encode())
    assert parse_account(f"sip:1001:{encoded}@pbx", 1).password == password
