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
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from offhook.action_uri.answer_line import API
from offhook.station import Booting

from . import events, health, kept_log, log_in, metrics, panel, screen
from .api import app as api
from .api.answer import booting
from .api.errors import refused_beside
from .gate import Gate
from .once import Once
from .page import page
from .pages.routes import routes as vendors_pages

HERE: Final = Path(__file__).parent


@functools.cache
def pages() -> Starlette:
    return Starlette(
        routes=[
            # What is asked for most goes first; the API has all else below its path.
            *events.routes(),
            *api.routes(),
            *panel.routes(),
            *log_in.routes(),
            *screen.routes(),
            *metrics.routes(),
            *health.routes(),
            *kept_log.routes(),
            *vendors_pages(),
            # Inter, the typeface of the screen, is that of the pages too.
            Mount("/static", Static(directory=HERE / "static", packages=[("fontpkg_inter", "files")])),
        ],
        middleware=[Middleware(Gate), Middleware(Once)],
        exception_handlers={HTTPException: _refused, Booting: _booting},
    )


class Static(StaticFiles):
    """A browser asks each time whether a file is still the same: the next version may have another."""

    def file_response(self, *args: Any, **values: Any) -> Response:
        response = super().file_response(*args, **values)
        response.headers.update({"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"})
        return response


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
