"""Reading off the wire: what is taken, what is dropped, what is answered 400."""

import time

import pytest

from offhook.sip.hop import Hop
from offhook.sip.message import (
    MAX_FIELDS,
    BadMessage,
    BadRequest,
    ReceivedRequest,
    ReceivedResponse,
    parse,
)
from offhook.sip.name_addr import NameAddr, name_addr, split_list
from offhook.sip.uri import parse_uri, sip_uri
from offhook.sip.via import TopVia

from .message_text import SDP, request

SOURCE = Hop("UDP", "192.0.2.101", 5060)


def taken(data: bytes, source: Hop = SOURCE) -> ReceivedRequest:
    message = parse(data, source)
    assert isinstance(message, ReceivedRequest)
    return message


def test_folded_compact_and_loosely_spaced_headers_are_read() -> None:
    data = (
        b"\r\n\r\nOPTIONS sip:bob@pbx1 SIP/2.0\r\nv : SIP / 2.0 / UDP pbx2:5070 ;branch=z9hG4bK1;\r\n"
        b'  rport\r\nf:\t"Q \\"x\\", <y>" <sip:a@pbx2>\r\n ;tag=1!2~3\r\nt:sip:bob@pbx1;x=y\r\ni: c\r\n'
        b"CSEQ: 9\r\n\tOPTIONS\r\n\r\n"
    )
    message = taken(data.replace(b";\r\n  rport", b";\r\n  rport"), Hop("UDP", "192.0.2.5", 5071))
    assert message.message.uri.host == "pbx1"
    assert message.from_ == NameAddr('Q "x", <y>', "sip:a@pbx2", {"tag": "1!2~3"})
    assert message.to.uri == "sip:bob@pbx1"
    assert (message.call_id, message.sequence) == ("c", 9)
    assert str(message.via) == "SIP/2.0/UDP pbx2:5070;branch=z9hG4bK1;rport=5071;received=192.0.2.5"


@pytest.mark.parametrize(
    ("sent_by", "source", "expected", "hop"),
    [
        ("192.0.2.101", SOURCE, "", Hop("UDP", "192.0.2.101", 5060)),
        ("192.0.2.101:5070", SOURCE, "", Hop("UDP", "192.0.2.101", 5070)),
        ("pc33.atlanta.com", SOURCE, ";received=192.0.2.101", Hop("UDP", "192.0.2.101", 5060)),
        ("10.0.0.1;received=1.2.3.4", SOURCE, ";received=192.0.2.101", Hop("UDP", "192.0.2.101", 5060)),
        (
            "10.0.0.1:5070;rport",
            Hop("UDP", "192.0.2.1", 999),
            ";rport=999;received=192.0.2.1",
            Hop("UDP", "192.0.2.1", 999),
        ),
        ("[2001:db8::1]:5070", Hop("UDP", "2001:db8::1", 5070), "", Hop("UDP", "2001:db8::1", 5070)),
        ("10.0.0.1;maddr=192.0.2.99", SOURCE, ";maddr=192.0.2.99;received=192.0.2.101", SOURCE),
        ("10.0.0.1", Hop("TCP", "192.0.2.1", 40000), ";received=192.0.2.1", Hop("TCP", "192.0.2.1", 40000)),
    ],
)
def test_responses_go_where_the_request_came_from(sent_by: str, source: Hop, expected: str, hop: Hop) -> None:
    via = TopVia.parse(f"SIP/2.0/{source.transport} {sent_by}").received_from(source)
    assert str(via) == f"SIP/2.0/{source.transport} {sent_by.partition(';')[0]}{expected}"
    assert via.response_hop(source) == hop


