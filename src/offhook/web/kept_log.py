"""The page of what the phone has logged lately."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from offhook.log.handler import LogLevel

from .desk import desk
from .page import needs_log_in, page

PATH: Final = "/status/log"


def routes() -> list[BaseRoute]:
    return [Route(PATH, needs_log_in(_log))]


async def _log(request: Request) -> Response:
    asked, call = (request.query_params.get(name, "") for name in ("level", "call"))
    level = LogLevel(asked) if asked in list(LogLevel) else LogLevel.DEBUG
    entries = desk(request).station.log.kept.entries(level=level.number, call=call or None)
    # The newest first, as whoever looks for what has just happened wants them.
    return page(request, "log.html", levels=list(LogLevel), shown=level, call=call, entries=entries[::-1])
