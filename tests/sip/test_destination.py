"""What a URI asks for, and which of that needs no looking up (RFC 3263 §4)."""

import pytest

from offhook.sip import Hop
from offhook.sip.destination import Destination, destination_of, numeric_hop
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
