"""What is asked twice is done once, for those who say that it is the same.

A browser asks again by itself, with a POST too, where a connection that was kept open ends before the answer.
A key pressed twice is another number dialled. So whoever presses keys may give each request an
`Idempotency-Key` of its own (draft-ietf-httpapi-idempotency-key-header).
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .answers import Key
from .desk import desk
from .visitor import visitor

PATHS: Final = ("/api/v1/keys", "/api/v1/actions/")
LONGEST: Final = 100
"""Characters of a key. A longer one is none."""


class Once:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        answers = desk(HTTPConnection(scope)).answers
        said: Sequence[Message] | None = None
        while said is None:
            earlier = answers.find(key)
            # Whoever leaves does not take the answer from those who wait for it too.
            said = await (self._ask(scope, receive, key) if earlier is None else asyncio.shield(earlier))
        for message in said:
            await send(message)

    async def _ask(self, scope: Scope, receive: Receive, key: Key) -> Sequence[Message]:
        answers = desk(HTTPConnection(scope)).answers
        begun, said = answers.begin(key), list[Message]()

        async def note(message: Message) -> None:
            said.append(message)

        try:
            await self._app(scope, receive, note)
        except BaseException:
            # Nothing was understood, as of a request that did not arrive whole.
            answers.forget(key)
            begun.set_result(None)
            raise
        begun.set_result(said)
        return said


def _key(scope: Scope) -> Key | None:
    if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith(PATHS):
        return None
    connection = HTTPConnection(scope)
    key = connection.headers.get("idempotency-key", "")
    if not 0 < len(key) <= LONGEST:
        return None
    # The same key on another path is another request.
    return visitor(connection).address, f"{scope['path']} {key}"
