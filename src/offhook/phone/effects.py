"""What a phone asks of the house around it. The device carries each out and feeds back what came of it."""

from dataclasses import dataclass

from .audio_path import Path, Tone
from .events import Timer


@dataclass(frozen=True, slots=True)
class PlaceCall:
    """Send an INVITE to `target`, a SIP URI, from account number `account` (`None`: a direct call)."""

    call: str
    account: int | None
    target: str


@dataclass(frozen=True, slots=True)
class FollowRefer:
    """Accept the REFER that came in `referred`, and place `call` as it asks; the outcome is reported back."""

    call: str
    account: int | None
    referred: str


@dataclass(frozen=True, slots=True)
class RefuseRefer:
    call: str
    code: int


@dataclass(frozen=True, slots=True)
class RingCall:
    """Let the caller know that it rings here (180)."""

    call: str


@dataclass(frozen=True, slots=True)
class AnswerCall:
    call: str


@dataclass(frozen=True, slots=True)
class RefuseCall:
    call: str
    code: int


@dataclass(frozen=True, slots=True)
class RedirectCall:
    """Send the caller to `target`, a SIP URI (302)."""

    call: str
    target: str


@dataclass(frozen=True, slots=True)
class EndCall:
    """BYE where the call is up, CANCEL where it is calling out."""

    call: str


@dataclass(frozen=True, slots=True)
class HoldCall:
    """re-INVITE: `sendonly`, or `inactive` where the far end holds too (RFC 3264 §8.4)."""

    call: str


@dataclass(frozen=True, slots=True)
class ResumeCall:
    """re-INVITE: `sendrecv`."""

    call: str


@dataclass(frozen=True, slots=True)
class TransferBlind:
    """REFER the far end of `call` to `target`, a SIP URI (RFC 3515)."""

    call: str
    target: str


@dataclass(frozen=True, slots=True)
class TransferAttended:
    """REFER the far end of `call` to that of `other`, replacing it (RFC 3891)."""

    call: str
    other: str


@dataclass(frozen=True, slots=True)
class SendDigit:
    """DTMF to the far end; digits of one call queue."""

    call: str
    digit: str


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Wake the phone with `TimerFired(timer, call)` in `seconds`; the same timer already set starts anew."""

    timer: Timer
    seconds: float
    call: str | None = None


@dataclass(frozen=True, slots=True)
class SetSound:
    """What is heard from now on: `calls` and the open path hear one another, each all others and not itself.

    Calls that are up and not among them hear nothing. `microphone` shut, the path hears and is not heard.
    """

    calls: frozenset[str]
    path: Path
    microphone: bool
    tone: Tone
    ringing: bool


Effect = (
    PlaceCall
    | FollowRefer
    | RefuseRefer
    | RingCall
    | AnswerCall
    | RefuseCall
    | RedirectCall
    | EndCall
    | HoldCall
    | ResumeCall
    | TransferBlind
    | TransferAttended
    | SendDigit
    | SetTimer
    | SetSound
)
