"""One connection of SIP over TCP or TLS (RFC 3261 §18): messages cut out of it, keep-alives, its end."""

import asyncio
import socket
from contextlib import suppress
from typing import Final, Protocol, cast

from .framing import PING, PONG, BadFrame, Framing
from .hop import Hop, Transport
from .tls_session import TlsSession

HANDSHAKE_TIMEOUT: Final = 10.0
"""Seconds that somebody who connected has for the handshake of TLS."""

IDLE_TIMEOUT: Final = 900.0
"""Seconds without a byte after which a connection that somebody else opened is closed."""

MESSAGE_TIMEOUT: Final = 30.0
"""Seconds that a message which was begun may take to its end."""

UNACKNOWLEDGED: Final = 30_000
"""Milliseconds after which the system gives up a far end that acknowledges nothing. Without it that takes a
quarter of an hour, for a far end that does not answer keep-alives too."""

MAX_UNSENT: Final = 256 * 1024
"""Bytes that a peer may leave unread before its connection is dropped."""


class Keeper(Protocol):
    """What keeps connections, and hears of them."""

    loop: asyncio.AbstractEventLoop

    def made(self, connection: "Connection") -> None:
        """It has a socket, and may have a handshake to do."""

    def opened(self, connection: "Connection", hop: Hop) -> None:
        """Messages can go both ways."""

    def received(self, message: bytes, source: Hop) -> None: ...

    def gone(self, connection: "Connection", why: OSError) -> None:
        """Nothing can be sent on it any more."""

    def released(self, connection: "Connection") -> None:
        """Its socket is closed."""


