"""What HTTPS shows: a certificate of one's own where there is one, else the one that the phone made itself.

It can be another one at any time. Connections that are up go on with what they began with.
"""

import logging
import ssl
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from offhook.certificate import context_of, kept_certificate
from offhook.data_folder import BadDataFolder, write_atomically

OWN: Final = "https-own.pem"
"""In the data folder: a certificate that somebody brought, those that lead to its CA, and its key."""

LARGEST: Final = 64 * 1024
"""Bytes of certificate and key: a chain of a dozen."""

_log = logging.getLogger(__name__)


class BadCertificate(ValueError):
    """Nothing of it is taken; the text says why, for a person."""


class Shown(NamedTuple):
    """`names` are what it is made out to; `fingerprint` is SHA-256; `own` is whether somebody brought it."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    fingerprint: str
    until: datetime
    own: bool


class WebCertificate:
    """`addresses` are what a self-made one is made out to, besides loopback.

    `context` is what to listen with: it shows whichever certificate is the one of now.
    """

    def __init__(self, folder: Path, addresses: Iterable[str]) -> None:
        """Raises BadDataFolder."""
        self._folder = folder
        self._addresses = tuple(addresses)
        self._own = folder / OWN
        self._current, self._file = self._kept()
        self.context = context_of(self._file)
        # A context that is in use keeps a certificate of each kind of key: loading another one may show the
        # one before. So each handshake is given the context of now, with or without a name from the client.
        self.context.sni_callback = self._give

    def shown(self) -> Shown:
        """Raises BadDataFolder."""
        try:
            leaf = x509.load_pem_x509_certificate(self._file.read_bytes())
        except OSError as error:
            raise BadDataFolder(self._file, error) from None
        return Shown(
            subject=_common_name(leaf.subject),
            issuer=_common_name(leaf.issuer),
            names=_names(leaf),
            fingerprint=leaf.fingerprint(SHA256()).hex(":").upper(),
            until=leaf.not_valid_after_utc,
            own=self._file == self._own,
        )

    def use(self, pem: bytes) -> None:
        """Show this one from now on, and keep it. Raises BadCertificate or BadDataFolder, with nothing
        changed."""
        _check(pem)
        context = self._tried(pem)
        write_atomically(self._own, pem, mode=0o600)
        self._current, self._file = context, self._own

    def use_self_made(self) -> None:
        """Forget the one that somebody brought. Raises BadDataFolder, with nothing changed."""
        file = kept_certificate(self._folder, self._addresses)
        context = context_of(file)
        try:
            self._own.unlink(missing_ok=True)
        except OSError as error:
            raise BadDataFolder(self._own, error) from None
        self._current, self._file = context, file

    def _kept(self) -> tuple[ssl.SSLContext, Path]:
        if self._own.exists():
            try:
                return context_of(self._own), self._own
            except (OSError, ValueError) as error:
                _log.warning(
                    "The certificate %s cannot be used (%s): the self-made one is shown", self._own, error
                )
        file = kept_certificate(self._folder, self._addresses)
        return context_of(file), file

    def _give(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._current

    def _tried(self, pem: bytes) -> ssl.SSLContext:
        """OpenSSL reads files alone; this one is nobody else's at any moment, and gone again."""
        try:
            with tempfile.NamedTemporaryFile(dir=self._folder) as file:
                file.write(pem)
                file.flush()
                return context_of(Path(file.name))
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise BadCertificate(
                    "key and certificate do not belong together; the phone's own certificate stands before "
                    "those that lead to its CA"
                ) from None
            raise BadCertificate(f"it cannot be used ({error.reason or error})") from None
        except OSError as error:
            raise BadDataFolder(self._own, error) from None


def _check(pem: bytes) -> None:
    """What can be said better than OpenSSL says it. Raises BadCertificate."""
    if len(pem) > LARGEST:
        raise BadCertificate(f"it is longer than {LARGEST // 1024} KB")
    if b"-----BEGIN CERTIFICATE-----" not in pem:
        raise BadCertificate("there is no certificate in it: PEM has a line -----BEGIN CERTIFICATE-----")
    if b"PRIVATE KEY-----" not in pem:
        raise BadCertificate("there is no private key in it: PEM has a line -----BEGIN PRIVATE KEY-----")
    if b"ENCRYPTED" in pem:
        raise BadCertificate("the key has a password; openssl pkey -in FILE takes it off")
    try:
        leaf, *_ = x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise BadCertificate("the certificate is damaged") from None
    now = datetime.now(UTC)
    if leaf.not_valid_after_utc < now:
        raise BadCertificate(f"the certificate has run out on {leaf.not_valid_after_utc:%Y-%m-%d}")
    if leaf.not_valid_before_utc > now:
        raise BadCertificate(f"the certificate is not valid before {leaf.not_valid_before_utc:%Y-%m-%d}")


def _common_name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(str(each.value) for each in names if isinstance(each, x509.DNSName | x509.IPAddress))
