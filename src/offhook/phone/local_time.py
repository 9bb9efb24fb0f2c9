"""The time of a call as a list shows it."""

from datetime import UTC, datetime


def utc(seconds: float) -> datetime:
    """The wall clock of a phone whose house has none. `seconds` since the epoch."""
    return datetime.fromtimestamp(seconds, UTC)


def shown(time: datetime, *, hours_24: bool) -> str:
    """The day always: a list may be looked at a day later than it was opened."""
    clock = f"{time:%H:%M}" if hours_24 else f"{time.hour % 12 or 12}:{time:%M} {_HALVES[time.hour // 12]}"
    return f"{time.day} {_MONTHS[time.month - 1]} {clock}"


# Not strftime's: the language of the display is not the machine's.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HALVES = ("am", "pm")
