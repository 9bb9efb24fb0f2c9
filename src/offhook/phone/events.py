"""What happens to a phone: keys and functions from people and programs, news from the network, timers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from .phone_book import PhoneBook
from .settings import Settings

if TYPE_CHECKING:
    from .account import Account


class Key(StrEnum):
    """A key by the name the Action URI gives it; those from `Headset` on are beyond its table."""

    ZERO = "0"
    ONE = "1"
    TWO = "2"
    THREE = "3"
    FOUR = "4"
    FIVE = "5"
    SIX = "6"
    SEVEN = "7"
    EIGHT = "8"
    NINE = "9"
    STAR = "*"
    POUND = "Pound"
    OK = "OK"
    CANCEL = "Cancel"
    SPEAKER = "Speaker"
    FORWARD = "Forward"
    VOLUME_UP = "VolumeUp"
    VOLUME_DOWN = "VolumeDown"
    HOME = "Home"
    MUTE = "Mute"
    HOOK = "Hook"
    HEADSET = "Headset"
    REDIAL = "Redial"
    MESSAGE = "Message"
    UP = "Up"
    DOWN = "Down"
    LEFT = "Left"
    RIGHT = "Right"
    F1 = "F1"
    F2 = "F2"
    F3 = "F3"
    F4 = "F4"


class Function(StrEnum):
    """A function by the name the Action URI gives it. `MakeCall` carries a number and has its own event."""

    REBOOT = "Reboot"
    AUTOP_NOW = "AutoPNow"
    DND_ON = "DNDOn"
    DND_OFF = "DNDOff"
    CALL_END = "CallEnd"
    RESET = "Reset"
    HOLD = "Hold"
    UNHOLD = "UnHold"
    CONFERENCE = "Conference"
    TRANSFER = "Transfer"
    BACK = "Back"
    MUTE = "Mute"
    UNMUTE = "UnMute"
    ANSWER = "Answer"
    REJECT = "Reject"


# --- from a finger, a URL, the panel or a test


@dataclass(frozen=True, slots=True)
class KeyDown:
    key: Key


@dataclass(frozen=True, slots=True)
class KeyUp:
    """`Hook` back in its cradle; no other key is released."""

    key: Key


@dataclass(frozen=True, slots=True)
class MakeCall:
    """Call `number` from the account with user name `line` (or `user@host`), or with number `line_id`.

    Neither, or a `line_id` of 0, lets the phone pick.
    """

    number: str
    line: str | None = None
    line_id: int | None = None


@dataclass(frozen=True, slots=True)
class Perform:
    """Carry out a function; `call` names one call by its id where the function takes one."""

    function: Function
    call: str | None = None


# --- from the network


@dataclass(frozen=True, slots=True)
class CallArrived:
    """An INVITE for one of this phone's accounts (`None`: a direct call to its address).

    `answer_asked`: the caller asks to be answered at once (Call-Info, Alert-Info, Answer-Mode).
    `anonymous`: it does not want to be known. `stranger`: nobody who is known to this phone sent it here.
    """

    call: str
    account: int | None
    remote: str
    remote_name: str
    answer_asked: bool = False
    anonymous: bool = False
    diverted_by: Diverted | None = None
    stranger: bool = False


@dataclass(frozen=True, slots=True)
class Diverted:
    """Who sent a call on to this phone, a URI and a name, and why, in the words of RFC 5806."""

    remote: str
    remote_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class CallReplaced:
    """An INVITE with Replaces (RFC 3891): `call` takes the place of `replaced`, answered as that one was."""

    call: str
    replaced: str
    remote: str
    remote_name: str


@dataclass(frozen=True, slots=True)
class CallRinging:
    """The far end of a call that this phone placed rings (a 1xx above 100)."""

    call: str
    early_media: bool


@dataclass(frozen=True, slots=True)
class RemoteChanged:
    """The far end of a call is somebody else from now on, or has a name."""

    call: str
    remote: str
    remote_name: str


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """The call is up: the far end answered, or the far end confirmed our answer with its ACK."""

    call: str


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A call that this phone placed came to nothing: SIP status and phrase of the final response.

    `moved_to` is the URI where it sends the caller, if it does.
    """

    call: str
    code: int
    reason: str
    moved_to: str = ""


