"""SIP over TLS (RFC 3261 §26.2, RFC 5922): whom this end trusts, and what it shows of itself."""

import ssl
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .hop import Hop
from .tls_session import TlsFailed, TlsSession


class BadTlsFile(ValueError):
    """One line: the option, the file, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """`ca` is a PEM file of those that are trusted, in place of the system's. `certificate` is a PEM file of
    a certificate, of what it is signed by, and of its key: it is shown to servers that ask for one, and to
    clients. With `verify` false anybody is believed to be anybody.
    """

    ca: Path | None = None
    certificate: Path | None = None
    verify: bool = True


class Tls:
    """One for all phones of a process. A context is made when it is first needed: it takes milliseconds, and
    memory for each CA. `own` is a file as `TlsSettings.certificate`, for clients, where that is not given.
    """

    def __init__(self, settings: TlsSettings | None = None, own: Path | None = None) -> None:
        self._settings = settings or TlsSettings()
        self._own = own

    @property
    def proves(self) -> bool:
        """Servers have to prove who they are."""
        return self._settings.verify

    def to(self, hop: Hop) -> TlsSession:
        """A session towards `hop`. Raises TlsFailed."""
        try:
            return TlsSession(self._client, hop)
        except BadTlsFile as error:
            raise TlsFailed(str(error)) from None

    def accepted(self) -> TlsSession:
        """A session with whoever has connected to this end. Raises BadTlsFile."""
        return TlsSession(self._server)

    def check(self, *, listening: bool) -> None:
        """Raises BadTlsFile where a file that will be needed cannot be used."""
        if self._settings.ca or self._settings.certificate:
            self._client  # noqa: B018 - made to see whether it can be
        if listening:
            self._server  # noqa: B018

    @cached_property
    def _client(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # The name is compared by SIP's rules, once the handshake is done and before anything is sent.
        context.check_hostname = False
        settings = self._settings
        if not settings.verify:
            context.verify_mode = ssl.CERT_NONE
        elif settings.ca is None:
            context.load_default_certs()
        else:
            try:
                context.load_verify_locations(settings.ca)
            except OSError as error:
                raise BadTlsFile(f"--tls-ca {settings.ca}: {_why(error, 'PEM certificates')}") from None
        if settings.certificate is not None:
            _load(context, settings.certificate)
        return _modern(context)

    @cached_property
    def _server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        shown = self._settings.certificate or self._own
        if shown is None:
            raise BadTlsFile("SIP over TLS cannot listen without a certificate")
        _load(context, shown)
        return _modern(context)


def _modern(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Renegotiation is work for this end at no cost to the other.
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


def _load(context: ssl.SSLContext, file: Path) -> None:
    try:
        # Without a password at hand OpenSSL would ask for that of an encrypted key on the terminal, and wait.
        context.load_cert_chain(file, password="")
    except OSError as error:
        what = "a PEM certificate with its key, which is not encrypted"
        raise BadTlsFile(f"--tls-certificate {file}: {_why(error, what)}") from None


def _why(error: OSError, wanted: str) -> str:
    if isinstance(error, ssl.SSLError):
        return f"it does not hold {wanted}"
    return f"it cannot be read: {error.strerror}"
