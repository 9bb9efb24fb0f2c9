"""One file read by TFTP (RFC 1350), with the options blksize (RFC 2348) and tsize (RFC 2349).

Pure: datagrams and times come in, datagrams go out. Times are seconds.
"""

import struct
from typing import Final

from .not_fetched import NotFetched

BLOCK: Final = 1428
"""Bytes of data that fit a datagram on an Ethernet, tunnels included."""

USUAL_BLOCK: Final = 512
FIRST_WAIT: Final = 1.0
"""Seconds until what was sent is sent again; each next time it is twice as long."""

MOST_TRIES: Final = 5

_RRQ, _DATA, _ACK, _ERROR, _OACK = 1, 3, 4, 5, 6
_NOT_FOUND, _UNKNOWN_ID, _NO_OPTIONS = 1, 5, 8
_MEANINGS: Final = {
    2: "access violation",
    4: "illegal operation",
    6: "file already exists",
    7: "no such user",
}

UNKNOWN_TRANSFER: Final = struct.pack("!HH", _ERROR, _UNKNOWN_ID) + b"unknown transfer ID\0"
"""What a sender that is none of this transfer gets (RFC 1350 §4)."""

GIVING_UP: Final = struct.pack("!HH", _ERROR, 0) + b"given up\0"
"""Ends a transfer that is of no use any more: else the server sends its last block again and again."""


class TftpTransfer:
    """`longest` are the bytes that a file may have.

    What `begin`, `receive` and `tick` return is to be sent. Once `done`, `content` is the file, or None where
    there is no such file.
    """

    def __init__(self, file: str, longest: int) -> None:
        self.done = False
        self.content: bytes | None = None
        self.deadline = 0.0
        self._file = file
        self._longest = longest
        self._sent = b""
        self._tries = 0
        self._next = 1
        self._begun = False
        self._block = USUAL_BLOCK
        self._size: int | None = None
        self._got = bytearray()

    def begin(self, now: float) -> bytes:
        return self._send(self._request({"blksize": BLOCK, "tsize": 0}), now)

    def receive(self, datagram: bytes, now: float) -> bytes | None:
        """Raises NotFetched."""
        if len(datagram) < 4:
            return None
        kind, number = struct.unpack_from("!HH", datagram)
        if kind == _DATA:
            return self._data(number, datagram[4:], now)
        if kind == _ERROR:
            return self._error(number, datagram[4:], now)
        if kind == _OACK and not self._begun:
            return self._options(datagram[2:], now)
        # The acknowledgement of the options was lost.
        return self._sent if kind == _OACK and self._next == 1 else None

    def tick(self, now: float) -> bytes:
        """At the deadline. Raises NotFetched where it was sent often enough."""
        if self._tries >= MOST_TRIES:
            raise NotFetched(
                f"the server went silent after {len(self._got)} bytes" if self._begun else "no answer"
            )
        return self._send(self._sent, now, anew=False)

    def _request(self, options: dict[str, int]) -> bytes:
        words = [self._file, "octet"]
        for name, value in options.items():
            words += [name, str(value)]
        return struct.pack("!H", _RRQ) + b"".join(word.encode() + b"\0" for word in words)

    def _send(self, datagram: bytes, now: float, *, anew: bool = True) -> bytes:
        self._tries = 1 if anew else self._tries + 1
        self._sent = datagram
        self.deadline = now + FIRST_WAIT * 2 ** (self._tries - 1)
        return datagram

    def _acknowledge(self, number: int, now: float) -> bytes:
        return self._send(struct.pack("!HH", _ACK, number), now)

    def _data(self, number: int, data: bytes, now: float) -> bytes | None:
        if self._begun and number == self._next - 1:
            return self._sent
        if number != self._next:
            return None
        if len(data) > self._block:
            raise NotFetched("the server sends longer blocks than were agreed on")
        self._begun = True
        self._got += data
        if len(self._got) > self._longest:
            raise NotFetched(f"it is longer than {self._longest} bytes")
        self._next += 1
        if len(data) < self._block:
            if self._size is not None and self._size != len(self._got):
                raise NotFetched(f"only {len(self._got)} of {self._size} bytes came")
            self.done, self.content = True, bytes(self._got)
        return self._acknowledge(number, now)

    def _error(self, code: int, text: bytes, now: float) -> bytes | None:
        if code == _NOT_FOUND and not self._got:
            self.done = True
            return None
        if code == _NO_OPTIONS and not self._begun:
            # RFC 2347: such a server may be asked again without.
            return self._send(self._request({}), now)
        said = text.partition(b"\0")[0].decode("utf-8", "replace")[:80]
        why = said if said.isprintable() and said else _MEANINGS.get(code, f"error {code}")
        raise NotFetched(f"the server says: {why}")

    def _options(self, body: bytes, now: float) -> bytes:
        words = body.split(b"\0")[:-1]
        options = {name.lower(): value for name, value in zip(words[::2], words[1::2], strict=False)}
        block = _number(options.pop(b"blksize", b"%d" % USUAL_BLOCK))
        size = _number(options[b"tsize"]) if b"tsize" in options else None
        if block is None or not 8 <= block <= BLOCK or options.keys() - {b"tsize"}:
            raise NotFetched("the server agreed to what was not asked for")
        if size is not None and size > self._longest:
            raise NotFetched(f"it is longer than {self._longest} bytes")
        self._begun, self._block, self._size = True, block, size
        return self._acknowledge(0, now)


def _number(text: bytes) -> int | None:
    return int(text) if text.isdigit() and len(text) < 12 else None
