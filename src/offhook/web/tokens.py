"""Tokens for programs that use the API: made on the page Security, shown once, kept as hashes.

A token is 256 bits by chance, so a plain hash keeps it as well as a slow one would.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple, Self

PREFIX: Final = "offhook-"
"""So that people, and programs that look through source code, recognise one that went astray."""

MOST: Final = 32


class Token(NamedTuple):
    """What is kept of one. `made` is a day, `hash` hexadecimal."""

    name: str
    made: str
    hash: str

    @classmethod
    def of(cls, kept: str) -> Self:
        return cls(*kept.split(":"))

    def __str__(self) -> str:
        return ":".join(self)


def make(name: str, now: datetime) -> tuple[str, Token]:
    """What the program is to send, and what is kept of it. Raises ValueError."""
    name = name.strip()
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,40}", name):
        raise ValueError("write 1 to 40 letters, digits, dots, dashes or underscores, such as crm-server")
    token = PREFIX + secrets.token_urlsafe(32)
    return token, Token(name, now.astimezone(UTC).date().isoformat(), _hash(token))


def shown(authorization: str, kept: Iterable[str]) -> Token | None:
    """The token that an `Authorization: Bearer` shows (RFC 6750 §2.1), if it is one of these."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    # What is compared are hashes: how long that takes tells nothing of the token.
    hashed = _hash(token.strip())
    return next((each for each in map(Token.of, kept) if each.hash == hashed), None)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
