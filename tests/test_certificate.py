import ipaddress
import logging
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from offhook.certificate import FILE, new_certificate, tls_context
from offhook.data_folder import BadDataFolder

LOOPBACK = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]


def served(context: ssl.SSLContext, trusted: Path | None, name: str) -> str:
    """The TLS version that a client which trusts `trusted` agrees on with the server, calling it `name`."""
    client = ssl.create_default_context(cafile=trusted)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            context.wrap_socket(ours, server_side=True).close()
        except OSError:
            ours.close()

    server = threading.Thread(target=serve)
    server.start()
    try:
        with client.wrap_socket(theirs, server_hostname=name) as connection:
            return connection.version() or ""
    finally:
        theirs.close()
        server.join()


@pytest.mark.parametrize("name", ["localhost", socket.gethostname(), "127.0.0.1", "::1", "192.0.2.7"])
def test_whoever_trusts_it_may_call_this_machine_by_any_of_its_names(tmp_path: Path, name: str) -> None:
    context = tls_context(tmp_path, ["192.0.2.7", "0.0.0.0", "::"])
    assert served(context, tmp_path / FILE, name) == "TLSv1.3"


def test_others_are_warned(tmp_path: Path) -> None:
    context = tls_context(tmp_path, [])
    with pytest.raises(ssl.SSLCertVerificationError):
        served(context, tmp_path / FILE, "pbx.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        served(context, None, "localhost")


def test_tls_1_2_is_the_oldest(tmp_path: Path) -> None:
    assert tls_context(tmp_path, []).minimum_version is ssl.TLSVersion.TLSv1_2


def test_it_is_made_once_and_kept_for_this_user_only(tmp_path: Path) -> None:
    tls_context(tmp_path, ["127.0.0.1"])
    made = (tmp_path / FILE).read_bytes()
    tls_context(tmp_path, ["192.0.2.7"])
    assert (tmp_path / FILE).read_bytes() == made
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_no_platform_refuses_it_for_its_length() -> None:
    certificate = x509.load_pem_x509_certificate(new_certificate(LOOPBACK, datetime.now(UTC)))
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=825)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "cannot be used"),
        (b"\xff\xfe no PEM", "cannot be used"),
        (new_certificate(LOOPBACK, datetime.now(UTC)).split(b"-----BEGIN CERT")[0], "cannot be used"),
        (
            b"-----BEGIN CERT" + new_certificate(LOOPBACK, datetime.now(UTC)).split(b"-----BEGIN CERT")[1],
            "cannot be used",
        ),
        (new_certificate(LOOPBACK, datetime.now(UTC) - timedelta(days=900)), "has run out"),
        (new_certificate(LOOPBACK, datetime.now(UTC) - timedelta(days=810)), "runs out"),
    ],
    ids=["empty", "no PEM", "key alone", "certificate alone", "expired", "about to expire"],
)
def test_one_that_cannot_be_used_is_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes, why: str
) -> None:
    (tmp_path / FILE).write_bytes(content)
    with caplog.at_level(logging.WARNING):
        context = tls_context(tmp_path, [])
    assert served(context, tmp_path / FILE, "localhost")
    assert (tmp_path / f"{FILE}.old").read_bytes() == content
    (said,) = caplog.messages
    assert why in said


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadDataFolder, match="--data"):
        tls_context(tmp_path / "none", [])
