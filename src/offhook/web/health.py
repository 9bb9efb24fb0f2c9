"""`GET /health`: whether the phone is well, for whoever watches over it.

A phone that answers is alive: what ails it then (a registrar that is away, a full disk) is no better after a
restart of the process, so it is said with a 200. `/health/ready` is for those who ask whether calls can be
made from it now. While the phone boots, both are a 503, as everything is.
"""

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from offhook.autop.outcome import FAILURES
from offhook.device import Device
from offhook.log.entry import legible
from offhook.phone.account import Account
from offhook.phone.events import Registration
from offhook.station import BOOTING, Booting, Station

from .desk import desk

NOT_STORED = {"Cache-Control": "no-store"}


def routes() -> list[BaseRoute]:
    return [Route("/health", _health), Route("/health/ready", _ready)]


async def _health(request: Request) -> Response:
    station = desk(request).station
    ails = [legible(each) for each in what_ails(station, _running(station))]
    return _told(request, 200, "degraded" if ails else "ok", ails)


async def _ready(request: Request) -> Response:
    why_not = [legible(each) for each in why_not_ready(_running(desk(request).station))]
    return _told(request, 503 if why_not else 200, "not ready" if why_not else "ready", why_not)


def what_ails(station: Station, device: Device) -> Iterator[str]:
    """One line for each thing that somebody should look after."""
    for account in device.phone.accounts.values():
        if not account.ready and account.reason:
            yield _of(account)
    if station.memory.not_saved is not None:
        yield f"what was to be saved last was not: {station.memory.not_saved}"
    last = station.autop.last
    if last is not None and last.result in FAILURES:
        yield f"AutoP: {last.notice}"


def why_not_ready(device: Device) -> Iterator[str]:
    """Of a phone without accounts nothing: it makes direct calls. Else one that is ready is enough."""
    wanted = [
        each
        for each in device.phone.accounts.values()
        if each.state is not Registration.DISABLED or each.reason is not None
    ]
    if not any(each.ready for each in wanted):
        yield from map(_of, wanted)


def _running(station: Station) -> Device:
    if station.device is None:
        raise Booting(BOOTING)
    return station.device


def _of(account: Account) -> str:
    return f"account {account.id}, {account.username}@{account.domain}: {account.whereabouts()}"


def _told(request: Request, status: int, word: str, reasons: list[str]) -> Response:
    if "json" in request.headers.get("accept", ""):
        return JSONResponse({"status": word, "reasons": reasons}, status, NOT_STORED)
    line = f"{word}: {'; '.join(reasons)}" if reasons else word
    return PlainTextResponse(f"{line}\n", status, NOT_STORED)
