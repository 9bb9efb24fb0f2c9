"""The client transactions: INVITE (RFC 3261 §17.1.1, RFC 6026 §8.4) and all others (§17.1.2)."""

from collections.abc import Callable

from sipmessage import Request

from .hop import Hop, Transmit
from .message import ReceivedResponse, finish, respond
from .name_addr import NameAddr
from .timers import T1, T2, T4, TIMEOUT, TIMER_D, Timers
from .traffic import Traffic
from .transaction import Input, State, Table, Transaction, input_of
from .via import TopVia


class ClientTransaction(Transaction):
    """Sends `request`, whose top Via holds `branch`, and again until something comes back.

    `on_response` hears each response that its user should see, and when none came or none could come, a
    408 or 503 made here.
    """

    __slots__ = (
        "_ack",
        "_data",
        "_interval",
        "_on_response",
        "_reply",
        "_traffic",
        "_transmit",
        "branch",
        "call",
        "hop",
        "request",
    )

    def __init__(
        self,
        request: Request,
        branch: str,
        hop: Hop,
        *,
        timers: Timers,
        transmit: Callable[[Transmit], None],
        on_response: Callable[[ReceivedResponse, float], None],
        terminated: Callable[["ClientTransaction"], None],
        traffic: Traffic,
        call: str | None = None,
    ) -> None:
        invite = request.method == "INVITE"
        super().__init__(
            State.CALLING if invite else State.TRYING,
            INVITE_CLIENT if invite else NON_INVITE_CLIENT,
            timers,
            hop.transport != "UDP",
            lambda: terminated(self),
        )
        self.request = request
        self.branch = branch
        self.hop = hop
        self.call = call
        self._data = bytes(request)
        self._ack: bytes | None = None
        self._interval = T1
        self._reply: ReceivedResponse | None = None
        self._transmit = transmit
        self._traffic = traffic
        self._on_response = on_response

    @property
    def waiting(self) -> bool:
        """No final response yet."""
        return self.state in {State.CALLING, State.TRYING, State.PROCEEDING}

    def begin(self, now: float) -> None:
        invite = self.state is State.CALLING
        self.send(now)
        if not self.reliable:
            self.start(Input.TIMER_A if invite else Input.TIMER_E, T1, now)
        self.start(Input.TIMER_B if invite else Input.TIMER_F, TIMEOUT, now)

    def receive(self, response: ReceivedResponse, now: float) -> None:
        self._reply = response
        self.take(input_of(response.code), now)
        # What absorbs repetitions for half a minute is kept small.
        self._reply = None

    def fail(self, reason: str, now: float) -> None:
        """The transport could not send (§17.1.4)."""
        self._reply = made_here(self.request, 503, reason)
        self.take(Input.TRANSPORT_ERROR, now)

    def abandon(self, now: float) -> None:
        """Wait no longer for the final response: to an INVITE that was cancelled (§9.1), to another request
        that a newer one has made pointless."""
        self.take(Input.ABANDONED, now)

    def leave(self, now: float) -> None:
        """Nothing came back, and the request goes elsewhere. Of an INVITE what comes late is still heard."""
        self.take(Input.LEFT, now)

    @property
    def size(self) -> int:
        """Bytes of the request."""
        return len(self._data)

    def send(self, _now: float) -> None:
        self._transmit(Transmit(self._data, self.hop, self.branch, self.call))

    def repeat(self, now: float) -> None:
        self._traffic.repeated += 1
        self.send(now)

    def repeat_doubling(self, now: float) -> None:
        self.repeat(now)
        self._interval *= 2
        self.start(Input.TIMER_A, self._interval, now)

    def repeat_doubling_to_t2(self, now: float) -> None:
        self.repeat(now)
        self._interval = min(2 * self._interval, T2)
        self.start(Input.TIMER_E, self._interval, now)

    def repeat_at_t2(self, now: float) -> None:
        self.repeat(now)
        self._interval = T2
        self.start(Input.TIMER_E, T2, now)

    def acknowledge(self, _now: float) -> None:
        if self._ack is None and self._reply is not None:
            self._ack = bytes(ack_failure(self.request, self._reply))
        if self._ack is not None:
            self._transmit(Transmit(self._ack, self.hop, self.branch))

    def pass_up(self, now: float) -> None:
        if self._reply is not None:
            self._on_response(self._reply, now)

    def time_out(self, now: float) -> None:
        self._on_response(made_here(self.request, 408, f"no answer from {self.hop}"), now)

    def start_d(self, now: float) -> None:
        self.start(Input.TIMER_D, 0 if self.reliable else TIMER_D, now)

    def start_k(self, now: float) -> None:
        self.start(Input.TIMER_K, 0 if self.reliable else T4, now)

    def start_m(self, now: float) -> None:
        self.start(Input.TIMER_M, TIMEOUT, now)


def made_here(request: Request, code: int, reason: str) -> ReceivedResponse:
    """The response in place of one that never came (§8.1.3.1). A request that was never sent has no Via."""
    headers = request.headers
    sequence, _, method = headers["CSeq"].partition(" ")
    return ReceivedResponse(
        TopVia.parse(headers.get("Via") or "SIP/2.0/UDP nowhere"),
        NameAddr.parse(headers["From"]),
        NameAddr.parse(headers["To"]),
        headers["Call-ID"],
        int(sequence),
        method,
        respond(request, code, reason),
        own=True,
    )


