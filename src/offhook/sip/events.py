"""What a user agent tells of: calls, their sound, registrations. Drained from `UserAgent.events`."""

from dataclasses import dataclass, field
from enum import StrEnum

from .diversion import Diversion
from .hop import Hop
from .media import MediaFlow


@dataclass(frozen=True, slots=True)
class InviteSent:
    """The INVITE of a call that this end placed is on the wire for the first time (told by the edge)."""

    call: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """An INVITE that is ours: `account` is the id of the account called, None for a direct call.

    `remote` is a URI, `remote_name` the display name that came with it: what the account's registrar vouches
    for, else From. `anonymous`: the caller does not want to be known, and both say no more than that.
    `diverted_by` sent the call on to this end. `answer_after`: the caller asks to be answered at once, and
    came from the account's registrar or proxy or from this machine, as nobody did who is a `stranger`.
    `stranger`: it came neither from the account's registrar or proxy nor from this machine.

    The user agent has sent 100; the next word is the owner's: `ring`, `answer` or `refuse`.
    """

    call: str
    account: int | None
    remote: str
    remote_name: str
    answer_after: bool = False
    anonymous: bool = False
    diverted_by: Diversion | None = None
    stranger: bool = True


@dataclass(frozen=True, slots=True)
class Replacing:
    """As Incoming, with a Replaces that names a call of ours (RFC 3891 §3): the owner is to answer `call` and
    to hang up `replaced`, which is up, or was placed from here and not answered yet."""

    call: str
    replaced: str
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
class RemoteChanged:
    """The far end is somebody else now, or has a name: `remote` is a URI (RFC 4916, RFC 3325)."""

    call: str
    remote: str
    remote_name: str


@dataclass(frozen=True, slots=True)
class MediaChanged:
    """Offer and answer are complete, for the first time or again.

    `over_tls`: they went by TLS, and to nobody who has not proved who he is, as far as this end's own hop
    goes; and what follows will.
    """

    call: str
    flow: MediaFlow
    over_tls: bool = False


@dataclass(frozen=True, slots=True)
class SignallingChanged:
    """What was agreed on stays, and `over_tls` is another than it was."""

    call: str
    flow: MediaFlow
    over_tls: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """An INVITE of ours ended in a final response that is no 2xx, or in none at all (408, 503 of our own).

    `contacts` are the URIs of the Contact headers of a 3xx that was not followed, best first.
    """

    call: str
    code: int
    reason: str
    contacts: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Ended:
    """The far end sent BYE or CANCEL, or is gone (no ACK to our 2xx, 481 or 408 within the dialog).

    `elsewhere`: another branch of its INVITE was answered (RFC 3326).
    """

    call: str
    reason: str
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class ChangeRefused:
    """The far end did not accept a re-INVITE that was to hold or resume; everything is as it was before."""

    call: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class PeerHold:
    """The far end holds the call, or does no longer."""

    call: str
    held: bool


@dataclass(frozen=True, slots=True)
class ReferReceived:
    """The other party of `call` asks to call `target` instead: `accept_refer` or `refuse_refer`.

    `referred_by` is a URI, empty where the far end does not say. `stranger`: the account has a
    registrar, and it came neither from that one or a proxy nor from this machine.
    """

    call: str
    target: str
    referred_by: str
    stranger: bool = True


@dataclass(frozen=True, slots=True)
class ReferAccepted:
    """The far end of `call` means to follow our REFER (202). The outcome follows, or never comes."""

    call: str


@dataclass(frozen=True, slots=True)
class ReferDone:
    """The far end of `call` reached the target of our REFER."""

    call: str


@dataclass(frozen=True, slots=True)
class ReferFailed:
    """Our REFER was refused, or what the far end was sent to was; it may come without a ReferAccepted."""

    call: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Digit:
    """DTMF by INFO (`application/dtmf-relay` or `application/dtmf`)."""

    call: str
    digit: str


@dataclass(frozen=True, slots=True)
class MessagesWaiting:
    """Voice messages of an account (RFC 3842), None where it is not said whose: not heard yet, and heard."""

    account: int | None
    new: int
    old: int


@dataclass(frozen=True, slots=True)
class MessagesRefused:
    """The account's registrar does not let it subscribe to its waiting messages; `reason` is for a person."""

    account: int
    reason: str


@dataclass(frozen=True, slots=True)
class CheckSync:
    """The account's registrar asks this end to fetch its configuration anew, and to start anew where
    `reboot`. The address that it came from is all the proof of that."""

    account: int | None
    reboot: bool


@dataclass(frozen=True, slots=True)
class Unwelcome:
    """`source` sends what is turned away; told now and then, however much of it comes."""

    source: Hop
    why: str


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
    InviteSent
    | Incoming
    | Replacing
    | Progress
    | Answered
    | RemoteChanged
    | MediaChanged
    | SignallingChanged
    | Failed
    | Ended
    | ChangeRefused
    | PeerHold
    | ReferReceived
    | ReferAccepted
    | ReferDone
    | ReferFailed
    | Digit
    | MessagesWaiting
    | MessagesRefused
    | CheckSync
    | Unwelcome
    | BindingChanged
)