class Connection(asyncio.Protocol):
    """One connection: to `hop`, or, without it, one that somebody else opened.

    With a `session` it is TLS, and open once both ends have proved what they must.
    """

    _transport: asyncio.Transport

    def __init__(
        self, keeper: Keeper, transport: Transport, hop: Hop | None = None, session: TlsSession | None = None
    ) -> None:
        self.accepted = hop is None
        self.secure = session is not None
        self.connected = False
        """There is a socket, and with TLS a handshake to do."""
        self.open = False
        self.used = keeper.loop.time()
        """When the last byte came or went, in the loop's time."""
        self.ready: asyncio.Future[OSError | None] = keeper.loop.create_future()
        """Done when it is open, or with why it never will be."""
        self.lost: asyncio.Future[None] = keeper.loop.create_future()
        """Done when its socket is closed."""
        self._kind: Transport = transport
        self._keeper = keeper
        self._hop = hop
        self._session = session
        self._framing = Framing()
        self._gone = False
        self._heard = self.used
        self._ever_heard = False
        self._clock: asyncio.TimerHandle | None = None
        """Of the handshake first, then of idleness; both are for strangers."""
        self._unfinished: asyncio.TimerHandle | None = None
        """Of a message whose beginning came."""

    def write(self, data: bytes) -> None:
        """Raises OSError where the peer does not read."""
        self.used = self._keeper.loop.time()
        self._put(data if self._session is None else self._session.encrypt(data))

    def ping(self) -> None:
        """Keep the way open; the PONG, where one comes, is received as messages are. Raises OSError."""
        self._framing.pong_due = True
        self.write(PING)

    def drop(self, why: OSError) -> None:
        parting = self._session.farewell() if self._session is not None and self.open else b""
        self._lose(why)
        if not self.connected:
            self.connection_lost(None)
            return
        if parting:
            self._transport.write(parting)
        self._transport.abort()

    def is_for(self, domain: str) -> bool:
        """It may carry what is meant for `domain`, or, without one, for the address at its other end."""
        if self._session is None:
            return not self.accepted or not domain
        return not self.accepted and (not domain or self._session.proves(domain))

    # --- asyncio's

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.connected = True
        # uvloop's transports do not derive from asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._keeper.made(self)
        if self._hop is None:
            peer = transport.get_extra_info("peername")
            if peer is None:
                self.drop(OSError("it was closed at once"))
                return
            self._hop = Hop(self._kind, peer[0], peer[1], accepted=True)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            with suppress(OSError):
                transport.get_extra_info("socket").setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED
                )
        if self._session is None:
            self._open(self._hop)
            return
        if self.accepted:
            self._clock = self._keeper.loop.call_later(HANDSHAKE_TIMEOUT, self._too_slow)
        self.data_received(b"")

    def data_received(self, data: bytes) -> None:
        hop = self._hop
        if hop is None or self._gone:
            return
        self.used = self._heard = self._keeper.loop.time()
        try:
            if self._session is not None:
                data = self._decrypted(self._session, data, hop)
            self._ever_heard = self._ever_heard or bool(data)
            completed = False
            for message in self._framing.feed(data):
                completed = True
                if not self._take(message, hop):
                    return
            self._time_message(completed=completed)
        except BadFrame as error:
            self.drop(OSError(f"what {hop} sends is not SIP: {error}"))
        except OSError as error:
            self.drop(error)
        else:
            if self._session is not None and self._session.closed:
                self.drop(self._closed_by_peer())

    def connection_lost(self, exc: Exception | None) -> None:
        reset = exc is None or isinstance(exc, ConnectionError)
        self._lose(exc if isinstance(exc, OSError) and not reset else self._closed_by_peer())
        self._keeper.released(self)
        if not self.lost.done():
            self.lost.set_result(None)

    # --- inside

    def _take(self, message: bytes, hop: Hop) -> bool:
        """False: nothing more is read. Raises OSError."""
        if self._gone:
            return False
        if message == PING:
            self.write(PONG)
        else:
            self._keeper.received(message, hop)
        return True

    def _time_message(self, *, completed: bool) -> None:
        partial = self._framing.partial
        if self._unfinished is not None and (completed or not partial):
            self._unfinished.cancel()
            self._unfinished = None
        if partial and self._unfinished is None and not self._gone:
            self._unfinished = self._keeper.loop.call_later(MESSAGE_TIMEOUT, self._never_ends)

    def _never_ends(self) -> None:
        self.drop(OSError(f"{self._hop} did not end a message within {MESSAGE_TIMEOUT:.0f} s"))

    def _open(self, hop: Hop) -> None:
        self.open = True
        if self._clock is not None:
            self._clock.cancel()
        if self.accepted:
            self._watch()
        if not self.ready.done():
            self.ready.set_result(None)
        self._keeper.opened(self, hop)

    def _decrypted(self, session: TlsSession, data: bytes, hop: Hop) -> bytes:
        try:
            plain = session.feed(data)
        finally:
            # An alert tells the far end what was wrong.
            self._put(session.take())
        if session.established and not self.open:
            self._open(hop)
        return plain

    def _put(self, data: bytes) -> None:
        if not data:
            return
        if self._transport.get_write_buffer_size() + len(data) > MAX_UNSENT:
            why = OSError(f"{self._hop} does not read what it is sent")
            self._lose(why)
            self._transport.abort()
            raise why
        self._transport.write(data)

    def _lose(self, why: OSError) -> None:
        if self._gone:
            return
        self._gone = True
        for timer in (self._clock, self._unfinished):
            if timer is not None:
                timer.cancel()
        if not self.ready.done():
            self.ready.set_result(why)
        self.open = False
        self._keeper.gone(self, why)

    def _closed_by_peer(self) -> OSError:
        when = ""
        if self._session is not None and not self.open:
            when = " in the middle of the TLS handshake; TLS may not be spoken there"
        elif self._session is not None and not self._ever_heard:
            # A reset can overtake the alert that says so.
            when = " after the TLS handshake; it may want a certificate of this phone (--tls-certificate)"
        return OSError(f"connection closed by {self._hop}{when}")

    def _too_slow(self) -> None:
        self.drop(OSError(f"no TLS handshake within {HANDSHAKE_TIMEOUT:.0f} s"))

    def _watch(self) -> None:
        """Look again when the connection will have been idle too long, if nothing comes by then."""
        loop = self._keeper.loop
        due = self._heard + IDLE_TIMEOUT
        if loop.time() >= due:
            self.drop(OSError(f"{self._hop} was silent for {IDLE_TIMEOUT:.0f} s"))
        else:
            self._clock = loop.call_at(due, self._watch)
