"""All settings of one phone, and their names: `calls.reject_code`, `accounts.1.user`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Final, NamedTuple

from pydantic import BeforeValidator, Field, ValidationError
from pydantic.fields import FieldInfo

from offhook.action_uri.allow_list import AllowList
from offhook.notify.action_event import ActionEvent
from offhook.option_values import quoted

from .readers import or_nothing, read_url, whole_number
from .sections import (
    MOST_ACCOUNTS,
    AccessSettings,
    AccountSettings,
    AutopSettings,
    CallSettings,
    DialSettings,
    ForwardSettings,
    NotifySettings,
    PreferenceSettings,
    Secret,
    Section,
    SoundSettings,
    WebSettings,
)

Plain = str | int | bool | list[str] | None
"""A value as JSON has it."""


class BadSettings(ValueError):
    """What is wrong, by the name of the setting; the text has all of it."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in wrong.items()))
        self.wrong = dict(wrong)


def _read_place(value: object) -> int:
    number = whole_number(value)
    if number is None or not 1 <= number <= MOST_ACCOUNTS:
        raise ValueError(f"{quoted(value)} is no account; they are numbered from 1 to {MOST_ACCOUNTS}")
    return number


class PhoneSettings(Section):
    accounts: dict[Annotated[int, BeforeValidator(_read_place)], AccountSettings] = Field(
        default_factory=dict, title="Account"
    )
    calls: CallSettings = Field(default=CallSettings(), title="Call Feature")
    forward: ForwardSettings = Field(default=ForwardSettings(), title="Forward")
    sound: SoundSettings = Field(default=SoundSettings(), title="Sound")
    dial: DialSettings = Field(default=DialSettings(), title="Dial Plan")
    preference: PreferenceSettings = Field(default=PreferenceSettings(), title="Preference")
    access: AccessSettings = Field(default=AccessSettings(), title="Remote Control")
    notify: NotifySettings = Field(default=NotifySettings(), title="Action URL")
    action_urls: dict[ActionEvent, Annotated[str | None, BeforeValidator(or_nothing(read_url))]] = Field(
        default_factory=dict,
        title="Action URL",
        repr=False,  # a URL may hold a password
    )
    autop: AutopSettings = Field(default=AutopSettings(), title="AutoP")
    web: WebSettings = Field(default=WebSettings(), title="Security")


def settings_of(values: Mapping[str, object]) -> PhoneSettings:
    """The settings with these values, by name, and all others as they are built in. Raises BadSettings."""
    wrong = {name: why for name in values if (why := _unknown(name))}
    if wrong:
        raise BadSettings(wrong)
    nested: dict[str, Any] = {}
    for name, value in values.items():
        *above, last = name.split(".")
        place = nested
        for step in above:
            place = place.setdefault(step, {})
        place[last] = value
    try:
        return PhoneSettings.model_validate(nested)
    except ValidationError as error:
        raise BadSettings(dict(_told(error, values))) from None


def values_of(settings: PhoneSettings) -> dict[str, Plain]:
    """Every value by its name, as JSON has it; secrets too."""
    return dict(_values("", settings))


def plain_values(settings: PhoneSettings, names: Iterable[str]) -> dict[str, Plain]:
    """Of these alone."""
    values = values_of(settings)
    return {name: values.get(name) for name in names}


def shown(name: str, value: Plain) -> Plain:
    """A value as it may be seen: no secret, and no password in a URL."""
    if describe(name).secret:
        return "(not shown)" if value else value
    return _PASSWORD_IN_URL.sub(r"\1:…@", value) if isinstance(value, str) else value


class Described(NamedTuple):
    """One setting, for a page or a table."""

    name: str
    field: FieldInfo

    @property
    def secret(self) -> bool:
        return Secret in self.field.metadata


def describe(name: str) -> Described:
    """Raises BadSettings where there is no such setting."""
    if why := _unknown(name):
        raise BadSettings({name: why})
    section, _, rest = name.partition(".")
    kind = _KINDS.get(section)
    if section == "action_urls":
        return Described(name, _ACTION_URL)
    return Described(name, (kind or AccountSettings).model_fields[rest.rpartition(".")[2]])


def built_in(name: str) -> Plain:
    """Its value where no layer has one. Raises BadSettings where there is no such setting."""
    return plain(describe(name).field.default)


_PASSWORD_IN_URL: Final = re.compile(r"(?<=://)([^/@:\s]*):[^/\s]*@")
_SECTIONS: Final = PhoneSettings.model_fields
_KINDS: Final[Mapping[str, type[Section]]] = {
    name: field.annotation
    for name, field in _SECTIONS.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
}
_ACTION_URL: Final = FieldInfo(
    annotation=str | None, default=None, title="URL", description="Of this event; empty for none."
)


def _patterns() -> Iterator[str]:
    for section, kind in _KINDS.items():
        yield from (f"{section}.{field}" for field in kind.model_fields)
    yield from (f"accounts.1.{field}" for field in AccountSettings.model_fields)
    yield from (f"action_urls.{event}" for event in ActionEvent)


NAMES: Final = tuple(_patterns())
"""Of all settings, those of an account under the number 1."""


def _unknown(name: str) -> str:
    """What is wrong with a name, empty for one that there is."""
    steps = name.split(".")
    as_first = ".".join(["accounts", "1", *steps[2:]]) if steps[0] == "accounts" and len(steps) == 3 else name
    if as_first in NAMES:
        number = whole_number(steps[1]) if steps[0] == "accounts" else None
        if number is not None and steps[1] != str(number):
            # 01 would be the account 1 as well, and one of the two would be lost.
            return f"write the account's number as accounts.{number}"
        return ""
    near = get_close_matches(as_first, NAMES, n=1)
    return "there is no such setting" + (f"; did you mean {near[0]}?" if near else "")


def _told(error: ValidationError, values: Iterable[str]) -> Iterator[tuple[str, str]]:
    for each in error.errors(include_url=False):
        where = ".".join(str(step) for step in each["loc"] if step != "[key]")
        why = str(each["ctx"]["error"]) if each["type"] == "value_error" else each["msg"]
        # What is wrong with an account's number is wrong with all that was given for it.
        yield from ((name, why) for name in values if name == where or name.startswith(f"{where}."))


def _values(prefix: str, section: Section) -> Iterator[tuple[str, Plain]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _values(f"{prefix}{name}.", value)
        elif isinstance(value, dict):
            for key, each in value.items():
                if isinstance(each, Section):
                    yield from _values(f"{prefix}{name}.{key}.", each)
                else:
                    yield f"{prefix}{name}.{key}", plain(each)
        else:
            yield prefix + name, plain(value)


def plain(value: object) -> Plain:
    """A value as JSON has it, and as its reader takes it."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return str(value)
        case AllowList():
            return str(value)
        case frozenset():
            return sorted(map(str, value))
        case tuple():
            return [str(each) for each in value]
    raise TypeError(f"no setting has a value such as {value!r}")
