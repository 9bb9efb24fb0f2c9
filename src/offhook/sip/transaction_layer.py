"""Which transaction a message belongs to, and the making of new ones (RFC 3261 §17.1.3, §17.2.3, §18)."""

import hashlib
import random
from collections import Counter
from collections.abc import Callable

from sipmessage import Request, Response

from .account import Account
from .client_transaction import ClientTransaction
from .destination import Destination
from .hop import Hop, Transmit, Transport, uri_host
from .locator import Locator
from .message import ReceivedRequest, ReceivedResponse, finish, put_via, respond, shorten
from .name_addr import one_line
from .server_transaction import Key, ServerTransaction, key_of
from .timers import Timers
from .traffic import Traffic
from .uri import sip_uri_text
from .via import MAGIC_COOKIE, TopVia

Fingerprint = tuple[str, str, int, str]
"""Call-ID, From tag, number and method: what a request has in common with itself by another path."""

ENDING = frozenset({"BYE", "CANCEL"})

OnResponse = Callable[[ReceivedResponse, float], None]


class TransactionLayer:
    """`contact` is where this end is reached, `product` what it calls itself (§20.35, §20.41).

    `contact_is_fixed`: somebody has said what it is, and no registrar knows better. `instance` is the URN by
    which registrars tell this end from others (RFC 5626 §4.1).

    There are no more than `room` server transactions, and as many again for the requests that end something:
    who is full must still be able to get empty. One address has half of either.
    """

    def __init__(
        self,
        contact: Hop,
        product: str,
        rng: random.Random,
        room: int,
        *,
        contact_is_fixed: bool = False,
        instance: str = "",
    ) -> None:
        self.contact = contact
        self.contact_is_fixed = contact_is_fixed
        self.instance = instance
        self.learned: dict[int, Hop | None] = {}
        """Where accounts are reached instead, by their ids, as their registrars see it."""
        self.by_flow: set[int] = set()
        """Accounts, by their ids, whose registrar reaches this end by the stream it registered on."""
        self.tls_port = 0
        """Where this end listens for TLS, or 0."""
        self.tls_proves = True
        """Over TLS the servers that this end connects to prove who they are."""
        self.product = one_line(product)
        self.outbox: list[Transmit] = []
        self.timers = Timers()
        self.locator = Locator()
        self.traffic = Traffic()
        self.random = rng
        self._client: dict[tuple[str, str], ClientTransaction] = {}
        self._server: dict[Key, ServerTransaction] = {}
        self._arrived: dict[Fingerprint, Key] = {}
        self._shares: Counter[str] = Counter()
        """Server transactions by the address of whoever began them."""
        self._secret = rng.randbytes(16)
        self._room = room

    # --- names

    def new_tag(self) -> str:
        return f"{self.random.getrandbits(64):016x}"

    def new_call_id(self) -> str:
        return f"{self.random.getrandbits(128):032x}"

    def contact_uri(self, account: Account | None, hop: Hop, *, secure: bool = False) -> str:
        """Where the requests of a dialog reach this end, by the transport that `hop` uses: as `binding_uri`,
        and by the flow that is there where that is what the registrar keeps (RFC 5626 §4.3)."""
        uri = self.binding_uri(account, hop, secure=secure)
        by_flow = account is not None and account.id in self.by_flow and hop.transport != "UDP"
        return f"{uri};ob" if by_flow else uri

    def binding_uri(self, account: Account | None, hop: Hop, *, secure: bool = False) -> str:
        """Where requests for the account reach this end by the transport that `hop` uses.

        Where nobody listens for TLS they can only come by the connection that is there, and the port says
        nothing. `secure` is for who is asked for, or asks, by a sips: URI (§8.1.1.8, §12.1.1).
        """
        user, host, port = "", self.contact.host, self._port("TLS" if secure else hop.transport)
        if account is not None:
            learned = self.learned.get(account.id)
            user = account.user
            if learned is not None and learned.transport == hop.transport:
                host, port = learned.host, learned.port
        uri = sip_uri_text(user, host, port)
        if secure:
            return f"sips:{uri.removeprefix('sip:')}"
        return uri if hop.transport == "UDP" else f"{uri};transport={hop.transport.lower()}"

    def _port(self, transport: Transport) -> int:
        return (self.tls_port if transport == "TLS" else 0) or self.contact.port

    def proven(self, way: Hop | Destination) -> bool:
        """Nobody can read along on this end's own hop: it is TLS, with somebody who has proved who he is."""
        return way.over_tls and not way.accepted and self.tls_proves

    # --- as a client

    def transaction(
        self, request: Request, hop: Hop, on_response: OnResponse, call: str | None = None
    ) -> ClientTransaction:
        """Put a Via on `request`; the transaction that is to send it, which `begin` does."""
        branch = self._put_via(request, hop)
        return self._transaction(request, branch, hop, on_response, call)

    def send(self, request: Request, hop: Hop, on_response: OnResponse, now: float) -> ClientTransaction:
        """Send `request` to `hop` and nowhere else."""
        transaction = self.transaction(request, hop, on_response)
        self.begin(transaction, now)
        return transaction

    def begin(self, transaction: ClientTransaction, now: float, withheld: str = "") -> None:
        """Send its request; or, where it says why not, have it fail."""
        self._client[transaction.branch, transaction.request.method] = transaction
        self.traffic.request_goes(transaction.request.method)
        hop = transaction.hop
        if _laid_open(transaction.request, hop):
            withheld = f"a sips: call goes over TLS alone, and {hop} would take {hop.transport}"
        if withheld:
            self.timers.start(now, lambda at: transaction.fail(withheld, at))
        else:
            transaction.begin(now)

    def cancel(self, invite: ClientTransaction, now: float) -> None:
        """Send the CANCEL of an INVITE that has had a provisional response (§9.1)."""
        request = Request("CANCEL", invite.request.uri)
        of_invite = invite.request.headers
        for name in ("Via", "Max-Forwards", "From", "To", "Call-ID"):
            request.headers.set(name, of_invite[name])
        request.headers.set("CSeq", of_invite["CSeq"].split()[0] + " CANCEL")
        if routes := of_invite.getlist("Route"):
            request.headers.setlist("Route", list(routes))
        finish(request)
        # What comes of it shows in the INVITE's own final response.
        self.begin(self._transaction(request, invite.branch, invite.hop, lambda _response, _now: None), now)

    def send_ack(self, ack: Request, hop: Hop) -> Transmit:
        """Send the ACK of a 2xx, which has no transaction (§13.2.2.4); returned to be sent again."""
        self._put_via(ack, hop)
        transmit = Transmit(bytes(ack), hop)
        if not _laid_open(ack, hop):
            self.traffic.request_goes("ACK")
            self.outbox.append(transmit)
        return transmit

    def client_transaction(self, response: ReceivedResponse) -> ClientTransaction | None:
        return self._client.get((response.via.branch, response.method))

    def transport_failed(self, transmit: Transmit, reason: str, now: float) -> None:
        method = transmit.data.partition(b" ")[0].decode("ascii", "replace")
        transaction = self._client.get((transmit.branch, "INVITE" if method == "ACK" else method))
        if transaction is not None:
            transaction.fail(reason, now)

    def flow_lost(self, hop: Hop, reason: str, now: float) -> None:
        """A connection broke: what was asked over it, by any name, is not answered any more (§17.1.4)."""
        for transaction in [each for each in self._client.values() if each.waiting and each.hop.is_at(hop)]:
            transaction.fail(reason, now)

    @property
    def waiting(self) -> bool:
        """A request of ours has had no final response yet."""
        return self.locator.waiting or any(transaction.waiting for transaction in self._client.values())

    @property
    def idle(self) -> bool:
        """Nothing is left, not even what absorbs repetitions."""
        return not self._client and not self._server

    # --- as a server

    def server_transaction(self, key: Key) -> ServerTransaction | None:
        return self._server.get(key)

    def accept(self, request: ReceivedRequest) -> ServerTransaction | None:
        """A new server transaction; None when there are too many, and the request is to be dropped."""
        room = 2 * self._room if request.method in ENDING else self._room
        host = request.source.host
        if len(self._server) >= room or self._shares[host] >= max(room // 2, 1):
            return None
        self._shares[host] += 1
        key, fingerprint = key_of(request), _fingerprint(request)
        transaction = ServerTransaction(
            request,
            key,
            timers=self.timers,
            transmit=self.outbox.append,
            terminated=lambda gone: self._server_terminated(gone, fingerprint, host),
            traffic=self.traffic,
        )
        self._server[key] = transaction
        self._arrived.setdefault(fingerprint, key)
        return transaction

    @property
    def full(self) -> bool:
        """Nothing new can begin."""
        return len(self._server) >= self._room

    def is_merged(self, request: ReceivedRequest) -> bool:
        """The same request came before by another path (§8.2.2.2)."""
        return _fingerprint(request) in self._arrived

    def response(
        self, request: ReceivedRequest, code: int, reason: str | None = None, to_tag: str = ""
    ) -> Response:
        response = respond(request.message, code, reason, to_tag)
        response.headers.set("Server", self.product)
        finish(response)
        return response

    def respond_statelessly(
        self, request: Request, via: TopVia, source: Hop, response: Response, brought: int
    ) -> None:
        """Answer and forget (§8.2.7): each repetition gets the same answer, and the same To tag, anew.

        For what changes nothing here. Nobody can make this end repeat itself to a third party that way, nor
        have it say more than the request brought, in octets: over UDP its source may be forged. A refusal
        that cannot be as short is not sent.
        """
        seed = (request.headers.get("Call-ID") or "") + via.branch
        tag = hashlib.blake2s(seed.encode(), key=self._secret, digest_size=8).hexdigest()
        to = request.headers.get("To")
        if to is not None and "tag=" not in to.lower():
            response.headers.set("To", f"{to};tag={tag}")
        data = bytes(response)
        if len(data) > brought and source.transport == "UDP" and response.code >= 300:
            shorten(response, brought)
            data = bytes(response)
            if len(data) > brought:
                return
        self.traffic.response_goes(response.code)
        self.outbox.append(Transmit(data, via.response_hop(source)))

    # --- both

    def _put_via(self, request: Request, hop: Hop) -> str:
        branch = f"{MAGIC_COOKIE}{self.random.getrandbits(64):016x}"
        if hop.transport == "TLS":
            # What is meant for this end may come by the same connection (RFC 5923 §4).
            by = f"{uri_host(self.contact.host)}:{self._port(hop.transport)};branch={branch};rport;alias"
        else:
            by = f"{self.contact};branch={branch};rport"
        put_via(request, f"SIP/2.0/{hop.transport} {by}")
        return branch

    def _transaction(
        self, request: Request, branch: str, hop: Hop, on_response: OnResponse, call: str | None = None
    ) -> ClientTransaction:
        request.headers.set("User-Agent", self.product)
        return ClientTransaction(
            request,
            branch,
            hop,
            timers=self.timers,
            transmit=self.outbox.append,
            on_response=on_response,
            terminated=self._client_terminated,
            traffic=self.traffic,
            call=call,
        )

    def _client_terminated(self, transaction: ClientTransaction) -> None:
        self._client.pop((transaction.branch, transaction.request.method), None)

    def _server_terminated(self, transaction: ServerTransaction, fingerprint: Fingerprint, host: str) -> None:
        self._shares[host] -= 1
        if not self._shares[host]:
            del self._shares[host]
        self._server.pop(transaction.key, None)
        if self._arrived.get(fingerprint) == transaction.key:
            del self._arrived[fingerprint]


def _laid_open(request: Request, hop: Hop) -> bool:
    """Whoever asks for a sips: URI is promised TLS on every hop (§26.2.2): nothing goes another way."""
    return request.uri.scheme == "sips" and hop.transport != "TLS"


def _fingerprint(request: ReceivedRequest) -> Fingerprint:
    return (request.call_id, request.from_.tag, request.sequence, request.method)
