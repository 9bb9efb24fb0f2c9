"""All pages of a phone, in the vendor's order and words: where each is, and which settings it shows."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from offhook.notify.action_event import ActionEvent

PLACE: Final = "{N}"
"""In the names of settings: the number of the account that is shown."""


class Group(NamedTuple):
    """Settings under one heading."""

    title: str
    names: tuple[str, ...]
    help: str = ""


class Page(NamedTuple):
    """`section` is the word of the navigation that it stands under."""

    path: str
    section: str
    title: str
    groups: tuple[Group, ...] = ()

    @property
    def heading(self) -> str:
        return self.title if self.title == self.section else f"{self.section}: {self.title}"

    def names(self, account: int = 1) -> Iterator[str]:
        for group in self.groups:
            for name in group.names:
                yield name.replace(PLACE, str(account))


def _account(*names: str) -> tuple[str, ...]:
    return tuple(f"accounts.{PLACE}.{name}" for name in names)


def _events(*events: ActionEvent) -> tuple[str, ...]:
    return tuple(f"action_urls.{event}" for event in events)


PANEL: Final = Page("/", "Panel", "Panel")
STATUS: Final = Page("/status", "Status", "Status")
LOG: Final = Page("/status/log", "Status", "Log")

ACCOUNT_BASIC: Final = Page(
    "/account/basic",
    "Account",
    "Basic",
    (
        Group(
            "SIP Account", _account("enabled", "display_name", "user", "auth_name", "password", "voicemail")
        ),
        Group("SIP Server", _account("host", "port", "transport", "registers")),
        Group("Other Servers", _account("proxy", "backup")),
    ),
)
ACCOUNT_ADVANCED: Final = Page(
    "/account/advanced",
    "Account",
    "Advanced",
    (
        Group("Audio Codecs", _account("codecs", "srtp")),
        Group("DTMF", _account("dtmf")),
        Group("Call", _account("privacy", "refresh")),
        Group("Voice Message", _account("mwi")),
        Group("NAT", _account("keepalive", "ping")),
    ),
)

NETWORK: Final = Page("/network", "Network", "Network")

PREFERENCE: Final = Page(
    "/phone/preference", "Phone", "Preference", (Group("Time", ("preference.time_format",)),)
)
CALL_FEATURE: Final = Page(
    "/phone/call-feature",
    "Phone",
    "Call Feature",
    (
        Group(
            "Remote Control",
            (
                "access.allow",
                "access.credential",
                "access.user",
                "access.password",
                "access.confirm_page",
                "access.trusted_origins",
                "access.trusted_proxies",
                "access.host_names",
            ),
        ),
        Group(
            "Forward Transfer",
            ("forward.always", "forward.busy", "forward.no_answer", "forward.no_answer_after"),
            "A number, or empty for no forwarding. The phone's Forward key sets the same.",
        ),
        Group("DND", ("calls.dnd", "calls.dnd_code")),
        Group("Calls", ("calls.call_waiting", "calls.auto_answer", "calls.refer", "calls.redirects")),
        Group(
            "Refusal",
            (
                "calls.reject_code",
                "calls.reject_anonymous",
                "calls.blocked",
                "calls.callers",
                "calls.unknown_callers",
                "calls.unlimited",
            ),
        ),
    ),
)
SOUND: Final = Page(
    "/phone/sound",
    "Phone",
    "Sound",
    (
        Group("Volume", ("sound.handset", "sound.handsfree", "sound.headset")),
        Group("Ring", ("sound.ringer", "sound.ring_tone")),
    ),
)
DIAL_PLAN: Final = Page(
    "/phone/dial-plan", "Phone", "Dial Plan", (Group("Rules", ("dial.replace", "dial.block")),)
)
ACTION_URL: Final = Page(
    "/phone/action-url",
    "Phone",
    "Action URL",
    (
        Group("Action URL", ("notify.active", "notify.verify")),
        Group(
            "Phone",
            _events(
                ActionEvent.SETUP_COMPLETED,
                ActionEvent.IP_CHANGED,
                ActionEvent.REGISTERED,
                ActionEvent.UNREGISTERED,
                ActionEvent.REGISTER_FAILED,
                ActionEvent.IDLE_TO_BUSY,
                ActionEvent.BUSY_TO_IDLE,
            ),
        ),
        Group(
            "Calls",
            _events(
                ActionEvent.OFF_HOOK,
                ActionEvent.ON_HOOK,
                ActionEvent.INCOMING_CALL,
                ActionEvent.OUTGOING_CALL,
                ActionEvent.ESTABLISHED,
                ActionEvent.TERMINATED,
                ActionEvent.MISSED_CALL,
                ActionEvent.ANSWER_NEW_IN_CALL,
                ActionEvent.REJECT_INCOMING_CALL,
                ActionEvent.FORWARD_INCOMING_CALL,
                ActionEvent.HOLD,
                ActionEvent.UNHOLD,
                ActionEvent.MUTE,
                ActionEvent.UNMUTE,
            ),
        ),
        Group(
            "Transfer",
            _events(
                ActionEvent.TRANSFER_CALL,
                ActionEvent.BLIND_TRANSFER,
                ActionEvent.ATTENDED_TRANSFER,
                ActionEvent.TRANSFER_FINISHED,
                ActionEvent.TRANSFER_FAILED,
            ),
        ),
        Group(
            "DND and Forward",
            _events(
                ActionEvent.DND_ON,
                ActionEvent.DND_OFF,
                ActionEvent.ALWAYS_FORWARD_ON,
                ActionEvent.ALWAYS_FORWARD_OFF,
                ActionEvent.BUSY_FORWARD_ON,
                ActionEvent.BUSY_FORWARD_OFF,
                ActionEvent.NO_ANSWER_FORWARD_ON,
                ActionEvent.NO_ANSWER_FORWARD_OFF,
            ),
        ),
        Group("Webhook", ("notify.webhook", "notify.webhook_secret")),
    ),
)
CALL_LOG: Final = Page("/phone/call-log", "Phone", "Call Log")

PHONEBOOK: Final = Page("/phonebook", "Phonebook", "Phonebook")

UPGRADE_BASIC: Final = Page("/upgrade/basic", "Upgrade", "Basic")
UPGRADE_ADVANCED: Final = Page(
    "/upgrade/advanced",
    "Upgrade",
    "Advanced",
    (Group("Automatic Autop", ("autop.url", "autop.at_power_on", "autop.every_hours")),),
)

SECURITY: Final = Page("/security/basic", "Security", "Security")

API: Final = Page("/api/", "API", "API")

PAGES: Final = (
    PANEL,
    STATUS,
    LOG,
    ACCOUNT_BASIC,
    ACCOUNT_ADVANCED,
    NETWORK,
    PREFERENCE,
    CALL_FEATURE,
    SOUND,
    DIAL_PLAN,
    ACTION_URL,
    CALL_LOG,
    PHONEBOOK,
    UPGRADE_BASIC,
    UPGRADE_ADVANCED,
    SECURITY,
    API,
)

ON_A_PAGE_OF_THEIR_OWN: Final = frozenset({"web.password", "web.tokens"})
"""Settings that are no field: the pages for the password and for tokens ask for more than a value."""
