"""One setting as the API shows it."""

import re
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema

from offhook.settings.layers import Layers
from offhook.settings.phone_settings import (
    NAMES,
    Described,
    PhoneSettings,
    Plain,
    describe,
    settings_of,
    shown,
    values_of,
)
from offhook.settings.sections import AccountSettings, OneOf


def _plain(value: object) -> Plain:
    match value:
        case None | bool() | str():
            return value
        case int():
            if abs(value) < 2**53:
                return value
        case list() if all(isinstance(each, str) for each in value):
            return value
    raise ValueError(
        "is nothing a setting can be: a text, a whole number, true, false, a list of texts, null"
    )


Value = Annotated[
    Any,
    AfterValidator(_plain),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "integer", "exclusiveMinimum": -(2**53), "exclusiveMaximum": 2**53},
                {"type": "boolean"},
                {"type": "array", "items": {"type": "string"}},
                {"type": "null"},
            ]
        }
    ),
]


class Kind(StrEnum):
    YES_OR_NO = "yes_or_no"
    NUMBER = "number"
    CHOICE = "choice"
    TEXT = "text"
    LIST = "list"
    SECRET = "secret"  # noqa: S105  # a kind of setting, and no secret


class Setting(BaseModel):
    title: str
    description: str
    kind: Kind
    choices: list[str] | None = Field(description="What it may be, as it is typed, where it is one of a few.")
    value: Value = Field(description="What the phone goes by; null for a secret.")
    factory: Value = Field(description="What it is without the user's layer, and after a DELETE.")
    set: bool = Field(description="Whether it has a value at all: all that is told of a secret.")
    masked: bool = Field(
        description="Whether a password in a URL is left out of the value, which is not to be sent back."
    )
    layer: Literal["built_in", "factory", "user"] = Field(
        description="Where the value is from: built in, from the options of the start, or changed since."
    )


BUILT_IN: Final = values_of(PhoneSettings(accounts={1: AccountSettings()}))
ACCOUNTS: Final = tuple(name for name in NAMES if name.startswith("accounts.1."))
_PATTERNS: Final = (re.escape(name).replace(r"s\.1\.", r"s\.([1-9]|1[0-6])\.") for name in NAMES)
PATTERN: Final = f"^({'|'.join(_PATTERNS)})$"
"""Of names, as JSON Schema has it."""


def names_shown(layers: Layers) -> list[str]:
    """All settings; of accounts those of the first and of whichever else there is."""
    numbers = sorted({1, *layers.settings.accounts})
    others = (name for name in NAMES if name not in ACCOUNTS)
    return [*others, *(_of_account(name, number) for number in numbers for name in ACCOUNTS)]


def settings_shown(layers: Layers, names: list[str]) -> dict[str, dict[str, Any]]:
    """By name. Raises BadSettings where there is no such setting."""
    now, factory = values_of(layers.settings), values_of(settings_of(layers.factory))
    return {name: _shown(layers, describe(name), now, factory) for name in names}


def _shown(
    layers: Layers, setting: Described, now: dict[str, Plain], factory: dict[str, Plain]
) -> dict[str, Any]:
    name = setting.name
    built_in = BUILT_IN.get(_of_account(name, 1))
    value, made = now.get(name, built_in), factory.get(name, built_in)
    kind, choices = _kind(setting)
    layer = "user" if name in layers.user else "factory" if name in layers.factory else "built_in"
    seen = shown(name, value)
    return {
        "title": setting.field.title or "",
        "description": setting.field.description or "",
        "kind": kind,
        "choices": choices,
        "value": None if setting.secret else seen,
        "factory": None if setting.secret else shown(name, made),
        "set": value not in (None, "", []),
        "masked": not setting.secret and seen != value,
        "layer": layer,
    }


def _kind(setting: Described) -> tuple[Kind, list[str] | None]:
    if setting.secret:
        return Kind.SECRET, None
    kind = setting.field.annotation
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return Kind.CHOICE, [*kind]
    if one_of := next((each for each in setting.field.metadata if isinstance(each, OneOf)), None):
        return Kind.CHOICE, [*one_of.values]
    if kind is bool:
        return Kind.YES_OR_NO, None
    if kind is int:
        return Kind.NUMBER, None
    if getattr(kind, "__origin__", None) in (tuple, frozenset):
        return Kind.LIST, None
    return Kind.TEXT, None


def _of_account(name: str, number: int) -> str:
    if not name.startswith("accounts."):
        return name
    return f"accounts.{number}.{name.rpartition('.')[2]}"
