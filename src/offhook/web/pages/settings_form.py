"""What the pages of settings have in common: show, check, save, or show again with what was typed."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from offhook.flash.flash import NotSaved
from offhook.settings.layers import Layers
from offhook.settings.phone_settings import BadSettings
from offhook.web.desk import desk
from offhook.web.forms import FACTORY, Field, Typed, changes, fields, fields_again, told_at, typed_in
from offhook.web.page import form, page, see

from .site_map import PLACE, Group, Page

SAID: Final = {
    "saved": "Saved.",
    "unchanged": "Nothing was changed.",
    "factory": "Back to the factory's value.",
    "removed": "The account was removed.",
}
"""What the page after a form says, by the word for it in the page's address."""


class Problem(NamedTuple):
    """`name` is the field's, empty where it is none of this page."""

    name: str
    label: str
    why: str


class Shown(NamedTuple):
    """A group of fields as the template has it."""

    group: Group
    fields: list[Field]


@dataclass(frozen=True)
class Question:
    """What is asked before something is saved that may not be meant; `name` comes back with a yes."""

    name: str
    text: str
    yes: str


Check = Callable[[Request, Layers], Question | None]
"""Of the settings as they would be."""

YES: Final = "yes"
"""In the address that a yes is sent to: the name of the question."""


@dataclass
class SettingsForm:
    """One page of settings, for one request. `where` is added to its address, `values` are the template's."""

    request: Request
    shown: Page
    template: str = "settings.html"
    account: int = 1
    where: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    check: Check | None = None

    async def answer(self) -> Response:
        if self.request.method != "POST":
            said = SAID.get(self.request.query_params.get("said", ""), "")
            return self.show(fields(self.names, self._layers), said=said)
        given = await form(self.request)
        if FACTORY in given:
            return await self._to_the_factorys(given)
        return await self._save(given)

    @property
    def names(self) -> list[str]:
        return list(self.shown.names(self.account))

    def show(
        self,
        shown: Sequence[Field],
        status: int = 200,
        *,
        said: str = "",
        problems: Iterable[Problem] = (),
        question: Question | None = None,
        button: tuple[str, str] = ("", ""),
    ) -> Response:
        """`button` is what the yes to a question sends besides: name and value."""
        by_name = {each.name: each for each in shown}
        groups = [
            Shown(group, [by_name[name.replace(PLACE, str(self.account))] for name in group.names])
            for group in self.shown.groups
        ]
        return page(
            self.request,
            self.template,
            status,
            page=self.shown,
            action=self._address(),
            groups=groups,
            field=by_name,
            said=said,
            problems=list(problems),
            question=question,
            yes=self._address(**{YES: question.name}) if question else "",
            button=button,
            account=self.account,
            **self.values,
        )

    def show_again(
        self, typed: Typed, wrong: Mapping[str, str], status: int = 422, **values: Any
    ) -> Response:
        """With what was typed."""
        shown = fields_again(self.names, self._layers, typed, wrong)
        problems = [Problem(each.name, each.label, each.error) for each in shown if each.error]
        if general := wrong.get(""):
            problems.append(Problem("", "", general))
        return self.show(shown, status, problems=problems, **values)

    def see(self, said: str) -> Response:
        """The page anew, by a request of its own: reloading it sends nothing twice."""
        return see(self._address(said=said))

    async def _save(self, given: FormData) -> Response:
        names, typed = self.names, typed_in(self.names, given)
        changed: dict[str, object] = {}
        try:
            changed = changes(names, typed, self._layers)
            if not changed:
                return self.see("unchanged")
            if self.check and (question := self._question(self.check, self._layers.changed(changed))):
                return self.show_again(typed, {}, 200, question=question)
            await desk(self.request).station.change(changed)
        except BadSettings as bad:
            return self.show_again(typed, told_at(bad.wrong, names, changed))
        except NotSaved as failure:
            return self.show_again(typed, {"": f"it could not be saved: {failure}"}, 503)
        return self.see("saved")

    async def _to_the_factorys(self, given: FormData) -> Response:
        """One field goes back; what is typed into the others stays, and is not saved yet."""
        name = str(given.get(FACTORY))
        typed = typed_in((each for each in self.names if each != name), given)
        if name not in self.names:
            return self.see("unchanged")
        try:
            others = changes(typed.texts, typed, self._layers)
        except BadSettings:
            others = {name: None}
        try:
            gone = frozenset({name})
            if self.check and (question := self._question(self.check, self._layers.unset(gone))):
                return self.show_again(typed, {}, 200, question=question, button=(FACTORY, name))
            await desk(self.request).station.unset(gone)
        except BadSettings as bad:
            return self.show_again(typed, told_at(bad.wrong, self.names, [name]) or {"": str(bad)})
        except NotSaved as failure:
            return self.show_again(typed, {"": f"it could not be saved: {failure}"}, 503)
        if not others:
            return self.see("factory")
        return self.show_again(
            typed, {}, 200, said=f"{SAID['factory']} What else you changed is not saved yet."
        )

    def _question(self, check: Check, layers: Layers) -> Question | None:
        """None where there is nothing to ask, or it has been answered."""
        question = check(self.request, layers)
        answered = self.request.query_params.get(YES)
        return None if question is None or answered == question.name else question

    def _address(self, **more: str) -> str:
        query = urlencode({**self.where, **more})
        return f"{self.shown.path}?{query}" if query else self.shown.path

    @property
    def _layers(self) -> Layers:
        return desk(self.request).station.layers


def plain_page(
    shown: Page, template: str = "settings.html", **values: Any
) -> Callable[[Request], Awaitable[Response]]:
    """A page that is its settings and nothing else; `values` are the template's."""

    async def handler(request: Request) -> Response:
        return await SettingsForm(request, shown, template, values=values).answer()

    return handler
