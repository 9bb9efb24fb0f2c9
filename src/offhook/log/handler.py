"""Where all that is logged goes: to a stream, and to the log that the phone in question keeps."""

import logging
import sys
import time
from enum import StrEnum
from typing import Protocol

from .entry import Entry
from .lines import LINES, LogFormat
from .outlet import Outlet
from .whose import at_hand


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def number(self) -> int:
        return logging.getLevelNamesMapping()[self.upper()]


class Sink(Protocol):
    """What takes lines; see `Outlet`."""

    def write(self, text: str, /) -> object: ...
    def lost(self) -> int: ...
    def flush(self) -> None: ...


class LogHandler(logging.Handler):
    def __init__(self, sink: Sink, form: LogFormat) -> None:
        super().__init__()
        self._sink = sink
        self._line = LINES[form]

    def emit(self, record: logging.LogRecord) -> None:
        try:
            phone = at_hand()
            entry = Entry.of(record, phone.name if phone else None)
            if phone is not None:
                phone.kept.keep(entry)
            if lost := self._sink.lost():
                self._write(
                    Entry(time.time(), logging.WARNING, __name__, f"{lost} lines were not written here")
                )
            self._write(entry)
        except Exception:  # noqa: BLE001 - as logging does it: what cannot be logged ends nothing
            self.handleError(record)

    def flush(self) -> None:
        self._sink.flush()

    def _write(self, entry: Entry) -> None:
        self._sink.write(self._line(entry) + "\n")


def begin_to_log(form: LogFormat, level: LogLevel) -> None:
    """On standard error, in the place of what logged before: Python's warnings too."""
    handler = LogHandler(Outlet(sys.stderr), form)
    logging.basicConfig(level=level.number, handlers=[handler], force=True)
    logging.captureWarnings(True)
