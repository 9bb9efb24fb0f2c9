"""Times as a clock on the wall of the phone shows them."""

from datetime import UTC, datetime
from typing import NamedTuple

from offhook.phone.local_time import shown
from offhook.settings.sections import PreferenceSettings, TimeFormat


class When(NamedTuple):
    """`exact` is for programs, RFC 3339 in UTC."""

    exact: str
    text: str


def when(seconds: float, preference: PreferenceSettings) -> When:
    """`seconds` since the epoch, by the machine's time zone."""
    text = shown(
        datetime.fromtimestamp(seconds).astimezone(), hours_24=preference.time_format is TimeFormat.HOURS_24
    )
    return When(datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds"), text)
