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


@dataclass(frozen=True, slots=True)
class Screen:
    """`softkeys` are the labels above `F1` to `F4`, in order."""

    page: Page
    title: str
    lines: tuple[str, ...]
    softkeys: tuple[str, ...]
