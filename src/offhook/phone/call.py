"""A call as the phone sees it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from urllib.parse import unquote

from .events import Diverted


class CallState(StrEnum):
    """`ringing` is incoming only; a call going out is `calling` until it is answered."""

    CALLING = "calling"
    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"


@dataclass(slots=True)
class Call:
    """`started` and `answered` are seconds since the epoch; `remote` is a SIP URI."""

    id: str
    direction: Literal["in", "out"]
    state: CallState
    remote: str
    remote_name: str
    account: int | None
    started: float
    number: str = ""
    """What was dialled for it."""
    book_name: str = ""
    """Whose number it is by the phone book."""
    answered: float | None = None
    rings_there: bool = False
    early_media: bool = False
    held_by_peer: bool = False
    srtp: str | None = None
    """The suite that encrypts its sound."""
    encrypted: bool = False
    """Sound and signalling are, as far as this end can tell."""
    conference: bool = False
    silenced: bool = False
    digits_sent: str = ""
    digits_received: str = ""
    anonymous: bool = False
    """The caller does not want to be known."""
    stranger: bool = False
    """Anybody may have sent it here."""
    diverted_by: Diverted | None = None
    referred_by: str = ""
    referred_in: str | None = None
    """The call whose far end asked for this one, and comes back to the front where it fails."""
    interrupts: bool = False
    """That call was talking, and is to talk again."""
    consults_for: str | None = None
    """The held call that is to be transferred to this one, or joined with it."""
    joins: bool = False
    """That joining is a conference."""
    beside: str | None = None
    """The call that waited on hold when this one was placed."""
    transferring_to: str | None = None
    refer_target: str | None = None
    """Where the far end asks this phone to call, while the owner is asked."""

    @property
    def who(self) -> str:
        """The far end in as few words as it can be told by: its name, else its user part, else its host."""
        return self.name or short(self.remote)

    @property
    def name(self) -> str:
        """The owner's own for the far end, else the one that the network gives."""
        return self.book_name or self.remote_name

    @property
    def up(self) -> bool:
        return self.state in {CallState.TALKING, CallState.HELD}

    @property
    def plays_early(self) -> bool:
        """The far end, or what is on the way to it, is to be heard before anybody answers."""
        return self.early_media and self.state is CallState.CALLING

    def duration(self, now: float) -> float:
        """Seconds since the answer, 0 before it."""
        return 0.0 if self.answered is None else max(0.0, now - self.answered)


def short(uri: str) -> str:
    address = uri.partition(":")[2] or uri
    user, at, host = address.partition("@")
    return unquote(user) if at else host or address.partition(";")[0]
