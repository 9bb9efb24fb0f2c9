"""A NAT between a phone and its registrar, on loopback: a relay that gives the phone another address."""

import select
import socket
import threading
from typing import Self

INSIDE, OUTSIDE = "127.0.0.2", "127.0.0.3"


class Nat:
    """Datagrams that the phone sends to `inside` leave from `outside` to the registrar's port, and what
    comes there goes to the phone."""

    def __init__(self, registrar: tuple[str, int]) -> None:
        self._registrar = registrar
        self._phone: tuple[str, int] | None = None
        # By the registrar's port, at which answers to what it sends are expected (RFC 3261 §18.2.2).
        self._inside, self._outside = _bound(INSIDE, registrar[1]), _bound(OUTSIDE, 0)
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._relay)

    @property
    def inside(self) -> str:
        return "{}:{}".format(*self._inside.getsockname())

    @property
    def outside(self) -> str:
        return "{}:{}".format(*self._outside.getsockname())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.close()
        self._thread.join()
        for each in (self._inside, self._outside, self._stopped):
            each.close()

    def _relay(self) -> None:
        while True:
            ready, _, _ = select.select([self._inside, self._outside, self._stopped], [], [])
            if self._stopped in ready:
                return
            if self._inside in ready:
                data, self._phone = self._inside.recvfrom(65535)
                self._outside.sendto(data, self._registrar)
            if self._outside in ready:
                data, _ = self._outside.recvfrom(65535)
                if self._phone is not None:
                    self._inside.sendto(data, self._phone)


def _bound(host: str, port: int) -> socket.socket:
    bound = socket.socket(type=socket.SOCK_DGRAM)
    bound.bind((host, port))
    return bound
