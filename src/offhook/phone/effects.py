"""What a phone asks of the house around it. The device carries each out and feeds back what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from .audio_path import Path, Tone
from .call_log import CallRecord
from .events import Timer
from .settings import Forwarding


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
    """Send the caller to `target`, a SIP URI (302), by this rule; None: somebody here decided it."""

    call: str
    target: str
    rule: Forwarding | None = None


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


# --- for the power cut


@dataclass(frozen=True, slots=True)
class Keep:
    """Remember what keys have changed of the settings: all that they can change, as it is now."""

    dnd: bool
    forward: Mapping[Forwarding, str | None]
    volumes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LogCall:
    """Remember the call; one of this id was there before, where it had not ended yet."""

    record: CallRecord


@dataclass(frozen=True, slots=True)
class SeeMissed:
    """Remember that the missed calls have been looked at."""


# --- for the house


@dataclass(frozen=True, slots=True)
class Restart:
    """Begin anew with what is kept, or, to `reset`, with what the factory set."""

    reset: bool


@dataclass(frozen=True, slots=True)
class FetchConfiguration:
    """Look for new configuration files (AutoP); with `restart`, begin anew afterwards, once no call is up."""

    restart: bool = False


HouseEffect = Keep | LogCall | SeeMissed | Restart | FetchConfiguration
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
    | HouseEffect
)
