"""Word from the system that this machine's addresses or routes are others now (Linux, rtnetlink(7))."""

import asyncio
import errno
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_IPV4_IFADDR: Final = 0x10
_IPV4_ROUTE: Final = 0x40
_IPV6_IFADDR: Final = 0x100
_IPV6_ROUTE: Final = 0x400
GROUPS: Final = _IPV4_IFADDR | _IPV4_ROUTE | _IPV6_IFADDR | _IPV6_ROUTE
"""The RTMGRP_* of linux/rtnetlink.h. Routes too: with an address comes its network, and the way elsewhere a
moment later."""

SETTLED: Final = 0.5
"""Seconds after the first word until it is passed on: a network comes and goes by many steps."""


class AddressWatch:
    """Calls `on_change` some time after something changed, once for all that changed by then.

    What it was that changed is not read: whoever wants an address asks the system for it. Elsewhere than on
    Linux nothing is heard.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._socket: socket.socket | None = None
        self._timer: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Listen, on the running loop; where the system does not let us, nothing is heard."""
        if sys.platform != "linux" or self._socket is not None:
            return
        loop = asyncio.get_running_loop()
        with suppress(OSError):
            listening = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
            try:
                listening.setblocking(False)
                listening.bind((0, GROUPS))
            except OSError:
                listening.close()
                raise
            self._socket = listening
            loop.add_reader(listening, self._readable, loop)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _readable(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._socket is not None:
            try:
                self._socket.recv(65536)
            except BlockingIOError:
                break
            except OSError as error:
                # More changed than there was room for, and that is a change.
                if error.errno != errno.ENOBUFS:
                    self.close()
        if self._timer is None:
            self._timer = loop.call_later(SETTLED, self._settled)

    def _settled(self) -> None:
        self._timer = None
        self._on_change()
