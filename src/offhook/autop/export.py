"""A phone's settings as a configuration file that gives another phone the same."""

import json
from collections.abc import Iterator, Mapping

from offhook.settings.phone_settings import Plain, shown

from .names import OWN, names_of


def exported(values: Mapping[str, Plain], *, secrets: bool) -> Iterator[str]:
    """A line for each setting, or two, under the vendor's name where it has one for the value.

    Without `secrets`, a comment stands in the place of each, and of a URL that holds a password.
    """
    for setting, value in values.items():
        for name, text in _lines(setting, value):
            if not secrets and shown(setting, value) != value:
                yield f"# {name} is left out: it is a secret"
            else:
                yield f"{name} = {text}".rstrip()


def _lines(setting: str, value: Plain) -> list[tuple[str, str]]:
    typed, named = _typed(value), names_of(setting)
    # A hash is no password to another maker's phone.
    if isinstance(value, list) or not named or setting == "web.password":
        return [(OWN + setting, _own(value, typed))]
    if named[0][1].half:
        return [
            (name, part)
            for (name, known), part in zip(named, _halves(typed), strict=True)
            if part or known.half == "host"
        ]
    (name, known), *_ = named
    if known.values is not None:
        vendors = next((text for text, meant in known.values.items() if meant == typed), None)
        return [(name, vendors)] if vendors is not None else [(OWN + setting, _own(value, typed))]
    return [(name, typed)] if _stands_alone(typed) else [(OWN + setting, _own(value, typed))]


def _typed(value: Plain) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(value)
        case _:
            return str(value)


def _own(value: Plain, typed: str) -> str:
    if isinstance(value, list) and any(set(each) & set(", ") or not _stands_alone(each) for each in value):
        return json.dumps(value)
    return typed if _stands_alone(typed) and typed[:1] not in {'"', "["} else json.dumps(typed)


def _stands_alone(text: str) -> bool:
    """Whether it comes back the same from behind the `=` of a line."""
    return text == text.strip() and text.isprintable()


def _halves(typed: str) -> tuple[str, str]:
    """Of HOST[:PORT], an IPv6 host in brackets."""
    host, colon, port = typed.rpartition(":")
    return (host, port) if colon and not typed.endswith("]") else (typed, "")
