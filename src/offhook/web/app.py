"""The pages beside the Action URI, the same for every phone of the process: `desk` tells which is asked."""

import functools
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from offhook.action_uri.answer_line import API
from offhook.station import Booting

from . import health, kept_log, log_in, metrics, screen
from .api import app as api
from .api.answer import booting
from .api.errors import refused_beside
from .gate import Gate
from .page import page
from .pages.routes import routes as vendors_pages

WELCOME: Final = """\
This is an offhook phone.

  /fcgi/do?keydown=5                    press a key
  /fcgi/do?action=MakeCall&number=1002  call somebody
  /fcgi/do?keyup=Hook                   put the handset down
  /api/v1/state                         what the phone shows and does, as JSON
  /screen.txt /screen.svg /screen.png   its display
  /metrics /health                      its figures for Prometheus, and whether it is well
  /login                                its settings
"""


@functools.cache
def pages() -> Starlette:
    return Starlette(
        routes=[
            Route("/", _welcome),
            *log_in.routes(),
            *screen.routes(),
            *api.routes(),
            *metrics.routes(),
            *health.routes(),
            *kept_log.routes(),
            *vendors_pages(),
            Mount("/static", Static(directory=Path(__file__).parent / "static")),
        ],
        middleware=[Middleware(Gate)],
        exception_handlers={HTTPException: _refused, Booting: _booting},
    )


class Static(StaticFiles):
    """A browser asks each time whether a file is still the same: the next version may have another."""

    def file_response(self, *args: Any, **values: Any) -> Response:
        response = super().file_response(*args, **values)
        response.headers.update({"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"})
        return response


async def _welcome(_request: Request) -> Response:
    return PlainTextResponse(WELCOME)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    if request.url.path.startswith(API):
        return refused_beside(error)
    text = error.detail
    if text == HTTPStatus(error.status_code).phrase:
        text = {404: f"there is no page {request.url.path}", 405: f"{request.method} means nothing here"}.get(
            error.status_code, text
        )
    if "text/html" in request.headers.get("accept", ""):
        answer: Response = page(request, "refused.html", error.status_code, text=text)
    else:
        answer = PlainTextResponse(f"{text}\n", error.status_code, {"Cache-Control": "no-store"})
    answer.headers.update(error.headers or {})
    return answer


def _booting(request: Request, error: Exception) -> Response:
    if request.url.path.startswith(API):
        return booting(error)
    return PlainTextResponse(f"{error}: try again in a moment\n", 503, {"Retry-After": "2"})
