"""Upgrade: the version, Reboot and Reset, and AutoP."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from offhook.autop.export import exported
from offhook.autop.outcome import FAILURES, Result
from offhook.phone.events import Function, Perform
from offhook.phone.reply import Reply
from offhook.settings.sections import PreferenceSettings
from offhook.station import Station
from offhook.web.desk import desk
from offhook.web.forms import fields
from offhook.web.page import HEADERS, form, needs_log_in, page, see

from .call_log import REFUSED
from .local import When, when
from .settings_form import Problem, SettingsForm
from .site_map import STATUS, UPGRADE_ADVANCED, UPGRADE_BASIC
from .status import product

AUTOP: Final = "autop"
"""The button that looks for a configuration now, and the word for the page after it."""

LOOK_AGAIN: Final = 1
"""Seconds until the page of AutoP is asked for again while the phone looks for its files."""

BACK: Final = 3
"""Seconds until a browser asks a phone that restarts for more. One that is not ready has it ask again."""


class Restart(NamedTuple):
    """`does` ends a sentence that begins with: The phone …"""

    function: Function
    does: tuple[str, ...]
    goes_on: str


RESTARTS: Final[Mapping[str, Restart]] = {
    "/upgrade/reboot": Restart(
        Function.REBOOT, ("It ends every call and starts anew. Nothing that is saved is lost.",), STATUS.path
    ),
    "/upgrade/reset": Restart(
        Function.RESET,
        (
            "It ends every call and starts anew with the manufacturer's defaults.",
            "Every setting that was changed is lost; so are password, tokens, call log and phone book.",
            "What the options of its start say stays, and so do its MAC address and its certificate.",
            "Afterwards the log-in is admin and admin, and keys by URL are for the factory's list.",
            "From another machine than the phone's own, that log-in only leads to a new password.",
        ),
        "/login",
    ),
}


def routes() -> list[Route]:
    both = ["GET", "POST"]
    return [
        Route(UPGRADE_BASIC.path, needs_log_in(_basic)),
        *(Route(path, needs_log_in(_restart), methods=both) for path in RESTARTS),
        Route(UPGRADE_ADVANCED.path, needs_log_in(_advanced), methods=both),
        Route("/upgrade/configuration.cfg", needs_log_in(_export), methods=["POST"]),
    ]


async def _basic(request: Request) -> Response:
    return page(request, "upgrade.html", page=UPGRADE_BASIC, product=product(desk(request).station))


async def _restart(request: Request) -> Response:
    wanted = RESTARTS[request.url.path]

    def ask(status: int = 200, problem: str = "") -> Response:
        problems = [("", "", problem)] if problem else []
        return page(request, "restart.html", status, page=UPGRADE_BASIC, restart=wanted, problems=problems)

    if request.method != "POST":
        return ask()
    reply = await _performed(desk(request).station, wanted.function)
    if reply.verdict in REFUSED:
        return ask(REFUSED[reply.verdict], reply.text)
    waiting = page(request, "restarting.html", page=UPGRADE_BASIC, restart=wanted)
    waiting.headers["Refresh"] = f"{BACK}; url={wanted.goes_on}"
    return waiting


async def _performed(station: Station, function: Function) -> Reply:
    reply = station.press(Perform(function))
    return reply if isinstance(reply, Reply) else await reply


class Last(NamedTuple):
    """What came of looking for a configuration. `good` is false where it came to nothing."""

    at: When
    text: str
    good: bool
    rows: list[tuple[str, str]]


TOLD: Final[Mapping[Result, str]] = {
    Result.CHANGED: "Settings were changed",
    Result.UNCHANGED: "Nothing new: the configuration is up to date",
    Result.NO_FILE: "There is no configuration file for this phone",
    Result.NOT_FETCHED: "The files could not be fetched",
    Result.REFUSED: "The files were refused, and nothing was changed",
    Result.NOT_SAVED: "It could not be saved",
}


async def _advanced(request: Request) -> Response:
    station = desk(request).station
    autop = station.state()["autop"]
    last = autop["last"] and _last(autop["last"], station.layers.settings.preference)
    values = {
        "checking": autop["checking"],
        "last": last,
        "has_url": station.layers.settings.autop.url is not None,
    }
    shown = SettingsForm(request, UPGRADE_ADVANCED, "autop.html", values=values)
    if request.method == "POST" and AUTOP in await form(request):
        reply = await _performed(station, Function.AUTOP_NOW)
        if reply.verdict in REFUSED:
            problem = Problem("", "", reply.text)
            return shown.show(fields(shown.names, station.layers), REFUSED[reply.verdict], problems=[problem])
        return see(f"{UPGRADE_ADVANCED.path}?said={AUTOP}#last")
    answer = await shown.answer()
    if autop["checking"] and request.query_params.get("said") == AUTOP:
        answer.headers["Refresh"] = str(LOOK_AGAIN)
    return answer


def _last(last: Mapping[str, Any], preference: PreferenceSettings) -> Last:
    result = Result(last["result"])
    rows = [
        ("Why", last["reason"] or ""),
        ("Files", ", ".join(last["files"])),
        ("Changed settings", ", ".join(last["changed"])),
        ("Unknown names", ", ".join(last["unknown"])),
    ]
    at = when(datetime.fromisoformat(last["time"]).timestamp(), preference)
    return Last(at, TOLD[result], result not in FAILURES, [row for row in rows if row[1]])


async def _export(request: Request) -> Response:
    """What was changed since the start, as a file that gives another phone the same settings."""
    secrets = (await form(request)).get("secrets") == "yes"
    lines = exported(desk(request).station.layers.user, secrets=secrets)
    text = "\n".join(["# Settings of an offhook phone", *lines, ""])
    headers = {**HEADERS, "Content-Disposition": 'attachment; filename="configuration.cfg"'}
    return Response(text, headers=headers, media_type="text/plain")
