"""A page of HTML as a browser without scripts takes it: its forms, fields and buttons."""

from collections.abc import Mapping
from html.parser import HTMLParser

from .browser import Answer, Browser


class Form:
    """`buttons` are (name, value, label), in the order of the page."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: list[tuple[str, str]] = []
        self.boxes: list[tuple[str, str, bool]] = []
        self.buttons: list[tuple[str, str, str]] = []
        self.actions: list[str] = []
        """Of the buttons."""

    def __getitem__(self, name: str) -> str:
        """What would be sent for it: the last one counts."""
        return dict(self._sent())[name]

    def filled(self, changed: Mapping[str, str], button: str) -> list[tuple[str, str]]:
        """With these values instead; for a checkbox yes or no. With the button whose label begins so."""
        boxes = {name for name, _, _ in self.boxes}
        known = boxes | {name for name, _ in self.fields}
        assert changed.keys() <= known, changed.keys() - known
        pairs = [
            (name, changed[name] if name in changed and name not in boxes else value)
            for name, value in self.fields
        ]
        for name, value, checked in self.boxes:
            wanted = changed.get(name, value if checked else "no")
            if wanted == value:
                pairs.append((name, value))
        name, value, _ = next(each for each in self.buttons if each[2].startswith(button))
        return [*pairs, (name, value)] if name else pairs

    def sent_to(self, button: str) -> str:
        return next(
            action
            for (_, _, label), action in zip(self.buttons, self.actions, strict=True)
            if label.startswith(button)
        )

    def _sent(self) -> list[tuple[str, str]]:
        return [*self.fields, *((name, value) for name, value, checked in self.boxes if checked)]


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.forms: list[Form] = []
        self._elements: dict[str, dict[str, str]] = {}
        self._texts: dict[str, str] = {}
        self._headings: list[tuple[str, str]] = []
        self._open: list[tuple[str, dict[str, str]]] = []
        self._form: Form | None = None
        self._select = ""
        self.feed(text)

    def form(self, button: str) -> Form:
        """The one that has it, in the main part of the page."""
        return next(form for form in self.forms if any(each[2].startswith(button) for each in form.buttons))

    def element(self, id_: str) -> dict[str, str]:
        return self._elements[id_]

    def text_of(self, id_: str) -> str:
        return self._texts[id_]

    def headings(self, tag: str) -> list[str]:
        return [text.strip() for each, text in self._headings if each == tag]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if id_ := given.get("id"):
            assert id_ not in self._elements, f"{id_} stands twice"
            self._elements[id_] = given
            self._texts[id_] = ""
        if tag == "form":
            self._form = Form(given["action"])
            self.forms.append(self._form)
        elif tag in {"h1", "h2"}:
            self._headings.append((tag, ""))
        if self._form is not None:
            self._of_form(tag, given)
        if tag not in {"input", "meta", "link", "br", "img"}:
            self._open.append((tag, given))

    def _of_form(self, tag: str, given: dict[str, str]) -> None:
        assert self._form is not None
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "input" and given.get("type") in {"checkbox", "radio"}:
            self._form.boxes.append((name, value, "checked" in given))
        elif (tag == "input" and given.get("type") != "file") or tag == "textarea":
            self._form.fields.append((name, value))
        elif tag == "select":
            self._select = name
            self._form.fields.append((name, ""))
        elif tag == "option" and "selected" in given:
            self._form.fields[-1] = (self._select, value)
        elif tag == "button":
            self._form.buttons.append((name, value, ""))
            self._form.actions.append(given.get("formaction", self._form.action))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, tag
        assert self._open.pop()[0] == tag, f"</{tag}> closes nothing"
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        for tag, given in self._open:
            if "id" in given:
                self._texts[given["id"]] += data
            if tag in {"h1", "h2"}:
                self._headings[-1] = (tag, self._headings[-1][1] + data)
        if self._form is None or not self._open:
            return
        if self._open[-1][0] == "textarea":
            # A line feed right behind the tag is no part of it.
            self._form.fields[-1] = (self._form.fields[-1][0], data.removeprefix("\n"))
        elif any(tag == "button" for tag, _ in self._open):
            name, value, label = self._form.buttons[-1]
            self._form.buttons[-1] = (name, value, label + data)


async def opened(browser: Browser, path: str) -> Page:
    answer = await browser.get(path)
    assert answer.status == 200, (path, answer.status, answer.text)
    return Page(answer.text)


async def sent(browser: Browser, form: Form, changed: Mapping[str, str], button: str = "Submit") -> Answer:
    """The form as it came, but for what a person changed, by the names of fields; with that button."""
    return await browser.post_pairs(form.sent_to(button), form.filled(changed, button))
