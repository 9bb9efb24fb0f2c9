"""Cutting a byte stream into SIP messages (RFC 3261 §18.3) and keep-alives (RFC 5626 §3.5.1)."""

import re
from collections.abc import Iterator
from typing import Final

MAX_HEAD: Final = 16 * 1024
MAX_BODY: Final = 64 * 1024

PING: Final = b"\r\n\r\n"
PONG: Final = b"\r\n"

_CONTENT_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*:([^\r]*(?:\r\n[ \t][^\r]*)*)", re.IGNORECASE)
_DIGITS = re.compile(rb"[0-9]{1,9}")


class BadFrame(ValueError):
    """The stream cannot be followed any further; close it. The text says why."""


class Framing:
    """One direction of one connection."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._needed = 0
        """Length of the message whose head is read, 0 while it is not."""
        self._blank_lines = 0
        self.pong_due = False
        """A keep-alive of ours has no answer yet: one blank line alone is that, two are a question."""

    @property
    def partial(self) -> bool:
        """A message has begun and is not complete."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that `data` completes, PING for each to be answered with PONG, and a PONG that is due.

        Raises BadFrame after what was good before it. Read it to its end.
        """
        self._buffer += data
        while (item := self._next()) is not None:
            yield item

    def _next(self) -> bytes | None:
        buffer = self._buffer
        if not self._needed:
            while buffer.startswith(PONG):
                answer = self.pong_due and not self._blank_lines and not buffer.startswith(PING)
                del buffer[:2]
                if answer:
                    self.pong_due = False
                    return PONG
                self._blank_lines += 1
                if self._blank_lines == 2:
                    self._blank_lines = 0
                    return PING
            if not self._read_head():
                return None
        if len(buffer) < self._needed:
            return None
        message = bytes(buffer[: self._needed])
        del buffer[: self._needed]
        self._needed = self._searched = self._blank_lines = 0
        return message

    def _read_head(self) -> bool:
        buffer = self._buffer
        end = buffer.find(b"\r\n\r\n", self._searched, MAX_HEAD)
        if end < 0:
            if len(buffer) >= MAX_HEAD:
                raise BadFrame(f"no end of the headers within {MAX_HEAD} bytes")
            self._searched = max(len(buffer) - 3, 0)
            return False
        lengths = {
            value.replace(b"\r\n", b"").strip(b" \t") for value in _CONTENT_LENGTH.findall(buffer, 0, end)
        }
        if len(lengths) != 1:
            raise BadFrame("two Content-Length headers disagree" if lengths else "no Content-Length header")
        length = lengths.pop()
        if not _DIGITS.fullmatch(length) or int(length) > MAX_BODY:
            raise BadFrame(f"Content-Length {bytes(length[:20])!r} is no number up to {MAX_BODY}")
        self._needed = end + 4 + int(length)
        return True
