"""What https shows, and another certificate in its place while it listens."""

import ipaddress
import socket
import ssl
import stat
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from offhook.certificate import FILE, new_certificate
from offhook.web_certificate import LARGEST, OWN, BadCertificate, WebCertificate

NAMES = [x509.DNSName("phone.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]


def with_rsa(
    *, days: int = 90, before: int = 1, encryption: KeySerializationEncryption | None = None, bits: int = 2048
) -> tuple[bytes, bytes]:
    """Certificate and key, as others make them: of another kind than the phone's own."""
    key = rsa.generate_private_key(65537, bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "phone.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=before))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(NAMES), critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())
    return certificate.public_bytes(Encoding.PEM), private


RSA, RSA_KEY = with_rsa()
EC = new_certificate(NAMES, datetime.now(UTC))


def fingerprint(context: ssl.SSLContext, name: str | None) -> str:
    """Of what a client sees that asks for `name`, or by an address."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with context.wrap_socket(ours, server_side=True):
            pass

    server = threading.Thread(target=serve)
    server.start()
    try:
        with client.wrap_socket(theirs, server_hostname=name) as connection:
            seen = connection.getpeercert(binary_form=True)
            assert seen is not None
            return x509.load_der_x509_certificate(seen).fingerprint(SHA256()).hex(":").upper()
    finally:
        server.join()


def seen(certificate: WebCertificate) -> set[str]:
    return {fingerprint(certificate.context, name) for name in (None, "phone.example", "elsewhere.example")}


@pytest.mark.parametrize("pem", [RSA + RSA_KEY, RSA_KEY + RSA, EC], ids=["rsa", "key first", "ec"])
def test_ones_own_is_shown_at_once_and_at_the_next_start(tmp_path: Path, pem: bytes):
    certificate = WebCertificate(tmp_path, ["192.0.2.7"])
    before = certificate.shown()
    assert not before.own
    assert "192.0.2.7" in before.names
    assert seen(certificate) == {before.fingerprint}
    certificate.use(pem)
    after = certificate.shown()
    assert (after.own, after.names) == (True, ("phone.example", "127.0.0.1"))
    assert after.fingerprint != before.fingerprint
    assert seen(certificate) == {after.fingerprint}
    assert stat.S_IMODE((tmp_path / OWN).stat().st_mode) == 0o600
    again = WebCertificate(tmp_path, ["192.0.2.7"])
    assert seen(again) == {after.fingerprint}
    again.use_self_made()
    assert again.shown() == before
    assert seen(again) == {before.fingerprint}
    assert sorted(each.name for each in tmp_path.iterdir()) == [FILE]


def bad() -> Iterable[tuple[str, bytes, str]]:
    yield "nothing", b"hello", "BEGIN CERTIFICATE"
    yield "no key", RSA, "BEGIN PRIVATE KEY"
    yield "another key", RSA + with_rsa()[1], "do not belong together"
    yield "damaged", RSA.replace(b"M", b"!", 5) + RSA_KEY, "damaged"
    yield "run out", b"".join(with_rsa(days=-1, before=2)), "has run out"
    yield "not yet", b"".join(with_rsa(before=-2)), "not valid before"
    yield "encrypted", b"".join(with_rsa(encryption=BestAvailableEncryption(b"secret"))), "has a password"
    yield "long", RSA + RSA_KEY + b"#" * LARGEST, "longer than 64 KB"


@pytest.mark.parametrize(("pem", "why"), [each[1:] for each in bad()], ids=[each[0] for each in bad()])
def test_what_cannot_be_used_is_refused_with_a_reason_and_changes_nothing(
    tmp_path: Path, pem: bytes, why: str
):
    certificate = WebCertificate(tmp_path, [])
    before = certificate.shown()
    with pytest.raises(BadCertificate, match=why):
        certificate.use(pem)
    assert certificate.shown() == before
    assert seen(certificate) == {before.fingerprint}
    assert sorted(each.name for each in tmp_path.iterdir()) == [FILE]


def test_one_that_is_damaged_on_the_disk_gives_way_to_the_self_made(tmp_path: Path, caplog):
    (tmp_path / OWN).write_bytes(RSA)
    certificate = WebCertificate(tmp_path, [])
    assert not certificate.shown().own
    assert "cannot be used" in caplog.text
    assert (tmp_path / OWN).read_bytes() == RSA, "it is somebody's, and stays"
