"""One request on its way: to the hops of its destination, one after the other, until one answers
(RFC 3261 §8.1.2, §18.1.1, RFC 3263 §4.3)."""

from collections.abc import Callable
from dataclasses import replace

from sipmessage import Request

from .client_transaction import ClientTransaction, made_here
from .delta_seconds import seconds
from .destination import Destination
from .hop import Hop, Transmit
from .locator import AVOID
from .message import ReceivedResponse, copied
from .timers import T1, Timer
from .transaction_layer import OnResponse, TransactionLayer

PATIENCE = 8 * T1
"""Seconds of silence after which a hop counts as dead, as long as there is another: by then four datagrams
went unanswered, and to an INVITE a hop that lives says 100 within 0.2 s (RFC 3261 §17.2.1). The last hop gets
the 32 s of timers B and F."""

LONGEST_DATAGRAM = 1300
"""Bytes of a request beyond which it had better go by a stream (§18.1.1)."""

Prepare = Callable[[Request, Hop], None]
"""Gives a request what depends on where it is sent."""


def _nothing(_response: ReceivedResponse, _now: float) -> None: ...


class Sending:
    """`on_response` hears what the request comes to: the responses of the hop that counts, or a 408 or 503
    made here. `on_stray` hears each 2xx of a hop that was given up before it answered.

    Each hop gets the same request in a transaction of its own, after `prepare` had it. With `may_grow` a
    request too long for a datagram is tried over TCP first, where nobody has fixed the transport. One that
    is `withheld`, and why, is sent to nobody.
    """

    def __init__(
        self,
        layer: TransactionLayer,
        request: Request,
        destination: Destination,
        on_response: OnResponse,
        prepare: Prepare,
        *,
        on_stray: OnResponse = _nothing,
        call: str | None = None,
        may_grow: bool = False,
        withheld: str = "",
    ) -> None:
        self.request = request
        self.transaction: ClientTransaction | None = None
        """The one with the hop that is being tried, or that answered; None until there is one."""
        self._layer = layer
        self._destination = destination
        self._on_response = on_response
        self._prepare = prepare
        self._on_stray = on_stray
        self._call = call
        self._withheld = withheld
        self._may_grow = may_grow and destination.transport is None and not destination.secure
        self._left: list[Hop] = []
        self._strays: set[str] = set()
        """Branches of hops that were given up, and of which the request was taken back."""
        self._heard = False
        self._settled = False
        self._patience: Timer | None = None
        self._forget: Callable[[], None] | None = None

    @property
    def hop(self) -> Hop | None:
        return None if self.transaction is None else self.transaction.hop

    @property
    def waiting(self) -> bool:
        """It has had no final response yet."""
        return self._forget is not None or (self.transaction is not None and self.transaction.waiting)

    def begin(self, now: float) -> None:
        self._forget = self._layer.locator.find(self._destination, self._found, now)

    def again(self, now: float) -> None:
        """Send the request, which has been changed, to the hop that answered last."""
        if self.transaction is not None:
            self._heard = False
            self._send(self.transaction.hop, now, prepared=True)

    def settle(self) -> bool:
        """Try no further hop: nobody wants an answer any more. True where nothing was sent, nor will be."""
        self._settled = True
        if self._patience is not None:
            self._patience.cancel()
        if self._forget is None:
            return False
        self._forget()
        self._forget = None
        return True

    def abandon(self, now: float) -> None:
        """Nobody waits for an answer any more, and none is heard."""
        self.settle()
        if self.transaction is not None:
            self.transaction.abandon(now)

    def _found(self, hops: list[Hop], reason: str, now: float) -> None:
        self._forget = None
        self._left = hops
        if hops:
            self._try_next(now)
        else:
            self._on_response(made_here(self.request, 503, reason), now)

    def _try_next(self, now: float) -> None:
        self._heard = False
        if self.transaction is not None:
            # What it may yet have to cancel or acknowledge is what it sent.
            self.transaction.request = copied(self.request)
        self._send(self._left.pop(0), now)

    def _send(self, hop: Hop, now: float, *, prepared: bool = False) -> None:
        request = self.request
        if not prepared:
            self._prepare(request, hop)

        def hear(response: ReceivedResponse, at: float) -> None:
            self._hear(transaction, response, at)

        transaction = self._layer.transaction(request, hop, hear, self._call)
        if transaction.size > LONGEST_DATAGRAM and self._may_grow and hop.transport == "UDP":
            stream = replace(hop, transport="TCP")
            self._may_grow = False
            if not self._layer.locator.avoided(stream, now):
                self._left.insert(0, hop)
                self._send(stream, now)
                return
        self.transaction = transaction
        if self._left and not self._settled:
            self._patience = self._layer.timers.start(now + PATIENCE, self._no_answer)
        self._layer.begin(transaction, now, self._withheld)

    def _no_answer(self, now: float) -> None:
        transaction = self.transaction
        if transaction is None or not transaction.waiting:
            return
        self._layer.locator.failed(transaction.hop, now)
        transaction.leave(now)
        self._try_next(now)

    def _hear(self, transaction: ClientTransaction, response: ReceivedResponse, now: float) -> None:
        if transaction is not self.transaction:
            self._hear_stray(transaction, response, now)
            return
        if self._patience is not None:
            self._patience.cancel()
        # A hop that has said 100 is not dead, whatever becomes of the request.
        dead = response.own and not self._heard and not self._withheld
        busy = response.code == 503 and not response.own
        self._heard = True
        if dead or busy:
            self._layer.locator.failed(transaction.hop, now, AVOID if dead else _retry_after(response))
            if self._left and not self._settled:
                self._try_next(now)
                return
        elif not response.own:
            self._layer.locator.answered(self._destination, transaction.hop, now)
        self._on_response(response, now)

    def _hear_stray(self, transaction: ClientTransaction, response: ReceivedResponse, now: float) -> None:
        if response.own:
            return
        if response.code < 200:
            if transaction.branch not in self._strays:
                self._strays.add(transaction.branch)
                self._layer.cancel(transaction, now)
        elif response.code < 300:
            self._on_stray(response, now)


class Acknowledgement:
    """The ACK of a 2xx, which has no transaction and is sent again with each repetition of the 2xx
    (RFC 3261 §13.2.2.4)."""

    def __init__(
        self, layer: TransactionLayer, ack: Request, destination: Destination, prepare: Prepare, now: float
    ) -> None:
        self._layer = layer
        self._ack = ack
        self._destination = destination
        self._prepare = prepare
        self._transmit: Transmit | None = None
        self._looking = False
        self.repeat(now)

    def repeat(self, now: float) -> None:
        if self._transmit is not None:
            self._layer.outbox.append(self._transmit)
        elif not self._looking:
            self._looking = True
            self._layer.locator.find(self._destination, self._found, now)

    def _found(self, hops: list[Hop], _reason: str, _now: float) -> None:
        """Where none is found the next repetition asks again."""
        self._looking = False
        if hops:
            self._prepare(self._ack, hops[0])
            self._transmit = self._layer.send_ack(self._ack, hops[0])


def _retry_after(response: ReceivedResponse) -> float:
    return seconds(response.message.headers.get("Retry-After")) or 0
