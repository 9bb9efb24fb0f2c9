"""The names of the vendor's configuration files that mean something here: the one table of them.

Every setting has a name of its own besides, `Config.Offhook.` and the name of the setting, for the vendor has
no name for some, and for others no value.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from offhook.settings.phone_settings import NAMES
from offhook.settings.sections import MOST_ACCOUNTS

OWN: Final = "Config.Offhook."
"""What the project's own names begin with."""


class Source(StrEnum):
    """Where a name and its values are known from."""

    WILD = "files that others generate for these phones"
    CHOSEN = "this project's reference of the phone"
    WEB_PAGES = "the vendor's web pages, name only"
    DOOR_STATIONS = "door stations of the vendor"
    GUESS = "name: files that others generate; values: a guess"


@dataclass(frozen=True, slots=True)
class Known:
    """`{N}` in a name is the number of an account. `setting` is None where nothing here corresponds: such a
    line is neither an error nor reported. `values` are the vendor's, and what is set; None: as typed.

    `half` names the part of a setting that two names make up.
    """

    name: str
    setting: str | None
    source: Source
    values: Mapping[str, str] | None = None
    half: str = ""
    note: str = ""


_YES: Final = {"0": "no", "1": "yes"}
_ACCOUNT: Final = "Config.Account{N}."

TABLE: Final = (
    Known(_ACCOUNT + "GENERAL.Enable", "accounts.{N}.enabled", Source.WILD, _YES),
    Known(_ACCOUNT + "GENERAL.DisplayName", "accounts.{N}.display_name", Source.WILD),
    Known(_ACCOUNT + "GENERAL.UserName", "accounts.{N}.user", Source.WILD),
    Known(_ACCOUNT + "GENERAL.AuthName", "accounts.{N}.auth_name", Source.WILD),
    Known(_ACCOUNT + "GENERAL.Pwd", "accounts.{N}.password", Source.WILD),
    Known(_ACCOUNT + "GENERAL.Label", None, Source.WILD, note="the screen shows the user name"),
    Known(_ACCOUNT + "GENERAL.UserAgent", None, Source.WILD, note="the phone says what it is"),
    Known(_ACCOUNT + "SIP.Server", "accounts.{N}.host", Source.WILD),
    Known(_ACCOUNT + "SIP.Port", "accounts.{N}.port", Source.WILD),
    Known(_ACCOUNT + "SIP.Server2", "accounts.{N}.backup", Source.WILD, half="host"),
    Known(
        _ACCOUNT + "SIP.Port2", "accounts.{N}.backup", Source.WILD, half="port", note="counts beside Server2"
    ),
    Known(
        _ACCOUNT + "SIP.TransType",
        "accounts.{N}.transport",
        Source.CHOSEN,
        {"0": "udp", "1": "tcp", "2": "tls"},
    ),
    Known(_ACCOUNT + "SIP.ListenPortMin", None, Source.WILD, note="`--sip-port` is one for all accounts"),
    Known(_ACCOUNT + "SIP.ListenPortMax", None, Source.WILD, note="as `ListenPortMin`"),
    Known(_ACCOUNT + "STUN.Enable", None, Source.WILD, note="the registrar says what it sees the phone at"),
    Known(_ACCOUNT + "STUN.Server", None, Source.WILD, note="as `STUN.Enable`"),
    Known(_ACCOUNT + "STUN.Port", None, Source.WILD, note="as `STUN.Enable`"),
    Known(
        _ACCOUNT + "NAT.UdpKeepEnable",
        "accounts.{N}.keepalive",
        Source.WILD,
        {"0": "no", "1": ""},
        note="1: as often as the way to the registrar needs",
    ),
    Known(_ACCOUNT + "NAT.Rport", None, Source.WILD, note="always on"),
    Known(
        _ACCOUNT + "Dtmf.Type",
        "accounts.{N}.dtmf",
        Source.GUESS,
        {"0": "inband", "1": "rtp", "2": "info"},
        note="1 is known, the others are the guess",
    ),
    Known(
        "Config.Account1.AUTO_ANSWER.Enable",
        "calls.auto_answer",
        Source.WILD,
        {"0": "off", "1": "always"},
        note="of the whole phone; the other accounts' lines have no effect",
    ),
    Known(_ACCOUNT + "AUTO_ANSWER.Enable", None, Source.WILD, note="of accounts but the first"),
    Known(
        "Config.Settings.DateTime.TimeFormat",
        "preference.time_format",
        Source.GUESS,
        {"0": "12h", "1": "24h"},
    ),
    Known("Config.Settings.WEB_LOGIN.Password", "web.password", Source.WILD),
    Known("Config.Features.REMOTECONTROL.ActionURIAllowIPList", "access.allow", Source.WEB_PAGES),
    Known("Config.Features.ACTIONURL.Enable", "notify.active", Source.DOOR_STATIONS, _YES),
    Known("Config.Features.ACTIONURL.Method", None, Source.DOOR_STATIONS, note="always GET"),
    Known("Config.Features.ACTIONURL.MakeCall", "action_urls.outgoing_call", Source.DOOR_STATIONS),
    Known("Config.Features.ACTIONURL.HangUp", "action_urls.terminated", Source.DOOR_STATIONS),
)

_BY_NAME: Final = {known.name.lower(): known for known in reversed(TABLE)}
_BY_SETTING: Final = {
    setting: [known for known in TABLE if known.setting == setting]
    for setting in {known.setting for known in TABLE if known.setting}
}
_OF_ACCOUNT: Final = re.compile(r"config\.account([1-9][0-9]?)\.(.*)")
_SETTING_OF_ACCOUNT: Final = re.compile(r"accounts\.([0-9]+)\.(.*)")


class Meant(NamedTuple):
    """What a name means: `setting` with the number of its account, None where it has no effect."""

    known: Known
    setting: str | None


def meaning(name: str) -> Meant | None:
    """Of a name in a file, in any letter case; None for one that is unknown."""
    lower = name.lower()
    if lower.startswith(OWN.lower()):
        setting = lower.removeprefix(OWN.lower())
        return Meant(Known(OWN + setting, setting, Source.CHOSEN), setting) if _there_is(setting) else None
    if (exact := _BY_NAME.get(lower)) and "{" not in lower:
        return Meant(exact, exact.setting)
    match = _OF_ACCOUNT.fullmatch(lower)
    known = _BY_NAME.get("config.account{n}." + match[2]) if match else None
    if match is None or known is None or int(match[1]) > MOST_ACCOUNTS:
        return None
    return Meant(known, known.setting and known.setting.replace("{N}", match[1]))


def names_of(setting: str) -> list[tuple[str, Known]]:
    """The vendor's names of a setting, with the number of its account: two where it has two halves."""
    if match := _SETTING_OF_ACCOUNT.fullmatch(setting):
        number = match[1]
        setting = f"accounts.{{N}}.{match[2]}"
    else:
        number = ""
    return [(known.name.replace("{N}", number), known) for known in _BY_SETTING.get(setting, ())]


def _there_is(setting: str) -> bool:
    match = _SETTING_OF_ACCOUNT.fullmatch(setting)
    if match is None:
        return setting in NAMES
    return f"accounts.1.{match[2]}" in NAMES and match[1] in _ACCOUNT_NUMBERS


_ACCOUNT_NUMBERS: Final = frozenset(map(str, range(1, MOST_ACCOUNTS + 1)))
