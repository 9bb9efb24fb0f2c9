"""Account > Basic and Advanced: one account at a time, and a choice of which."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from offhook.flash.flash import NotSaved
from offhook.settings.layers import Layers
from offhook.settings.phone_settings import BadSettings
from offhook.settings.sections import MOST_ACCOUNTS
from offhook.web.desk import desk
from offhook.web.forms import fields
from offhook.web.page import form, see

from .registration import Registration, registrations
from .settings_form import Problem, SettingsForm
from .site_map import ACCOUNT_BASIC, Page

REMOVE: Final = "remove"
"""The button that forgets what was saved of an account."""


class Listed(NamedTuple):
    """An account in the choice of accounts; `title` is what a person knows it by."""

    number: int
    title: str
    registration: Registration | None


def account_page(shown: Page) -> Callable[[Request], Awaitable[Response]]:
    async def handler(request: Request) -> Response:
        number = _number(request)
        layers = desk(request).station.layers
        listed = _listed(request)
        values = {
            "listed": listed,
            "next_number": next(
                (each for each in range(1, MOST_ACCOUNTS + 1) if each not in _there(layers)), None
            ),
            "exists": number in _there(layers),
            "saved": bool(_saved(layers, number)),
            "from_factory": number in _of_factory(layers),
            "registration": next((each.registration for each in listed if each.number == number), None),
        }
        page = SettingsForm(
            request, shown, "account.html", account=number, where={"account": str(number)}, values=values
        )
        if request.method == "POST" and REMOVE in await form(request):
            return await _remove(request, page, number)
        return await page.answer()

    return handler


async def _remove(request: Request, page: SettingsForm, number: int) -> Response:
    """What the start asked for comes back; an account that it did not ask for is gone."""
    station = desk(request).station
    try:
        await station.unset(_saved(station.layers, number))
    except (BadSettings, NotSaved) as failure:
        status = 503 if isinstance(failure, NotSaved) else 422
        problem = Problem("", "", f"it could not be removed: {failure}")
        return page.show(fields(page.names, station.layers), status, problems=[problem])
    left = _there(station.layers)
    if number in left:
        return page.see("factory")
    return see(f"{ACCOUNT_BASIC.path}?account={min(left, default=1)}&said=removed")


def _number(request: Request) -> int:
    text = request.query_params.get("account")
    if text is None:
        return min(_there(desk(request).station.layers), default=1)
    if text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MOST_ACCOUNTS:
        return int(text)
    raise HTTPException(404, f"there is no such account: they are numbered from 1 to {MOST_ACCOUNTS}")


def _listed(request: Request) -> list[Listed]:
    station = desk(request).station
    states = registrations(station)
    return [
        Listed(number, given.display_name or given.user or f"Account {number}", states.get(number))
        for number, given in sorted(station.layers.settings.accounts.items())
    ]


def _there(layers: Layers) -> Mapping[int, Any]:
    return layers.settings.accounts


def _saved(layers: Layers, number: int) -> frozenset[str]:
    return frozenset(name for name in layers.user if name.startswith(f"accounts.{number}."))


def _of_factory(layers: Layers) -> set[int]:
    return {int(name.split(".")[1]) for name in layers.factory if name.startswith("accounts.")}
