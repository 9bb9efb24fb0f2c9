"""The values of From, To, Contact and Route (RFC 3261 §20.10), read without changing a character of them.

sipmessage's Address percent-encodes what it prints again, which breaks a tag or a parameter that another
user agent compares byte by byte. What is echoed here is the text that came.
"""

import re
from dataclasses import dataclass, field

# What has matched is never given back (the + after * and +), so no value takes more than one pass.
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_NAME_ADDR = re.compile(rf'(?:({_QUOTED})\s*+|([^<>"]*+))<\s*+([^<>\s]++)\s*+>\s*+(;.*)?')
_ADDR_SPEC = re.compile(r'([^<>"\s;]++)\s*+(;.*)?')
_PARAMETER = re.compile(rf'\s*+;\s*+([^\s;="<>]++)(?:\s*+=\s*+({_QUOTED}|[^\s;"]*+))?\s*+')
_OUTSIDE_QUOTES = re.compile(r'"(?:[^"\\]|\\.)*+"?|<[^<>]*+>?|,')
_ESCAPED = re.compile(r"\\(.)")
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

Parameters = dict[str, str | None]
"""By lower-case name; the value as it stands, quotes included, None for a name alone."""


@dataclass(frozen=True, slots=True)
class NameAddr:
    name: str
    """The display name, unquoted."""
    uri: str
    parameters: Parameters = field(default_factory=dict)

    @property
    def tag(self) -> str:
        return self.parameters.get("tag") or ""

    @classmethod
    def parse(cls, text: str) -> "NameAddr":
        """Raises ValueError."""
        text = text.strip()
        match = _NAME_ADDR.fullmatch(text)
        if match is not None:
            quoted, name, uri, parameters = match.groups()
            shown = name.strip() if quoted is None else _ESCAPED.sub(r"\1", quoted[1:-1])
            return cls(shown, uri, parse_parameters(parameters or ""))
        match = _ADDR_SPEC.fullmatch(text)
        if match is None:
            raise ValueError(f"not an address: {text[:80]!r}")
        # Without angle brackets the parameters are the header's, not the URI's (§20.10).
        return cls("", match[1], parse_parameters(match[2] or ""))


def parse_parameters(text: str) -> Parameters:
    """`;a=1;b`. Raises ValueError; of a name that is repeated the first counts."""
    parameters: Parameters = {}
    position = 0
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None:
            raise ValueError(f"not a list of parameters: {text[:80]!r}")
        parameters.setdefault(match[1].lower(), match[2])
        position = match.end()
    return parameters


def split_list(text: str) -> list[str]:
    """The items of a header that may hold several (§7.3.1): commas in quotes or brackets part nothing."""
    if "," not in text:
        return [text.strip()]
    items: list[str] = []
    start = 0
    for match in _OUTSIDE_QUOTES.finditer(text):
        if match[0] == ",":
            items.append(text[start : match.start()].strip())
            start = match.end()
    items.append(text[start:].strip())
    return [item for item in items if item]


def one_line(text: str) -> str:
    """`text` for a header. Raises ValueError for what could end the line, or cannot be sent as UTF-8."""
    if _UNFIT.search(text):
        raise ValueError(f"a SIP header takes no control characters: {text[:80]!r}")
    return text


def name_addr(name: str, uri: str) -> str:
    """As it is written into a header. Raises ValueError for control characters."""
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '" ' if name else ""
    return one_line(f"{quoted}<{uri}>")
