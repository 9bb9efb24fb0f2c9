"""What this user agent understands, as it tells others (RFC 3261 §11.2, §20.5, §20.37)."""

from collections.abc import Mapping
from types import MappingProxyType

from sipmessage import Request, Response

METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "PRACK", "UPDATE", "REFER", "NOTIFY")
ALLOW = ", ".join(METHODS)
KNOWN_METHODS = frozenset({*METHODS, "MESSAGE", "PRACK", "PUBLISH", "REGISTER", "SUBSCRIBE"})
"""What others of these are not allowed here (405); any other method is not known at all (501)."""
EXTENSIONS: tuple[str, ...] = ("replaces", "norefersub", "100rel", "timer", "199", "from-change")
"""Option tags that a Require header may name (RFC 3891, 4488, 3262, 4028, 6228, 4916)."""
BODIES = (
    "application/sdp",
    "application/dtmf-relay",
    "application/dtmf",
    "application/simple-message-summary",
    "message/sipfrag",
)
ACCEPT = ", ".join((*BODIES, "multipart/mixed"))
EVENTS = "refer, message-summary, check-sync"
"""The event packages that a NOTIFY may be about."""

ADVERTISED: Mapping[str, str] = MappingProxyType({"Allow": ALLOW, "Supported": ", ".join(EXTENSIONS)})
ADVERTISED_WITHIN: Mapping[str, str] = MappingProxyType(
    {**ADVERTISED, "Supported": ", ".join(tag for tag in EXTENSIONS if tag != "100rel")}
)
"""For a re-INVITE, where nobody waits for somebody to pick up: no provisional response is worth a PRACK."""


def advertise(message: Request | Response) -> None:
    for name, value in ADVERTISED.items():
        message.headers.set(name, value)
