"""The certificate of HTTPS and SIP over TLS: self-signed, made at the first start, kept in the data folder.

Whoever trusted it once is not asked again, so it is made anew only when it runs out or cannot be used. It is
valid for 825 days: Apple's platforms refuse a longer one even when its owner trusts it, and the 398 days of
the other browsers bind public authorities only. Key and certificate share one file, for one file is replaced
whole or not at all, and a pair that does not match cannot come about.
"""

import ipaddress
import logging
import re
import socket
import ssl
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from offhook.data_folder import BadDataFolder, read_text, write_atomically

FILE: Final = "https.pem"
_VALID: Final = timedelta(days=825)
_RENEWED_BEFORE_END: Final = timedelta(days=30)
_CLOCKS_DIFFER: Final = timedelta(days=1)
_DNS_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")

_log = logging.getLogger(__name__)


def tls_context(folder: Path, addresses: Iterable[str]) -> ssl.SSLContext:
    """What HTTPS listens with; see `kept_certificate`."""
    return context_of(kept_certificate(folder, addresses))


def kept_certificate(folder: Path, addresses: Iterable[str]) -> Path:
    """The file of certificate and key that is kept in `folder`, or a new one for this machine's names.

    `addresses` are the IP addresses that a new certificate is made out to, besides loopback. Raises
    BadDataFolder.
    """
    file = folder / FILE
    now = datetime.now(UTC)
    try:
        wrong = _why_unusable(read_text(file), now)
        if wrong is None:
            context_of(file)
            return file
    except FileNotFoundError:
        wrong = None
    except (ssl.SSLError, ValueError) as error:
        wrong = f"cannot be used ({error})"
    if wrong is not None:
        _set_aside(file, wrong)
    write_atomically(file, new_certificate(_names(addresses), now), mode=0o600)
    return file


def new_certificate(names: Iterable[x509.GeneralName], now: datetime) -> bytes:
    """A key on P-256 and the certificate that it signs for itself, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    # Two certificates of one issuer need different serial numbers, or Firefox refuses the second.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "offhook")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now - _CLOCKS_DIFFER + _VALID)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(
        Encoding.PEM
    )


def _why_unusable(pem: str, now: datetime) -> str | None:
    end = x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc
    if end - now < _RENEWED_BEFORE_END:
        return f"{'has run out' if end < now else 'runs out'} on {end:%Y-%m-%d}"
    return None


def _set_aside(file: Path, wrong: str) -> None:
    aside = file.with_name(f"{file.name}.old")
    try:
        file.replace(aside)
    except OSError as error:
        raise BadDataFolder(file, error) from None
    _log.warning("The certificate %s %s: it is %s now, and a new one was made", file, wrong, aside.name)


def context_of(file: Path) -> ssl.SSLContext:
    """What HTTPS listens with that shows the certificate in `file`. Raises OSError (ssl.SSLError is one)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # Without a password at hand OpenSSL would ask for that of an encrypted key on the terminal, and wait.
    context.load_cert_chain(file, password="")
    return context


def _names(addresses: Iterable[str]) -> Iterator[x509.GeneralName]:
    host = socket.gethostname().lower()
    for name in dict.fromkeys(("localhost", host, f"{host.partition('.')[0]}.local")):
        if _DNS_NAME.fullmatch(name):
            yield x509.DNSName(name)
    for address in dict.fromkeys(map(ipaddress.ip_address, ("127.0.0.1", "::1", *addresses))):
        if not address.is_unspecified:
            yield x509.IPAddress(address)
