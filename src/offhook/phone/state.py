"""The phone's state as the JSON of `GET /api/v1/state`. Names in it do not change; new ones may come."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .display import screen

if TYPE_CHECKING:
    from .call import Call
    from .phone import Phone

# What this phone cannot do yet has the value that it has on a phone where nobody has touched it.
UNTOUCHED = {
    "muted": False,
    "ringer_muted": False,
    "volume": {"ringer": 8, "handset": 8, "handsfree": 8, "headset": 8},
    "dnd": False,
    "forward": {"always": None, "busy": None, "no_answer": None},
}


def state(phone: Phone, now: float) -> dict[str, Any]:
    shown = screen(phone, now)
    return {
        "screen": {
            "page": shown.page,
            "title": shown.title,
            "lines": list(shown.lines),
            "softkeys": list(shown.softkeys),
        },
        "hook": "off" if phone.lifted else "on",
        "audio": phone.path,
        **UNTOUCHED,
        "entry": phone.entry or "",
        "accounts": [
            {
                "id": account.id,
                "username": account.username,
                "name": account.name,
                "state": account.state,
                "reason": account.reason,
            }
            for account in phone.accounts.values()
        ],
        "calls": [_call(call, phone.focused is call, now) for call in phone.calls.values()],
    }


def _call(call: Call, focused: bool, now: float) -> dict[str, Any]:
    return {
        "id": call.id,
        "direction": call.direction,
        "state": call.state,
        "remote": call.remote,
        "remote_name": call.remote_name,
        "account": call.account,
        "focused": focused,
        "held_by_peer": False,
        "conference": False,
        "digits_received": call.digits_received,
        "started": datetime.fromtimestamp(call.started, UTC).isoformat(timespec="milliseconds"),
        "duration": round(call.duration(now), 3),
    }