def ack_failure(invite: Request, response: ReceivedResponse) -> Request:
    """The ACK that belongs to the transaction (§17.1.1.3): the INVITE's Via and Route, the response's To."""
    ack = Request("ACK", invite.uri)
    headers = ack.headers
    headers.set("Via", invite.headers["Via"])
    headers.set("Max-Forwards", "70")
    headers.set("From", invite.headers["From"])
    headers.set("To", response.message.headers["To"])
    headers.set("Call-ID", invite.headers["Call-ID"])
    headers.set("CSeq", f"{response.sequence} ACK")
    if routes := invite.headers.getlist("Route"):
        headers.setlist("Route", list(routes))
    finish(ack)
    return ack


_T = ClientTransaction
_CALLING, _TRYING, _PROCEEDING, _LEFT = State.CALLING, State.TRYING, State.PROCEEDING, State.LEFT
_ACCEPTED, _COMPLETED, _TERMINATED = State.ACCEPTED, State.COMPLETED, State.TERMINATED

# fmt: off
INVITE_CLIENT: Table = {
    (_CALLING, Input.TIMER_A):            (_CALLING, (_T.repeat_doubling,)),
    (_CALLING, Input.TIMER_B):            (_TERMINATED, (_T.time_out,)),
    (_CALLING, Input.TRANSPORT_ERROR):    (_TERMINATED, (_T.pass_up,)),
    (_CALLING, Input.PROVISIONAL):        (_PROCEEDING, (_T.pass_up,)),
    (_CALLING, Input.SUCCESS):            (_ACCEPTED, (_T.start_m, _T.pass_up)),
    (_CALLING, Input.FAILURE):            (_COMPLETED, (_T.acknowledge, _T.pass_up, _T.start_d)),
    (_CALLING, Input.LEFT):               (_LEFT, ()),
    (_LEFT, Input.PROVISIONAL):           (_LEFT, (_T.pass_up,)),
    (_LEFT, Input.SUCCESS):               (_ACCEPTED, (_T.start_m, _T.pass_up)),
    (_LEFT, Input.FAILURE):               (_COMPLETED, (_T.acknowledge, _T.start_d)),
    (_LEFT, Input.TIMER_B):               (_TERMINATED, ()),
    (_LEFT, Input.TRANSPORT_ERROR):       (_TERMINATED, ()),
    (_PROCEEDING, Input.PROVISIONAL):     (_PROCEEDING, (_T.pass_up,)),
    (_PROCEEDING, Input.SUCCESS):         (_ACCEPTED, (_T.start_m, _T.pass_up)),
    (_PROCEEDING, Input.FAILURE):         (_COMPLETED, (_T.acknowledge, _T.pass_up, _T.start_d)),
    (_PROCEEDING, Input.ABANDONED):       (_TERMINATED, ()),
    (_ACCEPTED, Input.SUCCESS):           (_ACCEPTED, (_T.pass_up,)),
    (_ACCEPTED, Input.TIMER_M):           (_TERMINATED, ()),
    (_COMPLETED, Input.FAILURE):          (_COMPLETED, (_T.acknowledge,)),
    # The failure that the ACK answers is known already, so nobody is told.
    (_COMPLETED, Input.TRANSPORT_ERROR):  (_TERMINATED, ()),
    (_COMPLETED, Input.TIMER_D):          (_TERMINATED, ()),
}

NON_INVITE_CLIENT: Table = {
    (_TRYING, Input.TIMER_E):             (_TRYING, (_T.repeat_doubling_to_t2,)),
    (_TRYING, Input.TIMER_F):             (_TERMINATED, (_T.time_out,)),
    (_TRYING, Input.TRANSPORT_ERROR):     (_TERMINATED, (_T.pass_up,)),
    (_TRYING, Input.LEFT):                (_TERMINATED, ()),
    (_TRYING, Input.PROVISIONAL):         (_PROCEEDING, (_T.pass_up,)),
    (_TRYING, Input.SUCCESS):             (_COMPLETED, (_T.pass_up, _T.start_k)),
    (_TRYING, Input.FAILURE):             (_COMPLETED, (_T.pass_up, _T.start_k)),
    (_TRYING, Input.ABANDONED):           (_TERMINATED, ()),
    (_PROCEEDING, Input.ABANDONED):       (_TERMINATED, ()),
    (_PROCEEDING, Input.TIMER_E):         (_PROCEEDING, (_T.repeat_at_t2,)),
    (_PROCEEDING, Input.TIMER_F):         (_TERMINATED, (_T.time_out,)),
    (_PROCEEDING, Input.TRANSPORT_ERROR): (_TERMINATED, (_T.pass_up,)),
    (_PROCEEDING, Input.PROVISIONAL):     (_PROCEEDING, (_T.pass_up,)),
    (_PROCEEDING, Input.SUCCESS):         (_COMPLETED, (_T.pass_up, _T.start_k)),
    (_PROCEEDING, Input.FAILURE):         (_COMPLETED, (_T.pass_up, _T.start_k)),
    (_COMPLETED, Input.TIMER_K):          (_TERMINATED, ()),
}
# fmt: on
