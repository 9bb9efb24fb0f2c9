"""The factory's layer of settings: what a start asks for, by the names that settings have."""

from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import BaseModel

from offhook.account_uri import table_of
from offhook.settings.for_the_house import SETTING_OF
from offhook.settings.phone_settings import Plain, plain
from offhook.sip.account import Account

SETTING_OF_OPTION: Final[Mapping[str, str]] = {
    "allow": "access.allow",
    "host_name": "access.host_names",
    "trusted_origin": "access.trusted_origins",
    "trusted_proxy": "access.trusted_proxies",
    "confirm_page": "access.confirm_page",
    "auto_answer": "calls.auto_answer",
    "call_waiting": "calls.call_waiting",
    "reject_code": "calls.reject_code",
    "dnd_code": "calls.dnd_code",
    "reject_anonymous": "calls.reject_anonymous",
    "callers": "calls.callers",
    "unknown_callers": "calls.unknown_callers",
    "unlimited": "calls.unlimited",
    "redirects": "calls.redirects",
    "refer": "calls.refer",
    "no_answer_after": "forward.no_answer_after",
    "voicemail": "accounts.1.voicemail",
    "autop_url": "autop.url",
}
"""Options that a saved setting can override. `--account` is many settings, and the others are none."""


def factory(options: BaseModel, accounts: Iterable[Account]) -> dict[str, Plain]:
    """Of the options that were given, and all that is not as it is built in of the accounts."""
    layer: dict[str, Plain] = {}
    for account in accounts:
        layer |= _of_account(account)
    for option, setting in SETTING_OF_OPTION.items():
        if option in options.model_fields_set:
            layer[setting] = plain(getattr(options, option))
    return layer


def _of_account(account: Account) -> dict[str, Plain]:
    return {
        f"accounts.{account.id}.{SETTING_OF.get(key, key)}": part for key, part in table_of(account).items()
    }
