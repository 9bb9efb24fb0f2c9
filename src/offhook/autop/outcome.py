"""What came of looking for a new configuration."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

MOST_SHOWN: Final = 50
"""Names of each kind that a state has room for."""


class Result(StrEnum):
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    NO_FILE = "no file"
    NOT_FETCHED = "not fetched"
    REFUSED = "refused"
    NOT_SAVED = "not saved"


FAILURES: Final = frozenset({Result.NOT_FETCHED, Result.REFUSED, Result.NOT_SAVED})


@dataclass(frozen=True, slots=True)
class Outcome:
    """`at` is in seconds since 1970, `files` are those that there were, `changed` names of settings, and
    `unknown` names that stood in the files.
    """

    at: float
    result: Result
    files: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "time": written(self.at),
            "result": self.result,
            "files": list(self.files),
            "changed": list(self.changed[:MOST_SHOWN]),
            "unknown": list(self.unknown[:MOST_SHOWN]),
            "reason": self.reason,
        }

    @property
    def notice(self) -> str:
        """For the screen, short."""
        match self.result:
            case Result.CHANGED:
                return f"new configuration: {_counted(len(self.changed), 'setting')} changed"
            case Result.UNCHANGED:
                return "the configuration is up to date"
            case Result.NO_FILE:
                return "there is no configuration file for this phone"
            case Result.NOT_FETCHED:
                return f"no configuration: {self.reason}"
            case Result.REFUSED:
                return f"configuration refused: {self.reason}"
            case Result.NOT_SAVED:
                return f"configuration not saved: {self.reason}"

    @property
    def line(self) -> str:
        """For the log, whole."""
        changed = f" ({', '.join(self.changed)})" if self.changed else ""
        unknown = f"; unknown names: {', '.join(self.unknown[:MOST_SHOWN])}" if self.unknown else ""
        return f"AutoP: {self.notice}{changed}{unknown}"


def written(at: float) -> str:
    """A time in seconds since 1970, as the state has it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _counted(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"