@dataclass(frozen=True, slots=True)
class CallGone:
    """The far end hung up, or cancelled its ringing; `elsewhere`: somebody else answered it (RFC 3326)."""

    call: str
    reason: str
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class CallSecured:
    """The sound of a call was agreed on: `srtp` is the suite that encrypts it, None for none.

    `signalling`: nobody could read the keys on their way out of this end.
    """

    call: str
    srtp: str | None
    signalling: bool


@dataclass(frozen=True, slots=True)
class HeldByPeer:
    """The far end put the call on hold, or took it off."""

    call: str
    held: bool


@dataclass(frozen=True, slots=True)
class HoldRefused:
    """The far end did not accept a re-INVITE that was to hold or resume."""

    call: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class DigitReceived:
    """The far end sent a DTMF digit."""

    call: str
    digit: str


@dataclass(frozen=True, slots=True)
class ReferAsked:
    """The other party of `call` asks to call `target` instead (RFC 3515); `by` is its Referred-By.

    `stranger`: it came past the registrar of the account that would call."""

    call: str
    target: str
    by: str
    stranger: bool = False


@dataclass(frozen=True, slots=True)
class TransferAccepted:
    """The far end of `call` means to follow the REFER (202)."""

    call: str


@dataclass(frozen=True, slots=True)
class TransferDone:
    """The far end of `call` was transferred: a final NOTIFY of 2xx."""

    call: str


@dataclass(frozen=True, slots=True)
class TransferFailed:
    """The REFER was refused, or its final NOTIFY was no 2xx."""

    call: str
    code: int
    reason: str


class Registration(StrEnum):
    REGISTERED = "registered"
    REGISTERING = "registering"
    FAILED = "failed"
    DISABLED = "disabled"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class RegistrationChanged:
    account: int
    state: Registration
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MessagesWaiting:
    """The account's voice mail (RFC 3842): how many new messages wait."""

    account: int
    new: int


# --- from the house


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """The owner's settings as they are from now on: saved already, or as good as."""

    settings: Settings


@dataclass(frozen=True, slots=True)
class PhoneBookChanged:
    """The phone book as it is from now on: saved already."""

    book: PhoneBook


@dataclass(frozen=True, slots=True)
class AccountsChanged:
    """All accounts there are from now on. What goes on with one that is gone goes on."""

    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class Announced:
    """What the house has to say to whoever looks at the screen."""

    text: str


@dataclass(frozen=True, slots=True)
class PoweredOff:
    """The phone goes dark: every call ends."""


# --- from the clock


class Timer(StrEnum):
    """What the phone asks to be woken for."""

    NOTICE = "notice"
    DIAL = "dial"
    """Off-hook, and nothing is dialled."""
    RING = "ring"
    """A call that nobody answers here."""
    NO_ANSWER = "no answer"
    """The same, and it is to be forwarded."""
    CALL = "call"
    """A call that nobody answers there."""
    TRANSFER = "transfer"
    """A transfer that was accepted and never heard of again."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    """`call` is the call that the timer was set for, if one was."""

    timer: Timer
    call: str | None = None


News = (
    CallArrived
    | CallReplaced
    | CallRinging
    | RemoteChanged
    | CallAnswered
    | CallFailed
    | CallGone
    | CallSecured
    | HeldByPeer
    | HoldRefused
    | DigitReceived
    | ReferAsked
    | TransferAccepted
    | TransferDone
    | TransferFailed
    | RegistrationChanged
    | MessagesWaiting
    | SettingsChanged
    | PhoneBookChanged
    | AccountsChanged
    | Announced
    | PoweredOff
    | TimerFired
)
Wish = KeyDown | KeyUp | MakeCall | Perform
Event = Wish | News
