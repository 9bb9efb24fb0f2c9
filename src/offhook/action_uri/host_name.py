"""The guard against rebinding: a foreign name that is made to resolve to this phone turns the phone into
that page's own origin, so a request must call the phone by an address or by a name it is known to
have."""

import re
import socket
from ipaddress import AddressValueError, IPv6Address

from .answer_line import quoted

_PORT = r"(?::[0-9]{0,5})?"
_IPV4 = re.compile(rf"[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}{_PORT}")
_IPV6 = re.compile(rf"\[([0-9A-Fa-f:.]+)\]{_PORT}")
_NAME = re.compile(rf"([0-9A-Za-z_.-]+){_PORT}")


def is_literal(host: str) -> bool:
    """Whether a `Host` is an IP address, with or without a port. No name can be rebound that is none."""
    if _IPV4.fullmatch(host):
        return True
    literal = _IPV6.fullmatch(host)
    if literal is None:
        return False
    try:
        IPv6Address(literal[1])
    except AddressValueError:
        return False
    return True


def name_of(host: str) -> str | None:
    """The name in a `Host`, in lower case and without port and final dot; `None` for what is no host at
    all."""
    match = _NAME.fullmatch(host)
    return match[1].lower().rstrip(".") if match else None


def read_host_name(text: str) -> str:
    """A name as a person writes it, in the spelling of `name_of`.

    :raises ValueError: for what is none, or has a port
    """
    name = None if ":" in text else name_of(text)
    if not name:
        raise ValueError(f"{quoted(text)} is no host name: write it like phone.example.org, without a port")
    return name


def names_of_this_machine() -> frozenset[str]:
    """`localhost`, and the host name in full and short, each with `.local` (RFC 6762) too."""
    full = socket.gethostname().lower().rstrip(".")
    short = full.partition(".")[0]
    return frozenset({"localhost", full, short, f"{full}.local", f"{short}.local"})
