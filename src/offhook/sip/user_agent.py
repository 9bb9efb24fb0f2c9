"""One SIP end point: what its owner asks of it, and what comes of that."""

import random
from collections.abc import Callable, Mapping

from .account import Account
from .accounts import Accounts
from .admission import ANYBODY, Admission
from .bindings import Bindings
from .calls import Calls
from .destination import Destination
from .dialog import Dialog, DialogId
from .events import UserAgentEvent
from .hop import Hop, Transmit
from .invite_session import InviteSession
from .keep_alive import PONG
from .media import LocalMedia
from .message import (
    BadMessage,
    BadRequest,
    ReceivedResponse,
    parse,
)
from .outgoing_call import OutgoingCall
from .rate_limit import Kind, RateLimit
from .redirection import Redirects
from .target import at_registrar, target_of
from .traffic import TOO_MUCH, UNREADABLE, Traffic
from .transaction_layer import TransactionLayer
from .uas_core import UasCore
from .uri import WireUri

MAX_CALLS = 32
"""Calls at once of a phone, those that are ending included; more are refused with 503."""

TRANSACTIONS_PER_CALL = 64
"""Server transactions there is room for. Over UDP each is kept for 32 s (RFC 3261 §17.2), and a short call
makes two: with room for 32 calls, some thirty of them may come and go in a second."""


