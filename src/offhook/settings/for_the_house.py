"""What each room makes of the settings."""

from datetime import datetime

from offhook.account_uri import PARTS, account_from_table
from offhook.action_uri.access import Access
from offhook.action_uri.credential import Asked, Credential
from offhook.notify.wanted import Wanted
from offhook.phone.audio_path import RINGER, Path
from offhook.phone.block_list import BlockList
from offhook.phone.dial_rules import DialRules
from offhook.phone.effects import Keep
from offhook.phone.settings import Forwarding
from offhook.phone.settings import Settings as PhoneSide
from offhook.sip.account import Account
from offhook.sip.admission import Admission

from .phone_settings import PhoneSettings, Plain
from .sections import AccountSettings, TimeFormat

VOLUMES = {
    RINGER: "sound.ringer",
    Path.HANDSET: "sound.handset",
    Path.HANDSFREE: "sound.handsfree",
    Path.HEADSET: "sound.headset",
}
FORWARDS = {rule: f"forward.{rule.value}" for rule in Forwarding}

SETTING_OF = {"name": "display_name", "auth": "auth_name", "register": "registers"}
"""Parts of an account that a setting has another name for."""


def for_the_phone(settings: PhoneSettings) -> PhoneSide:
    calls, forward, sound = settings.calls, settings.forward, settings.sound
    return PhoneSide(
        call_waiting=calls.call_waiting,
        reject_code=calls.reject_code,
        dnd=calls.dnd,
        dnd_code=calls.dnd_code,
        forward={
            Forwarding.ALWAYS: forward.always,
            Forwarding.BUSY: forward.busy,
            Forwarding.NO_ANSWER: forward.no_answer,
        },
        no_answer_after=forward.no_answer_after,
        auto_answer=calls.auto_answer,
        reject_anonymous=calls.reject_anonymous,
        refer=calls.refer,
        voicemail={
            number: account.voicemail for number, account in settings.accounts.items() if account.voicemail
        },
        blocked=BlockList.of(calls.blocked),
        dial_rules=DialRules.of(settings.dial.replace, settings.dial.block),
        hours_24=settings.preference.time_format is TimeFormat.HOURS_24,
        local_time=_local_time,
        autop=settings.autop.url is not None,
        volumes={
            RINGER: sound.ringer,
            Path.HANDSET: sound.handset,
            Path.HANDSFREE: sound.handsfree,
            Path.HEADSET: sound.headset,
        },
    )


def _local_time(seconds: float) -> datetime:
    """By the machine's time zone, and its summer time as it was then."""
    return datetime.fromtimestamp(seconds).astimezone()


def accounts(settings: PhoneSettings) -> tuple[Account, ...]:
    """Those that are complete and active, by number."""
    return tuple(
        account
        for number, given in sorted(settings.accounts.items())
        if given.enabled and (account := _account(number, given)) is not None
    )


def _account(number: int, given: AccountSettings) -> Account | None:
    if not given.user or not given.host:
        return None
    values = {key: getattr(given, SETTING_OF.get(key, key)) for key in PARTS}
    return account_from_table({key: value for key, value in values.items() if value != ""}, number)


def admission(settings: PhoneSettings) -> Admission:
    given = settings.calls
    return Admission(given.callers, given.unknown_callers, given.unlimited.admits)


def access(settings: PhoneSettings) -> Access:
    given = settings.access
    return Access(
        allow=given.allow,
        host_names=given.host_names,
        trusted_origins=given.trusted_origins,
        trusted_proxies=given.trusted_proxies,
        confirm_page=given.confirm_page,
        asked=given.credential,
        credential=Credential(given.user, given.password) if given.credential is not Asked.OFF else None,
    )


def told_to_others(settings: PhoneSettings) -> Wanted:
    """Nobody where it is not active."""
    given = settings.notify
    if not given.active:
        return Wanted()
    urls = {event: url for event, url in settings.action_urls.items() if url}
    return Wanted(urls, given.webhook, given.webhook_secret, given.verify)


def kept_by_keys(kept: Keep) -> dict[str, Plain]:
    """By the names of settings."""
    return {
        "calls.dnd": kept.dnd,
        **{FORWARDS[rule]: number for rule, number in kept.forward.items()},
        **{
            VOLUMES[Path(which) if which != RINGER else RINGER]: level
            for which, level in kept.volumes.items()
        },
    }
