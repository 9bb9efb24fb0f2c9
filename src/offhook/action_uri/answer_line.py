"""One line for a person as an HTTP answer: text, or JSON for a client that asks for it."""

import json
import re
from typing import Final

from .http import Header, HttpRequest, HttpResponse

LONGEST = 500
"""Characters of a line; what a request reflects is cut well before."""

NOT_STORED: list[Header] = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
_TEXT: list[Header] = [(b"content-type", b"text/plain; charset=utf-8"), *NOT_STORED]
_JSON: list[Header] = [(b"content-type", b"application/json"), *NOT_STORED]

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_QUALITY = re.compile(r";\s*q=([01](?:\.[0-9]{0,3})?)\s*$", re.IGNORECASE)


API: Final = "/api/v1/"
RESULTS: Final = {
    400: "invalid",
    401: "not_logged_in",
    403: "not_allowed",
    503: "booting",
}
"""What the API calls the statuses that the guard has."""


def answer_line(request: HttpRequest, status: int, text: str, *extra: Header) -> HttpResponse:
    """`text` and a line feed, or `{"ok": bool, "status": int, "message": text}` where `Accept` prefers
    JSON. In the API it is JSON, and as all its answers."""
    text = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    if request.path.startswith(API):
        said = json.dumps({"result": RESULTS[status], "text": text}, ensure_ascii=False)
        return HttpResponse(status, [*_JSON, *extra], said.encode())
    accept = request.fields.get(b"accept")
    if accept is not None and b"json" in accept.lower() and _prefers_json(accept.decode("latin-1").lower()):
        body = json.dumps({"ok": status < 300, "status": status, "message": text}, ensure_ascii=False)
        return HttpResponse(status, [*_JSON, *extra], body.encode())
    return HttpResponse(status, [*_TEXT, *extra], text.encode() + b"\n")


def quoted(value: str) -> str:
    """What a request said, fit to be named in a line: cut, and visibly delimited."""
    return f'"{value[:59]}…"' if len(value) > 60 else f'"{value}"'


def _prefers_json(accept: str) -> bool:
    qualities = {"application/json": 0.0, "text/plain": 0.0}
    for media_range in accept.split(","):
        kind = media_range.partition(";")[0].strip()
        if kind in qualities:
            quality = _QUALITY.search(media_range)
            qualities[kind] = float(quality[1]) if quality else 1.0
    return qualities["application/json"] > 0 and qualities["application/json"] >= qualities["text/plain"]
