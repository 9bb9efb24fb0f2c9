"""What a phone goes by that its owner can change: the one description of each setting.

What is checked, stored, shown on a page, written into a provisioning file and documented is derived from the
fields here: their type says how a value is read, title and description are for a person. A value may be given
as a person types it, or as JSON has it.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from offhook.account_uri import CHOICES, read_part
from offhook.action_uri.allow_list import AllowList
from offhook.action_uri.credential import Asked
from offhook.option_values import (
    read_allow_list,
    read_auto_answer,
    read_choice,
    read_host_names,
    read_number,
    read_origins,
    read_provisioning_url,
    read_refer_policy,
    read_refusal_code,
    read_seconds,
    read_yes,
)
from offhook.phone.settings import REFUSAL_CODES, AutoAnswer, ReferPolicy
from offhook.sip import session_expires
from offhook.sip.account import USUAL_CODECS
from offhook.sip.admission import Callers, UnknownCallers
from offhook.sip.redirection import Redirects

from .password import read_password
from .readers import (
    LONGEST_TEXT,
    each,
    or_nothing,
    read_blocked,
    read_hours,
    read_line,
    read_prefix,
    read_replacement,
    read_secret,
    read_token,
    read_url,
    read_volume,
)

FACTORY_ALLOW_LIST: Final = "127.0.0.1, ::1"
MOST_ACCOUNTS: Final = 16


class Secret:
    """Marks what no answer, page or log shows."""


class OneOf:
    """What a value may be, where its type does not say so; as a person types it."""

    def __init__(self, values: Iterable[object]) -> None:
        self.values = tuple(map(str, values))


class Section(BaseModel):
    """Settings that belong together, and stand on one page."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class RingTone(StrEnum):
    CLASSIC = "classic"
    DIGITAL = "digital"
    SOFT = "soft"


class TimeFormat(StrEnum):
    HOURS_24 = "24h"
    HOURS_12 = "12h"


def _part(key: str) -> BeforeValidator:
    """As an account's table has it; an empty text is no value, and one that is too long fits into no
    datagram."""

    def read(value: object) -> object:
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise ValueError(f"that is too long; write up to {LONGEST_TEXT} characters")
        return "" if value in ("", None) else read_part(key, value)

    return BeforeValidator(read)


YesOrNo = Annotated[bool, BeforeValidator(read_yes)]
Line = Annotated[str, BeforeValidator(read_line)]
Password = Annotated[str, BeforeValidator(read_secret), Secret]
Number = Annotated[str | None, BeforeValidator(or_nothing(read_number))]
Code = Annotated[int, BeforeValidator(read_refusal_code), OneOf(REFUSAL_CODES)]
Volume = Annotated[int, BeforeValidator(read_volume)]
Url = Annotated[str | None, BeforeValidator(or_nothing(read_url))]


class AccountSettings(Section):
    """One account, its values in the spelling of an account's table. It is used once it has a user name and a
    server."""

    enabled: YesOrNo = Field(default=True, title="Active", description="Whether the account is used at all.")
    display_name: Annotated[str, _part("name")] = Field(
        default="", title="Display name", description="What others see beside the number."
    )
    user: Annotated[str, _part("user")] = Field(
        default="", title="User name", description="The number or name that the server knows the phone by."
    )
    auth_name: Annotated[str, _part("auth")] = Field(
        default="",
        title="Register name",
        description="User name of the log-in, where it differs from the user name.",
    )
    password: Annotated[str, _part("password"), Secret] = Field(default="", title="Password", repr=False)
    host: Annotated[str, _part("host")] = Field(
        default="", title="Server", description="Registrar, and the domain of what is dialled."
    )
    port: Annotated[int | str, _part("port")] = Field(
        default="", title="Port", description="Empty for the usual one."
    )
    transport: Annotated[str, _part("transport"), OneOf(CHOICES["transport"])] = Field(
        default="",
        title="Transport",
        description="udp, tcp or tls; empty for what DNS says, and udp where it says nothing.",
    )
    proxy: Annotated[str, _part("proxy")] = Field(
        default="",
        title="Outbound proxy",
        description="HOST[:PORT] that registrations and calls go to first; empty for none.",
    )
    registers: Annotated[bool, _part("register")] = Field(
        default=True, title="Register", description="Without it, numbers go to the server all the same."
    )
    backup: Annotated[str, _part("backup")] = Field(
        default="",
        title="Second server",
        description="HOST[:PORT] of a registrar for while the first one is in trouble.",
    )
    keepalive: Annotated[int | str, _part("keepalive")] = Field(
        default="",
        title="Keep-alive",
        description="Seconds between two signs of life to the registrar, no for none, empty for what the way "
        "there needs.",
    )
    ping: Annotated[str, _part("ping"), OneOf(CHOICES["ping"])] = Field(
        default="crlf", title="Sign of life", description="crlf or options."
    )
    srtp: Annotated[str, _part("srtp"), OneOf(CHOICES["srtp"])] = Field(
        default="no", title="Encrypted sound", description="SRTP: no, optional, or required for every call."
    )
    codecs: Annotated[str, _part("codecs")] = Field(
        default=",".join(USUAL_CODECS).lower(), title="Codecs", description="The best first."
    )
    dtmf: Annotated[str, _part("dtmf"), OneOf(CHOICES["dtmf"])] = Field(
        default="auto", title="DTMF", description="How digits are sent: auto, rtp, info or inband."
    )
    refresh: Annotated[int | str, _part("refresh")] = Field(
        default=session_expires.DEFAULT,
        title="Session timer",
        description="Seconds that a call may last without a sign of life of the other end, or no.",
    )
    privacy: Annotated[bool, _part("privacy")] = Field(
        default=False, title="Anonymous calls", description="Whether whom it calls is not told who calls."
    )
    mwi: Annotated[str, _part("mwi"), OneOf(CHOICES["mwi"])] = Field(
        default="auto",
        title="Waiting messages",
        description="Whether they are subscribed to: yes, no, or auto: where nobody tells unasked.",
    )
    voicemail: Number = Field(
        default=None, title="Voice mail number", description="What the Message key calls."
    )


