"""TLS on one connection, without its socket: bytes from the wire go in, bytes to be written come out."""

import ssl
from contextlib import suppress
from typing import Final

from .certificate_names import is_for, names_of
from .hop import Hop

_CHUNK: Final = 16 * 1024
"""Bytes of plain text in a record, at most (RFC 8446 §5.1)."""

_NAMES_SHOWN: Final = 4


class TlsFailed(OSError):
    """Its text says for a person why there is no TLS."""


class TlsSession:
    """Towards `hop`, whose certificate must be for the name that was asked for; without one, with a stranger.

    Nothing may be written before `established`. Raises TlsFailed.
    """

    def __init__(self, context: ssl.SSLContext, hop: Hop | None = None) -> None:
        self.established = False
        self.closed = False
        """The far end will send nothing more."""
        self._where = "the far end" if hop is None else str(hop)
        self._name = "" if hop is None else hop.domain or hop.host
        self._verify = hop is not None and context.verify_mode is ssl.CERT_REQUIRED
        self._names: tuple[str, ...] = ()
        """Those that the far end has proved to have."""
        self._from_wire, self._to_wire = ssl.MemoryBIO(), ssl.MemoryBIO()
        try:
            self._object = context.wrap_bio(
                self._from_wire,
                self._to_wire,
                server_side=hop is None,
                server_hostname=self._name or None,
            )
        except ValueError:
            raise TlsFailed(f"{self._name} is no name that a certificate can have") from None

    def feed(self, data: bytes) -> bytes:
        """The plain text that has become readable. A session of ours begins with `feed(b"")`."""
        self._from_wire.write(data)
        plain: list[bytes] = []
        try:
            if not self.established:
                self._object.do_handshake()
                self._check_name()
                self.established = True
            while piece := self._object.read(_CHUNK):
                plain.append(piece)
            self.closed = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            raise TlsFailed(_why(error, self._where, self._name)) from None
        return b"".join(plain)

    def encrypt(self, data: bytes) -> bytes:
        """For the wire, with whatever the session itself has to say."""
        try:
            self._object.write(data)
        except ssl.SSLError as error:
            raise TlsFailed(_why(error, self._where, self._name)) from None
        return self.take()

    def take(self) -> bytes:
        """For the wire: the handshake, and alerts."""
        return self._to_wire.read()

    def proves(self, name: str) -> bool:
        """The certificate of the far end is for `name` too, which is not what it was asked for."""
        return self._verify and is_for(self._names, name)

    def farewell(self) -> bytes:
        """For the wire: that nothing more is sent (RFC 8446 §6.1)."""
        with suppress(ssl.SSLError, ValueError):
            self._object.unwrap()
        return self.take()

    def _check_name(self) -> None:
        if not self._verify:
            return
        names = self._names = names_of(self._object.getpeercert() or {})
        if not is_for(names, self._name):
            shown = ", ".join(_printable(name) for name in names[:_NAMES_SHOWN]) or "nobody"
            more = ", …" if len(names) > _NAMES_SHOWN else ""
            raise TlsFailed(f"the certificate of {self._where} is for {shown}{more}, not for {self._name}")


# X509_V_ERR_* of OpenSSL's x509_vfy.h.
_UNKNOWN_CA = "the certificate of {where} is from a CA that is not trusted here (--tls-ca)"
_UNVERIFIED: Final = {
    2: _UNKNOWN_CA,
    9: "the certificate of {where} is not valid yet, or the clock here is wrong",
    10: "the certificate of {where} has expired",
    18: "the certificate of {where} is self-signed and not trusted here (--tls-ca)",
    19: _UNKNOWN_CA,
    20: _UNKNOWN_CA,
    21: _UNKNOWN_CA,
    23: "the certificate of {where} was revoked",
}

_NOT_TLS = "what answers at {where} is not TLS"
_TOO_OLD = "{where} does not speak TLS 1.2 or newer"
_WANTS_ONE = "{where} wants a certificate of this phone (--tls-certificate)"
_REFUSES_OURS = "{where} does not accept the certificate of this phone"
# OpenSSL's reasons; an ALERT is what the far end said.
_REASONS: Final = {
    "WRONG_VERSION_NUMBER": _NOT_TLS,
    "HTTP_REQUEST": _NOT_TLS,
    "PACKET_LENGTH_TOO_LONG": _NOT_TLS,
    "UNSUPPORTED_PROTOCOL": _TOO_OLD,
    "TLSV1_ALERT_PROTOCOL_VERSION": _TOO_OLD,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _WANTS_ONE,
    "TLSV1_ALERT_UNKNOWN_CA": _REFUSES_OURS,
    "TLSV1_ALERT_ACCESS_DENIED": _REFUSES_OURS,
    "SSLV3_ALERT_BAD_CERTIFICATE": _REFUSES_OURS,
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": _REFUSES_OURS,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": _REFUSES_OURS,
    "SSLV3_ALERT_CERTIFICATE_REVOKED": _REFUSES_OURS,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _REFUSES_OURS,
    # What TLS 1.2 says where it wants a certificate, too.
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "{where} refuses the TLS handshake; it may want a certificate of this "
    "phone (--tls-certificate)",
    "TLSV1_UNRECOGNIZED_NAME": "{where} does not know the name {name}",
}


def _why(error: ssl.SSLError, where: str, name: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        text = _UNVERIFIED.get(error.verify_code)
        if text is None:
            text = f"the certificate of {{where}} is not valid: {error.verify_message}"
    else:
        text = _REASONS.get(error.reason or "")
        if text is None:
            what = (error.reason or "a protocol error").replace("_", " ").lower()
            text = f"TLS with {{where}} failed: {what}"
    return text.format(where=where, name=name)


def _printable(name: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in name[:80])
