"""The far end of a call's RTP, by hand: it keeps all that arrives, and speaks as it is given."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, Self

from .ports import HOST, free_port
from .waiting import until

HEADER = struct.Struct("!BBHII")
FRAME = 0.02
MARKER = 0x80
SAID_BY = 0x0FF400C


class Packet(NamedTuple):
    """`timestamp` is in units of 1/8000 s, as all our codecs have it."""

    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    payload: bytes


def silence() -> bytes:
    return bytes([0xFF]) * 160


class FarEnd:
    """Says one payload of `speak` every 20 ms, to whoever was heard last."""

    def __init__(self, payload_type: int = 0, speak: Callable[[], bytes] = silence) -> None:
        self.port = free_port()
        self.heard: list[Packet] = []
        """In the order of arrival, which on loopback is that of sending."""
        self._payload_type = payload_type
        self._speak = speak
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind((HOST, self.port))
        self._to: tuple[str, int] | None = None
        self._sequence = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        self._thread.join()
        self._socket.close()

    def until_heard(self, packets: int) -> list[Packet]:
        """The next so many."""
        before = len(self.heard)
        until(lambda: len(self.heard) >= before + packets, f"{packets} more packets of RTP")
        return self.heard[before : before + packets]

    def send(self, payload_type: int, timestamp: int, payload: bytes, *, marker: bool = False) -> None:
        """One packet, beside what it says."""
        second = payload_type | (MARKER if marker else 0)
        header = HEADER.pack(0x80, second, self._sequence & 0xFFFF, timestamp & 0xFFFFFFFF, SAID_BY)
        self._sequence += 1
        assert self._to is not None
        self._socket.sendto(header + payload, self._to)

    def _run(self) -> None:
        due, timestamp = time.monotonic(), 0
        while not self._closed:
            self._hear(due)
            if self._to is not None:
                self.send(self._payload_type, timestamp, self._speak())
            timestamp += 160
            due += FRAME

    def _hear(self, due: float) -> None:
        while (left := due - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                datagram, self._to = self._socket.recvfrom(2048)
            except TimeoutError:
                return
            flags, second, sequence, timestamp, _ = HEADER.unpack_from(datagram)
            assert flags == 0x80
            marker, payload_type = bool(second & MARKER), second & ~MARKER
            self.heard.append(Packet(marker, payload_type, sequence, timestamp, datagram[HEADER.size :]))
