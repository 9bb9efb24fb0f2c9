"""SIP over TCP and TLS (RFC 3261 §18): listeners, and connections that are used again for the same hop."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from .connection import Connection
from .framing import PING
from .hop import Hop, Transmit, Transport
from .tls import Tls

CONNECT_TIMEOUT: Final = 10.0
"""Seconds, with the handshake of TLS. A request has 32 until its transaction gives up (timers B and F)."""

MAX_OPENED: Final = 64
MAX_ACCEPTED: Final = 64
"""Connections that this end opened, and that others did. One more, and the one unused longest goes."""

MAX_FOR_RESPONSES: Final = MAX_OPENED // 2
"""Opened connections with which one more is opened for a response: whoever asks and hangs up is not to have
those to the registrars make room."""

MAX_ACCEPTED_FROM_ONE: Final = 16
"""Of those that others opened, from one address. One more, and the one of its own unused longest goes."""

MAX_HANDSHAKES: Final = 16
"""Of strangers, who have proved nothing yet. One more, and the oldest goes: none else makes room for them."""

MAX_WAITING: Final = 64
"""Messages kept for a connection that is being opened."""


def bind_listener(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    """Raises OSError."""
    # By its protocol asyncio knows it as one on which no message is to wait for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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


class Streams:
    """All connections of one user agent, by the hop at their other end.

    Calls `received` with each message, from where; `sent` when a message was written, and `failed` when it
    never will be, with the reason; `lost` when a connection that this end opened is no more, and why.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        tls: Tls,
        *,
        received: Callable[[bytes, Hop], None],
        sent: Callable[[Transmit], None],
        failed: Callable[[Transmit, OSError], None],
        lost: Callable[[Hop, OSError], None],
    ) -> None:
        self.loop = loop
        self._tls = tls
        self._received = received
        self._sent = sent
        self._failed = failed
        self._lost = lost
        self._closed = False
        self._made: set[Connection] = set()
        """All there are, those that were dropped and are not gone yet included."""
        self._handshakes: dict[Connection, None] = {}
        self._open: dict[Hop, Connection] = {}
        self._waiting: dict[Hop, list[Transmit]] = {}
        self._connecting: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self._local = ("", 0)

    async def listen(self, listener: socket.socket, transport: Transport) -> None:
        """Accept connections at it, and open others from its address, which is the one the Contact names."""
        self._local = (listener.getsockname()[0], 0)
        tls = self._tls if transport == "TLS" else None
        server = await self.loop.create_server(
            lambda: Connection(self, transport, session=tls.accepted() if tls else None), sock=listener
        )
        self._servers.append(server)

    def send(self, transmit: Transmit, hop: Hop) -> None:
        """Send on the connection to `hop`, an address; one is opened in the background where there is none.

        A response whose connection is gone takes the one to where it goes `instead` (RFC 3261 §18.2.2).
        A PING only goes where a connection is. To send nothing is to drop the connection, of which `lost`
        hears nothing. Raises OSError.
        """
        connection = self._to(hop)
        if connection is None and transmit.instead is not None:
            transmit = replace(transmit, hop=transmit.instead, instead=None)
            hop = transmit.hop
            connection = self._to(hop)
            opened = [*self._waiting, *(other for other in self._open.values() if not other.accepted)]
            if connection is None and hop not in self._waiting and len(opened) >= MAX_FOR_RESPONSES:
                raise OSError("too many connections are open to open one more for a response")
        if connection is None and hop.accepted:
            # It is gone. Whoever is there now has to prove who that is, as for anything else.
            hop = replace(hop, accepted=False)
        if transmit.data in {b"", PING}:
            if connection is not None and transmit.data:
                connection.ping()
            elif connection is not None:
                self._forget(connection)
                connection.drop(OSError("it is of no use any more"))
            return
        if connection is not None:
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
        for server in self._servers:
            server.close()
        connecting = [*self._connecting]
        for task in connecting:
            task.cancel()
        for connection in [*self._made]:
            connection.drop(OSError("SIP is shut down"))
        await asyncio.gather(*connecting, return_exceptions=True)
        while self._made:
            await asyncio.gather(*(connection.lost for connection in self._made))
        for server in self._servers:
            await server.wait_closed()

    # --- what connections tell

    def made(self, connection: Connection) -> None:
        self._made.add(connection)
        if connection.accepted and connection.secure:
            if len(self._handshakes) >= MAX_HANDSHAKES:
                next(iter(self._handshakes)).drop(OSError("too many handshakes at once"))
            self._handshakes[connection] = None

    def opened(self, connection: Connection, hop: Hop) -> None:
        """Room is made for it, and what waited for it is sent."""
        self._handshakes.pop(connection, None)
        if self._closed:
            connection.drop(OSError("SIP is shut down"))
            return
        alike = [other for other in self._open.values() if other.accepted == connection.accepted]
        bound = MAX_ACCEPTED if connection.accepted else MAX_OPENED
        theirs = [other for at, other in self._open.items() if other.accepted and at.host == hop.host]
        if connection.accepted and len(theirs) >= MAX_ACCEPTED_FROM_ONE:
            alike, bound = theirs, MAX_ACCEPTED_FROM_ONE
        if len(alike) >= bound:
            min(alike, key=lambda other: other.used).drop(OSError("room was needed for another connection"))
        self._open[hop] = connection
        for transmit in self._waiting.pop(hop, ()):
            try:
                self.send(transmit, hop)
            except OSError as error:
                self._failed(transmit, error)

    def received(self, message: bytes, source: Hop) -> None:
        self._received(message, source)

    def gone(self, connection: Connection, why: OSError) -> None:
        self._handshakes.pop(connection, None)
        hop = self._forget(connection)
        if hop is not None and not connection.accepted and not self._closed:
            self._lost(hop, why)

    def released(self, connection: Connection) -> None:
        self._made.discard(connection)

    # --- inside

    def _forget(self, connection: Connection) -> Hop | None:
        """The hop that is not to be reached by it any more, if there was one."""
        hop = next((hop for hop, other in self._open.items() if other is connection), None)
        if hop is not None:
            del self._open[hop]
        return hop

    def _to(self, hop: Hop) -> Connection | None:
        """A connection to that address will do, whatever name it was opened for: a Record-Route or Contact
        may have another one than the server was asked for by, or its IP address. Over TLS it has to be one
        that was opened from here, and where a name is asked for, its certificate one for that too
        (RFC 5923 §9)."""
        connection = self._open.get(hop)
        if connection is not None:
            return connection
        for other, candidate in self._open.items():
            if other.is_at(hop) and candidate.is_for(hop.domain):
                return candidate
        return None

    async def _connect(self, hop: Hop) -> None:
        connection: Connection | None = None
        try:
            session = self._tls.to(hop) if hop.transport == "TLS" else None
            made = connection = Connection(self, hop.transport, hop, session)
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await self.loop.create_connection(lambda: made, hop.host, hop.port, local_addr=self._local)
                if why := await made.ready:
                    raise why
        except asyncio.CancelledError as error:
            if connection is not None:
                connection.drop(OSError(str(error)))
                # Cancelled between made and returned, uvloop closes it and tells nobody.
                connection.connection_lost(None)
            raise
        except OSError as error:
            if connection is not None:
                if connection.connected and isinstance(error, TimeoutError):
                    error = OSError(f"{hop} does not answer the handshake of TLS")
                connection.drop(error)
            for transmit in self._waiting.pop(hop, ()):
                self._failed(transmit, error)
