"""A way for SIP over UDP on which messages can be kept, until they are let go."""

import select
import socket
import threading
from collections.abc import Callable
from typing import Self

from ..bad_network import describe
from ..ports import HOST
from ..waiting import until

Kept = Callable[[str, bool], bool]
"""Whether a message is kept, by what it is (`CANCEL`, `180 INVITE`) and whether it goes inward."""


class Gate:
    """What comes to `front` goes on to `inside`, from another socket; what comes back goes back.

    Messages that are kept are let go in their order, and those behind them in the same direction pass.
    """

    def __init__(self, inside: int, kept: Kept, *, front: tuple[str, int] = (HOST, 0)) -> None:
        self.passed: list[str] = []
        self.said: list[bytes] = []
        """The messages themselves."""
        self._kept = kept
        self._inside = (HOST, inside)
        self._outside: tuple[str, int] | None = None
        self._waiting: list[tuple[str, socket.socket, bytes]] = []
        self._front, self._back, self._woken = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(3))
        self._front.bind(front)
        for each in (self._back, self._woken):
            each.bind((HOST, 0))
        self.port: int = self._front.getsockname()[1]
        self._open = self._stop = False
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop = True
        self._woken.sendto(b"x", self._woken.getsockname())
        self._thread.join()
        for each in (self._front, self._back, self._woken):
            each.close()

    def until_kept(self, message: str) -> None:
        until(lambda: any(kept == message for kept, _, _ in self._waiting), f"{message} to be kept")

    def until_passed(self, message: str) -> None:
        until(lambda: message in self.passed, f"{message} to pass")

    def let_go(self) -> None:
        """What is kept, and from now on everything."""
        self._open = True
        self._woken.sendto(b"", self._woken.getsockname())

    def _run(self) -> None:
        while not self._stop:
            readable, _, _ = select.select([self._front, self._back, self._woken], [], [])
            if self._woken in readable:
                self._woken.recv(16)
            if self._open:
                waiting, self._waiting = self._waiting, []
                for each in waiting:
                    self._send(*each)
            for socket_ in (self._front, self._back):
                if socket_ in readable:
                    self._carry(socket_)

    def _carry(self, came: socket.socket) -> None:
        datagram, source = came.recvfrom(65535)
        if not datagram.strip():
            return
        inward = came is self._front
        if inward:
            self._outside = source
        message = describe(datagram)
        out = self._back if inward else self._front
        if not self._open and self._kept(message, inward):
            self._waiting.append((message, out, datagram))
        else:
            self._send(message, out, datagram)

    def _send(self, message: str, out: socket.socket, datagram: bytes) -> None:
        to = self._inside if out is self._back else self._outside
        if to is not None:
            self.passed.append(message)
            self.said.append(datagram)
            out.sendto(datagram, to)
