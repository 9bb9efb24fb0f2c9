"""What may be dialled, and the SIP URI it becomes (RFC 3261 §19.1, §25.1)."""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address

MAX_LENGTH = 256

_USER = r"(?:[A-Za-z0-9_.!~*'()&=+$,;?/-]|%[0-9A-Fa-f]{2})+"
_IPV4 = r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_IPV6 = r"[0-9A-Fa-f:]{2,39}"
_NAME = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?"
_HOST = rf"(?:{_IPV4}|\[{_IPV6}\]|{_NAME})"
_PORT = r"(?::(?P<port>\d{1,5}))?"
_PARAMETER = r"(?:[A-Za-z0-9_.!~*'()\[\]/:&+$-]|%[0-9A-Fa-f]{2})+"

DIGITS = re.compile(r"\+?[0-9*#]+", re.ASCII)
SEPARATORS = str.maketrans("", "", " -.()")
ADDRESS = re.compile(rf"(?P<host>{_IPV4}|\[{_IPV6}\]){_PORT}", re.ASCII)
# Somebody is named by a letter or a digit at least; what is left of "+" and "()" is a slip.
USER = re.compile(rf"(?=.*[A-Za-z0-9]){_USER}", re.ASCII)
URI = re.compile(
    rf"(?:(?P<scheme>sips?):)?(?:(?P<user>{_USER})@)?(?P<host>{_HOST}){_PORT}"
    rf"(?P<parameters>(?:;{_PARAMETER}(?:={_PARAMETER})?)*)",
    re.ASCII | re.IGNORECASE,
)


class NotDiallable(ValueError):
    """The text says what may be dialled instead."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """`user` alone is completed with an account's domain; a `uri` has a host of its own."""

    shown: str
    user: str | None = None
    uri: str | None = None

    def target(self, domain: str) -> str:
        return self.uri if self.uri is not None else f"sip:{self.user}@{domain}"


def dialled(text: str) -> Dialled:
    """Read what somebody dialled: a number, a user name, `user@host`, a SIP URI or an IP address.

    Raises NotDiallable.
    """
    text = text.strip(" ")
    if len(text) > MAX_LENGTH:
        raise NotDiallable(f"what is dialled is {len(text)} characters long; at most {MAX_LENGTH} can be")
    if match := ADDRESS.fullmatch(text):
        _check(match, text)
        return Dialled(text, uri=f"sip:{text}")
    if ":" in text and _is_ipv6(text):
        return Dialled(text, uri=f"sip:[{text}]")
    if DIGITS.fullmatch(number := text.translate(SEPARATORS)):
        return Dialled(number, user=number.replace("#", "%23"))
    match = URI.fullmatch(text)
    if match and (match["scheme"] or match["user"]):
        _check(match, text)
        scheme = (match["scheme"] or "sip").lower()
        return Dialled(text, uri=f"{scheme}:{text[match.end('scheme') + 1 if match['scheme'] else 0 :]}")
    if USER.fullmatch(text):
        return Dialled(text, user=text)
    raise NotDiallable(
        f"{text!r} cannot be dialled; a number, a user name, user@host, sip:user@host or an IP address can"
    )


def _check(match: re.Match[str], text: str) -> None:
    if match["port"] and not 0 < int(match["port"]) < 65536:
        raise NotDiallable(f"{text!r} cannot be dialled: port {match['port']} is not between 1 and 65535")
    if match["host"].startswith("[") and not _is_ipv6(match["host"][1:-1]):
        raise NotDiallable(f"{text!r} cannot be dialled: {match['host']} is not an IPv6 address")


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text
