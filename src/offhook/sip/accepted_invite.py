"""A 2xx to an INVITE, repeated until its ACK comes (RFC 3261 §13.3.1.4)."""

from collections.abc import Callable

from sipmessage import Response

from .server_transaction import ServerTransaction
from .timers import T1, T2, TIMEOUT, Timers


class AcceptedInvite:
    """The user agent core repeats the 2xx, whatever the transport, for the transaction no longer does.

    `on_silence` is called when no ACK came in 64*T1. `wants_answer`: the 2xx carries an offer, so the ACK
    has to bring the answer.
    """

    __slots__ = (
        "_interval",
        "_limit",
        "_on_silence",
        "_repeat",
        "_response",
        "_timers",
        "_transaction",
        "sequence",
        "wants_answer",
    )

    def __init__(
        self,
        transaction: ServerTransaction,
        response: Response,
        *,
        wants_answer: bool,
        timers: Timers,
        on_silence: Callable[[float], None],
        now: float,
    ) -> None:
        self.sequence = transaction.request.sequence
        self.wants_answer = wants_answer
        self._transaction = transaction
        self._response = response
        self._timers = timers
        self._on_silence = on_silence
        self._interval = T1
        transaction.respond(response, now)
        self._repeat = timers.start(now + T1, self._again)
        self._limit = timers.start(now + TIMEOUT, self._silence)

    def stop(self) -> None:
        self._repeat.cancel()
        self._limit.cancel()

    def _again(self, now: float) -> None:
        self._transaction.respond(self._response, now)
        self._interval = min(2 * self._interval, T2)
        self._repeat = self._timers.start(now + self._interval, self._again)

    def _silence(self, now: float) -> None:
        self._repeat.cancel()
        self._on_silence(now)
