"""What values and events are called on pages, where their own names would not do."""

from collections.abc import Mapping
from typing import Final

from offhook.notify.action_event import ActionEvent

EVENTS: Final[Mapping[ActionEvent, str]] = {
    ActionEvent.SETUP_COMPLETED: "Setup Completed",
    ActionEvent.REGISTERED: "Registered",
    ActionEvent.UNREGISTERED: "Unregistered",
    ActionEvent.REGISTER_FAILED: "Register Failed",
    ActionEvent.OFF_HOOK: "Off Hook",
    ActionEvent.ON_HOOK: "On Hook",
    ActionEvent.INCOMING_CALL: "Incoming Call",
    ActionEvent.OUTGOING_CALL: "Outgoing Call",
    ActionEvent.ESTABLISHED: "Established",
    ActionEvent.TERMINATED: "Terminated",
    ActionEvent.DND_ON: "Open DND",
    ActionEvent.DND_OFF: "Close DND",
    ActionEvent.ALWAYS_FORWARD_ON: "Open Always Forward",
    ActionEvent.ALWAYS_FORWARD_OFF: "Close Always Forward",
    ActionEvent.BUSY_FORWARD_ON: "Open Busy Forward",
    ActionEvent.BUSY_FORWARD_OFF: "Close Busy Forward",
    ActionEvent.NO_ANSWER_FORWARD_ON: "Open No Answer Forward",
    ActionEvent.NO_ANSWER_FORWARD_OFF: "Close No Answer Forward",
    ActionEvent.TRANSFER_CALL: "Transfer Call",
    ActionEvent.BLIND_TRANSFER: "Blind Transfer",
    ActionEvent.ATTENDED_TRANSFER: "Attended Transfer",
    ActionEvent.TRANSFER_FINISHED: "Transfer Finished",
    ActionEvent.TRANSFER_FAILED: "Transfer Failed",
    ActionEvent.HOLD: "Hold",
    ActionEvent.UNHOLD: "UnHold",
    ActionEvent.MUTE: "Mute",
    ActionEvent.UNMUTE: "UnMute",
    ActionEvent.MISSED_CALL: "Missed Call",
    ActionEvent.IP_CHANGED: "IP Changed",
    ActionEvent.FORWARD_INCOMING_CALL: "Forward Incoming Call",
    ActionEvent.REJECT_INCOMING_CALL: "Reject Incoming Call",
    ActionEvent.ANSWER_NEW_IN_CALL: "Answer New-In Call",
    ActionEvent.IDLE_TO_BUSY: "Idle To Busy",
    ActionEvent.BUSY_TO_IDLE: "Busy To Idle",
}
"""In the vendor's words."""

VARIABLES: Final[Mapping[str, str]] = {
    "mac": "MAC address of the phone",
    "ip": "Address of the phone",
    "model": "Model",
    "firmware": "Firmware version",
    "active_url": "The account, as user@server",
    "active_user": "User name of the account",
    "active_host": "Server of the account",
    "local": "SIP URI of this end",
    "remote": "SIP URI of the other end",
    "display_local": "Name of this end",
    "display_remote": "Name of the other end",
    "call_id": "Id of the call, as in the state of the phone",
}
"""What they mean in an Action URL."""

_REFUSALS: Final = {
    "404": "404 (Not Found)",
    "480": "480 (Temporarily Unavailable)",
    "486": "486 (Busy Here)",
    "603": "603 (Decline)",
}

_CHOICES: Final[Mapping[str, Mapping[str, str]]] = {
    "calls.auto_answer": {"off": "No call", "asked": "Calls whose caller asks for it", "always": "All calls"},
    "calls.refer": {"follow": "Call whom it names", "ask": "Ask on the screen", "refuse": "Refuse"},
    "calls.reject_code": _REFUSALS,
    "calls.dnd_code": _REFUSALS,
    "calls.callers": {"anyone": "Anybody", "registrar": "Only an account's server"},
    "calls.unknown_callers": {"refuse": "A refusal", "ignore": "No answer at all"},
    "calls.redirects": {
        "follow": "Follow it anywhere",
        "domain": "Follow it within the domain",
        "never": "Do not follow it",
    },
    "sound.ring_tone": {"classic": "Classic", "digital": "Digital", "soft": "Soft"},
    "preference.time_format": {"24h": "24 hours", "12h": "12 hours"},
    "access.credential": {
        "off": "None is asked for",
        "also": "The list and a credential",
        "instead": "A credential instead of the list",
    },
    "transport": {"": "As DNS says", "udp": "UDP", "tcp": "TCP", "tls": "TLS"},
    "srtp": {"no": "No", "optional": "Where the other end can", "required": "For every call"},
    "ping": {"crlf": "CRLF", "options": "OPTIONS"},
    "dtmf": {
        "auto": "As the other end wants",
        "rtp": "RTP events (RFC 4733)",
        "info": "SIP INFO",
        "inband": "Tones in the sound",
    },
    "mwi": {"auto": "Where nobody tells unasked", "yes": "Always", "no": "Never"},
}
"""By the name of the setting; those of an account by what stands behind its number."""


_HELP: Final[Mapping[str, str]] = {
    "calls.reject_code": "",
    "calls.dnd_code": "",
    "calls.callers": "",
    "calls.unknown_callers": "Those who ask for a user that there is not, or may not call.",
    "calls.redirects": "When whom the phone calls says that the call should go elsewhere.",
    "access.credential": "For callers without a fixed address; Basic, Digest or Bearer.",
    "transport": "Where DNS says nothing, it is UDP.",
    "ping": "What keeps the way to the server open.",
    "srtp": "SRTP, with keys in SDP (SDES).",
    "dtmf": "How digits are sent in a call.",
    "mwi": "When the phone subscribes to news of waiting messages.",
}
"""Where the description of a setting names the values that a page offers in words."""


def described(name: str, description: str) -> str:
    # One sentence for all events stands above them.
    return "" if name.startswith("action_urls.") else _HELP.get(_word(name), description)


def label(name: str, title: str) -> str:
    section, _, rest = name.partition(".")
    return EVENTS[ActionEvent(rest)] if section == "action_urls" else title


def choice(name: str, value: str) -> str:
    return _CHOICES.get(_word(name), {}).get(value, value)


def _word(name: str) -> str:
    return name.rpartition(".")[2] if name.startswith("accounts.") else name
