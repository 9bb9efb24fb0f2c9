"""SIP over UDP (RFC 3261 §18): one socket, without a transport object around it.

Binding, sending and the first read need no turn of the loop, so a request leaves in the very call that made
it; an idle phone costs one file descriptor in the loop's selector.
"""

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from .hop import Hop

LARGEST_DATAGRAM: Final = 65535
READ_AT_ONCE: Final = 32
"""Datagrams read in one turn of the loop, so that a flood does not keep the others from theirs."""


class UdpSocket:
    """Calls `received` with each datagram that comes, from where."""

    def __init__(self, loop: asyncio.AbstractEventLoop, received: Callable[[bytes, Hop], None]) -> None:
        self._loop = loop
        self._received = received
        self._socket: socket.socket | None = None

    def bind(self, family: socket.AddressFamily, host: str, port: int) -> int:
        """The port bound, for port 0. Raises OSError."""
        bound = socket.socket(family, socket.SOCK_DGRAM)
        try:
            bound.setblocking(False)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind((host, port))
        except OSError:
            bound.close()
            raise
        self._socket = bound
        return int(bound.getsockname()[1])

    def listen(self) -> None:
        """Begin to read what comes."""
        if self._socket is not None:
            self._loop.add_reader(self._socket, self._readable)

    def send(self, data: bytes, hop: Hop) -> None:
        """Raises OSError. What the kernel has no room for is lost, as datagrams are; it is sent again."""
        if self._socket is None:
            raise OSError(errno.EBADF, "SIP is shut down")
        # ConnectionError tells of an earlier datagram (ICMP), and anybody can send that.
        with suppress(BlockingIOError, ConnectionError):
            self._socket.sendto(data, (hop.host, hop.port))

    def close(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _readable(self) -> None:
        for _ in range(READ_AT_ONCE):
            if self._socket is None:
                return
            try:
                data, address = self._socket.recvfrom(LARGEST_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:
                continue
            self._received(data, Hop("UDP", address[0], address[1]))
