"""What the phone says to whoever pressed the key or asked for the function."""

from dataclasses import dataclass
from enum import Enum, auto


class Verdict(Enum):
    DONE = auto()
    UNDER_WAY = auto()
    """A call whose next hop takes long to find or reach."""
    INVALID = auto()
    """No such account, no such call, nothing that can be dialled: it can never work as asked."""
    NOT_NOW = auto()
    """Understood, but not possible in the state the phone is in."""
    NOT_SAVED = auto()
    """Done, and the next start will not know of it."""
    BOOTING = auto()


@dataclass(frozen=True, slots=True)
class Reply:
    """`text` is one line for a person: what was done, or what was wrong and what would be right."""

    verdict: Verdict
    text: str
