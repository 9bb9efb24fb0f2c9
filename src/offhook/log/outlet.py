"""Standard error, or what stands in its place, without ever waiting for whoever reads it.

A pipe that nobody empties is full after some hundred lines, and a write to it would hold every phone of the
process. So a line is written at once only where there is room for it. Else it waits in memory, a thread
writes it, and what is too much is left out and counted.
"""

import os
import select
import threading
from collections import deque
from typing import Final, TextIO

MOST_WAITING: Final = 1024 * 1024
"""Octets."""
PATIENCE: Final = 1.0
"""Seconds that the end of the process gives what waits."""

# What has room has room for so much (poll(2), pipe(7)).
_AT_ONCE: Final = getattr(select, "PIPE_BUF", 512)


class Outlet:
    def __init__(self, stream: TextIO) -> None:
        self._fd = stream.fileno()
        self._encoding = stream.encoding
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._lost = 0
        self._writer: threading.Thread | None = None
        self._changed = threading.Condition()

    def write(self, text: str) -> None:
        data = text.encode(self._encoding, "backslashreplace")
        with self._changed:
            if not self._waiting:
                while data and _has_room(self._fd):
                    data = data[self._put(data[:_AT_ONCE]) :]
            if not data:
                return
            if self._size + len(data) > MOST_WAITING:
                self._lost += 1
                return
            self._waiting.append(data)
            self._size += len(data)
            if self._writer is None:
                self._writer = threading.Thread(target=self._work, name="log", daemon=True)
                self._writer.start()

    def lost(self) -> int:
        """Lines that were left out since this was asked last; 0 while there is no room to say so."""
        with self._changed:
            if self._size:
                return 0
            lost, self._lost = self._lost, 0
            return lost

    def flush(self) -> None:
        """Wait for what waits, though not for ever."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting, PATIENCE)

    def _put(self, data: bytes) -> int:
        """How much is dealt with. Where nobody can read it any more, all of it."""
        try:
            return os.write(self._fd, data)
        except OSError:
            return len(data)

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._writer = None
                    self._changed.notify_all()
                    return
                data = self._waiting[0]
            while data:
                data = data[self._put(data) :]
            with self._changed:
                self._size -= len(self._waiting.popleft())


def _has_room(fd: int) -> bool:
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    return bool(poll.poll(0))
