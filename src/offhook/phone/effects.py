"""What a phone asks of the house around it. The device carries each out and feeds back what came of it."""

from dataclasses import dataclass

from .events import Timer


@dataclass(frozen=True, slots=True)
class PlaceCall:
    """Send an INVITE to `target`, a SIP URI, from account number `account` (`None`: a direct call)."""

    call: str
    account: int | None
    target: str


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
class EndCall:
    """BYE where the call is up, CANCEL where it is calling out."""

    call: str


@dataclass(frozen=True, slots=True)
class SendDigit:
    """DTMF to the far end; digits of one call queue."""

    call: str
    digit: str


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Wake the phone with `TimerFired(timer)` in `seconds`; a timer already set starts anew."""

    timer: Timer
    seconds: float


Effect = PlaceCall | RingCall | AnswerCall | RefuseCall | EndCall | SendDigit | SetTimer