@pytest.mark.parametrize(
    ("sent_by", "source", "hop"),
    [
        ("10.0.0.1:5070", Hop("TCP", "192.0.2.1", 40000), Hop("TCP", "192.0.2.1", 5070)),
        ("10.0.0.1:5070;rport", Hop("TCP", "192.0.2.1", 40000), Hop("TCP", "192.0.2.1", 5070)),
        ("pbx.example", Hop("TCP", "192.0.2.1", 40000), Hop("TCP", "192.0.2.1", 5060)),
        ("PBX.example", Hop("TLS", "192.0.2.1", 40000), Hop("TLS", "192.0.2.1", 5061, "pbx.example")),
        ("[2001:DB8::1]", Hop("TLS", "2001:db8::1", 40000), Hop("TLS", "2001:db8::1", 5061)),
        ("192.0.2.9", Hop("TCP", "192.0.2.1", 40000), Hop("TCP", "192.0.2.1", 5060)),
        ("192.0.2.1:5070", SOURCE, None),
    ],
)
def test_a_response_without_its_connection_goes_where_the_far_end_listens(
    sent_by: str, source: Hop, hop: Hop | None
) -> None:
    via = TopVia.parse(f"SIP/2.0/{source.transport} {sent_by}").received_from(source)
    assert via.fallback_hop(source) == hop


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"From": None}, "From missing"),
        ({"To": None}, "To missing"),
        ({"Call-ID": None}, "Call-Id missing"),
        ({"Call-ID": ""}, "Call-ID is empty"),
        ({"CSeq": None}, "Cseq missing"),
        ({"CSeq": "1 BYE"}, "another method"),
        ({"CSeq": "2147483648 INVITE"}, "CSeq"),
        ({"CSeq": "-1 INVITE"}, "CSeq"),
        ({"CSeq": "١ INVITE"}, "CSeq"),
        ({"From": "<sip:a@b"}, "not an address"),
        ({"To": '"open <sip:a@b>'}, "not an address"),
        ({"Content-Length": "-5"}, "Content-Length"),
        ({"Content-Length": "9999"}, "Content-Length"),
        ({"Max-Forwards": "70\r\nMax-Forwards: 69"}, "Max-Forwards repeated"),
        ({"From": "<sip:a@b>;tag=1\r\nFrom: <sip:c@d>;tag=2"}, "From repeated"),
    ],
)
def test_a_request_that_lacks_something_is_refused_by_name(changes: dict[str, str | None], why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        parse(request(body=SDP, headers=changes), SOURCE)


@pytest.mark.parametrize(
    ("data", "code", "why"),
    [
        (request(headers={"Via": "SIP/3.0/UDP x"}), 400, "not a Via"),
        (request(headers={"Via": "SIP/2.0/UDP x;;,;,,"}), 400, "not a list of parameters"),
        (request(uri="sip:"), 400, "not a URI"),
        (request(uri="sip:bob@192.0.2.201:70000"), 400, "no port has the number 70000"),
        (request(uri="<sip:bob@192.0.2.201>"), 400, "not a URI"),
        (request(uri="sip:bob@192.0.2.201?Subject=x"), 400, "headers in the Request-URI"),
        (request(uri="sip:192.0.2.201?Subject=x"), 400, "headers in the Request-URI"),
        (request().replace(b"SIP/2.0\r\n", b"SIP/2.0 \r\n", 1), 400, "white space after the version"),
        (request().replace(b"SIP/2.0\r\n", b"SIP/7.0\r\n", 1), 505, "SIP/7.0 is not spoken here"),
    ],
)
def test_a_wrong_request_line_or_via_is_refused_all_the_same(data: bytes, code: int, why: str) -> None:
    with pytest.raises(BadRequest, match=why) as caught:
        parse(data, SOURCE)
    assert caught.value.code == code
    assert caught.value.via.response_hop(SOURCE) == SOURCE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\x00" * 100,
        b"INVITE sip:bob@192.0.2.201 SIP/2.0",
        request(headers={"Via": None}),
        request(headers={"Via": "SIP/2.0/UDP x:99999"}),
        request(headers={"Via": "SIP/2.0/UDP x\0y"}),
        request(headers={"Sub\0ject": "a"}),
        request(uri="sip:bob\x01@192.0.2.201").replace(b"INVITE", b"INV\x01TE", 1),
        b"SIP/2.0 200 O\0K\r\nVia: SIP/2.0/UDP a\r\n\r\n",
        request(headers={"Sub ject": "a"}),
        request().replace(b"INVITE", b"INV(TE", 1),
        b"SIP/2.0 99 No\r\nVia: SIP/2.0/UDP a\r\n\r\n",
        b"SIP/2.0 2000 No\r\nVia: SIP/2.0/UDP a\r\n\r\n",
        b"SIP/2.0 abc No\r\nVia: SIP/2.0/UDP a\r\n\r\n",
        request(headers={f"X-{n}": "1" for n in range(MAX_FIELDS)}),
        request(headers={"X": "y" * 20000}),
        request(body="z" * 66000),
    ],
)
def test_what_cannot_be_answered_is_dropped(data: bytes) -> None:
    with pytest.raises(BadMessage) as caught:
        parse(data, SOURCE)
    assert not isinstance(caught.value, BadRequest)


