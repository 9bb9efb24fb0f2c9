"""What happened, as the JSON that a webhook gets. Names in it do not change; new ones may come."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any, Final

from .happening import Happening
from .variables import Identity, local_uri

SIGNATURE: Final = "X-Offhook-Signature"


def as_json(number: int, event_id: str, happening: Happening, identity: Identity) -> dict[str, Any]:
    account, call = happening.account, happening.call
    return {
        "id": event_id,
        "number": number,
        "event": happening.event,
        "time": rfc3339(happening.at),
        "phone": {
            "mac": identity.mac,
            "ip": identity.ip,
            "model": identity.model,
            "firmware": identity.firmware,
        },
        "account": account
        and {"id": account.id, "username": account.user, "host": account.domain, "name": account.name},
        "call": call
        and {
            "id": call.id,
            "direction": call.direction,
            "state": call.state,
            "account": call.account,
            "local": local_uri(account, identity),
            "remote": call.remote,
            "remote_name": call.remote_name,
            "started": rfc3339(call.started),
            "answered": None if call.answered is None else rfc3339(call.answered),
        },
        "to": happening.to,
        "reason": happening.reason,
    }


def body(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def signature(secret: str, sent: bytes) -> str:
    """HMAC-SHA256 (RFC 2104) of the body, as `sha256=` and hexadecimal digits."""
    return "sha256=" + hmac.new(secret.encode(), sent, hashlib.sha256).hexdigest()


def rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
