"""What goes wrong before an operation is reached, or within it, in the form of all answers."""

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match

from offhook.flash.flash import NotSaved
from offhook.settings.phone_settings import BadSettings
from offhook.station import Booting

from .answer import OF_STATUS, Refused, Result, answer, booting

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]

_WORDS: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "extra_forbidden": "means nothing here",
    "string_type": "is no text",
    "string_unicode": "is no text that can be written as UTF-8",
    "int_type": "is no whole number",
    "int_parsing": "is no whole number",
    "int_from_float": "is no whole number",
    "list_type": "is no list",
    "dict_type": "is no object",
    "model_attributes_type": "is no object",
    "model_type": "is no object",
    "string_pattern_mismatch": "holds characters that cannot stand there",
}


async def _refused(_request: Request, error: Refused) -> Response:
    return error.answer()


async def _http(request: Request, error: HTTPException) -> Response:
    status, text, headers = error.status_code, error.detail, dict(error.headers or {})
    if status == 405:
        headers["Allow"] = _allowed(request)
        text = f"{request.method[:20]} is not used here; {headers['Allow']} is"
    elif status == 404:
        text = f"there is nothing at {request.url.path[:200]}; /api/ says what there is"
    elif status == 400:
        # Only FastAPI says so: where a body is nested too deeply, say.
        text = "the body cannot be read as JSON"
    return answer(OF_STATUS.get(status, Result.FAILED), text, status, headers)


def _allowed(request: Request) -> str:
    """Each method of a path has a route of its own, and only the first of them was asked."""
    found = {
        method
        for route in request.app.routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods
    }
    return ", ".join(sorted(found | ({"HEAD"} if "GET" in found else set())))


async def _not_valid(_request: Request, error: RequestValidationError) -> Response:
    problems = error.errors()
    if problems[0]["type"] == "json_invalid":
        where, why = problems[0]["loc"][-1], problems[0]["ctx"]["error"]
        return answer(Result.INVALID, f"the body is no JSON: {why}, at character {where}")
    return wrong_values(dict(_told(problems)))


def _told(problems: Sequence[Any]) -> Iterator[tuple[str, str]]:
    for problem in problems:
        kind, where = problem["type"], problem["loc"]
        name = ".".join(str(step)[:100] for step in where[1:]) or str(where[0])
        if kind in _WORDS:
            yield name, _WORDS[kind]
        elif kind == "value_error":
            yield name, str(problem["ctx"]["error"])
        else:
            yield name, problem["msg"].replace("Input should", "should")


async def _bad_settings(_request: Request, error: BadSettings) -> Response:
    return wrong_values(error.wrong)


async def _not_saved(_request: Request, error: Exception) -> Response:
    return answer(Result.NOT_SAVED, f"nothing was changed, for it cannot be saved: {error}")


async def _booting(_request: Request, error: Exception) -> Response:
    return booting(error)


async def _gone(_request: Request, _error: Exception) -> Response:
    # To nobody: the client left in the middle of its request.
    return Response(status_code=400)


async def _failed(_request: Request, _error: Exception) -> Response:
    return answer(Result.FAILED, "the phone failed on this; its log says where")


def refused_beside(error: HTTPException) -> Response:
    """For what others than FastAPI answer below the API's path."""
    # While it boots it says so by itself.
    result = Result.FULL if error.status_code == 503 else OF_STATUS.get(error.status_code, Result.FAILED)
    return answer(result, error.detail, error.status_code, error.headers)


def wrong_values(wrong: Mapping[str, str]) -> Response:
    return answer(
        Result.WRONG_VALUE,
        "; ".join(f"{name} {why}" if name else why for name, why in wrong.items())[:1000],
        wrong=dict(wrong),
    )


HANDLERS: Final[dict[int | type[Exception], Handler]] = {
    Refused: _refused,
    HTTPException: _http,
    RequestValidationError: _not_valid,
    BadSettings: _bad_settings,
    NotSaved: _not_saved,
    Booting: _booting,
    ClientDisconnect: _gone,
    Exception: _failed,
}
