import pytest

from offhook.sip.certificate_names import is_for, names_of

DNS, URI, IP = "DNS", "URI", "IP Address"


@pytest.mark.parametrize(
    ("alternatives", "names"),
    [
        ([(DNS, "pbx.example")], ("pbx.example",)),
        ([(DNS, "PBX.example."), (DNS, "b.example")], ("pbx.example", "b.example")),
        # RFC 5922 §7.1: DNS names count where no SIP URI stands.
        ([(URI, "sip:example.com"), (DNS, "pbx.example.com")], ("example.com",)),
        ([(URI, "SIP:Example.com:5061")], ("example.com",)),
        # One person, another protocol, no URI: none of them a domain.
        ([(URI, "sip:anna@example.com"), (DNS, "d.example")], ("d.example",)),
        ([(URI, "sips:example.com"), (URI, "https://example.com"), (URI, "sip:"), (DNS, "d")], ("d",)),
        ([(IP, "192.0.2.1"), (IP, "2001:DB8:0:0:0:0:0:1\n")], ("192.0.2.1", "2001:db8::1")),
        ([("email", "a@b"), ("DirName", "x")], ()),
    ],
)
def test_for_whom_a_certificate_is(alternatives, names):
    assert names_of({"subjectAltName": tuple(alternatives)}) == names


def test_the_common_name_says_nothing():
    assert names_of({"subject": ((("commonName", "pbx.example"),),)}) == ()


@pytest.mark.parametrize(
    ("names", "name", "fits"),
    [
        (("pbx.example",), "pbx.example", True),
        (("pbx.example",), "PBX.Example.", True),
        (("pbx.example",), "example", False),
        (("pbx.example",), "x.pbx.example", False),
        (("*.example",), "pbx.example", False),  # RFC 5922 §7.2
        (("2001:db8::1",), "2001:DB8:0::1", True),
        (("192.0.2.1",), "192.0.2.10", False),
        ((), "", False),
    ],
)
def test_names_are_compared_whole(names, name, fits):
    assert is_for(names, name) is fits
