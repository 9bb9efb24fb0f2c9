"""What a URI asks for, and which of that needs no looking up (RFC 3263 §4)."""

import pytest

from offhook.sip import Account, Hop
from offhook.sip.destination import Destination, destination_of, numeric_hop
from offhook.sip.target import first_destination
from offhook.sip.uri import parse_uri


@pytest.mark.parametrize(
    ("text", "destination", "hop"),
    [
        ("sip:a@B", Destination("b"), None),
        ("sip:b:5070;transport=TCP", Destination("b", 5070, "TCP"), None),
        ("sip:b;transport=tls", Destination("b", None, "TLS"), None),
        ("sips:a@b", Destination("b", secure=True), None),
        ("sips:a@b;transport=tcp", Destination("b", None, "TLS", secure=True), None),
        ("sip:a;x=1@b;self=1;transport=ws", Destination("b"), None),
        ("sip:a@192.0.2.1", Destination("192.0.2.1"), Hop("UDP", "192.0.2.1", 5060)),
        ("sip:192.0.2.1;transport=tcp", Destination("192.0.2.1", None, "TCP"), Hop("TCP", "192.0.2.1", 5060)),
        ("sips:192.0.2.1", Destination("192.0.2.1", secure=True), Hop("TLS", "192.0.2.1", 5061)),
        ("sip:b;maddr=192.0.2.7;lr", Destination("192.0.2.7"), Hop("UDP", "192.0.2.7", 5060)),
        ("sip:b:5070;maddr=[2001:DB8::1]", Destination("2001:db8::1", 5070), Hop("UDP", "2001:db8::1", 5070)),
        ("sip:b;transport=tcp;maddr=C.example", Destination("c.example", None, "TCP"), None),
        ("sip:b;transport=tls;maddr=192.0.2.7", Destination("b", None, "TLS"), None),
        ("sips:b;maddr=192.0.2.7", Destination("b", secure=True), None),
        ("sip:b;maddr", Destination("b"), None),
        ("sip:b;maddr=-/", Destination("b"), None),
        (
            "SIP:a:pw@[2001:db8::1]:5070;lr",
            Destination("2001:db8::1", 5070),
            Hop("UDP", "2001:db8::1", 5070),
        ),
    ],
)
def test_what_a_uri_asks_for(text: str, destination: Destination, hop: Hop | None) -> None:
    uri = parse_uri(text)
    assert destination_of(uri) == destination
    assert numeric_hop(destination) == hop
    assert str(uri) == text, "as it came"


@pytest.mark.parametrize(
    ("account", "first", "destination"),
    [
        (Account(1, "a", "b", transport="TCP"), "sip:1002@b", Destination("b", None, "TCP")),
        (Account(1, "a", "b", transport="TCP"), "sip:1002@b;maddr=192.0.2.7", Destination("192.0.2.7")),
        (Account(1, "a", "b", transport="TLS"), "sip:1002@b;maddr=192.0.2.7", Destination("b", None, "TLS")),
        (Account(1, "a", "b", transport="TCP"), "sip:1002@c", Destination("c")),
        (None, "sip:1002@b", Destination("b")),
    ],
)
def test_where_a_request_goes_first(account: Account | None, first: str, destination: Destination) -> None:
    assert first_destination(parse_uri(first), account) == destination
