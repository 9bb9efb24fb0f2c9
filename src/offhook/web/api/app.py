"""The JSON API of every phone of the process, below /api/v1."""

from collections.abc import Sequence

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from . import actions, call_log, keys, log, phone_book, reader, settings, state, trace
from .answer import NOT_STORED
from .description import PREFIX, Description
from .errors import HANDLERS
from .operation import Needs, Operation


def routes() -> list[BaseRoute]:
    of_all = operations()
    description = Description(of_all)
    return [
        state.short_way(PREFIX),
        *reader.routes(description),
        Mount(PREFIX, Api(of_all, description)),
    ]


def operations() -> list[APIRoute]:
    return [
        route
        for of in (state, keys, actions, settings, call_log, phone_book, log, trace)
        for route in of.routes()
    ]


class Api:
    """Answers HEAD as GET."""

    def __init__(self, operations: Sequence[APIRoute], description: Description) -> None:
        async def openapi(request: Request) -> Response:
            return Response(await description.of(request), headers=NOT_STORED, media_type="application/json")

        described = Operation("/openapi.json", openapi, needs=Needs.KEYS, include_in_schema=False)
        self._app = FastAPI(
            routes=[*operations, described],
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            exception_handlers=HANDLERS,
            telemetry={
                "tracing": False,
                "metrics": False,
                "logs": False,
                "operation_spans": False,
                "auto_configure": False,
            },
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            # The body is left out by whoever writes the answer.
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)
