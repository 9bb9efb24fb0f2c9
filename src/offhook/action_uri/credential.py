"""A credential for the Action URI, for callers that have no fixed address, or that the list alone is not
trusted with.

It can be shown in three ways: Basic (RFC 7617), Digest (RFC 7616: SHA-256, and MD5 for clients of old), and
as a token (`Authorization: Bearer` and the password, RFC 6750 §2.1). Basic and token are readable on the way
over plain http.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import unquote

from .answer_line import answer_line
from .http import Header, HttpRequest, HttpResponse

REALM: Final = "offhook"
NONCE_FOR: Final = 300.0
"""Seconds that a nonce can be answered with."""

MOST_NONCES: Final = 256
MOST_WRONG: Final = 10
WRONG_FOR: Final = 60.0
"""An address that was wrong so often in so many seconds is not listened to until they are over."""

MOST_ADDRESSES: Final = 1024

_HASHES: Final = {"sha-256": "sha256", "md5": "md5"}
_PARAMETER: Final = re.compile(r'([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)')


class Asked(StrEnum):
    """What the credential is to the allow list: nothing, wanted too, or a way in for who is not on it."""

    OFF = "off"
    ALSO = "also"
    INSTEAD = "instead"


@dataclass(frozen=True, slots=True)
class Credential:
    """`clock` is in seconds. What clients were told and how often they were wrong lives as long as this."""

    user: str
    password: str = field(repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False, compare=False)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False, compare=False)
    _counts: dict[str, int] = field(default_factory=dict, repr=False, compare=False)
    """The highest count that each nonce was used with."""
    _wrong: dict[str, tuple[int, float]] = field(default_factory=dict, repr=False, compare=False)
    """How often each address was wrong, and until when that counts."""

    def refusal(self, request: HttpRequest, address: str) -> HttpResponse | None:
        """None where the request shows the credential; a 401 or 429 that says what is wrong where not."""
        wrong, until = self._wrong.get(address, (0, 0.0))
        if self.clock() >= until:
            wrong = 0
        if wrong >= MOST_WRONG:
            wait = b"%d" % (until - self.clock() + 1)
            return answer_line(
                request, 429, f"{address} was wrong {wrong} times: wait a minute", (b"retry-after", wait)
            )
        scheme, _, shown = request.fields.get(b"authorization", b"").decode("utf-8", "replace").partition(" ")
        stale = False
        match scheme.lower():
            case "basic" if self._basic(shown):
                return None
            case "bearer" if _same(shown.strip(), self.password):
                return None
            case "digest":
                parameters = {name.lower(): q or plain for name, q, plain in _PARAMETER.findall(shown)}
                if self._digest(request, parameters):
                    if self._is_fresh(parameters):
                        return None
                    stale = True
        if scheme and not stale:
            self._note(address, wrong + 1)
        return self._challenge(request, stale=stale)

    def _basic(self, shown: str) -> bool:
        try:
            text = base64.b64decode(shown.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            return False
        return _same(text, f"{self.user}:{self.password}")

    def _digest(self, request: HttpRequest, given: Mapping[str, str]) -> bool:
        hash_name = _HASHES.get(given.get("algorithm", "MD5").lower())
        if hash_name is None or given.get("qop") != "auth" or not _same(given.get("username", ""), self.user):
            return False
        if not _is_target(given.get("uri", ""), request):
            return False
        a1 = f"{self.user}:{REALM}:{self.password}"
        a2 = f"{request.method}:{given['uri']}"
        fields = (given.get(name, "") for name in ("nonce", "nc", "cnonce", "qop"))
        expected = _hash(hash_name, ":".join((_hash(hash_name, a1), *fields, _hash(hash_name, a2))))
        return given.get("realm") == REALM and _same(given.get("response", "").lower(), expected)

    def _is_fresh(self, given: Mapping[str, str]) -> bool:
        """The nonce is one of ours, is young, and was not used with that count yet."""
        nonce, count = given.get("nonce", ""), given.get("nc", "")
        if not re.fullmatch(r"[0-9a-fA-F]{8}", count) or not _same(nonce, self._nonce(_time_of(nonce))):
            return False
        if self.clock() - _time_of(nonce) > NONCE_FOR or int(count, 16) <= self._counts.get(nonce, 0):
            return False
        self._counts.pop(nonce, None)
        self._counts[nonce] = int(count, 16)
        if len(self._counts) > MOST_NONCES:
            del self._counts[next(iter(self._counts))]
        return True

    def _nonce(self, at: float) -> str:
        stamp = struct.pack("!d", at)
        return (stamp + hmac.digest(self._key, stamp, "sha256")[:16]).hex()

    def _challenge(self, request: HttpRequest, *, stale: bool) -> HttpResponse:
        nonce = self._nonce(self.clock())
        digest = f'Digest realm="{REALM}", qop="auth", nonce="{nonce}"' + (", stale=true" if stale else "")
        challenges: list[Header] = [
            (b"www-authenticate", f"{digest}, algorithm=SHA-256".encode()),
            (b"www-authenticate", f"{digest}, algorithm=MD5".encode()),
            (b"www-authenticate", f'Basic realm="{REALM}", charset="UTF-8"'.encode()),
        ]
        return answer_line(
            request,
            401,
            "this phone wants the credential of its Remote Control page: user name and password, or token",
            *challenges,
        )

    def _note(self, address: str, wrong: int) -> None:
        self._wrong.pop(address, None)
        self._wrong[address] = (wrong, self.clock() + WRONG_FOR)
        if len(self._wrong) > MOST_ADDRESSES:
            del self._wrong[next(iter(self._wrong))]


def _is_target(uri: str, request: HttpRequest) -> bool:
    path, _, query = uri.partition("?")
    return unquote(path) == request.path and query.encode("latin-1", "replace") == request.query


def _time_of(nonce: str) -> float:
    try:
        return float(struct.unpack("!d", bytes.fromhex(nonce[:16]))[0])
    except (ValueError, struct.error):
        return float("-inf")


def _hash(name: str, text: str) -> str:
    return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
