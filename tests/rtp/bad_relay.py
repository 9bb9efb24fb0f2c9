"""A network between two legs that loses, repeats and swaps packets, and keeps count."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable

from .far_end import HOST

Fate = Callable[[int], str]


class BadRelay:
    """Carries what comes in at `port` to the leg at `to`. `fate` says for the n-th packet: pass, lose, repeat
    or swap (with the one after it)."""

    def __init__(self, to: int, fate: Fate) -> None:
        self.done: Counter[str] = Counter()
        self._to = to
        self._fate = fate
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((HOST, 0))
        self._kept: bytes | None = None
        self._count = 0
        self.port: int = self._socket.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._socket, self._carry)

    def flush(self) -> None:
        """Lets go of a packet whose successor will not come."""
        if self._kept:
            self._socket.sendto(self._kept, (HOST, self._to))
            self._kept = None
            self.done.subtract(["swap"])
            self.done["pass"] += 1

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _carry(self) -> None:
        datagram = self._socket.recv(2048)
        self._count += 1
        kept, self._kept = self._kept, None
        fate = "pass" if kept else self._fate(self._count)
        self.done[fate] += 1
        if fate == "swap":
            self._kept = datagram
        for carried in {"pass": [datagram], "repeat": [datagram, datagram]}.get(fate, []):
            self._socket.sendto(carried, (HOST, self._to))
        if kept:
            self._socket.sendto(kept, (HOST, self._to))
