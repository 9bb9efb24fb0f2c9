"""What a line of the log says, whatever its format."""

import logging
import re
import traceback
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Self

from offhook.sip.redaction import redacted

LONGEST: Final = 2000
"""Characters of a message, and of what was raised."""
LONGEST_TRACEBACK: Final = 16_000

_MAY_HIDE = re.compile(
    r"sips?:[^:\s<>\"]{0,1024}:[^\s>\"@]{0,1024}@|://[^:/?#\s<>\"]{0,1024}:[^/?#\s<>\"@]{0,1024}@|%3a"
    r"|authorization|authentication-info|inline:|a=|k=|digits|signal",
    re.IGNORECASE,
)
"""What has none of these has nothing to leave out, and most lines have none: to look closely takes longer."""
# What is left out of SIP by its place in a line may stand anywhere in one that is logged.
_PROOF = re.compile(r"((?:authorization|authentication-info)\s*[:=]|\binline:)[^\r\n]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One record, legible: secrets are left out, and what moves a cursor or ends a line is written as an
    escape, for some of it comes from the network.

    `at` is in seconds since the epoch, `level` a number of `logging`. `phone` is its name in a farm, None
    where there is only one. `raised` is an exception as one line, `trace` its traceback as several.
    """

    at: float
    level: int
    logger: str
    message: str
    phone: str | None = None
    account: int | None = None
    call: str | None = None
    raised: str | None = None
    trace: str | None = None

    @classmethod
    def of(cls, record: logging.LogRecord, phone: str | None) -> Self:
        """What a record is about it says by `extra={"call": ID, "account": NUMBER}`."""
        raised = trace = None
        if record.exc_info and (error := record.exc_info[1]) is not None:
            raised = legible("".join(traceback.format_exception_only(error)).strip())
            lines = _without_secrets("".join(traceback.format_exception(error))).rstrip("\n").split("\n")
            trace = "\n".join(map(_escaped, lines))
            if len(trace) > LONGEST_TRACEBACK:
                # The end is where it happened.
                trace = "…" + trace[1 - LONGEST_TRACEBACK :]
        return cls(
            record.created,
            record.levelno,
            record.name,
            legible(record.getMessage()),
            phone,
            getattr(record, "account", None),
            getattr(record, "call", None),
            raised,
            trace,
        )

    @property
    def time(self) -> str:
        """RFC 3339, in UTC."""
        return (
            f"{datetime.fromtimestamp(self.at, UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
        )

    @property
    def level_name(self) -> str:
        return logging.getLevelName(self.level).lower()

    def without_trace(self) -> Self:
        return self if self.trace is None else replace(self, trace=None)

    def facts(self) -> dict[str, Any]:
        """In the order in which they are read; what does not apply is left out."""
        told = {
            "time": self.time,
            "level": self.level_name,
            "logger": self.logger,
            "phone": self.phone,
            "account": self.account,
            "call": self.call,
            "message": self.message,
            "exception": self.trace or self.raised,
        }
        return {name: value for name, value in told.items() if value is not None}


def legible(text: str) -> str:
    """On one line, without secrets, and no longer than `LONGEST`."""
    shown = _escaped(_without_secrets(text))
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def _without_secrets(text: str) -> str:
    if _MAY_HIDE.search(text):
        text = redacted(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
        text = _PROOF.sub(r"\1***", text)
    return text


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )
