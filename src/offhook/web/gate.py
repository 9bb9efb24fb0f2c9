"""Keeps those who come from elsewhere with the factory's password to the page that changes it."""

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from offhook.action_uri.answer_line import API

from .api import answer as api
from .desk import LOG_IN, LOG_OUT, PASSWORD, STATIC
from .page import see
from .visitor import visitor

OPEN = frozenset({LOG_IN, LOG_OUT, PASSWORD})


class Gate:
    """Whoever is neither on the list nor logged in goes no further, whatever page is asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        who, path = visitor(connection), scope["path"]
        if who.listed or who.logged_in or path in OPEN or path.startswith(STATIC):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            text = f"from {who.address} the factory's password opens {PASSWORD} alone: change it there"
            answer: Response = PlainTextResponse(f"{text}\n", 403)
            if "text/html" in connection.headers.get("accept", ""):
                answer = see(PASSWORD)
            elif path.startswith(API):
                answer = api.answer(api.Result.NOT_ALLOWED, text)
            await answer(scope, receive, send)
