"""What happens to a phone: keys and functions from people and programs, news from the network, timers."""

from dataclasses import dataclass
from enum import StrEnum


class Key(StrEnum):
    """A key by the name the Action URI gives it; the last ten are beyond the vendor's table."""

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
    """An INVITE for one of this phone's accounts (`None`: a direct call to its address)."""

    call: str
    account: int | None
    remote: str
    remote_name: str


@dataclass(frozen=True, slots=True)
class CallRinging:
    """The far end of a call that this phone placed rings (a 1xx above 100)."""

    call: str
    early_media: bool


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """The call is up: the far end answered, or the far end confirmed our answer with its ACK."""

    call: str


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A call that this phone placed came to nothing: SIP status and phrase of the final response."""

    call: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class CallGone:
    """The far end hung up, or cancelled its ringing."""

    call: str
    reason: str


@dataclass(frozen=True, slots=True)
class DigitReceived:
    """The far end sent a DTMF digit."""

    call: str
    digit: str


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


# --- from the clock


class Timer(StrEnum):
    """What the phone asks to be woken for."""

    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class TimerFired:
    timer: Timer


Event = (
    KeyDown
    | KeyUp
    | MakeCall
    | Perform
    | CallArrived
    | CallRinging
    | CallAnswered
    | CallFailed
    | CallGone
    | DigitReceived
    | RegistrationChanged
    | TimerFired
)
