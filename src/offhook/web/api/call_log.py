"""The calls there were."""

from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final

from fastapi import Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from offhook.phone.call_log import RECORDS_KEPT, CallRecord, Kind
from offhook.phone.phone_book import PhoneBook
from offhook.station import BOOTING, Booting
from offhook.web.desk import desk

from .answer import Json, Result, answer
from .operation import Operation

LONGEST_PAGE: Final = RECORDS_KEPT


class LoggedCall(BaseModel):
    id: str = Field(description="The same that the call had in the state and in events.")
    kind: Kind
    number: str = Field(description="What was dialled; empty where nobody dialled.")
    remote: str = Field(description="A SIP URI.")
    remote_name: str = Field(description="The name that the network gave.")
    name: str = Field(description="The name in the phone book of now, else that of the network.")
    account: int | None
    started: datetime
    duration: float | None = Field(
        description="Seconds from the answer: 0 without one, null while the call is not over."
    )
    seen: bool = Field(description="False for a missed call until somebody looks at its list.")


class CallLogPage(BaseModel):
    total: int = Field(description="How many there are of that kind, on this page or not.")
    calls: list[LoggedCall]


async def call_log(
    request: Request,
    kind: Annotated[Kind | None, Query(description="Only these.")] = None,
    offset: Annotated[
        int, Query(ge=0, le=RECORDS_KEPT, description="How many to leave out, from the newest.")
    ] = 0,
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = LONGEST_PAGE,
) -> Response:
    """The last 100 calls, the newest first. To read them leaves missed calls as unseen as they are."""
    device = desk(request).station.device
    if device is None:
        raise Booting(BOOTING)
    records = [each for each in device.phone.log if kind in (None, each.kind)]
    page = records[offset : offset + limit]
    return Json({"total": len(records), "calls": [_shown(each, device.phone.book) for each in page]})


async def forget(request: Request) -> Response:
    """Forgets all calls that are over."""
    await desk(request).station.forget_calls()
    return answer(Result.DONE, "the call log is empty")


def _shown(record: CallRecord, book: PhoneBook) -> dict[str, Any]:
    return {
        **asdict(record),
        "name": book.name_of(record.remote) or book.name_of(record.number) or record.remote_name,
        "started": datetime.fromtimestamp(record.started, UTC).isoformat(timespec="milliseconds"),
        "duration": None if record.duration is None else round(record.duration, 3),
    }


def routes() -> list[APIRoute]:
    of_log = partial(Operation, "/call-log", tags=["Call log"])
    return [
        of_log(call_log, answers=CallLogPage, results=(Result.WRONG_VALUE,), summary="Call log"),
        of_log(forget, method="DELETE", results=(Result.NOT_SAVED,), summary="Clear the call log"),
    ]
