"""One thing that happened to a phone, in words that hold for every way of telling it."""

from dataclasses import dataclass
from typing import Literal

from .action_event import ActionEvent


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """`domain` is its host, and port where one was given."""

    id: int
    user: str
    domain: str
    name: str


@dataclass(frozen=True, slots=True)
class CallSeen:
    """A call as it was at that moment. `started` and `answered` are seconds since the epoch, `remote` is a
    SIP URI, `state` one of those in the phone's state."""

    id: str
    direction: Literal["in", "out"]
    state: str
    account: int | None
    remote: str
    remote_name: str
    started: float
    answered: float | None = None
    transferring_to: str | None = None
    consults_for: str | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """`at` is in seconds since the epoch. `account` is the call's; without a call the one that it is about,
    or the phone's first. `to` is where a call is forwarded or transferred, `reason` why something failed."""

    event: ActionEvent
    at: float
    account: AccountSeen | None = None
    call: CallSeen | None = None
    to: str | None = None
    reason: str | None = None
