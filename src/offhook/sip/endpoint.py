"""The edge of a user agent: its sockets and its one timer, on one asyncio loop.

The user agent decides what is sent where; this only looks up names for it, sends what it says, hands back
what comes, and says what could not be sent.
"""

import asyncio
import errno
import logging
import math
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

from .destination import Destination
from .events import InviteSent, UserAgentEvent
from .hop import Hop, Transmit, uri_host
from .resolve import Resolver
from .streams import CONNECT_TIMEOUT, Streams, bind_listener
from .tls import Tls
from .udp import UdpSocket
from .user_agent import UserAgent

_log = logging.getLogger(__name__)

Tap = Callable[[bytes, Hop, Hop, bool], None]
"""Hears a message with this end, the other end, and whether it was sent."""

BIND_ATTEMPTS: Final = 16
"""Ports that the system is asked for until one is free for UDP and TCP alike."""


class CannotBind(OSError):
    """`what` was to be spoken at the port, which is the one for TLS or not."""

    def __init__(self, host: str, port: int, error: OSError, *, tls: bool) -> None:
        what = "SIP over TLS" if tls else "SIP"
        where = f"{uri_host(host)}:{port}"
        super().__init__(error.errno, f"cannot listen on {where} for {what}: {error.strerror}")
        self.what = what
        self.port = port
        self.tls = tls


class _Bound(NamedTuple):
    """Sockets that nobody listens to yet."""

    udp: UdpSocket
    listener: socket.socket
    secure: socket.socket | None


