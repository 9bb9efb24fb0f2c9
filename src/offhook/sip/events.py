"""What a user agent tells of: calls, their sound, registrations. Drained from `UserAgent.events`."""

from dataclasses import dataclass, field
from enum import StrEnum

from .media import MediaFlow


@dataclass(frozen=True, slots=True)
class InviteSent:
    """The INVITE of a call that this end placed is on the wire for the first time (told by the edge)."""

    call: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """An INVITE that is ours: `account` is the id of the account called, None for a direct call.

    `remote` is the From URI, `remote_name` its display name. The user agent has sent 100; the next word is
    the owner's: `ring`, `answer` or `refuse`.
    """

    call: str
    account: int | None
    remote: str
    remote_name: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A provisional response above 100; `early_media` when it brought an SDP answer."""

    call: str
    code: int
    reason: str
    early_media: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """Up: a 2xx arrived for our INVITE and is acknowledged, or our own 2xx was acknowledged."""

    call: str


@dataclass(frozen=True, slots=True)
class MediaChanged:
    """Offer and answer are complete, for the first time or again."""

    call: str
    flow: MediaFlow


@dataclass(frozen=True, slots=True)
class Failed:
    """An INVITE of ours ended in a final response that is no 2xx, or in none at all (408, 503 of our own).

    `contacts` are the URIs of a 3xx's Contact headers, best first.
    """

    call: str
    code: int
    reason: str
    contacts: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Ended:
    """The far end sent BYE or CANCEL, or is gone (no ACK to our 2xx, 481 or 408 within the dialog)."""

    call: str
    reason: str


@dataclass(frozen=True, slots=True)
class Digit:
    """DTMF by INFO (`application/dtmf-relay` or `application/dtmf`)."""

    call: str
    digit: str


class Binding(StrEnum):
    """The state of an account's registration."""

    REGISTERING = "registering"
    REGISTERED = "registered"
    FAILED = "failed"
    UNREGISTERED = "unregistered"


@dataclass(frozen=True, slots=True)
class BindingChanged:
    """`reason` says for a person what failed ("403 Forbidden", "no answer from 10.0.0.1:5060")."""

    account: int
    state: Binding
    reason: str | None = None


UserAgentEvent = (
    InviteSent | Incoming | Progress | Answered | MediaChanged | Failed | Ended | Digit | BindingChanged
)
