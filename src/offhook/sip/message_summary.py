"""Messages that wait for an account (RFC 3842 §5.2)."""

import re
from dataclasses import dataclass

MESSAGE_SUMMARY = "application/simple-message-summary"

MAX_BODY = 4096

_WAITING = re.compile(r"^messages-waiting[ \t]*:[ \t]*(yes|no)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_ACCOUNT = re.compile(
    r"^message-account[ \t]*:[ \t]*<?(sips?:[^\s<>]{1,256})>?", re.IGNORECASE | re.MULTILINE
)
_VOICE = re.compile(
    r"^voice-message[ \t]*:[ \t]*([0-9]{1,9})[ \t]*/[ \t]*([0-9]{1,9})\b",
    re.IGNORECASE | re.MULTILINE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class MessageSummary:
    """Voice messages: those not heard yet, and those heard."""

    new: int
    old: int
    account: str = ""
    """Whose they are, a URI (Message-Account); empty where it is not said."""

    @classmethod
    def parse(cls, body: bytes) -> "MessageSummary":
        """Raises ValueError. A bare `yes` counts as one message: it is all that is known."""
        text = body[:MAX_BODY].decode("utf-8", "replace")
        waiting = _WAITING.search(text)
        if waiting is None:
            raise ValueError("no Messages-Waiting, which is yes or no")
        counts = _VOICE.search(text)
        named = _ACCOUNT.search(text)
        account = named[1] if named is not None else ""
        if counts is not None:
            return cls(int(counts[1]), int(counts[2]), account)
        return cls(int(waiting[1].lower() == "yes"), 0, account)
