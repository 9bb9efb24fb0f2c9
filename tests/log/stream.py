"""A log in a test's own hands."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from offhook.log.handler import LogHandler
from offhook.log.lines import LogFormat


class Stream(io.StringIO):
    def lost(self) -> int:
        return 0


@contextmanager
def logged(level: int = logging.INFO) -> Iterator[Stream]:
    """What is logged within, as JSON."""
    stream, root = Stream(), logging.getLogger()
    handler, before = LogHandler(stream, LogFormat.JSON), root.level
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
