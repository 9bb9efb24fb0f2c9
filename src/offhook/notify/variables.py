"""The variables of an Action URL, and filling them in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from offhook.phone.call import short

from .happening import AccountSeen, Happening


@dataclass(frozen=True, slots=True)
class Identity:
    """Who tells. `mac` is 12 lower-case hexadecimal digits, `ip` the address that others are told."""

    mac: str
    ip: str
    model: str
    firmware: str


VARIABLES: Final = (
    "mac",
    "ip",
    "model",
    "firmware",
    "active_url",
    "active_user",
    "active_host",
    "local",
    "remote",
    "display_local",
    "display_remote",
    "call_id",
)

# The longest name wins: a name may begin with another.
_VARIABLE: Final = re.compile(r"\$(" + "|".join(sorted(VARIABLES, key=len, reverse=True)) + ")")


def variables(happening: Happening, identity: Identity) -> dict[str, str]:
    """Empty where there is nothing to say: `remote` without a call."""
    account, call = happening.account, happening.call
    user, host = (account.user, account.domain) if account else ("", "")
    return {
        "mac": identity.mac,
        "ip": identity.ip,
        "model": identity.model,
        "firmware": identity.firmware,
        "active_url": f"{user}@{host}" if account else "",
        "active_user": user,
        "active_host": host,
        "local": local_uri(account, identity),
        "remote": call.remote if call else "",
        "display_local": (account.name or account.user) if account else "",
        "display_remote": (call.remote_name or short(call.remote)) if call else "",
        "call_id": call.id if call else "",
    }


def local_uri(account: AccountSeen | None, identity: Identity) -> str:
    """A SIP URI, also where the call is none of an account."""
    if account is None:
        return f"sip:[{identity.ip}]" if ":" in identity.ip else f"sip:{identity.ip}"
    return f"sip:{account.user}@{account.domain}"


def filled(template: str, values: Mapping[str, str]) -> str:
    """The URL, its values percent-encoded; a `$` before no name that is known stays as it is."""
    return _VARIABLE.sub(lambda match: quote(values[match[1]], safe=""), template)
