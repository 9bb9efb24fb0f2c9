"""The phone's state as the JSON of `GET /api/v1/state`. Names in it do not change; new ones may come."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .display import screen
from .views import Entry

if TYPE_CHECKING:
    from .call import Call
    from .phone import Phone


def state(phone: Phone, now: float) -> dict[str, Any]:
    shown = screen(phone, now)
    typed = phone.view
    return {
        "screen": {
            "page": shown.page,
            "title": shown.title,
            # A notice is the first line, as on the display.
            "lines": [shown.notice, *shown.lines] if shown.notice else list(shown.lines),
            "softkeys": list(shown.softkeys),
            "icons": list(shown.icons),
            "selected": None if shown.selected is None else shown.selected + (shown.notice is not None),
            "notice": shown.notice,
            "cursor": shown.cursor,
        },
        "hook": "off" if phone.lifted else "on",
        "audio": phone.path,
        "tone": phone.tone,
        "muted": phone.muted,
        "ringer_muted": phone.ringer_muted,
        "volume": dict(phone.volumes.levels),
        "dnd": phone.settings.dnd,
        "entry": typed.text if isinstance(typed, Entry) else "",
        "forward": dict(phone.settings.forward),
        "missed": phone.log.unseen,
        "messages": sum(phone.messages.values()),
        "accounts": [
            {
                "id": account.id,
                "username": account.username,
                "name": account.name,
                "state": account.state,
                "reason": account.reason,
                "messages": phone.messages.get(account.id, 0),
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
        "name": call.name,
        "who": call.who,
        "name_from": "phone book" if call.book_name else "network" if call.remote_name else None,
        "anonymous": call.anonymous,
        "diverted_by": None if call.diverted_by is None else asdict(call.diverted_by),
        "account": call.account,
        "focused": focused,
        "early_media": call.plays_early,
        "held_by_peer": call.held_by_peer,
        "encrypted": call.encrypted,
        "srtp": call.srtp,
        "conference": call.conference,
        "transferring_to": call.transferring_to,
        "referred_by": call.referred_by or None,
        "digits_received": call.digits_received,
        "started": datetime.fromtimestamp(call.started, UTC).isoformat(timespec="milliseconds"),
        "duration": round(call.duration(now), 3),
    }