class CallSettings(Section):
    call_waiting: YesOrNo = Field(
        default=True, title="Call waiting", description="Whether a call rings while there is another."
    )
    auto_answer: Annotated[AutoAnswer, BeforeValidator(read_auto_answer)] = Field(
        default=AutoAnswer.OFF,
        title="Auto answer",
        description="Which calls are answered at once: all, or those by a registrar whose caller asks so.",
    )
    refer: Annotated[ReferPolicy, BeforeValidator(read_refer_policy)] = Field(
        default=ReferPolicy.FOLLOW,
        title="When asked to be transferred",
        description="When the other party asks this phone to call another. For a stranger, follow is ask.",
    )
    reject_code: Code = Field(
        default=486, title="Return code when refused", description="SIP code: 404, 480, 486 or 603."
    )
    dnd: YesOrNo = Field(default=False, title="Do Not Disturb")
    dnd_code: Code = Field(
        default=486, title="Return code when DND", description="SIP code: 404, 480, 486 or 603."
    )
    reject_anonymous: YesOrNo = Field(
        default=False,
        title="Reject anonymous calls",
        description="Whether callers who do not say who they are get 433.",
    )
    callers: Annotated[Callers, BeforeValidator(read_choice(Callers))] = Field(
        default=Callers.ANYONE,
        title="Who may call",
        description="Anybody, or only the registrar of an account: anyone or registrar.",
    )
    unknown_callers: Annotated[UnknownCallers, BeforeValidator(read_choice(UnknownCallers))] = Field(
        default=UnknownCallers.REFUSE,
        title="What strangers get",
        description="Those who ask for a user that there is not, or may not call: refuse or ignore.",
    )
    unlimited: Annotated[AllowList, BeforeValidator(read_allow_list)] = Field(
        default=AllowList(()),
        title="Callers without limits",
        description="Addresses that may send as much a second as they like, such as an exchange that is no "
        "registrar; written as the Allowed Access IP List.",
    )
    redirects: Annotated[Redirects, BeforeValidator(read_choice(Redirects))] = Field(
        default=Redirects.FOLLOW,
        title="When a call is redirected",
        description="Where it may go on: follow (anywhere), domain (that called, or the account's), never.",
    )
    blocked: Annotated[tuple[str, ...], BeforeValidator(each(read_blocked))] = Field(
        default=(), title="Block list", description="Callers that are refused: numbers or user@host."
    )


class ForwardSettings(Section):
    always: Number = Field(default=None, title="Always forward to")
    busy: Number = Field(default=None, title="Forward when busy to")
    no_answer: Number = Field(default=None, title="Forward without an answer to")
    no_answer_after: Annotated[int, BeforeValidator(read_seconds)] = Field(
        default=20, title="No answer after", description="Seconds."
    )


