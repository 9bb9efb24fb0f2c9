"""Who sent a call on to this end: Diversion (RFC 5806), History-Info (RFC 7044); and saying so in a 302."""

import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass

from sipmessage import Request

from .identity import ANONYMOUS, MAX_NAME, MAX_URI
from .name_addr import NameAddr, name_addr, split_list
from .uri import parse_uri

MAX_ENTRIES = 16
"""Of one message that are looked at."""

REASONS = frozenset(
    {
        "unknown", "user-busy", "no-answer", "unavailable", "unconditional", "time-of-day", "do-not-disturb",
        "deflection", "follow-me", "out-of-service", "away",
    }
)  # fmt: skip
"""RFC 5806 §4. What else is said counts as unknown."""

_BY_CAUSE = {
    "302": "unconditional", "404": "unknown", "408": "no-answer", "480": "deflection", "486": "user-busy",
    "487": "deflection", "503": "unavailable", "600": "user-busy",
}  # fmt: skip
"""RFC 4458 §2, and what else forwards a call by its meaning."""

_CAUSE = re.compile(r"\bcause\s*=\s*([0-9]{3})(?![0-9])", re.IGNORECASE | re.ASCII)
_INDEX = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,31}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Diversion:
    """`reason` is a word of REASONS."""

    uri: str
    name: str
    reason: str

    @classmethod
    def of(cls, invite: Request) -> "Diversion | None":
        """The last one before the call came here. What cannot be read is passed over."""
        return next(_diversions(invite), None) or _of_history(invite)

    def __str__(self) -> str:
        return f"{name_addr(self.name, self.uri)};reason={self.reason}"


def _diversions(invite: Request) -> Iterator[Diversion]:
    """The newest is on top (RFC 5806 §5)."""
    for address, parameters in _items(invite, "Diversion"):
        reason = (parameters.get("reason") or "").strip('"').lower()
        hidden = (parameters.get("privacy") or "off").strip('"').lower() not in {"off", "no"}
        yield _diversion(address, reason if reason in REASONS else "unknown", hidden=hidden)


def _diversion(address: NameAddr, reason: str, *, hidden: bool) -> Diversion:
    if hidden:
        return Diversion(ANONYMOUS.uri, ANONYMOUS.name, reason)
    return Diversion(address.uri.partition("?")[0], address.name[:MAX_NAME], reason)


def _of_history(invite: Request) -> Diversion | None:
    """The entry that the last change of the one called came from.

    An entry that was reached by forwarding says so by `mp`, the index of who forwarded (RFC 7044 §5), or by a
    `cause` in its URI (RFC 4458); elder ones have the Reason in the URI of the one that forwarded.
    """
    entries = list(_items(invite, "History-Info"))
    for number in range(len(entries) - 1, 0, -1):
        address, parameters = entries[number]
        by, _ = entries[number - 1]
        mapped = parameters.get("mp") or ""
        if _INDEX.fullmatch(mapped):
            by = next((each for each, its in entries if its.get("index") == mapped), by)
        _, _, headers = by.uri.partition("?")
        said = urllib.parse.unquote(headers[:MAX_URI])
        cause = _CAUSE.search(address.uri.partition("?")[0]) or _CAUSE.search(said)
        if cause is not None or mapped:
            reason = _BY_CAUSE.get(cause[1], "unknown") if cause is not None else "unknown"
            return _diversion(by, reason, hidden="privacy=" in said.lower())
    return None


def _items(invite: Request, name: str) -> Iterator[tuple[NameAddr, dict[str, str | None]]]:
    left = MAX_ENTRIES
    for value in invite.headers.getlist(name):
        for item in split_list(value):
            if not left:
                return
            left -= 1
            try:
                address = NameAddr.parse(item)
                uri = parse_uri(address.uri)
            except ValueError:
                continue
            if len(address.uri) <= MAX_URI and (uri.is_sip or uri.scheme == "tel"):
                yield address, address.parameters
