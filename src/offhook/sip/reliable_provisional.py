"""Provisional responses that are repeated until a PRACK comes (RFC 3262 §3): the server's side."""

from collections.abc import Callable

from sipmessage import Response

from .prack import TAG, RAck
from .server_transaction import ServerTransaction
from .timers import T1, TIMEOUT, Timer, Timers


class ReliableProvisionals:
    """Those of one INVITE, one at a time. `on_silence` is called when no PRACK came in 64*T1.

    `first` is the first number, 1 to 2**31 - 1, which others should not guess (§3).
    """

    def __init__(
        self,
        transaction: ServerTransaction,
        timers: Timers,
        first: int,
        on_silence: Callable[[float], None],
    ) -> None:
        self.offering = False
        """The one that waits for its PRACK carries our offer, so the 2xx waits with it (§5)."""
        self._transaction = transaction
        self._sequence = transaction.request.sequence
        self._timers = timers
        self._next = first
        self._waiting: RAck | None = None
        self._refused: RAck | None = None
        self._on_silence = on_silence
        self._interval = T1
        self._again: Timer | None = None
        self._limit: Timer | None = None

    @property
    def waiting(self) -> bool:
        """The next one may not be sent yet."""
        return self._waiting is not None

    def send(self, response: Response, now: float, *, offering: bool) -> None:
        rack = RAck(self._next, self._sequence, "INVITE")
        response.headers.set("Require", TAG)
        response.headers.set("RSeq", str(rack.rseq))
        self._next += 1
        self._waiting, self.offering, self._interval = rack, offering, T1
        self._limit = self._timers.start(now + TIMEOUT, self._silence)
        self._repeat(response, now)

    def acknowledge(self, rack: RAck) -> bool:
        """False for a PRACK that is about nothing that was sent, or came twice (§3)."""
        if rack not in {self._waiting, self._refused}:
            return False
        if rack == self._waiting:
            self.stop()
            self._waiting, self.offering = None, False
        self._refused = None
        return True

    def refuse(self, rack: RAck) -> None:
        """Its PRACK asked for something that was refused, and may come again with the same number."""
        self._refused = rack

    def stop(self) -> None:
        """A final response was sent. The PRACK may still come."""
        for timer in (self._again, self._limit):
            if timer is not None:
                timer.cancel()

    def _repeat(self, response: Response, now: float) -> None:
        self._transaction.respond(response, now)
        # Doubling without an end, unlike a final response's (§3).
        self._again = self._timers.start(now + self._interval, lambda now: self._repeat(response, now))
        self._interval *= 2

    def _silence(self, now: float) -> None:
        self.stop()
        self._on_silence(now)
