"""Where all that is logged goes: to a stream, and to the log that the phone in question keeps."""

import logging
import sys
from enum import StrEnum
from typing import TextIO

from .entry import Entry
from .lines import LINES, LogFormat
from .whose import at_hand


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def number(self) -> int:
        return logging.getLevelNamesMapping()[self.upper()]


class LogHandler(logging.Handler):
    """Says nothing of a stream that nobody reads any more: the phone rings all the same."""

    def __init__(self, stream: TextIO, form: LogFormat) -> None:
        super().__init__()
        self._stream = stream
        self._line = LINES[form]

    def emit(self, record: logging.LogRecord) -> None:
        try:
            phone = at_hand()
            entry = Entry.of(record, phone.name if phone else None)
            if phone is not None:
                phone.kept.keep(entry)
            self._write(self._line(entry))
        except Exception:  # noqa: BLE001 - as logging does it: what cannot be logged ends nothing
            self.handleError(record)

    def _write(self, line: str) -> None:
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            pass


def begin_to_log(form: LogFormat, level: LogLevel) -> None:
    """On standard error, in the place of what logged before: Python's warnings too."""
    logging.basicConfig(level=level.number, handlers=[LogHandler(sys.stderr, form)], force=True)
    logging.captureWarnings(True)
