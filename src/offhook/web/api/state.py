"""What the phone shows and does, as it is now.

The state is asked for again and again, by many: it has a route of its own before all of FastAPI's, which take
half as long again. Both lead to the same handler.
"""

from functools import partial
from typing import Annotated

from fastapi import Path
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from offhook.station import Booting
from offhook.web.desk import desk
from offhook.web.visitor import visitor

from .answer import Json, Refused, Result, booting
from .operation import Needs, Operation, admit
from .state_schema import AccountState, ScreenState, State

PATH = "/state"
Number = Annotated[int, Path(examples=[1])]


async def state(request: Request) -> Response:
    """The whole state of the phone, as JSON."""
    return Json(desk(request).station.state())


async def screen(request: Request) -> Response:
    """What the display shows, as words. `/screen.txt`, `/screen.svg` and `/screen.png` draw it."""
    return Json(desk(request).station.state()["screen"])


async def accounts(request: Request) -> Response:
    """Who the phone is, and whether it is registered."""
    return Json(desk(request).station.state()["accounts"])


async def account(number: Number, request: Request) -> Response:
    """One account by its number, counted from 1."""
    for each in desk(request).station.state()["accounts"]:
        if each["id"] == number:
            return Json(each)
    raise Refused(Result.NOT_FOUND, f"there is no account {number} in use")


def routes() -> list[APIRoute]:
    shows = partial(Operation, tags=["State"], needs=Needs.KEYS)
    found = (Result.NOT_FOUND, Result.WRONG_VALUE)
    return [
        shows(PATH, state, answers=State, summary="State"),
        shows("/screen", screen, answers=ScreenState, summary="Display"),
        shows("/accounts", accounts, answers=list[AccountState], summary="Accounts"),
        shows("/accounts/{number}", account, answers=AccountState, results=found, summary="One account"),
    ]


def short_way(prefix: str) -> BaseRoute:
    return Route(prefix + PATH, _ShortWay(), methods=["GET"])


class _ShortWay:
    """No function, so that Starlette puts nothing around it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            admit(visitor(request), Needs.KEYS)
            response = await state(request)
        except Refused as refused:
            response = refused.answer()
        except Booting as why:
            response = booting(why)
        await response(scope, receive, send)
