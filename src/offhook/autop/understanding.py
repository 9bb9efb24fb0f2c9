"""What configuration files change: their lines as changes of settings, all or none."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from offhook.option_values import quoted

from .configuration_file import Assignment
from .names import OWN, Known, meaning

_ITEMS: Final = re.compile(r"[\s,，;=]+")
_LONG: Final = 50
_TELLING: Final = 5
"""Characters. Shorter texts stand in many an explanation, and hide nobody's password."""


class BadConfiguration(ValueError):
    """What is wrong with values, each with its line; no secret is repeated."""


@dataclass(frozen=True, slots=True)
class Understood:
    """`changes` are by the name of the setting, as typed; `lines` says where each was last given.

    `unknown` are names that mean nothing here.
    """

    changes: dict[str, object] = field(repr=False)
    lines: dict[str, Assignment]
    unknown: tuple[str, ...]

    def told(self, wrong: Mapping[str, str]) -> str:
        """What is wrong with settings, by the names and lines of the files, without their values."""
        return "; ".join(
            f"{line.where}, {line.name}: {_without(line.value, why)}"
            if (line := self.lines.get(setting))
            else f"{setting}: {why}"
            for setting, why in wrong.items()
        )


def understand(assignments: Iterable[Assignment]) -> Understood:
    """The last line that gives a setting counts. Raises BadConfiguration."""
    changes: dict[str, object] = {}
    lines: dict[str, Assignment] = {}
    halves: dict[str, dict[str, str]] = {}
    unknown: dict[str, None] = {}
    wrong: list[str] = []
    for given in assignments:
        meant = meaning(given.name)
        if meant is None:
            unknown[given.name] = None
            continue
        known, setting = meant
        if setting is None:
            continue
        lines[setting] = given
        if known.half:
            halves.setdefault(setting, {})[known.half] = given.value
            changes.pop(setting, None)
            continue
        halves.pop(setting, None)
        try:
            changes[setting] = _value(known, given.value)
        except ValueError as error:
            wrong.append(f"{given.where}, {given.name}: {error}")
    if wrong:
        raise BadConfiguration("; ".join(wrong))
    for setting, parts in halves.items():
        if "host" in parts:
            changes[setting] = _whole(parts["host"], parts.get("port", ""))
    return Understood(changes, lines, tuple(unknown))


def _value(known: Known, text: str) -> object:
    if known.values is not None:
        if text not in known.values:
            raise ValueError(f"that is none of {', '.join(known.values)}")
        return known.values[text]
    if known.name.startswith(OWN) and text[:1] in {'"', "["}:
        return _from_json(text)
    return text


def _without(value: str, why: str) -> str:
    """`why` with "that" for what it repeats of a value. The owner of the phone may read it there, and a
    password in the wrong line had better not be what is read."""
    given = _from_json(value)
    texts = {value, value.strip(), *(given if isinstance(given, list) else [str(given)])}
    texts |= {item for text in texts for item in _ITEMS.split(text)}
    for text in sorted(filter(None, texts), key=len, reverse=True):
        for shown in (quoted(text), f'"{text}"', text if len(text) > _TELLING else ""):
            if not shown:
                continue
            # What is long may be shown by its beginning, and names of hosts in lower case.
            repeated = f"{re.escape(shown)}|{re.escape(shown[:_LONG])}[^…]{{0,{_LONG}}}…['\"]?"
            why = re.sub(repeated, "that", why, flags=re.IGNORECASE)
    return why


def _from_json(text: str) -> object:
    """A text or a list of texts; what is no JSON, such as an IPv6 address in brackets, is itself."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, str) or (isinstance(value, list) and all(isinstance(each, str) for each in value)):
        return value
    return text


def _whole(host: str, port: str) -> str:
    if not host:
        return ""
    bracketed = f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host
    return f"{bracketed}:{port}" if port else bracketed