class Endpoint:
    """Call `flush` after every call into the user agent, on the loop that `open` ran on.

    `resolver` may be shared with others; without one this has its own.

    What `on_event` raises is logged, and the next event told.
    """

    port: int
    """The one bound, for whoever had the system choose."""
    tap: Tap | None = None
    """Is given every message that comes and goes, keep-alives left out."""
    _loop: asyncio.AbstractEventLoop
    _here: Hop
    _family: socket.AddressFamily
    _udp: UdpSocket
    _streams: Streams

    def __init__(
        self,
        ua: UserAgent,
        on_event: Callable[[UserAgentEvent], None],
        tls: Tls | None = None,
        resolver: Resolver | None = None,
    ) -> None:
        self._ua = ua
        self._tls = tls or Tls()
        ua.layer.tls_proves = self._tls.proves
        self._on_event = on_event
        self._resolver = resolver or Resolver()
        self._own_resolver = resolver is None
        self._timer: asyncio.Handle | None = None
        self._due_at = math.inf
        """The timer's time, which a handle need not know: uvloop's has none for what is due at once."""
        self._flushing = False
        self._closed = False
        self._settled: asyncio.Future[None] | None = None
        self._sent: list[str] = []
        """Calls whose INVITE was written since events were last told."""
        self._invited: set[str] = set()
        """Calls whose InviteSent was told."""
        self._lookups: set[asyncio.Task[None]] = set()

    async def open(self, host: str, port: int, announced: str | None = None, tls_port: int = 0) -> None:
        """Listen on UDP and TCP at the address `host`; `port` 0 lets the system choose. Listen for TLS at
        `tls_port`, unless it is 0.

        The user agent's contact is set before anything is read: the port bound at `announced`, the address
        that others reach this one by, or at `host`.

        Raises CannotBind whose `strerror` says for a person what could not be bound.
        """
        self._loop = asyncio.get_running_loop()
        bound = self._bind(host, port, tls_port)
        self._ua.contact = Hop("UDP", announced or host, self.port)
        await self._listen(bound)
        self.flush()

    async def move(self, host: str, announced: str | None = None) -> None:
        """Listen at another address, by the same ports if they are free there. What is open is closed.

        Raises CannotBind as `open` does, and nothing has changed then.
        """
        udp, streams = self._udp, self._streams
        if host != self._here.host:
            bound = self._bind_again(host)
            udp.close()
            await self._listen(bound)
            await streams.close()
        self._ua.moved(Hop("UDP", announced or host, self.port), self._loop.time())
        self.flush()

    def _bind_again(self, host: str) -> _Bound:
        tls_port = self._ua.tls_port
        for port, secure in ((self.port, tls_port), (0, tls_port)):
            with suppress(CannotBind):
                return self._bind(host, port, secure)
        return self._bind(host, 0, 0)

    def _bind(self, host: str, port: int, tls_port: int) -> _Bound:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        udp = UdpSocket(self._loop, self._received)
        for attempts_left in reversed(range(BIND_ATTEMPTS)):
            try:
                bound = udp.bind(family, host, port)
                listener = bind_listener(family, host, bound)
                break
            except OSError as error:
                udp.close()
                if port or error.errno != errno.EADDRINUSE or not attempts_left:
                    raise CannotBind(host, port, error, tls=False) from error
        secure: socket.socket | None = None
        if tls_port:
            try:
                secure = bind_listener(family, host, tls_port)
            except OSError as error:
                udp.close()
                listener.close()
                raise CannotBind(host, tls_port, error, tls=True) from error
        self.port = bound
        self._here = Hop("UDP", host, bound)
        self._family = family
        self._ua.tls_port = tls_port
        return _Bound(udp, listener, secure)

    async def _listen(self, bound: _Bound) -> None:
        self._udp = bound.udp
        self._streams = Streams(
            self._loop,
            self._tls,
            received=self._received,
            sent=self._written,
            failed=self._failed,
            lost=self._lost,
        )
        await self._streams.listen(bound.listener, "TCP")
        if bound.secure is not None:
            await self._streams.listen(bound.secure, "TLS")
        bound.udp.listen()

    def flush(self) -> None:
        """Send what the user agent has to send, tell what it has to tell, and set the timer.

        What goes to an IP address over UDP is with the system when this returns. Called from within
        `on_event`, it leaves the work to the flush that is telling.
        """
        if self._flushing or self._closed:
            return
        self._flushing = True
        try:
            self._drain()
        finally:
            self._flushing = False
            self._set_timer()
        if self._settled and not self._settled.done() and not self._ua.busy:
            self._settled.set_result(None)

    def now(self) -> float:
        """The time as the user agent's methods take it."""
        return self._loop.time()

    async def settle(self, seconds: float) -> None:
        """Wait until nothing of the user agent's is unfinished, for `seconds` at most."""
        self._settled = self._loop.create_future()
        self.flush()
        try:
            async with asyncio.timeout(seconds):
                await self._settled
        except TimeoutError:
            pass
        finally:
            self._settled = None

    async def close(self) -> None:
        """Shut everything down; `flush` does nothing from now on.

        Calls and registrations are the user agent's to end first: `settle` waits for that.
        """
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._udp.close()
        lookups = [*self._lookups]
        for task in lookups:
            task.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)
        if self._own_resolver:
            await self._resolver.close()
        await self._streams.close()

    def _drain(self) -> None:
        """One at a time, what is to be sent first: one that fails costs none behind it."""
        outbox, wanted, events = self._ua.outbox, self._ua.wanted, self._ua.events
        while True:
            try:
                if outbox:
                    self._send(outbox.pop(0))
                elif wanted:
                    self._locate(wanted.pop(0))
                elif self._sent:
                    self._on_event(InviteSent(self._sent.pop(0)))
                elif events:
                    self._on_event(events.pop(0))
                else:
                    return
            except Exception:  # noqa: BLE001 - it is for the log, with its traceback
                _log.exception("SIP goes on without what failed here")

    def _send(self, transmit: Transmit) -> None:
        hop = transmit.hop
        if (":" in hop.host) != (self._family == socket.AF_INET6):
            here = "IPv6" if self._family == socket.AF_INET6 else "IPv4"
            self._fail(transmit, OSError(f"{hop.host} cannot be reached from an {here} address"))
            return
        try:
            self._send_to(transmit, hop)
        except OSError as error:
            self._fail(transmit, error)

    def _send_to(self, transmit: Transmit, hop: Hop) -> None:
        if self.tap is not None:
            self._tapped(self.tap, transmit.data, hop, sent=True)
        if hop.transport == "UDP":
            self._udp.send(transmit.data, hop)
            self._note(transmit)
        else:
            self._streams.send(transmit, hop)

    def _locate(self, destination: Destination) -> None:
        """At once where it is known, so that what waits for it is sent in the same flush."""
        try:
            hops = self._resolver.known(destination, self._family)
        except OSError as error:
            self._ua.not_located(destination, str(error), self._loop.time())
            return
        if hops is not None:
            self._ua.located(destination, hops, self._loop.time())
            return
        task = self._loop.create_task(self._look_up(destination))
        self._lookups.add(task)
        task.add_done_callback(self._lookups.discard)

    async def _look_up(self, destination: Destination) -> None:
        try:
            hops = await self._resolver.locate(destination, self._family)
        except OSError as error:
            self._ua.not_located(destination, str(error), self._loop.time())
        except Exception:
            # Whatever a name server may say, nobody waits for ever.
            self._ua.not_located(destination, f"{destination.host} was not found", self._loop.time())
            self.flush()
            raise
        else:
            self._ua.located(destination, hops, self._loop.time())
        self.flush()

    def _received(self, data: bytes, source: Hop) -> None:
        if self.tap is not None:
            self._tapped(self.tap, data, source, sent=False)
        self._ua.receive(data, source, self._loop.time())
        self.flush()

    def _tapped(self, tap: Tap, data: bytes, there: Hop, *, sent: bool) -> None:
        if data.strip(b"\r\n\0"):
            tap(data, self._here, there, sent)

    def _written(self, transmit: Transmit) -> None:
        self._note(transmit)
        self.flush()

    def _failed(self, transmit: Transmit, error: OSError) -> None:
        self._fail(transmit, error)
        self.flush()

    def _lost(self, hop: Hop, error: OSError) -> None:
        self._ua.flow_lost(hop, reason(Transmit(b"", hop), error), self._loop.time())
        self.flush()

    def _note(self, transmit: Transmit) -> None:
        call = transmit.call
        if call is not None and call not in self._invited:
            # Ended calls are forgotten here, so no event needs to be watched for it.
            self._invited &= self._ua.calls.keys()
            self._invited.add(call)
            self._sent.append(call)

    def _fail(self, transmit: Transmit, error: OSError) -> None:
        self._ua.transport_failed(transmit, reason(transmit, error), self._loop.time())

    def _set_timer(self) -> None:
        deadline = self._ua.deadline
        # A timer that is early costs one look at the time; setting it anew for every message costs more.
        if deadline is None or self._due_at <= deadline:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due_at = deadline
        self._timer = self._loop.call_at(deadline, self._due, deadline)

    def _due(self, deadline: float) -> None:
        self._timer, self._due_at = None, math.inf
        # The loop may call a hair early by its own clock.
        self._ua.tick(max(self._loop.time(), deadline))
        self.flush()


_REASONS: dict[int | None, str] = {
    errno.ECONNREFUSED: "connection refused by {hop}",
    errno.ECONNRESET: "connection closed by {hop}",
    errno.ENETUNREACH: "no route to {hop}",
    errno.EHOSTUNREACH: "no route to {hop}",
    errno.ETIMEDOUT: "no connection to {hop}: it does not answer",
    errno.EMSGSIZE: "{size} bytes do not fit into a UDP datagram to {hop}",
    errno.EACCES: "the system does not allow sending to {hop}",
    errno.EPERM: "the system does not allow sending to {hop}",
}


def reason(transmit: Transmit, error: OSError) -> str:
    """In words for a person."""
    hop = transmit.hop
    if isinstance(error, TimeoutError) and error.errno is None:
        return f"no connection to {hop} within {CONNECT_TIMEOUT:.0f} s"
    text = _REASONS.get(error.errno)
    if text is not None:
        return text.format(hop=hop, size=len(transmit.data))
    return f"{error.strerror} ({hop})" if error.strerror else str(error)
