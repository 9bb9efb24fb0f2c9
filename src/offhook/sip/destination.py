"""What a request is to reach, before anything is looked up (RFC 3263 §4)."""

import re
import socket
from dataclasses import dataclass, replace
from functools import lru_cache

from sipmessage import URI

from .hop import Hop, Transport
from .uri import DEFAULT_PORT

_HOST = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?", re.IGNORECASE | re.ASCII)

TRANSPORTS: dict[str, Transport] = {"udp": "UDP", "tcp": "TCP", "tls": "TLS"}


@dataclass(frozen=True, slots=True)
class Destination:
    """`host` is a name in lower case or an IP literal without brackets. `port` and `transport` are None where
    DNS may say; `secure`, of a `sips:` URI, leaves only TLS. `accepted` is a `Hop`'s, where it is numeric."""

    host: str
    port: int | None = None
    transport: Transport | None = None
    secure: bool = False
    accepted: bool = False

    def secured(self) -> "Destination":
        """For a request whose URI is `sips:`, whoever is on the way to it (RFC 3261 §26.2.2)."""
        return replace(self, transport=self.transport and "TLS", secure=True)

    @property
    def over_tls(self) -> bool:
        """Whatever DNS may say."""
        return self.secure or self.transport == "TLS"

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"


def destination_of(uri: URI) -> Destination:
    """Of a SIP URI. A transport that is not spoken here counts as not given.

    `maddr` takes the place of the host (RFC 3263 §4), but not over TLS: a certificate is for the host.
    """
    secure = uri.scheme == "sips"
    transport = TRANSPORTS.get((uri.parameters.get("transport") or "").lower())
    if transport is not None and secure:
        # `sips:` with `transport=tcp` is TLS over TCP (RFC 3261 §26.2.2).
        transport = "TLS"
    host, maddr = uri.host, uri.parameters.get("maddr")
    if maddr and transport != "TLS" and not secure and _HOST.fullmatch(maddr):
        host = maddr
    return Destination(host.strip("[]").lower(), uri.port, transport, secure)


@lru_cache
def numeric_hop(destination: Destination) -> Hop | None:
    """The hop to an IP literal, for which nothing is looked up (§4.1, §4.2); None for a name."""
    host = destination.host
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except (OSError, ValueError):
        return None
    transport = "TLS" if destination.over_tls else destination.transport or "UDP"
    port = destination.port or DEFAULT_PORT[transport]
    return Hop(transport, host, port, accepted=destination.accepted)


def likely_hop(destination: Destination) -> Hop:
    """While nothing was looked up: for people to read, and for what may be changed yet."""
    transport = destination.transport or ("TLS" if destination.secure else "UDP")
    port = destination.port or DEFAULT_PORT[transport]
    return numeric_hop(destination) or Hop(transport, destination.host, port)
