"""Many listening sockets, each with a site of its own, on the running loop: http and https, added and
removed at run time.

Nothing runs between requests: the `Date` of an answer is made when it is needed and kept for its
second.
"""

import asyncio
import socket
import ssl
import time
from email.utils import formatdate
from typing import Any, Literal

from uvicorn import Config
from uvicorn.server import ServerState

from .protocol import HttpConnection
from .site import Site

MOST_CONNECTIONS = 4096
"""Open at one time, over all sockets; those beyond get a 503."""
KEEP_ALIVE = 15
"""Seconds that a connection may lie idle between requests."""
GRACE = 1.0
"""Seconds for what is being answered when a socket is closed."""

_BACKLOG = 512
_HANDSHAKE_TIMEOUT = 10.0


class _Connections(set[Any]):
    """The connections of one listener, websockets too: counted in the server, and it can be waited for
    their end."""

    def __init__(self, server: "HttpServer") -> None:
        super().__init__()
        self._server = server
        self.gone = asyncio.Event()
        self.gone.set()

    def add(self, connection: Any) -> None:
        if connection not in self:
            self._server.connections += 1
            self.gone.clear()
        super().add(connection)

    def discard(self, connection: Any) -> None:
        if connection in self:
            self._server.connections -= 1
        super().discard(connection)
        if not self:
            self.gone.set()


class Listener:
    """One listening socket."""

    def __init__(self, server: "HttpServer", sock: socket.socket, site: Site) -> None:
        self.site = site
        self.address: tuple[str, int] = sock.getsockname()[:2]
        self.config = Config(
            site,
            http=HttpConnection,
            interface="asgi3",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
        )
        self.config.load()
        self.state = ServerState()
        self._connections = self.state.connections = _Connections(server)
        self._server = server
        self._socket = sock
        self._listening: asyncio.Server | None = None
        self._spare: HttpConnection | None = None
        self.scheme: Literal["http", "https"] = "http"

    async def open(self, tls: ssl.SSLContext | None) -> None:
        loop = asyncio.get_running_loop()
        self.scheme = "https" if tls else "http"
        self._listening = await loop.create_server(
            lambda: self._connection(loop),
            sock=self._socket,
            backlog=_BACKLOG,
            ssl=tls,
            ssl_handshake_timeout=None if tls is None else _HANDSHAKE_TIMEOUT,
            ssl_shutdown_timeout=None if tls is None else GRACE,
        )

    def _connection(self, loop: asyncio.AbstractEventLoop) -> HttpConnection:
        spare, self._spare = self._spare, None
        return spare or HttpConnection(self, loop)

    def ended(self, loop: asyncio.AbstractEventLoop) -> None:
        """A connection ended: there is time to make the next one, parser and all, before it comes."""
        self._spare = self._spare or HttpConnection(self, loop)

    async def close(self, grace: float = GRACE) -> None:
        """Stop listening; what is being answered has `grace` seconds, idle connections end at once."""
        if self._listening is None:
            return
        listening, self._listening = self._listening, None
        listening.close()
        for connection in list(self._connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(grace):
                await self._connections.gone.wait()
        except TimeoutError:
            for connection in list(self._connections):
                connection.transport.abort()
        for task in list(self.state.tasks):
            task.cancel()
        await asyncio.gather(*self.state.tasks, return_exceptions=True)
        await listening.wait_closed()
        self._server.listeners.discard(self)

    def is_full(self) -> bool:
        return self._server.connections > MOST_CONNECTIONS

    def date_header(self) -> tuple[bytes, bytes]:
        self._server.tell_time()
        return self._server.date_header

    def date(self) -> bytes:
        """The `Date` header as a line."""
        self._server.tell_time()
        return self._server.date_line


class HttpServer:
    """The one HTTP server of a process."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.connections = 0
        self.date_header = (b"date", b"")
        self.date_line = b""
        self._second = 0

    async def listen(self, sock: socket.socket, site: Site, tls: ssl.SSLContext | None = None) -> Listener:
        """Serve `site` on a bound socket, which is the listener's from here on; with `tls`, https.

        Raises OSError where nothing can listen there.
        """
        listener = Listener(self, sock, site)
        try:
            await listener.open(tls)
        except BaseException:
            sock.close()
            raise
        self.listeners.add(listener)
        return listener

    async def close(self, grace: float = GRACE) -> None:
        await asyncio.gather(*(listener.close(grace) for listener in list(self.listeners)))

    def tell_time(self) -> None:
        second = int(time.time())
        if second != self._second:
            self._second = second
            date = formatdate(second, usegmt=True).encode()
            self.date_header = (b"date", date)
            self.date_line = b"date: %b\r\n" % date
