"""The topmost Via: where a response goes (RFC 3261 §18.2, RFC 3581)."""

import re
from dataclasses import dataclass

from .hop import Hop
from .name_addr import Parameters, parse_parameters
from .uri import DEFAULT_PORT

_VIA = re.compile(
    r"SIP\s*/\s*2\.0\s*/\s*([A-Za-z0-9-]+)\s+"
    r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?:\s*:\s*([0-9]{1,5}))?\s*(;.*)?",
    re.IGNORECASE | re.ASCII,
)

_SENDER = re.compile(
    r"SIP\s*/\s*[0-9.]+\s*/\s*([A-Za-z0-9-]+)\s+"
    r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?:\s*:\s*([0-9]{1,5}))?(?=[\s;,]|$)",
    re.IGNORECASE | re.ASCII,
)

MAGIC_COOKIE = "z9hG4bK"
"""Begins the branch of all that follow RFC 3261 (§8.1.1.7)."""


@dataclass(frozen=True, slots=True)
class TopVia:
    transport: str
    host: str
    port: int | None
    parameters: Parameters

    @classmethod
    def parse(cls, text: str) -> "TopVia":
        """Raises ValueError."""
        match = _VIA.fullmatch(text)
        if match is None:
            raise ValueError(f"not a Via: {text[:80]!r}")
        transport, host, port, parameters = match.groups()
        return cls(transport.upper(), host, _port(port), parse_parameters(parameters or ""))

    @classmethod
    def sender(cls, text: str) -> "TopVia":
        """Of a Via that is bad further on, or of another version: only who sent it. Raises ValueError."""
        match = _SENDER.match(text)
        if match is None:
            raise ValueError(f"not a Via: {text[:80]!r}")
        transport, host, port = match.groups()
        return cls(transport.upper(), host, _port(port), {})

    @property
    def branch(self) -> str:
        return self.parameters.get("branch") or ""

    @property
    def sent_by(self) -> str:
        return f"{self.host.lower()}:{self.port or DEFAULT_PORT.get(self.transport, 5060)}"

    def received_from(self, source: Hop) -> "TopVia":
        """With `received` and `rport` as the transport saw them (§18.2.1, RFC 3581 §4)."""
        parameters = dict(self.parameters)
        parameters.pop("received", None)
        if "rport" in parameters:
            parameters["rport"] = str(source.port)
            parameters["received"] = source.host
        elif self.host.strip("[]").lower() != source.host.lower():
            parameters["received"] = source.host
        return TopVia(self.transport, self.host, self.port, parameters)

    def response_hop(self, source: Hop) -> Hop:
        """Where a response goes (§18.2.2).

        A stream answers on itself. `maddr` is not followed: it would let anybody aim our responses.
        """
        if source.transport != "UDP" or "rport" in self.parameters:
            return source
        return Hop("UDP", source.host, self.port or DEFAULT_PORT["UDP"])

    def fallback_hop(self, source: Hop) -> Hop | None:
        """Where a response goes when the connection that its request came by is no more (§18.2.2): to the
        port at which the far end says it listens. Over UDP there is none.

        Over TLS it has to prove to be whom it says it is, as any other hop.
        """
        if source.transport == "UDP":
            return None
        host = self.host.strip("[]").lower()
        domain = host if source.transport == "TLS" and host != source.host.lower() else ""
        return Hop(source.transport, source.host, self.port or DEFAULT_PORT[source.transport], domain)

    def __str__(self) -> str:
        where = self.host if self.port is None else f"{self.host}:{self.port}"
        parameters = "".join(f";{k}" if v is None else f";{k}={v}" for k, v in self.parameters.items())
        return f"SIP/2.0/{self.transport} {where}{parameters}"


def _port(text: str | None) -> int | None:
    number = int(text) if text else None
    if number is not None and not 0 < number < 65536:
        raise ValueError(f"no port has the number {text}")
    return number
