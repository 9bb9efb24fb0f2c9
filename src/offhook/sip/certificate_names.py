"""For whom a certificate is: SIP domains (RFC 5922 §7.1) and addresses.

The common name says nothing: it is for people. A name is compared whole, so a wildcard is for no domain at
all (RFC 5922 §7.2).
"""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from .uri import parse_uri


def names_of(certificate: Mapping[str, Any]) -> tuple[str, ...]:
    """`certificate` is as `ssl.SSLObject.getpeercert` has it. DNS names count where no `sip:` URI is."""
    found: dict[str, list[str]] = {"URI": [], "DNS": [], "IP Address": []}
    for kind, value in certificate.get("subjectAltName", ()):
        if kind == "URI":
            found[kind] += _domain(value)
        elif kind in found:
            found[kind].append(_plain(value))
    return tuple(dict.fromkeys([*(found["URI"] or found["DNS"]), *found["IP Address"]]))


def is_for(names: tuple[str, ...], name: str) -> bool:
    """`name` is a domain or an IP address, as it was asked for."""
    return _plain(name) in names


def _domain(uri: str) -> list[str]:
    """None of a URI that is for a person or for another protocol."""
    try:
        read = parse_uri(uri)
    except ValueError:
        return []
    return [_plain(read.host)] if read.scheme == "sip" and read.user is None else []


def _plain(name: str) -> str:
    """As it compares: IPv6 can be written in many ways, and a domain with a dot behind it."""
    try:
        return str(ip_address(name.strip("[]\n")))
    except ValueError:
        return name.lower().removesuffix(".")
