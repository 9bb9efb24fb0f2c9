"""A call as the phone sees it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


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
    answered: float | None = None
    rings_there: bool = False
    digits_sent: str = ""
    digits_received: str = ""

    @property
    def who(self) -> str:
        """The far end in as few words as it can be told by: its name, else its user part, else its host."""
        if self.remote_name:
            return self.remote_name
        address = self.remote.partition(":")[2] or self.remote
        user, at, host = address.partition("@")
        return user if at else host or address.partition(";")[0]

    def duration(self, now: float) -> float:
        """Seconds since the answer, 0 before it."""
        return 0.0 if self.answered is None else max(0.0, now - self.answered)
