"""SIP URIs as they came over the wire (RFC 3261 §19.1)."""

import re
import urllib.parse
from dataclasses import dataclass
from functools import lru_cache

from sipmessage import URI, Parameters

from .hop import uri_host
from .name_addr import one_line, parse_parameters

_SIP_URI = re.compile(
    r"(sips?):(?:([^@:\s<>\"]+)(?::([^@\s<>\"]*))?@)?"
    r"(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?)"
    r"(?::([0-9]{1,5}))?((?:;[^?\s<>\"]*)?)(?:\?[^\s<>\"]*)?",
    re.IGNORECASE | re.ASCII,
)
_OTHER_URI = re.compile(r"([a-z][a-z0-9+.-]*):[^\s<>\"]+", re.IGNORECASE | re.ASCII)

DEFAULT_PORT = {"UDP": 5060, "TCP": 5060, "TLS": 5061}

# RFC 3261 §25.1 "user": unreserved and user-unreserved.
_USER_SAFE = "-_.!~*'()&=+$,;?/"


@dataclass(frozen=True)
class WireUri(URI):
    """A URI that prints as it was received: a remote target is compared by others byte by byte.

    It also takes what sipmessage's grammar refuses and networks use, such as the host name `pbx1`.
    """

    text: str = ""

    def __str__(self) -> str:
        return self.text

    @property
    def is_sip(self) -> bool:
        return self.scheme in {"sip", "sips"}


def parse_uri(text: str) -> WireUri:
    """Raises ValueError. A URI of another scheme has no host, and its user is not read."""
    match = _SIP_URI.fullmatch(one_line(text))
    if match is None:
        other = _OTHER_URI.fullmatch(text)
        if other is None or other[1].lower() in {"sip", "sips"}:
            raise ValueError(f"not a URI: {text[:80]!r}; right would be sip:user@host")
        return WireUri(scheme=other[1].lower(), host="", text=text)
    scheme, user, password, host, port, parameters = match.groups()
    number = int(port) if port else None
    if number is not None and not 0 < number < 65536:
        raise ValueError(f"no port has the number {port}, in {text[:80]!r}")
    read = parse_parameters(parameters)
    # sipmessage takes them as keyword arguments.
    read.pop("self", None)
    return WireUri(
        scheme=scheme.lower(),
        host=host,
        user=urllib.parse.unquote(user) if user else None,
        password=password or None,
        port=number,
        parameters=Parameters(**read),
        text=text,
    )


def sip_uri(user: str, host: str, port: int | None = None) -> WireUri:
    """Build a URI from parts, the user percent-encoded. Raises ValueError."""
    return parse_uri(sip_uri_text(user, host, port))


@lru_cache
def sip_uri_text(user: str, host: str, port: int | None = None) -> str:
    """As `sip_uri`, of parts that are known to be good."""
    where = uri_host(host) if port is None else f"{uri_host(host)}:{port}"
    who = urllib.parse.quote(user, safe=_USER_SAFE) + "@" if user else ""
    return f"sip:{who}{where}"