def test_a_response_with_two_vias_is_somebody_elses() -> None:
    with pytest.raises(BadMessage):
        parse(b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a, SIP/2.0/UDP b\r\nFrom: <sip:a@b>\r\nTo: <sip:a@b>\r\n"
              b"Call-ID: 1\r\nCSeq: 1 BYE\r\n\r\n", SOURCE)  # fmt: skip


def test_what_follows_the_content_length_is_no_part_of_the_body() -> None:
    assert taken(request(body="abcdef", headers={"Content-Length": "3"})).message.body == b"abc"


def test_bytes_that_are_no_utf8_do_no_harm() -> None:
    data = request().replace(b"Alice", b'"J\xf6rg"')
    assert taken(data).from_.name == "J\ufffdrg"


@pytest.mark.parametrize(
    "value",
    [
        ";a=\"\"" * 500 + "!",
        "\"" + "\\\"" * 3000,
        "<" * 5000,
        "sip:" + "a-" * 4000,
        "sip:a@" + "1:" * 4000,
        "sip:a@" + "a." * 4000 + "!",
        ";" * 8000,
        "a" * 8000 + " ",
        " " * 8000 + "x x",
        "x;" + " " * 8000 + "=",
        "x" + " " * 8000 + "x x",
        "\"" + "\\\"" * 6000,
        "\r\n " + " " * 8000 + "x",
    ],
)  # fmt: skip
@pytest.mark.parametrize("header", ["From", "Via", "CSeq", "Contact"])
def test_no_value_takes_long_to_refuse(header: str, value: str) -> None:
    data = request(headers={header: value})
    began = time.process_time()
    for _ in range(3):
        try:
            message = parse(data, SOURCE)
        except BadMessage:
            continue
        if isinstance(message, ReceivedRequest | ReceivedResponse):
            for item in split_list(message.message.headers["Contact"]):
                try:
                    parse_uri(NameAddr.parse(item).uri)
                except ValueError:
                    continue
    assert time.process_time() - began < 0.3


def test_lists_split_outside_quotes_and_brackets() -> None:
    assert split_list('"A, \\"B" <sip:a@b,c>;x="1,2", <sip:d@e>,sip:f@g') == [
        '"A, \\"B" <sip:a@b,c>;x="1,2"',
        "<sip:d@e>",
        "sip:f@g",
    ]


@pytest.mark.parametrize("name", ["a\r\nVia: x", "a\nb", "a\0b", "a\x7f", "\ud800"])
def test_nothing_can_be_smuggled_into_a_header(name: str) -> None:
    with pytest.raises(ValueError, match="control characters"):
        name_addr(name, "sip:a@b")


def test_a_display_name_survives_quoting() -> None:
    name = 'Jörg "the \\ Bär" <x>, y;tag=1'
    assert NameAddr.parse(name_addr(name, "sip:a@b") + ";tag=2") == NameAddr(name, "sip:a@b", {"tag": "2"})


def test_a_user_is_percent_encoded() -> None:
    assert str(sip_uri("#21 a@b", "h", 5070)) == "sip:%2321%20a%40b@h:5070"
    assert sip_uri("*43", "::1").host == "[::1]"