class SoundSettings(Section):
    ringer: Volume = Field(default=8, title="Ringer volume", description="0 to 15.")
    handset: Volume = Field(default=8, title="Handset volume", description="0 to 15.")
    handsfree: Volume = Field(default=8, title="Hands-free volume", description="0 to 15.")
    headset: Volume = Field(default=8, title="Headset volume", description="0 to 15.")
    ring_tone: Annotated[RingTone, BeforeValidator(read_choice(RingTone))] = Field(
        default=RingTone.CLASSIC,
        title="Ring tone",
        description="classic, digital or soft. It is kept and has no effect, for nothing here rings aloud.",
    )


class DialSettings(Section):
    replace: Annotated[tuple[str, ...], BeforeValidator(each(read_replacement))] = Field(
        default=(),
        title="Replace",
        description="Rules such as 0049=+49 or 00=+: what a dialled number begins with, and what it becomes. "
        "The longest that fits counts.",
    )
    block: Annotated[tuple[str, ...], BeforeValidator(each(read_prefix))] = Field(
        default=(), title="Block", description="Numbers that begin so are not dialled, such as 0900."
    )


class PreferenceSettings(Section):
    time_format: Annotated[TimeFormat, BeforeValidator(read_choice(TimeFormat))] = Field(
        default=TimeFormat.HOURS_24, title="Time format"
    )


class AccessSettings(Section):
    allow: Annotated[AllowList, BeforeValidator(read_allow_list)] = Field(
        default=AllowList.parse(FACTORY_ALLOW_LIST),
        title="Allowed Access IP List",
        description="Who may press keys: addresses separated by commas. XXX stands for three digits only; "
        "for a whole network write 10.0.0.X, 10.0.0.XX, 10.0.0.XXX or 10.0.0.0/24.",
    )
    credential: Annotated[Asked, BeforeValidator(read_choice(Asked))] = Field(
        default=Asked.OFF,
        title="Credential for /fcgi/do",
        description="Also: the list and a credential. Instead: a credential lets in who is not on the list.",
    )
    user: Line = Field(default="", title="User name of the credential", description="For Basic and Digest.")
    password: Password = Field(default="", title="Password of the credential", repr=False)
    host_names: Annotated[frozenset[str], BeforeValidator(read_host_names)] = Field(
        default=frozenset(),
        title="Host names",
        description="Names in a URL by which the phone answers, besides localhost and the machine's own.",
    )
    trusted_origins: Annotated[frozenset[str], BeforeValidator(read_origins)] = Field(
        default=frozenset(),
        title="Trusted origins",
        description="Web pages that may press keys, such as https://crm.example.org.",
    )
    trusted_proxies: Annotated[AllowList, BeforeValidator(read_allow_list)] = Field(
        default=AllowList(()),
        title="Trusted proxies",
        description="Proxies that are believed whom they forward for; written as the list above.",
    )
    confirm_page: YesOrNo = Field(
        default=True,
        title="Ask before Reset and Reboot",
        description="A click is asked for when a browser does not say which page wants it.",
    )

    @model_validator(mode="after")
    def _credential_is_whole(self) -> Self:
        if self.credential is not Asked.OFF and not self.password:
            raise ValueError("a credential needs a password; set access.password together with it")
        return self


class NotifySettings(Section):
    active: YesOrNo = Field(
        default=True, title="Active", description="Whether the URLs of events are asked for at all."
    )
    webhook: Url = Field(
        default=None,
        title="Webhook",
        repr=False,
        description="A URL that every event is posted to, as JSON; empty for none.",
    )
    webhook_secret: Password = Field(
        default="",
        title="Secret of the webhook",
        repr=False,
        description="Signs each body, with HMAC-SHA256; empty for no signature.",
    )
    verify: YesOrNo = Field(
        default=True,
        title="Verify certificates",
        description="Whether an https receiver must show a certificate that this machine trusts.",
    )


class AutopSettings(Section):
    url: Annotated[str | None, BeforeValidator(or_nothing(read_provisioning_url)), Secret] = Field(
        default=None,
        repr=False,
        title="Address",
        description="Where the configuration files are: http, https or tftp.",
    )
    at_power_on: YesOrNo = Field(default=True, title="At power-on")
    every_hours: Annotated[int, BeforeValidator(read_hours)] = Field(
        default=0, title="Every hours", description="0 for never."
    )


class WebSettings(Section):
    password: Annotated[str, BeforeValidator(read_password), Secret] = Field(
        default="",
        repr=False,
        title="Password",
        description="Of the log-in admin. Empty: the factory's, admin.",
    )
    tokens: Annotated[tuple[str, ...], BeforeValidator(each(read_token)), Secret] = Field(
        default=(),
        repr=False,
        title="Tokens",
        description="Of the API. They are made on the page Security, and kept as hashes.",
    )
