"""DTMF in the body of an INFO, as desk phones and gateways send it (RFC 2976 and custom)."""

import re

from sipmessage import Request

from .message import content_type

ACCEPTED = ("application/dtmf-relay", "application/dtmf")
DIGITS = frozenset("0123456789*#ABCD")

_SIGNAL = re.compile(rb"^\s*signal\s*=\s*([0-9]{1,2}|[*#A-D])\s*$", re.IGNORECASE | re.MULTILINE)
_BARE = re.compile(rb"\s*([0-9]{1,2}|[*#A-D])\s*", re.IGNORECASE)

# Some senders give the event number of RFC 4733 in place of the key.
_BY_NUMBER = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}


def relay(digit: str) -> bytes:
    """The body of an INFO; a tone of 100 ms. Raises ValueError for what is no key."""
    if digit not in DIGITS:
        raise ValueError(f"{digit!r} is no key; right would be one of 0-9 * # A-D")
    return f"Signal={digit}\r\nDuration=100\r\n".encode()


def digit_of(info: Request) -> str | None:
    """One of `0-9 * # A-D`, or None when the body names no key."""
    body = info.body[:256]
    match = _SIGNAL.search(body) if content_type(info) == ACCEPTED[0] else _BARE.fullmatch(body)
    if match is None:
        return None
    key = match[1].decode().upper()
    return key if len(key) == 1 else _BY_NUMBER.get(key)
