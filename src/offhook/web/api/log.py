"""What the phone has logged lately: it tells who called whom."""

import logging
from datetime import datetime
from typing import Annotated, Final

from fastapi import Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from offhook.log.handler import LogLevel
from offhook.web.desk import desk

from .answer import Json, Result
from .operation import Operation

MOST: Final = 2**53
"""Beyond it not every reader of JSON knows one number from the next."""


class LogEntry(BaseModel):
    number: int = Field(description="Counts from 1 since the process began.")
    time: datetime
    level: str = Field(description="As in `level` of the request, or `critical`.")
    logger: str
    phone: str | None = Field(None, description="Its extension, in a farm.")
    account: int | None = Field(None, description="Where it is about one.")
    call: str | None = Field(None, description="The id of the call that it is about.")
    message: str
    exception: str | None = Field(None, description="An error that nobody expected.")


class LogPage(BaseModel):
    number: int = Field(description="Of the latest entry, whether it is told here or not; 0 for none.")
    entries: list[LogEntry]


async def log(
    request: Request,
    level: Annotated[LogLevel | None, Query(description="These, and graver ones.")] = None,
    call: Annotated[
        str | None, Query(max_length=100, description="Only those of the call with this id.")
    ] = None,
    after: Annotated[
        int, Query(ge=0, le=MOST, description="The number of the last entry that is known already.")
    ] = 0,
) -> Response:
    """The latest 1000 entries, the oldest first: fewer in a farm of many phones."""
    kept = desk(request).station.log.kept
    least = level.number if level else logging.NOTSET
    told = kept.entries(after=after, level=least, call=call)
    return Json(
        {"number": kept.number, "entries": [{"number": number, **entry.facts()} for number, entry in told]}
    )


def routes() -> list[APIRoute]:
    return [
        Operation("/log", log, answers=LogPage, results=(Result.WRONG_VALUE,), summary="Log", tags=["Log"])
    ]
