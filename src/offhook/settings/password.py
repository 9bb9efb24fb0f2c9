"""The password of the log-in, kept as what it hashes to.

scrypt takes memory as well as time, which is what makes guessing dear (RFC 7914). Its parameters are kept
with each hash, so that they can grow.
"""

import base64
import hashlib
import hmac
import re
import secrets
from typing import Final

COST: Final = 2**15
BLOCK: Final = 8
"""Together 32 MiB, and some 60 ms of a core."""

SHORTEST: Final = 8
LONGEST: Final = 256

_HASH: Final = re.compile(r"scrypt\$(\d{1,8})\$(\d{1,3})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})")


def hashed(password: str) -> str:
    salt = secrets.token_bytes(16)
    return f"scrypt${COST}${BLOCK}${_text(salt)}${_text(_derive(password, salt, COST, BLOCK))}"


def is_hash(text: str) -> bool:
    return _HASH.fullmatch(text) is not None


def matches(password: str, kept: str) -> bool:
    """Takes its time, wherever they differ: not for the loop."""
    match = _HASH.fullmatch(kept)
    if match is None or len(password) > LONGEST:
        return False
    derived = _derive(password, _bytes(match[3]), int(match[1]), int(match[2]))
    return hmac.compare_digest(derived, _bytes(match[4]))


def read_password(value: object) -> str:
    """The hash of a password as it is typed; a hash is taken as it is. Raises ValueError."""
    if isinstance(value, str) and is_hash(value):
        return value
    if (
        not isinstance(value, str)
        or not SHORTEST <= len(value) <= LONGEST
        or not value.isprintable()
        or not value.strip()
    ):
        raise ValueError(f"that is no password; write {SHORTEST} to {LONGEST} characters")
    return hashed(value)


def _derive(password: str, salt: bytes, cost: int, block: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=cost, r=block, p=1, maxmem=256 * cost * block, dklen=32
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))
