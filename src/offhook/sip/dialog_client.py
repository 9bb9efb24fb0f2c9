"""What one end of a dialog asks of the other, one request after the other (RFC 3261 §12.2.1, §22).

A request that overtook another on its way would have it refused for its CSeq (§12.2.2). So each waits for the
final response to the one before; of an INVITE, which may take its time, a provisional response says as well
that it has arrived. An end that takes nothing beside an INVITE says so (491, §21.4.27), and is asked again
once that is over. BYE does not wait.
"""

from collections import deque
from collections.abc import Callable, Mapping
from types import MappingProxyType

from sipmessage import Request

from .account_credentials import AccountCredentials
from .client_transaction import ClientTransaction
from .dialog import Dialog
from .hop import Hop
from .message import ReceivedResponse, finish
from .sending import Sending
from .transaction_layer import OnResponse, TransactionLayer

MAX_CHALLENGES = 4
"""401 and 407 in a row that one request answers: two for each of a proxy and a server behind it."""

MAX_WAITING = 64
"""Requests that wait for their turn."""

TARGET_REFRESHING = frozenset({"INVITE", "NOTIFY", "REFER", "SUBSCRIBE", "UPDATE"})
"""Those with a Contact (RFC 3261 §12.2.1.1, RFC 3311 §5.1, RFC 3515 §2.2, RFC 6665)."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class TooManyWaiting(Exception):
    """`MAX_WAITING` of them."""


class DialogRequest:
    """One request, sent again with credentials where they are asked for.

    `on_final` hears its final response; of an INVITE each repetition of a 2xx too, for each wants its ACK.
    """

    def __init__(
        self,
        client: "DialogClient",
        method: str,
        on_final: OnResponse,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes = b"",
        body_type: str = "",
    ) -> None:
        self.method = method
        self.request: Request | None = None
        """None while it waits for its turn."""
        self.beside = False
        """It was sent while an INVITE was under way."""
        self.alone = False
        """It waits until none is."""
        self._sending: Sending | None = None
        self._client = client
        self._on_final = on_final
        self._headers = headers
        self._body = body
        self._body_type = body_type
        self._attempt = 0

    @property
    def sequence(self) -> int | None:
        return None if self.request is None else int(self.request.headers["CSeq"].split()[0])

    @property
    def transaction(self) -> ClientTransaction | None:
        """None while it waits for its turn, or for its hop to be found."""
        return None if self._sending is None else self._sending.transaction

    def send(self, now: float) -> None:
        self.beside = self._client.inviting
        self.request, destination = self._client.dialog.request(self.method)
        for name, value in self._headers.items():
            self.request.headers.set(name, value)
        finish(self.request, self._body, self._body_type)
        # A 2xx to a re-INVITE wants its ACK by whichever hop it comes.
        self._sending = Sending(
            self._client.layer,
            self.request,
            destination,
            self._receive,
            self._prepare,
            on_stray=self._on_final,
        )
        self._sending.begin(now)

    def _prepare(self, request: Request, hop: Hop) -> None:
        client = self._client
        if self.method in TARGET_REFRESHING:
            request.headers.set("Contact", f"<{client.contact(hop)}>")
        if client.credentials is not None:
            client.credentials.authorize(request, hop)

    def _receive(self, response: ReceivedResponse, now: float) -> None:
        if response.code < 200:
            self._client.arrived(self, now)
            return
        if self._challenged(response, now):
            return
        self._client.answered(self)
        if response.code == 491 and self.beside and not self._client.over:
            self._client.postpone(self, now)
            return
        self._on_final(response, now)
        self._client.next(now)

    def _challenged(self, response: ReceivedResponse, now: float) -> bool:
        credentials, dialog, sending = self._client.credentials, self._client.dialog, self._sending
        self._attempt += 1
        if response.code not in {401, 407} or self._attempt > MAX_CHALLENGES:
            return False
        if credentials is None or sending is None or sending.hop is None:
            return False
        if not credentials.answer(sending.request, response.message, sending.hop):
            return False
        dialog.local_sequence += 1
        sending.request.headers.set("CSeq", f"{dialog.local_sequence} {self.method}")
        sending.again(now)
        return True


class DialogClient:
    """All but BYE waits until `ready`: an end that was called has to see the ACK to its 2xx first.

    `contact` says where this end is reached by the transport of a hop; `on_idle` is called whenever
    an INVITE may go: it goes first."""

    def __init__(
        self,
        dialog: Dialog,
        layer: TransactionLayer,
        credentials: AccountCredentials | None,
        contact: Callable[[Hop], str],
        on_idle: Callable[[float], None] = lambda _now: None,
    ) -> None:
        self.dialog = dialog
        self.layer = layer
        self.credentials = credentials
        self.contact = contact
        self.ready = True
        self.over = False
        """BYE was sent."""
        self._on_idle = on_idle
        self._current: DialogRequest | None = None
        self._proceeding: DialogRequest | None = None
        """An INVITE that has arrived, beside which others may go (§14.1 forbids another INVITE alone)."""
        self._ending: DialogRequest | None = None
        self._waiting: deque[DialogRequest] = deque()

    @property
    def idle(self) -> bool:
        return self._current is None and self._proceeding is None

    @property
    def inviting(self) -> bool:
        return self._proceeding is not None

    def send(
        self,
        method: str,
        on_final: OnResponse,
        now: float,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes = b"",
        body_type: str = "",
    ) -> DialogRequest:
        """Raises TooManyWaiting."""
        if len(self._waiting) >= MAX_WAITING:
            raise TooManyWaiting(f"{MAX_WAITING} requests wait already for the far end to answer")
        request = DialogRequest(self, method, on_final, headers=headers, body=body, body_type=body_type)
        if method == "INVITE":
            self._waiting.appendleft(request)
        else:
            self._waiting.append(request)
        self.next(now)
        return request

    def bye(self, on_final: OnResponse, now: float, headers: Mapping[str, str] = NO_HEADERS) -> None:
        """What waits goes unsaid, but for a NOTIFY: its subscription outlives the call (RFC 5057)."""
        self._waiting = deque(request for request in self._waiting if request.method == "NOTIFY")
        self.over = True
        self._ending = DialogRequest(self, "BYE", on_final, headers=headers)
        self._ending.send(now)

    def arrived(self, request: DialogRequest, now: float) -> None:
        """A provisional response came."""
        if self._current is request and request.method == "INVITE":
            self._current, self._proceeding = None, request
            self.next(now)

    def postpone(self, request: DialogRequest, now: float) -> None:
        """It was refused for the INVITE beside it."""
        request.alone = True
        self._waiting.appendleft(request)
        self.next(now)

    def answered(self, request: DialogRequest) -> None:
        if self._proceeding is request:
            self._proceeding = None
        if self._current is request:
            self._current = None
        if self._ending is request:
            self._ending = None

    def next(self, now: float) -> None:
        # What overtook the BYE would make the BYE late, and the far end refuse it (§12.2.2).
        if self._current is not None or self._ending is not None or not self.ready:
            return
        if self._proceeding is None and not (self._waiting and self._waiting[0].method == "INVITE"):
            # An INVITE goes before the others: they may follow beside it, and it may not go beside them.
            self._on_idle(now)
        if self._waiting and self._current is None and not (self.inviting and self._waiting[0].alone):
            self._current = self._waiting.popleft()
            self._current.send(now)
