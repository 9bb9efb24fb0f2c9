"""Who is meant by a number or a SIP URI: what block list, dial rules and phone book compare."""

from typing import Final
from urllib.parse import unquote

from .number import DIGITS, SEPARATORS

INTERNATIONAL: Final = ("+", "00")
"""How a number begins that says its country: E.164's plus, and what most of the world dials for it."""


def user_part(address: str) -> str:
    """Of a SIP or tel URI or of what was dialled, as a server reads it; empty where nobody is named.

    Escapes are undone, parameters (RFC 3261 §19.1.1: `1002;phone-context=…`) left out, and what separates the
    digits of a number too: `0-900` reaches the same phone as `0900`.
    """
    user, _ = _parts(address)
    number = user.translate(SEPARATORS)
    return number if DIGITS.fullmatch(number) else user


def keys_of(address: str) -> tuple[str, ...]:
    """The keys by which the party is found, the surest first: itself at its host, its user part alone, its
    number without the mark of an international one."""
    user, host = _parts(address)
    if not user:
        return (f"@{host}",)
    number = user_part(address)
    keys = [f"{number}@{host}"] if host else []
    keys.append(number)
    if DIGITS.fullmatch(number) and (whole := digits_of(number)):
        keys.append(f"+{whole}")
    return tuple(keys)


def key_of(address: str) -> str:
    """The one key under which somebody is entered who is to be found by `keys_of`."""
    user, host = _parts(address)
    if host or not user:
        return f"{user_part(address)}@{host}"
    number = user_part(address)
    whole = digits_of(number) if number.startswith(INTERNATIONAL) else ""
    return f"+{whole}" if whole else number


def digits_of(number: str) -> str:
    """What follows the mark of an international number, or all of one without; empty where `*` or `#` make it
    a code and no number."""
    for mark in INTERNATIONAL:
        if number.startswith(mark):
            number = number[len(mark) :]
            break
    return number if number.isdecimal() else ""


def _parts(address: str) -> tuple[str, str]:
    """User and host, without the scheme, what follows them, and a port."""
    scheme, colon, rest = address.partition(":")
    telephone = False
    if colon and scheme.lower() in {"sip", "sips", "tel"}:
        address, telephone = rest, scheme.lower() == "tel"
    else:
        colon = ""
    user, at, host = address.partition("@")
    if telephone or not (at or colon):
        return unquote(address).partition(";")[0], ""
    if not at:
        user, host = "", user
    user = unquote(user.partition(":")[0]).partition(";")[0]
    host = host.partition(";")[0].partition("?")[0]
    name, bracket, _ = host.partition("]")
    return user, (name + bracket if bracket else host.partition(":")[0]).lower().rstrip(".")
