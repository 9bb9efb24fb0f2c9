"""Forms of settings: what stands in them is derived from the one description of each setting.

A form brings back what a person typed beside what stood there when the page was made, so that only what this
person changed is saved: neither the factory's values, nor what a key or somebody else has changed meanwhile.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from offhook.settings.layers import Layers
from offhook.settings.phone_settings import (
    BadSettings,
    Described,
    Plain,
    built_in,
    describe,
    settings_of,
    shown,
    values_of,
)
from offhook.settings.sections import OneOf

from .wording import choice, label
from .wording import described as help_of

WAS: Final = "was:"
"""Before the name of a setting: what stood in its field when the page was made."""

CLEAR: Final = "clear"
"""The secrets to be removed, by name: an empty field keeps what is set."""

FACTORY: Final = "factory"
"""The setting that goes back to the factory's value, by name."""

LONGEST: Final = 64 * 1024
"""Characters of one field; the readers of values know better bounds."""


class Kind(StrEnum):
    """How a value is put in."""

    CHECKBOX = "checkbox"
    SELECT = "select"
    NUMBER = "number"
    TEXT = "text"
    LINES = "lines"
    SECRET = "secret"  # noqa: S105


class Choice(NamedTuple):
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """One setting on a page. `text` is what stands in it, `was` what stood there when the page was made; of a
    secret both are empty. `factory` is the value of the factory for a person, None where it counts already.
    """

    name: str
    label: str
    help: str
    kind: Kind
    choices: tuple[Choice, ...] = ()
    text: str = ""
    was: str = ""
    kept: str = ""
    """Of a secret that is set: what may be said of it."""
    clears: bool = False
    blind: bool = False
    """Whether what is typed is not to be seen either: a password, and no address."""
    factory: str | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form brought, by the names of its fields."""

    texts: Mapping[str, str]
    were: Mapping[str, str]
    cleared: frozenset[str]


class FormValues(NamedTuple):
    """What one phone goes by now, and what it would go by without what was changed since its start."""

    now: Mapping[str, Plain]
    factory: Mapping[str, Plain]
    changed: frozenset[str]

    @classmethod
    def of(cls, layers: Layers) -> "FormValues":
        factory = values_of(settings_of(layers.factory))
        return cls(values_of(layers.settings), factory, frozenset(layers.user))


def fields(names: Iterable[str], layers: Layers) -> list[Field]:
    """As the settings are now."""
    values = FormValues.of(layers)
    return [_field(name, values) for name in names]


def fields_again(
    names: Iterable[str], layers: Layers, typed: Typed, wrong: Mapping[str, str] = MappingProxyType({})
) -> list[Field]:
    """With what was typed, and what is wrong with it. A secret is not shown again."""
    values = FormValues.of(layers)
    again: list[Field] = []
    for name in names:
        field = replace(_field(name, values), error=wrong.get(name, ""))
        if field.kind is Kind.SECRET:
            field = replace(field, clears=name in typed.cleared)
        elif name in typed.texts:
            field = replace(field, text=typed.texts[name], was=typed.were.get(name, field.was))
        again.append(field)
    return again


def typed_in(names: Iterable[str], submitted: Any) -> Typed:
    """What a form of these settings brought. `submitted` is Starlette's `FormData`, or another mapping whose
    `getlist` gives all values of a name; the last one counts, for a checkbox stands behind its no."""
    texts: dict[str, str] = {}
    were: dict[str, str] = {}
    for name in names:
        if (text := _last(submitted, name)) is not None:
            texts[name] = text
        if (was := _last(submitted, WAS + name)) is not None:
            were[name] = was
    cleared = frozenset(each for each in submitted.getlist(CLEAR) if isinstance(each, str))
    return Typed(texts, were, cleared)


def changes(names: Iterable[str], typed: Typed, layers: Layers) -> dict[str, object]:
    """What the person changed, to be saved. Raises BadSettings for what cannot be told from the form."""
    values = FormValues.of(layers)
    changed: dict[str, object] = {}
    wrong: dict[str, str] = {}
    for name in names:
        text = typed.texts.get(name)
        if describe(name).secret:
            if text:
                changed[name] = text
            elif name in typed.cleared and values.now.get(name):
                changed[name] = ""
            continue
        now = _text(name, _value(name, values.now))
        if text is None or text in (typed.were.get(name, now), now):
            continue
        try:
            changed[name] = _with_password(text, _value(name, values.now))
        except ValueError as why:
            wrong[name] = str(why)
    if wrong:
        raise BadSettings(wrong)
    return changed


def told_at(wrong: Mapping[str, str], names: Iterable[str], changed: Iterable[str]) -> dict[str, str]:
    """What is wrong, by the fields of a page; what belongs to none of them under an empty name.

    A rule that takes two settings together is told of the whole section: it stands at what was changed.
    """
    told: dict[str, str] = {}
    on_page, touched = frozenset(names), frozenset(changed)
    for why in dict.fromkeys(wrong.values()):
        whose = [name for name, each in wrong.items() if each == why]
        places = [name for name in whose if name in touched & on_page]
        if not places and len(whose) == 1:
            places = [name for name in whose if name in on_page]
        for place in places:
            told[place] = why
        if not places:
            told[""] = "; ".join(filter(None, (told.get(""), why)))
    return told


def _field(name: str, values: FormValues) -> Field:
    described = describe(name)
    kind = kind_of(described)
    now, factory = _value(name, values.now), _value(name, values.factory)
    text = "" if kind is Kind.SECRET else _text(name, now)
    return Field(
        name=name,
        label=label(name, described.field.title or name),
        help=help_of(name, described.field.description or ""),
        kind=kind,
        choices=tuple(Choice(each, choice(name, each)) for each in _choices(described)),
        text=text,
        was=text,
        blind=kind is Kind.SECRET and described.field.annotation is str,
        kept=_of_secret(now) if kind is Kind.SECRET and now else "",
        factory=_for_a_person(name, kind, factory) if name in values.changed and now != factory else None,
    )


def kind_of(described: Described) -> Kind:
    """By the type of the setting's value."""
    if described.secret:
        return Kind.SECRET
    if _choices(described):
        return Kind.SELECT
    annotation: Any = described.field.annotation
    if getattr(annotation, "__origin__", None) in (tuple, frozenset):
        return Kind.LINES
    return _KINDS.get(annotation, Kind.TEXT)


