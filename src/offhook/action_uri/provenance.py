"""What a browser lets be known of where a request comes from: Fetch Metadata, else `Origin`, else
`Referer`.

Browsers leave Fetch Metadata out over plain http to anything but loopback, and a page can leave its
`Referer` out; what then is left to tell a browser from a program are the headers that every browser
sends.
"""

import re
from collections.abc import Set as AbstractSet
from enum import Enum, auto
from urllib.parse import urlsplit

from .answer_line import quoted
from .http import HttpRequest

_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(:[0-9]{1,5})?/?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443", "ws": ":80", "wss": ":443"}
_BROWSERS = ("Mozilla/", "Opera/")
_TELLING = frozenset({b"sec-fetch-site", b"origin", b"referer", b"accept-language"})
"""A request without any of these is no browser's; most are such."""
_PURPOSES = frozenset({b"sec-purpose", b"purpose", b"x-moz", b"x-purpose"})


class Provenance(Enum):
    OWN = auto()
    """Not a browser, or the phone's own page, or typed into the address bar."""
    UNTOLD = auto()
    """A browser that wants a page and does not say for whom: typed, or a foreign page's navigation."""
    TRUSTED = auto()
    """A page of an origin that a setting names."""
    CLICKED = auto()
    """A link on a foreign page, clicked by the person."""
    FOREIGN = auto()
    """A foreign page, on its own account."""


def origin_of(url: str) -> str | None:
    """The origin (RFC 6454 §6.2) of a URL or of an origin, without the scheme's own port; `None` where
    there is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if not parts.scheme or not parts.netloc or "@" in parts.netloc:
        return None
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(_DEFAULT_PORTS.get(parts.scheme, ':'))}"


def read_origin(text: str) -> str:
    """An origin as a person writes it, in the spelling of `origin_of`.

    :raises ValueError: for a URL with a path, a pattern, or anything else that no browser sends
    """
    origin = origin_of(text) if _ORIGIN.fullmatch(text) else None
    if origin is None:
        raise ValueError(
            f"{quoted(text)} is no origin: write it like https://crm.example.org or http://10.0.0.5:8123"
        )
    return origin


def told_origin(request: HttpRequest) -> str | None:
    """What the request says of its page: `Origin`, else `Referer`, as sent."""
    return request.text(b"origin") or request.text(b"referer")


def provenance(request: HttpRequest, scheme: str, trusted: AbstractSet[str]) -> Provenance:
    """`scheme` is the one that the client used, `trusted` holds origins as `origin_of` spells them."""
    if _TELLING.isdisjoint(request.fields):
        return Provenance.OWN
    site = request.text(b"sec-fetch-site")
    if site in {"same-origin", "none"}:
        return Provenance.OWN
    told = told_origin(request)
    if told is None:
        if site is None:
            return _untold(request)
    elif (page := origin_of(told)) is not None:
        if page in trusted:
            return Provenance.TRUSTED
        if site is None and page == origin_of(f"{scheme}://{request.text(b'host')}"):
            return Provenance.OWN
    clicked = (
        request.method in {"GET", "HEAD"}
        and request.text(b"sec-fetch-mode") == "navigate"
        and request.text(b"sec-fetch-user") == "?1"
    )
    return Provenance.CLICKED if site is not None and clicked else Provenance.FOREIGN


def is_prefetch(request: HttpRequest) -> bool:
    """Whether the browser asks ahead of the person: `Sec-Purpose`, and what it was called before."""
    return any(
        (request.text(name) or "").lower().startswith(("prefetch", "preview", "prerender"))
        for name in _PURPOSES.intersection(request.fields)
    )


def _untold(request: HttpRequest) -> Provenance:
    agent = request.text(b"user-agent")
    if agent is None or not agent.startswith(_BROWSERS) or b"accept-language" not in request.fields:
        return Provenance.OWN
    return Provenance.UNTOLD if "text/html" in (request.text(b"accept") or "").lower() else Provenance.FOREIGN
