"""The page with one button for what a foreign page must not do behind a person's back and a browser does
not tell apart.

The button posts a token that is good for one function, one address and a few minutes; a foreign page
can neither read it nor, framed out, have the button clicked.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

from .answer_line import NOT_STORED
from .http import Header, HttpResponse

GOOD_FOR = 120
"""Seconds between the page and its button."""

_WHAT = {"Reset": "load the manufacturer's defaults", "Reboot": "restart the phone"}

NEEDS_YES = frozenset(_WHAT)

_HEADERS: list[Header] = [
    (b"content-type", b"text/html; charset=utf-8"),
    *NOT_STORED,
    (
        b"content-security-policy",
        b"default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
]


class Confirmation:
    """Makes the page and knows its token again. The secret lives as long as this object."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(32)

    def page(self, action: str, address: str) -> HttpResponse:
        """A 403, not a 200: nothing has been done, and a client that saw a success would believe it was."""
        expires = int(self._clock()) + GOOD_FOR
        token = f"{expires}.{self._sign(action, address, expires)}"
        body = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{action}?</title>'
            f"<h1>{action}?</h1><p>This will {_WHAT[action]}. Your browser does not say "
            f"which page asks for it, so the phone asks you.</p>"
            f'<form method="post" action="/fcgi/do"><input type="hidden" name="action" value="{action}">'
            f'<input type="hidden" name="confirm" value="{token}"><button>{action}</button></form></html>\n'
        )
        return HttpResponse(403, list(_HEADERS), body.encode())

    def confirms(self, token: str | None, action: str, address: str) -> bool:
        expires, _, signature = (token or "").partition(".")
        if not (expires.isascii() and expires.isdigit()) or self._clock() > int(expires):
            return False
        return hmac.compare_digest(signature.encode(), self._sign(action, address, int(expires)).encode())

    def _sign(self, action: str, address: str, expires: int) -> str:
        return hmac.new(self._secret, f"{action} {address} {expires}".encode(), hashlib.sha256).hexdigest()
