"""The API described as OpenAPI 3.1, for programs and for the page that shows it to people."""

import functools
import json
from collections.abc import Sequence
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from offhook import __version__
from offhook.web.desk import desk
from offhook.web.visitor import visitor

from . import events

SUMMARY: Final = "A desk phone for programs: state, keys, settings, call log, phone book."
ABOUT: Final = """\
Keys, functions, state, display and events are open to the addresses on the phone's Allowed Access IP List,
and to whoever has logged in; settings, call log, phone book, log and SIP trace to whoever has logged in. A
program logs in with a token, which the page Security makes: `Authorization: Bearer TOKEN`.

Whatever was done or not, the answer says it in `result`, a word for a program, and `text`, a line for a
person; `wrong` names the values that are wrong. Names in answers do not change, new ones may come.
"""
PREFIX: Final = "/api/v1"
_COOKIE: Final = "offhook-MAC"
_TAGS: Final = {
    "State": "What the phone shows and does.",
    "Keys and functions": "What a finger can do, as `/fcgi/do` does it.",
    "Settings": "By name, all or nothing, in three layers.",
    "Call log": "The last calls.",
    "Phone book": "Contacts, one by one or as files.",
    "Log": "What the phone has logged lately.",
    "SIP trace": "The SIP messages of the phone, for whoever looks for a fault.",
}


class Description:
    """Made when it is first asked for, in a thread: it takes longer than the loop may wait."""

    def __init__(self, operations: Sequence[APIRoute]) -> None:
        self._operations = operations

    async def of(self, request: Request) -> bytes:
        """As the phone that is asked has it: the name of its cookie is its own."""
        cookie = desk(request).cookie(visitor(request).scheme)
        made = await run_in_threadpool(lambda: self._bytes)
        return made.replace(_COOKIE.encode(), cookie.encode())

    @functools.cached_property
    def document(self) -> dict[str, Any]:
        document = get_openapi(
            title="offhook",
            version=__version__,
            summary=SUMMARY,
            description=ABOUT,
            routes=self._operations,
            servers=[{"url": PREFIX}],
            tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
        )
        document["paths"] |= events.PATHS
        document["components"]["securitySchemes"] = {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token, which the page Security makes.",
            },
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": _COOKIE,
                "description": "Of a log-in at /login. What is sent with it is JSON, and comes from the "
                "phone's own pages.",
            },
        }
        return document

    @functools.cached_property
    def _bytes(self) -> bytes:
        return json.dumps(self.document, ensure_ascii=False, separators=(",", ":")).encode()
