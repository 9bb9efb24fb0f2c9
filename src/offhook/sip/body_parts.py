"""Bodies in several parts (RFC 2046 §5.1, RFC 5621): which part is read, and which had to be understood.

Whoever sends a description of sound may put something else beside it: where an emergency call comes from, a
message of the telephone network, a picture. What is read of it all is one part, in the place of the body.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from sipmessage import Request, Response

from .name_addr import parse_parameters

MAX_PARTS: Final = 16
"""What is behind them is not looked at."""

LONGEST_BOUNDARY: Final = 70
"""RFC 2046 §5.1.1."""

SEVERAL: Final = frozenset({"multipart/mixed", "multipart/alternative", "multipart/related"})

_ELSEWHERE: Final = frozenset({"early-session", "icon", "alert"})
"""Content-Dispositions of a body that is not about the session itself (RFC 3959, RFC 3261 §20.11)."""


@dataclass(frozen=True, slots=True)
class Part:
    """`media_type`, `disposition` and `handling` are in lower case, `content_type` is as it came."""

    content_type: str
    media_type: str
    disposition: str
    handling: str
    body: bytes

    @classmethod
    def of(cls, content_type: str, content_disposition: str, body: bytes) -> "Part":
        disposition, parameters = _split(content_disposition)
        handling = (parameters.get("handling") or "").strip('"').lower()
        return cls(content_type, _split(content_type)[0], disposition, handling, body)

    @property
    def required(self) -> bool:
        """Said in so many words. RFC 3261 §20.11 takes it as said where nothing is; senders of an emergency
        call's whereabouts do not mean it that way, and had better be heard."""
        return self.handling == "required"


def choose_part(message: Request | Response, known: Collection[str]) -> str:
    """Put the part that can be read, of the media types `known`, in the place of a body of several.

    Where there is none, or a body in one part need not be understood and is not, there is no body any more.
    A body that cannot be taken apart stays as it is.

    Returns the media type of a part that had to be understood and is not, or "".
    """
    if not message.body:
        return ""
    headers = message.headers
    whole = Part.of(headers.get("Content-Type") or "", headers.get("Content-Disposition") or "", message.body)
    if whole.media_type not in SEVERAL:
        if whole.media_type not in known and whole.handling == "optional":
            message.body = b""
        return ""
    parts = [*parts_of(whole)]
    if not parts:
        return ""
    readable = [part for part in parts if part.media_type in known and part.disposition not in _ELSEWHERE]
    if whole.media_type == "multipart/alternative" and readable:
        # The last is the one that says most (RFC 2046 §5.1.4); the others say the same.
        parts = readable = readable[-1:]
    if readable:
        headers.set("Content-Type", readable[0].content_type)
        message.body = readable[0].body
    else:
        message.body = b""
    return next((part.media_type for part in parts if part.required and part.media_type not in known), "")


def parts_of(whole: Part) -> Iterator[Part]:
    """Nothing where it has no boundary that a line could begin with."""
    boundary = (_split(whole.content_type)[1].get("boundary") or "").strip('"')
    if not 0 < len(boundary) <= LONGEST_BOUNDARY:
        return
    delimiter = b"\r\n--" + boundary.encode()
    _preamble, *pieces = (b"\r\n" + whole.body).split(delimiter, MAX_PARTS + 1)
    for piece in pieces[:MAX_PARTS]:
        if piece.startswith(b"--"):
            return
        # White space may follow the delimiter; a part without headers begins with the empty line.
        padding, end, rest = piece.partition(b"\r\n")
        if not end or padding.strip(b" \t"):
            continue
        head, _, body = (b"\r\n" + rest).partition(b"\r\n\r\n")
        fields = _fields(head.decode("utf-8", "replace"))
        content_type = fields.get("content-type", fields.get("c", "text/plain"))
        yield Part.of(content_type, fields.get("content-disposition", ""), body)


def _fields(head: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in head.replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n"):
        name, _, value = line.partition(":")
        fields.setdefault(name.strip().lower(), value.strip())
    return fields


def _split(value: str) -> tuple[str, dict[str, str | None]]:
    """A header's value and its parameters, as far as they can be read."""
    first, semicolon, rest = value.partition(";")
    try:
        return first.strip().lower(), parse_parameters(semicolon + rest)
    except ValueError:
        return first.strip().lower(), {}