class UserAgent:
    """One SIP end point, pure: bytes and time go in, `outbox` and `events` fill.

    Both are to be drained after each call of a method, `wanted` too, and `tick` is to be called at
    `deadline`. Times are seconds on a monotonic clock. What comes from the network never raises; what its
    owner asks for raises KeyError for a call or account that is not there, ValueError for what cannot be
    sent.

    `contact` is where this end is reached from outside. It may be set anew as long as nothing was sent.
    A 3xx to an INVITE is followed as `redirects` has it, and else told: five times at most for one call, and
    to `sip:` Contacts that `may_call` allows. `admission` says who may come in.

    `contact_is_fixed`: a person has said where this end is reached, and registrars are not believed anything
    else. `instance` is a URN that stays this end's for ever (RFC 5626 §4.1).

    `rng` names branches, tags and Call-IDs, which others must not guess.
    """

    def __init__(
        self,
        contact: Hop,
        product: str,
        rng: random.Random | None = None,
        *,
        max_calls: int = MAX_CALLS,
        redirects: Redirects = Redirects.FOLLOW,
        may_call: Callable[[str], bool] = lambda _uri: True,
        admission: Admission = ANYBODY,
        contact_is_fixed: bool = False,
        instance: str = "",
    ) -> None:
        self.layer = TransactionLayer(
            contact,
            product,
            rng or random.SystemRandom(),
            TRANSACTIONS_PER_CALL * max_calls,
            contact_is_fixed=contact_is_fixed,
            instance=instance,
        )
        self.events: list[UserAgentEvent] = []
        emit = self.events.append
        self._accounts = Accounts(self.layer.random)
        self._limit = RateLimit(
            self._accounts.admits, emit, lambda source: self.admission.unlimited(source.host)
        )
        self._bindings = Bindings(self.layer, self._accounts, emit)
        self._calls = Calls(
            self.layer, self._accounts, emit, redirects=redirects, may_call=may_call, most=max_calls
        )
        self._server = UasCore(
            self.layer,
            self._accounts,
            self._bindings,
            self._calls,
            limit=self._limit,
            admission=admission,
        )

    @property
    def redirects(self) -> Redirects:
        return self._calls.redirects

    @redirects.setter
    def redirects(self, redirects: Redirects) -> None:
        self._calls.redirects = redirects

    @property
    def admission(self) -> Admission:
        return self._server.admission

    @admission.setter
    def admission(self, admission: Admission) -> None:
        self._server.admission = admission

    @property
    def contact(self) -> Hop:
        return self.layer.contact

    @contact.setter
    def contact(self, contact: Hop) -> None:
        self.layer.contact = contact

    @property
    def tls_port(self) -> int:
        """Where this end is reached by TLS, at the host of `contact`; 0 where it listens for none."""
        return self.layer.tls_port

    @tls_port.setter
    def tls_port(self, port: int) -> None:
        self.layer.tls_port = port

    @property
    def outbox(self) -> list[Transmit]:
        return self.layer.outbox

    @property
    def deadline(self) -> float | None:
        return self.layer.timers.deadline

    @property
    def calls(self) -> Mapping[str, InviteSession]:
        """By their owner's name for them, until the last BYE of each is answered."""
        return self._calls.by_name

    @property
    def dialogs(self) -> Mapping[DialogId, tuple[InviteSession, Dialog]]:
        """Those that are open, early ones included, each with its call."""
        return self._calls.dialogs

    @property
    def busy(self) -> bool:
        """Something is unfinished: a call, or a request of ours without its final response."""
        return bool(self._calls.by_name) or self.layer.waiting

    @property
    def traffic(self) -> Traffic:
        return self.layer.traffic

    # --- the network and the clock

    def receive(self, data: bytes, source: Hop, now: float) -> None:
        if data == PONG:
            self._bindings.pong(source)
            return
        traffic = self.layer.traffic
        if not self._limit.admits(source, Kind.MESSAGE, now):
            traffic.drop(TOO_MUCH)
            return
        try:
            message = parse(data, source)
        except BadRequest as bad:
            traffic.drop(UNREADABLE)
            self._server.refuse_unread(bad, source, len(data))
            return
        except BadMessage:
            traffic.drop(UNREADABLE)
            return
        if isinstance(message, ReceivedResponse):
            traffic.response_came(message.code)
            transaction = self.layer.client_transaction(message)
            if transaction is not None:
                transaction.receive(message, now)
        else:
            traffic.request_came(message.method)
            self._server.receive(message, now)

    def tick(self, now: float) -> None:
        self.layer.timers.tick(now)

    def transport_failed(self, transmit: Transmit, reason: str, now: float) -> None:
        """`transmit` could not be sent; `reason` is for a person (§8.1.3.1)."""
        self.layer.transport_failed(transmit, reason, now)

    def flow_lost(self, hop: Hop, reason: str, now: float) -> None:
        """The connection to `hop` that this end had opened is gone; `reason` is for a person.

        What was asked over it is not answered any more, and who is registered by it cannot be called.
        """
        self.layer.flow_lost(hop, reason, now)
        self._bindings.flow_lost(hop, reason, now)

    def moved(self, contact: Hop, now: float) -> None:
        """This end is reached at `contact` from now on, and no longer where it was."""
        self.layer.contact = contact
        self._bindings.moved(now)

    @property
    def wanted(self) -> list[Destination]:
        """What is to be looked up, to be drained like the outbox: each is answered by `located` or
        `not_located`, and until then what is sent there waits."""
        return self.layer.locator.wanted

    def located(self, destination: Destination, hops: list[Hop], now: float) -> None:
        """`hops`, by addresses, best first: there is one at least."""
        self._accounts.located(destination, hops)
        self.layer.locator.located(destination, hops, now)

    def not_located(self, destination: Destination, reason: str, now: float) -> None:
        """`reason` is for a person."""
        self.layer.locator.not_located(destination, reason, now)

    # --- accounts

    def add_account(self, account: Account) -> None:
        """Make its user callable; registers nothing. Raises ValueError for what cannot stand in a header."""
        self._accounts.add(account)

    def remove_account(self, account_id: int, now: float) -> None:
        """Unregister it, and take no more calls for it. Those that are there go on."""
        self._bindings.remove(account_id, now)
        self._accounts.remove(account_id)

    def change_account(self, account: Account, now: float) -> None:
        """Put it in the place of the one with its number, and forget how that one was registered.

        Raises ValueError as `add_account`, with nothing changed.
        """
        before = self._accounts[account.id]
        self._accounts.add(account)
        self._bindings.replace(before, account, now)

    def register(self, account_id: int, now: float) -> None:
        self._bindings.register(account_id, now)

    def unregister(self, account_id: int, now: float) -> None:
        """Nothing, where nothing was registered."""
        self._bindings.unregister(account_id, now)

    # --- calls

    def invite(
        self, call: str, account: Account | None, target: str | WireUri, media: LocalMedia, now: float
    ) -> None:
        """Place a call. `target` is a SIP URI, `user@host`, or a user at the account's host.

        Raises ValueError for a target that is none of these, or a `call` that is there already.
        """
        self._calls.must_be_new(call)
        uri = target if isinstance(target, WireUri) else target_of(target, account)
        acting, route = self._bindings.acting(account)
        uri = at_registrar(uri, account, acting)
        session = OutgoingCall(self._calls, call, acting, route=route)
        session.invite(uri, media, now)
        self._calls.placed(session)

    def ring(self, call: str, now: float, media: LocalMedia | None = None) -> None:
        """180; `media` is for a caller who has to have an offer in it (RFC 3262 §5)."""
        self._calls.incoming(call).ring(now, media)

    def answer(self, call: str, media: LocalMedia, now: float) -> None:
        self._calls.incoming(call).answer(media, now)

    def refuse(
        self,
        call: str,
        code: int,
        now: float,
        *,
        reason: str | None = None,
        contact: str | None = None,
        diverted: str = "",
    ) -> None:
        """`contact` is where a 3xx sends the caller, `diverted` why, as a word of `diversion.REASONS`."""
        self._calls.incoming(call).refuse(code, now, reason=reason, contact=contact, diverted=diverted)

    def hang_up(self, call: str, now: float) -> None:
        """BYE, CANCEL once it is allowed, or 486, by the state of the call. Nothing more is told of it."""
        self._calls[call].hang_up(now)

    def hold(self, call: str, now: float) -> None:
        """What comes of it is MediaChanged or ChangeRefused.

        From the moment a call is answered this, `refer` and `send_digit_info` are carried out as soon as
        they may be: where the ACK has not come yet, with it. Raises ValueError for a call that is not
        answered, and for one that is over.
        """
        self._calls[call].change(hold=True, now=now)

    def renew(self, call: str, address: str, port: int, now: float) -> None:
        """After `moved`: let the far end of a call know where this end and its sound are now."""
        self._calls[call].renew(address, port, now)

    def resume(self, call: str, now: float) -> None:
        """As `hold`; of several wishes while one is on its way the last counts."""
        self._calls[call].change(hold=False, now=now)

    def refer(self, call: str, target: str | WireUri, now: float) -> None:
        """Send the far end of `call` to `target`, given as to `invite`. One more REFER takes the place of the
        one before, of which nothing more is told."""
        session = self._calls[call]
        uri = target if isinstance(target, WireUri) else target_of(target, session.account)
        session.transfers.refer(uri, now)

    def refer_replacing(self, call: str, other: str, now: float) -> None:
        """Connect the far ends of two calls that are up: that of `call` takes our place in `other`."""
        self._calls[call].transfers.refer_replacing(self._calls[other], now)

    def accept_refer(
        self, call: str, new_call: str, account: Account | None, media: LocalMedia, now: float
    ) -> None:
        """Call whom the REFER in `call` names, and let its sender know what comes of it.

        Raises ValueError where there is no such REFER any more.
        """
        self._calls.must_be_new(new_call)
        session = self._calls[call]
        refer = session.transfers.asked
        acting, route = self._bindings.acting(account)
        followed = OutgoingCall(self._calls, new_call, acting, session.transfers.follow(now), route=route)
        followed.invite(refer.target, media, now, refer.invite_headers())
        self._calls.placed(followed)

    def refuse_refer(self, call: str, code: int, now: float) -> None:
        self._calls[call].transfers.refuse(code, now)

    def account_of(self, call: str) -> Account | None:
        """The one it is made from or came to."""
        return self._calls[call].account

    def send_digit_info(self, call: str, digit: str, now: float) -> bool:
        """DTMF by INFO, for a far end without telephone-events (`MediaFlow.telephone_event` is None).

        False: not sent, for the far end has left too many without an answer.
        """
        return self._calls[call].send_digit(digit, now)

    def hang_up_all(self, now: float) -> None:
        for session in list(self._calls.by_name.values()):
            session.hang_up(now)
