"""Where a message goes or came from: transport, host and port (RFC 3261 §18)."""

from dataclasses import dataclass
from typing import Literal

Transport = Literal["UDP", "TCP", "TLS"]


def uri_host(host: str) -> str:
    """`host` as it stands in a URI: IPv6 literals in brackets (RFC 3261 §19.1.1)."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


@dataclass(frozen=True, slots=True)
class Hop:
    """One end of a flow.

    `host` is an IP literal without brackets, or, for a message on its way out, possibly a domain name that
    the edge resolves. For TCP and TLS a received message's hop names the connection it came by, so what is
    sent to the same hop takes the same connection.

    `domain` is the name that was asked for where `host` is an address found for it: what a TLS certificate
    has to be for (RFC 5922 §4). Empty: the host itself.

    `accepted`: it is the very connection that somebody else opened from there. Over TLS too he may be anybody
    (RFC 5923 §9), so what is meant for whoever has that address does not go by it.
    """

    transport: Transport
    host: str
    port: int
    domain: str = ""
    accepted: bool = False

    def is_at(self, other: "Hop") -> bool:
        """At the same address, by whatever name."""
        return (self.transport, self.host, self.port) == (other.transport, other.host, other.port)

    @property
    def over_tls(self) -> bool:
        return self.transport == "TLS"

    @property
    def is_this_machine(self) -> bool:
        """From loopback nobody sends who is not on this machine."""
        return self.host.startswith("127.") or self.host == "::1"

    def __str__(self) -> str:
        """As a URI or a message for a person has it: `10.0.0.1:5060`, `[::1]:5060`."""
        return f"{uri_host(self.host)}:{self.port}"


@dataclass(frozen=True, slots=True)
class Transmit:
    """A message to put on the wire, or a sign of life; nothing at all drops the connection to `hop`.

    `branch` is the client transaction it belongs to (empty for a response), `call` the call whose INVITE it
    is, else None: whom to tell. `instead` is where a response goes that has lost its connection.
    """

    data: bytes
    hop: Hop
    branch: str = ""
    call: str | None = None
    instead: Hop | None = None
