"""Phone > Call Log: the calls there were, calling back, forgetting them."""

from datetime import timedelta
from typing import Final, NamedTuple
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from offhook.flash.flash import NotSaved
from offhook.phone.call import short
from offhook.phone.call_log import CallRecord, Kind
from offhook.phone.events import MakeCall
from offhook.phone.phone_book import PhoneBook
from offhook.phone.reply import Reply, Verdict
from offhook.settings.sections import PreferenceSettings
from offhook.station import Booting, Station
from offhook.web.desk import desk
from offhook.web.page import form, page, see

from .local import When, when
from .site_map import CALL_LOG

ALL: Final = "all"
TABS: Final = {
    ALL: "All",
    Kind.DIALLED: "Dialled",
    Kind.RECEIVED: "Received",
    Kind.MISSED: "Missed",
    Kind.FORWARDED: "Forwarded",
}
CALL: Final = "call"
CLEAR: Final = "clear"
SAID: Final = {"called": "Calling. The panel shows how it goes.", "cleared": "The call log is empty now."}
REFUSED: Final = {Verdict.INVALID: 422, Verdict.NOT_NOW: 409, Verdict.NOT_SAVED: 503, Verdict.BOOTING: 503}


class Row(NamedTuple):
    """`calls` is what a call back calls, empty where nobody can be called."""

    who: str
    number: str
    kind: str
    started: When
    duration: str
    calls: str
    new: bool


async def call_log(request: Request) -> Response:
    station = desk(request).station
    tab = request.query_params.get("show", ALL)
    tab = tab if tab in TABS else ALL

    def show(status: int = 200, *, said: str = "", wrong: str = "") -> Response:
        return page(
            request,
            "call_log.html",
            status,
            page=CALL_LOG,
            tabs=TABS,
            tab=tab,
            rows=_rows(station, tab),
            said=said,
            problems=[("", "", wrong)] if wrong else [],
        )

    if request.method != "POST":
        return show(said=SAID.get(request.query_params.get("said", ""), ""))
    given = await form(request)
    if CLEAR in given:
        try:
            await station.forget_calls()
        except NotSaved as failure:
            return show(503, wrong=f"it could not be saved: {failure}")
        return see(f"{CALL_LOG.path}?said=cleared")
    reply = await called(station, str(given.get(CALL, "")))
    if reply.verdict in REFUSED:
        return show(REFUSED[reply.verdict], wrong=reply.text)
    return see(f"{CALL_LOG.path}?{urlencode({'show': tab, 'said': 'called'})}")


async def called(station: Station, number: str) -> Reply:
    reply = station.press(MakeCall(number))
    return reply if isinstance(reply, Reply) else await reply


def _rows(station: Station, tab: str) -> list[Row]:
    """Raises Booting."""
    if station.device is None:
        raise Booting
    phone = station.device.phone
    preference = station.layers.settings.preference
    return [_row(record, phone.book, preference) for record in phone.log if tab in (ALL, record.kind)]


def _row(record: CallRecord, book: PhoneBook, preference: PreferenceSettings) -> Row:
    dialled = record.kind is Kind.DIALLED
    name = book.name_of(record.remote) or book.name_of(record.number)
    number = record.number or short(record.remote)
    return Row(
        who=name or record.remote_name or number or "Anonymous",
        number=number,
        kind=TABS[record.kind],
        started=when(record.started, preference),
        duration=_duration(record.duration),
        # By what was dialled: as it was called, it might be rewritten twice.
        calls=record.number if dialled and record.number else record.remote,
        new=not record.seen,
    )


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "still up"
    return str(timedelta(seconds=round(seconds))) if seconds else ""