_KINDS: Final[Mapping[Any, Kind]] = {bool: Kind.CHECKBOX, int: Kind.NUMBER}


def _choices(described: Described) -> tuple[str, ...]:
    annotation = described.field.annotation
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return tuple(annotation)
    return next((each.values for each in described.field.metadata if isinstance(each, OneOf)), ())


def _value(name: str, values: Mapping[str, Plain]) -> Plain:
    return values[name] if name in values else built_in(name)


def _text(name: str, value: Plain) -> str:
    """As it stands in a field, and is typed."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return "\n".join(value)
        case str():
            return str(shown(name, value))
        case _:
            return str(value)


def _for_a_person(name: str, kind: Kind, value: Plain) -> str:
    if kind is Kind.SECRET:
        return "set, not shown" if value else "none"
    text = _text(name, value)
    if kind is Kind.SELECT:
        return choice(name, text)
    return text.replace("\n", ", ") or "empty"


def _of_secret(value: Plain) -> str:
    """A URL is a secret for what may stand behind its host."""
    try:
        url = urlsplit(str(value))
        host = url.hostname
    except ValueError:
        host = None
    return f"{url.scheme}://{host}/…" if host else "set"


_CREDENTIALS: Final = re.compile(r"([A-Za-z][\w+.-]*://[^/@:\s]*:)([^/\s]*)(@[^/?#\s]*)")
_MASK: Final = "…"


def _with_password(text: str, value: Plain) -> str:
    """A URL's password is not shown: where only what comes behind the host was changed, it stays.

    Raises ValueError where the rest of it is another host's.
    """
    if f":{_MASK}@" not in text:
        return text
    typed, kept = _CREDENTIALS.match(text), _CREDENTIALS.match(str(value))
    if typed and kept and typed[2] == _MASK and (typed[1], typed[3]) == (kept[1], kept[3]):
        return text[: typed.start(2)] + kept[2] + text[typed.start(3) :]
    raise ValueError("write the password of the URL anew: it is not shown, and goes to no other host")


def _last(submitted: Any, name: str) -> str | None:
    texts = [each for each in submitted.getlist(name) if isinstance(each, str)]
    if not texts:
        return None
    text: str = texts[-1][:LONGEST].replace("\r\n", "\n")
    # A blank may belong to a password.
    return text if not name.startswith(WAS) and describe(name).secret else text.strip()
