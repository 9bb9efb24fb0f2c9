"""What the display shows, as data."""

from dataclasses import dataclass
from enum import StrEnum


class Page(StrEnum):
    IDLE = "idle"
    ENTRY = "entry"
    OFF_HOOK = "offhook"
    """The handset is lifted or hands-free open, and nothing is typed yet."""
    RINGING = "ringing"
    CALLING = "calling"
    TALKING = "talking"
    HELD = "held"
    TRANSFER = "transfer"
    """A number is being typed for a transfer."""
    CONFERENCE = "conference"
    MENU = "menu"


class Icon(StrEnum):
    REGISTERED = "registered"
    UNREGISTERED = "unregistered"
    DND = "dnd"
    FORWARD = "forward"
    MUTED = "muted"
    RINGER_MUTED = "ringer muted"
    MISSED = "missed"
    MESSAGE = "message"
    ENCRYPTED = "encrypted"


@dataclass(frozen=True, slots=True)
class Screen:
    """`softkeys` are the labels above `F1` to `F4`, in order; `selected` is the marked line of a list,
    `notice` a passing word about what happened, `cursor` where in the entry the next digit goes."""

    page: Page
    title: str
    lines: tuple[str, ...]
    softkeys: tuple[str, ...]
    icons: tuple[Icon, ...] = ()
    selected: int | None = None
    notice: str | None = None
    cursor: int | None = None
