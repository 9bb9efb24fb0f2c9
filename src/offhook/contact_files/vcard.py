"""vCard 3.0 and 4.0 (RFC 2426, RFC 6350), and of 2.1 what address books still write.

Read here and not by a library: a few properties are wanted of a format that has a hundred, a hostile file
must do no harm, and a library stops at the first card that is not quite right, as most files have some.
"""

import binascii
import quopri
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from offhook.phone.phone_book import Contact

from .file import BadFile, Raw, decoded

LONGEST_VALUE: Final = 4096
"""Characters: what has more is a picture, and none of what is read here."""

LABELS: Final = {
    "cell": "mobile",
    "home": "home",
    "work": "work",
    "fax": "fax",
    "pager": "pager",
    "main": "main",
}
TYPES: Final = {label: kind.upper() for kind, label in LABELS.items()}

_LINE: Final = re.compile(
    r"(?:(?P<group>[A-Za-z0-9-]+)\.)?(?P<name>[A-Za-z0-9-]+)(?P<parameters>(?:;(?:\"[^\"]*\"|[^\":;])*)*):(?P<value>.*)",
    re.DOTALL,
)
_PARAMETER: Final = re.compile(r";((?:\"[^\"]*\"|[^\";])*)")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


class _Property(NamedTuple):
    group: str
    name: str
    kinds: list[str]
    """Of TYPE, in lower case."""
    value: str


def read(data: bytes) -> Iterator[Raw]:
    """Raises BadFile."""
    card: list[_Property] = []
    depth = 0
    for line in _unfolded(decoded(data)):
        property_ = _property(line)
        if property_ is None:
            continue
        if property_.name == "BEGIN" and property_.value.strip().upper() == "VCARD":
            depth += 1
            if depth == 1:
                card = []
        elif property_.name == "END" and depth:
            depth -= 1
            if depth == 0:
                yield _raw(card)
        elif depth == 1 and property_.name in _WANTED:
            # A card within a card (AGENT) is of somebody else.
            card.append(property_)
    if depth:
        raise BadFile("it ends in the middle of a card")


def write(contacts: Iterable[Contact]) -> str:
    """vCard 3.0, which everything reads. A label that has no TYPE is one of X-ABLabel."""
    return "".join(
        f"{folded}\r\n" for each in contacts for line in _lines(each) for folded in [_folded(line)]
    )


_WANTED: Final = {"FN", "N", "ORG", "TEL", "IMPP", "X-SIP", "CATEGORIES", "X-ABLABEL"}


def _unfolded(text: str) -> Iterator[str]:
    """Logical lines (RFC 6350 §3.2), and those that 2.1 goes on with after a `=`."""
    line: list[str] = []
    size = 0
    soft = False
    for physical in re.split(r"\r\n|\r|\n", text):
        if line and (soft or physical[:1] in {" ", "\t"}):
            size += len(physical)
            if size <= 4 * LONGEST_VALUE:
                line.append(physical if soft else physical[1:])
        else:
            if line:
                yield "".join(line)
            line, size = [physical], len(physical)
        soft = physical.endswith("=") and "QUOTED-PRINTABLE" in line[0].partition(":")[0].upper()
        if soft:
            line[-1] = line[-1][:-1]
    yield "".join(line)


def _property(line: str) -> _Property | None:
    if len(line) > 4 * LONGEST_VALUE:
        return None
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    kinds: list[str] = []
    quoted_printable = False
    for parameter in _PARAMETER.findall(match["parameters"]):
        key, equals, value = parameter.upper().partition("=")
        quoted_printable |= "QUOTED-PRINTABLE" in {key, value}
        if not equals:
            kinds.append(key.lower())
        elif key == "TYPE":
            kinds += value.replace('"', "").lower().split(",")
    value = _plain(match["value"]) if quoted_printable else match["value"]
    return _Property((match["group"] or "").lower(), match["name"].upper(), kinds, value[:LONGEST_VALUE])


def _plain(value: str) -> str:
    try:
        return quopri.decodestring(value.encode()).decode(errors="replace")
    except (ValueError, binascii.Error):
        return value


def _raw(card: list[_Property]) -> Raw:
    of: dict[str, list[_Property]] = {}
    for each in card:
        of.setdefault(each.name, []).append(each)
    labels = {each.group: _apple(each.value) for each in of.get("X-ABLABEL", ()) if each.group}
    numbers = [
        (_number(each), labels.get(each.group) or _label(each))
        for name in ("TEL", "IMPP", "X-SIP")
        for each in of.get(name, ())
    ]
    groups = [group for each in of.get("CATEGORIES", ()) for group in _split(each.value, ",")]
    return Raw(_name(of), [(number, label) for number, label in numbers if number], groups)


def _name(of: dict[str, list[_Property]]) -> str:
    if "FN" in of and (name := _text(of["FN"][0].value).strip()):
        return name
    if "N" in of:
        family, given, *_ = [*_split(of["N"][0].value, ";"), "", ""]
        if name := f"{given} {family}".strip():
            return name
    return " ".join(_split(of["ORG"][0].value, ";")).strip() if "ORG" in of else ""


def _number(property_: _Property) -> str:
    """Empty for an address of something else than telephony."""
    value = _text(property_.value).strip()
    scheme, colon, rest = value.partition(":")
    match scheme.lower():
        case "tel" if colon:
            return rest.partition(";")[0]
        case "sip" | "sips":
            return value
    return "" if property_.name == "IMPP" else value


def _label(property_: _Property) -> str:
    if property_.name != "TEL":
        return "sip"
    return next(
        (LABELS[kind] for kind in ("fax", *property_.kinds) if kind in property_.kinds and kind in LABELS), ""
    )


def _apple(label: str) -> str:
    """Apple writes the labels that it translates as `_$!<Mobile>!$_`."""
    text = _text(label).strip()
    return text[4:-4].lower() if text.startswith("_$!<") and text.endswith(">!$_") else text


def _split(value: str, at: str) -> list[str]:
    """An `at` behind a backslash divides nothing, unless that backslash is the second of two."""
    parts, start = [], 0
    for match in re.finditer(rf"\\.|{at}", value, re.DOTALL):
        if match[0] == at:
            parts.append(value[start : match.start()])
            start = match.end()
    return [_text(part).strip() for part in (*parts, value[start:])]


def _text(value: str) -> str:
    return _ESCAPED.sub(lambda match: " " if match[1] in "nN" else match[1], value)


def _escaped(text: str) -> str:
    return re.sub(r"([\\,;])", r"\\\1", text)


def _lines(each: Contact) -> Iterator[str]:
    yield "BEGIN:VCARD"
    yield "VERSION:3.0"
    yield f"FN:{_escaped(each.name)}"
    yield f"N:{_escaped(each.name)};;;;"
    for place, number in enumerate(each.numbers, 1):
        if number.label in TYPES:
            yield f"TEL;TYPE={TYPES[number.label]}:{_escaped(number.number)}"
        elif number.label:
            yield f"item{place}.TEL:{_escaped(number.number)}"
            yield f"item{place}.X-ABLabel:{_escaped(number.label)}"
        else:
            yield f"TEL:{_escaped(number.number)}"
    if each.groups:
        yield "CATEGORIES:" + ",".join(map(_escaped, each.groups))
    yield "END:VCARD"


def _folded(line: str) -> str:
    """At 75 bytes, and never within a character (RFC 6350 §3.2)."""
    folded, size = "", 0
    for character in line:
        width = len(character.encode())
        if size + width > 75:
            folded, size = folded + "\r\n ", 1
        folded, size = folded + character, size + width
    return folded
