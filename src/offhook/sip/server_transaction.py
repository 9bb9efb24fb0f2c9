"""The server transactions: INVITE (RFC 3261 §17.2.1, RFC 6026 §8.5) and all others (§17.2.2)."""

from collections.abc import Callable

from sipmessage import Response

from .hop import Hop, Transmit
from .message import ReceivedRequest
from .timers import T1, T2, T4, TIMEOUT, Timers
from .traffic import Traffic
from .transaction import Input, State, Table, Transaction, input_of
from .via import MAGIC_COOKIE

Key = tuple[str, ...]


def key_of(request: ReceivedRequest, method: str | None = None) -> Key:
    """What a request, its repetitions and its ACK share (§17.2.3); `method` asks for another request's, as
    CANCEL does for its INVITE's.

    Without the magic cookie the branch is worth nothing and the rest of the request speaks (RFC 2543). Its To
    tag is left out, since an ACK carries the one that our response added.
    """
    what = method or ("INVITE" if request.method == "ACK" else request.method)
    branch = request.via.branch
    if branch.startswith(MAGIC_COOKIE) and branch != MAGIC_COOKIE:
        return (branch, request.via.sent_by, what)
    uri, sequence = str(request.message.uri), str(request.sequence)
    return ("", uri, request.from_.tag, request.call_id, sequence, str(request.via), what)


class ServerTransaction(Transaction):
    """Answers `request`, and each repetition of it with the last response."""

    __slots__ = ("_data", "_hop", "_instead", "_interval", "_request", "_traffic", "_transmit", "key")

    def __init__(
        self,
        request: ReceivedRequest,
        key: Key,
        *,
        timers: Timers,
        transmit: Callable[[Transmit], None],
        terminated: Callable[["ServerTransaction"], None],
        traffic: Traffic,
    ) -> None:
        invite = request.method == "INVITE"
        super().__init__(
            State.PROCEEDING if invite else State.TRYING,
            INVITE_SERVER if invite else NON_INVITE_SERVER,
            timers,
            request.source.transport != "UDP",
            lambda: terminated(self),
        )
        self._request: ReceivedRequest | None = request
        self.key = key
        self._hop: Hop = request.via.response_hop(request.source)
        self._instead = request.via.fallback_hop(request.source)
        self._data: bytes | None = None
        self._interval = T1
        self._traffic = traffic
        self._transmit = transmit

    @property
    def request(self) -> ReceivedRequest:
        """Only until it is answered: what then absorbs repetitions for half a minute is kept small."""
        if self._request is None:
            raise ValueError("the request was answered, and was not kept")
        return self._request

    @property
    def answered(self) -> bool:
        """A final response was sent."""
        return self.state not in {State.TRYING, State.PROCEEDING}

    def repeat(self, now: float) -> None:
        """The request came again."""
        self.take(Input.REQUEST, now)

    def acknowledge(self, now: float) -> None:
        self.take(Input.ACK, now)

    def respond(self, response: Response, now: float) -> None:
        """Nothing is sent after a final response, but for the 2xx of an INVITE that its sender repeats."""
        what = input_of(response.code)
        if (self.state, what) in self._table:
            self._data = bytes(response)
            self._traffic.response_goes(response.code)
            self.take(what, now)
            if self.answered:
                self._request = None

    def send(self, _now: float) -> None:
        if self._data is not None:
            self._transmit(Transmit(self._data, self._hop, instead=self._instead))

    def repeat_doubling_to_t2(self, now: float) -> None:
        self._traffic.repeated += 1
        self.send(now)
        self._interval = min(2 * self._interval, T2)
        self.start(Input.TIMER_G, self._interval, now)

    def start_g(self, now: float) -> None:
        if not self.reliable:
            self.start(Input.TIMER_G, T1, now)

    def start_h(self, now: float) -> None:
        self.start(Input.TIMER_H, TIMEOUT, now)

    def start_i(self, now: float) -> None:
        self.start(Input.TIMER_I, 0 if self.reliable else T4, now)

    def start_j(self, now: float) -> None:
        self.start(Input.TIMER_J, 0 if self.reliable else TIMEOUT, now)

    def start_l(self, now: float) -> None:
        self.start(Input.TIMER_L, TIMEOUT, now)


_T = ServerTransaction
_TRYING, _PROCEEDING, _ACCEPTED = State.TRYING, State.PROCEEDING, State.ACCEPTED
_COMPLETED, _CONFIRMED, _TERMINATED = State.COMPLETED, State.CONFIRMED, State.TERMINATED

# fmt: off
INVITE_SERVER: Table = {
    (_PROCEEDING, Input.REQUEST):     (_PROCEEDING, (_T.send,)),
    (_PROCEEDING, Input.PROVISIONAL): (_PROCEEDING, (_T.send,)),
    (_PROCEEDING, Input.SUCCESS):     (_ACCEPTED, (_T.send, _T.start_l)),
    (_PROCEEDING, Input.FAILURE):     (_COMPLETED, (_T.send, _T.start_g, _T.start_h)),
    (_ACCEPTED, Input.REQUEST):       (_ACCEPTED, ()),
    (_ACCEPTED, Input.SUCCESS):       (_ACCEPTED, (_T.send,)),
    (_ACCEPTED, Input.TIMER_L):       (_TERMINATED, ()),
    (_COMPLETED, Input.REQUEST):      (_COMPLETED, (_T.send,)),
    (_COMPLETED, Input.TIMER_G):      (_COMPLETED, (_T.repeat_doubling_to_t2,)),
    (_COMPLETED, Input.TIMER_H):      (_TERMINATED, ()),
    (_COMPLETED, Input.ACK):          (_CONFIRMED, (_T.start_i,)),
    (_CONFIRMED, Input.REQUEST):      (_CONFIRMED, ()),
    (_CONFIRMED, Input.ACK):          (_CONFIRMED, ()),
    (_CONFIRMED, Input.TIMER_I):      (_TERMINATED, ()),
}

NON_INVITE_SERVER: Table = {
    (_TRYING, Input.REQUEST):         (_TRYING, ()),
    (_TRYING, Input.PROVISIONAL):     (_PROCEEDING, (_T.send,)),
    (_TRYING, Input.SUCCESS):         (_COMPLETED, (_T.send, _T.start_j)),
    (_TRYING, Input.FAILURE):         (_COMPLETED, (_T.send, _T.start_j)),
    (_PROCEEDING, Input.REQUEST):     (_PROCEEDING, (_T.send,)),
    (_PROCEEDING, Input.PROVISIONAL): (_PROCEEDING, (_T.send,)),
    (_PROCEEDING, Input.SUCCESS):     (_COMPLETED, (_T.send, _T.start_j)),
    (_PROCEEDING, Input.FAILURE):     (_COMPLETED, (_T.send, _T.start_j)),
    (_COMPLETED, Input.REQUEST):      (_COMPLETED, (_T.send,)),
    (_COMPLETED, Input.TIMER_J):      (_TERMINATED, ()),
}
# fmt: on
