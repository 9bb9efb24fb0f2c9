"""The driver: a request to a phone's HTTP port, and the far end that its INVITE arrives at.

Plain blocking sockets, so that what is measured is the phone and as little as possible of this.
"""

import socket
import struct
import time
from dataclasses import dataclass
from typing import Self

PATIENCE = 10
"""Seconds until a phone that sends nothing fails the run."""

COPIED = (b"via:", b"from:", b"call-id:", b"cseq:")


class FarEnd:
    """A SIP peer on loopback that is always busy."""

    def __init__(self) -> None:
        self._socket = _bounded(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._last_call = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def invited(self) -> tuple[int, bytes, tuple[str, int]]:
        """Wait for an INVITE: when it came (`perf_counter_ns`), its text, and from where."""
        while True:
            data, source = self._socket.recvfrom(4096)
            now = time.perf_counter_ns()
            if data.startswith(b"INVITE ") and (call := header(data, b"call-id:")) != self._last_call:
                self._last_call = call
                return now, data, source

    def refuse(self, invite: bytes, source: tuple[str, int]) -> None:
        """Say 486 and wait for the ACK that ends it."""
        copied = [line for line in invite.split(b"\r\n") if line.lower().startswith(COPIED)]
        to = b"To: " + header(invite, b"to:") + b";tag=busy"
        response = [b"SIP/2.0 486 Busy Here", *copied, to, b"Content-Length: 0", b"", b""]
        self._socket.sendto(b"\r\n".join(response), source)
        while not self._socket.recv(4096).startswith(b"ACK "):
            pass


@dataclass(frozen=True)
class Dialled:
    """One call placed: `perf_counter_ns` before connect(), after it, after the request was written, and when
    the INVITE was here."""

    began: int
    connected: int
    requested: int
    invited: int

    @property
    def took(self) -> float:
        """Microseconds from the first to the last."""
        return (self.invited - self.began) / 1000


def dial(port: int, request: bytes, far_end: FarEnd) -> Dialled:
    """Send `request` on a new connection, and go on until the phone is idle again."""
    began = time.perf_counter_ns()
    connection = socket.socket()
    connection.connect(("127.0.0.1", port))
    connected = time.perf_counter_ns()
    connection.sendall(request)
    requested = time.perf_counter_ns()
    invited, invite, source = far_end.invited()
    with _bounded(connection):
        answer = connection.recv(4096)
        if b" 200 " not in answer.partition(b"\r\n")[0]:
            raise RuntimeError(f"the phone did not answer with 200: {answer!r}")
    far_end.refuse(invite, source)
    return Dialled(began, connected, requested, invited)


def get(target: str, port: int) -> bytes:
    """What curl sends."""
    return (
        f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: curl/8.0\r\nAccept: */*\r\n\r\n"
    ).encode()


def header(message: bytes, name: bytes) -> bytes:
    """The value of a header; `name` in lower case, with its colon."""
    return next(line for line in message.split(b"\r\n") if line.lower().startswith(name))[len(name) :].strip()


def _bounded(sock: socket.socket) -> socket.socket:
    # settimeout would make each read a poll and a read.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", PATIENCE, 0))
    return sock
