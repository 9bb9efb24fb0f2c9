"""What a trace leaves out, and what it leaves as it was."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sip.message import MAX_HEAD
from offhook.sip.redaction import redacted

from .message_text import SDP, request

DIGEST = (
    'Digest username="bob", realm="pbx", nonce="abc,def", uri="sip:pbx", response="5ec2e7", '
    'cnonce="c0ffee", opaque="0a0b", qop=auth, nc=00000001, algorithm=SHA-256'
)
SHOWN = (
    'username="bob", realm="pbx", nonce="abc,def", uri="sip:pbx", qop=auth, nc=00000001, algorithm=SHA-256'
)


@pytest.mark.parametrize("name", ["Authorization", "Proxy-Authorization", "AUTHORIZATION"])
@pytest.mark.parametrize("value", [DIGEST, DIGEST.replace(", ", ",\r\n  "), DIGEST.replace("=", " = ")])
def test_a_digest_shows_whose_it_is_and_not_its_proof(name: str, value: str) -> None:
    shown = redacted(request("REGISTER", headers={name: value})).decode()
    assert not [secret for secret in ("5ec2e7", "c0ffee", "0a0b") if secret in shown]
    (line,) = [line for line in shown.split("\r\n") if line.lower().startswith(f"{name.lower()}:")]
    assert line.replace(" = ", "=") == f"{name}: Digest {SHOWN}, ***"


@pytest.mark.parametrize(
    ("header", "value", "secrets", "shown"),
    [
        ("Authorization", "Basic Ym9iOnNlc2FtZQ==", ["Ym9i"], "Basic ***"),
        ("Authorization", "Ym9iOnNlc2FtZQ==", ["Ym9i"], "***"),
        ("Authorization", 'Digest response="5ec2e7', ["5ec2e7"], "Digest ***"),
        (
            "Authentication-Info",
            'rspauth="5ec2e7", nextnonce="n", cnonce="c0ffee"',
            ["5ec2e7", "c0ffee"],
            "***",
        ),
        ("Proxy-Authentication-Info", 'rspauth="5ec2e7"', ["5ec2e7"], "***"),
        ("Contact", "<sip:bob:sesame@192.0.2.1:5060>", ["sesame"], "<sip:bob:***@192.0.2.1:5060>"),
        ("To", "sips:bob:sesame@pbx;tag=1", ["sesame"], "sips:bob:***@pbx;tag=1"),
        (
            "Refer-To",
            "<sip:a@b?Authorization=Digest%20x&Subject=y>",
            ["Digest"],
            "Authorization=***&Subject=y",
        ),
        ("Contact", "<sip:bob:ses@me@192.0.2.1>", ["ses", "me@"], "<sip:bob:***@192.0.2.1>"),
        ("Contact", "<sip:bob:sesame;x<y@192.0.2.1>", ["sesame", "y@"], "<sip:bob:***@192.0.2.1>"),
        ("Contact", "<sip:b@b:sesame@192.0.2.1>", ["sesame"], "<sip:b@b:***@192.0.2.1>"),
        ("Alert-Info", "<http://bob:ses@me@pbx/a:b@c.wav>", ["ses", "me@"], "<http://bob:***@pbx/a:b@c.wav>"),
        ("Call-Info", "<HTTPS://bob:sesame@pbx>;purpose=icon", ["sesame"], "<HTTPS://bob:***@pbx>;purpose"),
        (
            "Refer-To",
            "<sip:a@b?Referred-By=%3Csip%3Abob%3asesame%40pbx%3E&Subject=y>",
            ["sesame"],
            "?Referred-By=%3Csip%3Abob%3a***%40pbx%3E&Subject=y>",
        ),
    ],
)
def test_other_proofs_and_passwords(header: str, value: str, secrets: list[str], shown: str) -> None:
    text = redacted(request(headers={header: value})).decode()
    assert not [secret for secret in secrets if secret in text]
    assert shown in text


def test_a_password_in_the_request_line() -> None:
    assert b"sesame" not in redacted(request(uri="sip:bob:sesame@192.0.2.1"))


@pytest.mark.parametrize(
    ("shown", "key"),
    [
        ("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:", "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9|2^20|1:4"),
        ("A=CRYPTO:1 AES_CM_128_HMAC_SHA1_32 INLINE:", "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9;inline:PS1uQ"),
        ("a=key-mgmt:", "mikey AQAFgM0XflABAAAAAAAAAAAAAAsAyO"),
        ("k=", "clear:WVNfX19zZW1jdGwg"),
        ("a=ice-pwd:", "asd88fgpdd777uzjYhagZg"),
    ],
)
def test_keys_of_sound(shown: str, key: str) -> None:
    body = f"{SDP}{shown}{{}}\r\na=ptime:20\r\n"
    blotted = "x" * len(key)
    assert redacted(request(body=body.format(key))) == request(body=body.format(blotted))


@pytest.mark.parametrize(
    ("content_type", "body", "shown"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "Signal=x\r\nDuration=160\r\n"),
        ("application/dtmf-relay", "Signal= *\r\n", "Signal= x\r\n"),
        ("application/dtmf", "5", "x"),
        ("application/dtmf;charset=x", "#\r\n", "x\r\n"),
        ("application/kpml-response+xml", '<kpml-response digits="1234"/>', '<kpml-response digits="xxxxxxx'),
    ],
)
def test_digits(content_type: str, body: str, shown: str) -> None:
    assert (
        redacted(request("INFO", body=body, headers={"Content-Type": content_type})).decode().endswith(shown)
    )


PROOF = b'Authorization: Digest username="bob", response="5ec2e7"\r\nContact: <sip:bob:5ec2e7@pbx>'


@pytest.mark.parametrize(
    "message",
    [
        request("REGISTER").replace(b"\r\n\r\n", b"\r\n" + PROOF + b"\r\n\r\n").join([b"\r\n\r\n", b""]),
        request(body=f"{SDP}a=crypto:1 AEAD_AES_128_GCM inline:5ec2e7\r\n").replace(b"\r\n", b"\n"),
        request(body=f"{SDP} a=crypto:1 AEAD_AES_128_GCM inline:5ec2e7\r\n"),
        request(body=f"{SDP}a=crypto:1 AEAD_AES_128_GCM 5ec2e7\r\n"),
        b"INVITE sip:a SIP/2.0\r\na=crypto:1 AEAD_AES_128_GCM inline:5ec2e7",
        request("NOTIFY", body="SIP/2.0 401 No\r\n" + PROOF.decode()),
        request("NOTIFY", body='<dialog><target uri="sip:bob:5ec2e7@pbx"/></dialog>'),
        request("NOTIFY", body="<kpml-response digits =\n'5ec2e7'/>"),
        request("INFO", body="p=Digit-Collection\r\ny=Digits\r\nd=Digits=5ec2e7"),
        request("NOTIFY", body='<dialog icon="http://bob:5ec2e7@pbx/i.png"/>'),
        request("NOTIFY", body="<sip:a@b?Referred-By=sips%3Abob%3A5ec2e7%40pbx>"),
        request("NOTIFY", body="<sip:a@b?Authorization=Digest%20response%3D5ec2e7>"),
        request(body=f"{SDP}a=crypto:1 AEAD_AES_128_GCM inline:x\r5ec2e7\r\n"),
        request("INFO", body="x=1\rSignal=5ec2e7\r"),
        request("INFO", body="5ec2e7", headers={"Content-Type": "application/dtmf"}).replace(b"\r\n", b"\r"),
        request(body=f"{SDP}a=crypto:1 AEAD_AES_128_GCM inline:5ec2e7\r\n").replace(b"\r\n", b"\r"),
        b"REGISTER sip:x SIP/2.0\r\n" + PROOF.replace(b":", b"\r\n :", 1) + b"\r\n\r\n",
        b"REGISTER sip:x SIP/2.0\r" + PROOF.partition(b"\r")[0] + b"\r\rthe body",
        b"REGISTER sip:x SIP/2.0\r\n" + PROOF.replace(b":", b" \r\n \r\n\t: \r\n ", 1) + b"\r\n\r\n",
        request("INFO", body="5ec2e7", headers={"Content-Type\r\n ": "application/dtmf"}),
        request(
            "INFO",
            body="--b\r\nContent-Type: application/dtmf\r\n\r\n5ec2e7\r\n--b--\r\n",
            headers={"Content-Type": "multipart/mixed;boundary=b"},
        ),
    ],
)
def test_a_secret_in_an_unusual_place(message: bytes) -> None:
    """Before and after the head, with other ends of lines, in what is no SIP."""
    shown = redacted(message)
    assert b"5ec2e7" in message
    assert b"5ec2e7" not in shown
    assert redacted(shown) == shown
    if b"REGISTER" not in message:
        assert len(shown) == len(message)


@pytest.mark.parametrize("end", [b"\r", b"\r "])
def test_a_bare_cr_ends_no_proof(end: bytes) -> None:
    shown = redacted(b"REGISTER sip:pbx SIP/2.0\r" + PROOF.replace(b", ", b"," + end, 1) + b"\r\n\r\n")
    assert b"5ec2e7" not in shown
    assert b'username="bob"' in shown


def test_all_else_stays_as_it_was() -> None:
    challenge = {
        "WWW-Authenticate": 'Digest realm="pbx", nonce="abc"',
        "Contact": "<sip:bob@192.0.2.1:5060>, <sip:bob%40pbx@192.0.2.1>",
        "Alert-Info": "<http://pbx.example:8080/a@b/ring.wav>;info=a@b",
        "Referred-By": "<sip:bob@192.0.2.1:5060;user=phone?Subject=a%3Ab%40c>",
    }
    message = request(body=SDP, headers=challenge)
    assert redacted(message) == message


@given(st.binary(max_size=300))
def test_anything_is_taken(data: bytes) -> None:
    assert isinstance(redacted(data), bytes)


def test_nothing_takes_longer_than_its_length_allows() -> None:
    for piece in (  # what has many ways to be read
        b"sip:",
        b"sip:a:",
        b"http://a:",
        b"sip%3aa%3a",
        b"\r",
        b'a="',
        b"\r\n ",
        b"inline:",
        b"a=crypto:",
        b"authorization: Digest ",
        b"\\",
        b",",
    ):
        for start in (b"", b"Authorization: Digest ", b"\r\n\r\na=crypto:1 "):
            begun = time.process_time()
            redacted((start + piece * MAX_HEAD)[:MAX_HEAD])
            assert time.process_time() - begun < 0.5, (start, piece)
