"""Certificates as authorities and careless people make them."""

import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general(name: str) -> x509.GeneralName:
    if ":" in name and name.startswith(("sip:", "sips:", "https:")):
        return x509.UniformResourceIdentifier(name)
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Authority:
    """A CA; `file` is its certificate."""

    def __init__(self, folder: Path, name: str = "A test's own CA") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._name = _name(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._count = 0
        self.file = folder / "ca.pem"
        self.file.write_bytes(self._signed(self._name, self._key.public_key(), [], ca=True))

    def certificate(
        self,
        *names: str,
        common_name: str = "somebody",
        valid: tuple[int, int] = (-1, 30),
        itself: bool = False,
    ) -> Path:
        """A file of a certificate for `names`, valid between these days from now, and of its key. `itself`:
        signed by its own key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(common_name)
        signed = self._signed(
            subject,
            key.public_key(),
            names,
            valid=valid,
            issuer=subject if itself else None,
            key=key if itself else None,
        )
        self._count += 1
        file = self._folder / f"{self._count}.pem"
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(pem + signed)
        return file

    def _signed(
        self,
        subject: x509.Name,
        public_key: ec.EllipticCurvePublicKey,
        names: Iterable[str],
        *,
        valid: tuple[int, int] = (-1, 30),
        ca: bool = False,
        issuer: x509.Name | None = None,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> bytes:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=valid[0]))
            .not_valid_after(now + timedelta(days=valid[1]))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if general := [_general(name) for name in names]:
            builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
        return builder.sign(key or self._key, hashes.SHA256()).public_bytes(Encoding.PEM)
