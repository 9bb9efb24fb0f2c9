"""How long a session lasts without a refresh, and who refreshes it (RFC 4028 §4, §5, §9)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sipmessage import Request, Response

from .name_addr import parse_parameters
from .option_tags import names

TAG = "timer"

DEFAULT = 1800
"""Seconds (§4)."""

LEAST = 90
"""Seconds that an interval has at least (§5)."""

_SECONDS = re.compile(r"\s*([0-9]{1,9})\s*(;.*)?", re.ASCII)


class Refresher(StrEnum):
    UAC = "uac"
    """The end that sent the request which this is said in, or answered."""
    UAS = "uas"


REFRESHER: Mapping[tuple[bool, Refresher | None], tuple[Refresher, ...]] = {
    (False, None): (Refresher.UAS,),
    (True, None): (Refresher.UAS, Refresher.UAC),
    (True, Refresher.UAC): (Refresher.UAC,),
    (True, Refresher.UAS): (Refresher.UAS,),
}
"""Table 2 of §9: whether the other end has session timers, and whom its request names, decide whom the 2xx
may name. An end without them names nobody."""


@dataclass(frozen=True, slots=True)
class SessionExpires:
    interval: int
    """Seconds."""
    refresher: Refresher | None = None

    @classmethod
    def of(cls, message: Request | Response) -> "SessionExpires | None":
        """None where there is none that can be read."""
        match = _SECONDS.fullmatch(message.headers.get("Session-Expires") or "")
        if match is None:
            return None
        try:
            named = (parse_parameters(match[2] or "").get("refresher") or "").lower()
        except ValueError:
            return None
        return cls(int(match[1]), Refresher(named) if named in set(Refresher) else None)

    def __str__(self) -> str:
        return f"{self.interval}" + (f";refresher={self.refresher}" if self.refresher else "")

    @property
    def grace(self) -> float:
        """How many seconds before its end a session that nobody refreshed is given up (§10)."""
        return min(32.0, self.interval / 3)


def min_se_of(message: Request | Response) -> int:
    """Seconds below which nobody on the way may go (§5)."""
    match = _SECONDS.fullmatch(message.headers.get("Min-SE") or "")
    return max(LEAST, int(match[1]) if match else 0)


def has_timers(request: Request) -> bool:
    """Its sender knows of all this, and may be answered 422 or be told to refresh."""
    return names(request, "Supported", TAG) or names(request, "Require", TAG)


def too_small(request: Request) -> bool:
    """An interval to be refused with 422 and our Min-SE (§9); for others what is answered is raised."""
    asked = SessionExpires.of(request)
    return asked is not None and asked.interval < LEAST and has_timers(request)


def agree(
    request: Request, interval: int, preferred: Refresher = Refresher.UAS
) -> tuple[SessionExpires, bool]:
    """What a 2xx to `request` says, and whether the other end knows what that means (§9).

    `interval` is ours in seconds; `preferred` is taken where the choice is ours.
    """
    asked, knows = SessionExpires.of(request), has_timers(request)
    seconds = interval if asked is None else min(asked.interval, interval)
    allowed = REFRESHER[knows, asked.refresher if asked is not None and knows else None]
    chosen = preferred if preferred in allowed else allowed[0]
    return SessionExpires(max(seconds, min_se_of(request)), chosen), knows
