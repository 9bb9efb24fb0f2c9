"""The parameters of the Action URI out of a query or a form: decoded, bounded, each at most once."""

import re
from urllib.parse import unquote_to_bytes

from .answer_line import quoted

LONGEST = {
    "keydown": 32,
    "keyup": 32,
    "action": 32,
    "number": 255,
    "line": 255,
    "lineID": 9,
    "call": 128,
    "confirm": 128,
}
"""The phone's own parameters, and how many characters each may have. All others are ignored."""

_NAMES = {name.encode(): name for name in LONGEST}
_FOLDED = {name.lower(): name for name in LONGEST}
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class NotUnderstood(ValueError):
    """The request is none of the forms; the text says what would be right."""


def from_query(query: bytes) -> dict[str, str]:
    """A `+` at the very start of `number` is a plus there: `?number=+4930…` is what people type.

    :raises NotUnderstood:
    """
    return _parameters(query, typed=True)


def from_form(body: bytes) -> dict[str, str]:
    """`application/x-www-form-urlencoded`, where every `+` is a space.

    :raises NotUnderstood:
    """
    return _parameters(body, typed=False)


def _parameters(encoded: bytes, *, typed: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in encoded.split(b"&"):
        encoded_name, _, value = pair.partition(b"=")
        name = _NAMES.get(encoded_name) or _name(encoded_name)
        if name is None:
            continue
        if name in found:
            raise NotUnderstood(f"{name} is given more than once")
        if typed and name == "number" and value.startswith(b"+"):
            value = b"%2B" + value[1:]
        found[name] = text = _decoded(name, value)
        if not text:
            raise NotUnderstood(f"{name} is empty")
        if len(text) > LONGEST[name]:
            raise NotUnderstood(f"{name} is too long: {len(text)} characters, at most {LONGEST[name]}")
    return found


def _name(encoded: bytes) -> str | None:
    name = unquote_to_bytes(encoded).decode("utf-8", "replace")
    if name in LONGEST:
        return name
    # A `lineid` that is passed over would call from another identity than the one that was asked for.
    if name.lower() in _FOLDED:
        raise NotUnderstood(f"{quoted(name)} is no parameter, {_FOLDED[name.lower()]} is: letter case counts")
    return None


def _decoded(name: str, value: bytes) -> str:
    if b"%" in value or b"+" in value:
        if _BROKEN_ESCAPE.search(value):
            raise NotUnderstood(
                f"{name} has a % without two hexadecimal digits; a percent sign itself is %25"
            )
        value = unquote_to_bytes(value.replace(b"+", b" "))
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise NotUnderstood(f"{name} is not UTF-8 once its %XX are decoded") from None
    if _CONTROL.search(text):
        raise NotUnderstood(f"{name} has a control character in it")
    return text
