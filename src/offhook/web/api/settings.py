"""The settings, by name."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Final

from fastapi import Body, Query
from fastapi.routing import APIRoute
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from offhook.settings.phone_settings import BadSettings, describe
from offhook.web.desk import desk

from .answer import Answer, Json, Refused, Result, answer
from .operation import JSON, Operation
from .setting import PATTERN, Setting, Value, names_shown, settings_shown

DOOR: Final = {"web.password": "/password", "web.tokens": "/security/basic"}
"""What lets in, and the page that changes it: a token that went astray is not to open the door for good."""
MOST_AT_ONCE: Final = 500
MOST_IN_A_URL: Final = 20
NAME: Final = "calls.reject_code"

Name = Annotated[str, Field(max_length=100, json_schema_extra={"pattern": PATTERN}, examples=[NAME])]


class Changed(Answer):
    settings: dict[str, Setting] = Field(description="Those that were named, as they are now.")


async def settings(request: Request) -> Response:
    """Every setting by its name; of accounts the first and those that are set. Secrets are not told, only
    whether they are set."""
    layers = desk(request).station.layers
    return Json(settings_shown(layers, names_shown(layers)))


async def setting(name: Name, request: Request) -> Response:
    """One setting, of any account from 1 to 16 too."""
    return Json(settings_shown(desk(request).station.layers, [_known(name)])[name])


async def change(
    changes: Annotated[
        dict[Name, Value],
        Body(min_length=1, max_length=MOST_AT_ONCE, examples=[{"calls.dnd": True, NAME: 603}]),
    ],
    request: Request,
) -> Response:
    """Changes all of these or, where one value is wrong, none, and says of each what is wrong. They hold at
    once and end no call. A value may be as a person types it (`yes`, `10.0.0.X, 10.0.0.XX`) or as `GET` shows
    it."""
    _refuse_masked(changes)
    _refuse_the_door(changes)
    await desk(request).station.change(changes)
    return _changed(request, list(changes), "changed")


async def unset_many(
    name: Annotated[
        list[Name],
        Query(
            min_length=1,
            max_length=MOST_IN_A_URL,
            description="Once for each of them.",
            examples=[["calls.dnd"]],
        ),
    ],
    request: Request,
) -> Response:
    """Sets all of these back to what the factory set, or none of them."""
    for each in name:
        describe(each)
    _refuse_the_door(name)
    await desk(request).station.unset(frozenset(name))
    return _changed(request, name, "set back")


async def unset(name: Name, request: Request) -> Response:
    """Sets one back to what the factory set."""
    _refuse_the_door([_known(name)])
    await desk(request).station.unset(frozenset({name}))
    return _changed(request, [name], "set back")


def _changed(request: Request, names: list[str], what: str) -> Response:
    names = list(dict.fromkeys(names))
    text = f"{names[0]} is {what}" if len(names) == 1 else f"{len(names)} settings are {what}"
    return answer(Result.DONE, text, settings=settings_shown(desk(request).station.layers, names))


def _known(name: str) -> str:
    try:
        describe(name)
    except BadSettings as unknown:
        raise Refused(Result.NOT_FOUND, unknown.wrong[name]) from None
    return name


def _refuse_masked(changes: Mapping[str, Value]) -> None:
    masked = [name for name, value in changes.items() if isinstance(value, str) and ":…@" in value]
    if masked:
        raise BadSettings(
            dict.fromkeys(
                masked, "its password is left out; write the URL with it, or leave the setting alone"
            )
        )


def _refuse_the_door(names: Iterable[str]) -> None:
    if wrong := {name: f"only its page changes it: {DOOR[name]}" for name in names if name in DOOR}:
        raise BadSettings(wrong)


def routes() -> list[APIRoute]:
    may = (Result.NOT_SAVED, Result.WRONG_VALUE)
    path, of_one = "/settings", "/settings/{name}"
    shows = partial(Operation, tags=["Settings"])
    changes = partial(shows, answers=Changed)
    found = (Result.NOT_FOUND, Result.WRONG_VALUE)
    return [
        shows(path, settings, answers=dict[str, Setting], summary="Settings"),
        changes(path, change, method="PATCH", reads=JSON, results=may, summary="Change settings"),
        changes(path, unset_many, method="DELETE", results=may, summary="Set settings back"),
        shows(of_one, setting, answers=Setting, results=found, summary="One setting"),
        changes(of_one, unset, method="DELETE", results=(Result.NOT_FOUND, *may), summary="Set one back"),
    ]
