"""Phone > Call Feature, with Remote Control: who may press keys by URL."""

from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from offhook.settings.layers import Layers
from offhook.web.desk import desk
from offhook.web.forms import fields_again, typed_in
from offhook.web.page import form
from offhook.web.visitor import visitor

from .settings_form import Question, SettingsForm
from .site_map import CALL_FEATURE

ALLOW: Final = "access.allow"
ADD: Final = "add"
"""The button that writes the visitor's address into the list."""


async def call_feature(request: Request) -> Response:
    values = {"address": visitor(request).address, "listed": visitor(request).listed}
    page = SettingsForm(request, CALL_FEATURE, "call_feature.html", values=values, check=_locks_out)
    if request.method == "POST":
        given = await form(request)
        if ADD in given:
            typed = typed_in(page.names, given)
            texts = {**typed.texts, ALLOW: with_address(typed.texts.get(ALLOW, ""), visitor(request).address)}
            layers = desk(request).station.layers
            return page.show(
                fields_again(page.names, layers, replace(typed, texts=texts)),
                said="Your address is in the list below now. Submit saves it.",
            )
    return await page.answer()


def with_address(entries: str, address: str) -> str:
    return ", ".join(filter(None, (entries.strip().rstrip(",，").rstrip(), address)))


def _locks_out(request: Request, layers: Layers) -> Question | None:
    """Whoever would be off the list is asked whether they mean it."""
    who, allow = visitor(request), layers.settings.access.allow
    if allow.admits(who.address) or not who.listed:
        return None
    return Question(
        ALLOW,
        f"The new list leaves out {who.address}, the address that you are at now: keys by URL and the panel "
        "without a log-in would be refused from there. These pages can still be reached by the log-in.",
        f"Save it without {who.address}",
    )
