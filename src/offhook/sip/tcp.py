"""SIP over TCP (RFC 3261 §18): a listener, and connections that are used again for the same hop."""

import asyncio
import socket
from collections.abc import Callable
from typing import Final, cast

from .framing import PING, PONG, BadFrame, Framing
from .hop import Hop, Transmit

CONNECT_TIMEOUT: Final = 10.0
"""Seconds. A request has 32 until its transaction gives up (timers B and F)."""

MAX_ACCEPTED: Final = 64
"""Connections that others opened. One more, and the one that was silent longest goes."""

IDLE_TIMEOUT: Final = 900.0
"""Seconds without a byte after which a connection that somebody else opened is closed."""

MAX_UNSENT: Final = 256 * 1024
"""Bytes that a peer may leave unread before its connection is dropped."""

MAX_WAITING: Final = 64
"""Messages kept for a connection that is being opened."""


def bind_listener(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    """Raises OSError."""
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        # With SO_REUSEADDR it is only here that a port in use shows.
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


class TcpConnections:
    """All connections of one user agent, by the hop at their other end.

    Calls `received` with each message, from where; `sent` when a message was written, and `failed` when it
    never will be, with the reason.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        received: Callable[[bytes, Hop], None],
        sent: Callable[[Transmit], None],
        failed: Callable[[Transmit, OSError], None],
    ) -> None:
        self.loop = loop
        self.received = received
        self.made: set[Connection] = set()
        """All there are, those that were dropped and are not gone yet included."""
        self._closed = False
        self._sent = sent
        self._failed = failed
        self._open: dict[Hop, Connection] = {}
        self._waiting: dict[Hop, list[Transmit]] = {}
        self._connecting: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._local = ("", 0)

    async def listen(self, listener: socket.socket) -> None:
        """Accept connections at it, and open others from its address, which is the one the Contact names."""
        self._local = (listener.getsockname()[0], 0)
        self._server = await self.loop.create_server(lambda: Connection(self), sock=listener)

    def send(self, transmit: Transmit, hop: Hop) -> None:
        """Send on the connection to `hop`, an address; one is opened in the background where there is none.

        Raises OSError.
        """
        connection = self._open.get(hop)
        if connection is not None and not connection.closing:
            connection.write(transmit.data)
            self._sent(transmit)
            return
        waiting = self._waiting.setdefault(hop, [])
        if len(waiting) == MAX_WAITING:
            raise OSError(f"{MAX_WAITING} messages already wait for a connection to {hop}")
        waiting.append(transmit)
        if len(waiting) == 1:
            task = self.loop.create_task(self._connect(hop))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    async def close(self) -> None:
        """Drop all connections. What was written is still delivered by the system."""
        self._closed = True
        if self._server is not None:
            self._server.close()
        connecting = [*self._connecting]
        for task in connecting:
            task.cancel()
        for connection in [*self.made]:
            connection.drop()
        await asyncio.gather(*connecting, return_exceptions=True)
        while self.made:
            await asyncio.gather(*(connection.lost for connection in self.made))
        if self._server is not None:
            await self._server.wait_closed()

    def opened(self, connection: "Connection", hop: Hop) -> None:
        """Room is made for it, and what waited for it is sent."""
        if self._closed:
            connection.drop()
            return
        accepted = [other for other in self._open.values() if other.accepted]
        if connection.accepted and len(accepted) >= MAX_ACCEPTED:
            min(accepted, key=lambda other: other.heard).drop()
        self._open[hop] = connection
        for transmit in self._waiting.pop(hop, ()):
            try:
                self.send(transmit, hop)
            except OSError as error:
                self._failed(transmit, error)

    def gone(self, connection: "Connection", hop: Hop) -> None:
        if self._open.get(hop) is connection:
            del self._open[hop]

    async def _connect(self, hop: Hop) -> None:
        connection = Connection(self, hop)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await self.loop.create_connection(
                    lambda: connection, hop.host, hop.port, local_addr=self._local
                )
        except asyncio.CancelledError:
            # Cancelled between made and returned, uvloop closes it and tells nobody.
            connection.connection_lost(None)
            raise
        except OSError as error:
            connection.connection_lost(None)
            for transmit in self._waiting.pop(hop, ()):
                self._failed(transmit, error)


class Connection(asyncio.Protocol):
    """One connection: to `hop`, or, without it, one that somebody else opened."""

    _transport: asyncio.Transport

    def __init__(self, connections: TcpConnections, hop: Hop | None = None) -> None:
        self.accepted = hop is None
        self.heard = connections.loop.time()
        """When the last byte came, in the loop's time."""
        self.lost: asyncio.Future[None] = connections.loop.create_future()
        self._connections = connections
        self._hop = hop
        self._framing = Framing()
        self._idle: asyncio.TimerHandle | None = None

    @property
    def closing(self) -> bool:
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Raises OSError where the peer does not read."""
        if self._transport.get_write_buffer_size() + len(data) > MAX_UNSENT:
            self.drop()
            raise OSError(f"{self._hop} does not read what it is sent")
        self._transport.write(data)

    def drop(self) -> None:
        if self._hop is not None:
            self._connections.gone(self, self._hop)
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connections.made.add(self)
        # uvloop's transports do not derive from asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        if self._hop is None:
            peer = transport.get_extra_info("peername")
            if peer is None:
                self.drop()
                return
            self._hop = Hop("TCP", peer[0], peer[1])
            self._watch()
        self._connections.opened(self, self._hop)

    def data_received(self, data: bytes) -> None:
        hop = self._hop
        if hop is None:
            return
        self.heard = self._connections.loop.time()
        try:
            for message in self._framing.feed(data):
                if self.closing:
                    return
                if message == PING:
                    self._transport.write(PONG)
                else:
                    self._connections.received(message, hop)
        except BadFrame:
            self.drop()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        if self._idle is not None:
            self._idle.cancel()
        if self._hop is not None:
            self._connections.gone(self, self._hop)
        self._connections.made.discard(self)
        if not self.lost.done():
            self.lost.set_result(None)

    def _watch(self) -> None:
        """Look again when the connection will have been idle too long, if nothing comes by then."""
        loop = self._connections.loop
        due = self.heard + IDLE_TIMEOUT
        if loop.time() >= due:
            self.drop()
        else:
            self._idle = loop.call_at(due, self._watch)
