"""The user agent core (RFC 3261 §8): whose request it is, and what is refused without a trace."""

import random
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import ClassVar

from sipmessage import Response

from . import capabilities
from .account import Account
from .account_credentials import AccountCredentials
from .accounts import Accounts
from .admission import ANYBODY, FORBIDDEN, SILENCE, Admission
from .arriving_invite import ArrivingInvite
from .arriving_invite import Refused as NotTaken
from .auto_answer import asks_to_be_answered
from .destination import Destination
from .dialog import Dialog, DialogId
from .diversion import Diversion
from .events import Binding, BindingChanged, CheckSync, Incoming, MessagesWaiting, Replacing, UserAgentEvent
from .hop import Hop, Transmit
from .incoming_call import IncomingCall
from .invite_session import InviteSession
from .keep_alive import PONG
from .media import LocalMedia
from .message import (
    BadMessage,
    BadRequest,
    ReceivedRequest,
    ReceivedResponse,
    finish,
    parse,
    phrase_of,
    respond,
)
from .message_subscription import MessageSubscription
from .option_tags import option_tags
from .outgoing_call import OutgoingCall
from .rate_limit import Kind, RateLimit
from .redirection import Redirects
from .registrars import Registrars
from .replaces import Replaces
from .scanners import is_scanner
from .server_transaction import Key, key_of
from .target import at_registrar, target_of
from .transaction_layer import TransactionLayer
from .unsolicited import Refused, news_of
from .uri import WireUri
from .warning import warning

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
        self._max_calls = max_calls
        self.redirects = redirects
        self.may_call = may_call
        self.admission = admission
        self.events: list[UserAgentEvent] = []
        self._accounts = Accounts(self.layer.random)
        self._limit = RateLimit(self._accounts.trusts, self.emit)
        self._bindings: dict[int, Registrars] = {}
        self._messages: dict[int, MessageSubscription] = {}
        self._calls: dict[str, InviteSession] = {}
        self._dialogs: dict[DialogId, tuple[InviteSession, Dialog]] = {}
        self._invited: dict[Key, IncomingCall] = {}

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
        return MappingProxyType(self._calls)

    @property
    def busy(self) -> bool:
        """Something is unfinished: a call, or a request of ours without its final response."""
        return bool(self._calls) or self.layer.waiting

    # --- the network and the clock

    def receive(self, data: bytes, source: Hop, now: float) -> None:
        if data == PONG:
            for binding in self._bindings.values():
                binding.pong(source)
            return
        if not self._limit.admits(source, Kind.MESSAGE, now):
            return
        try:
            message = parse(data, source)
        except BadRequest as bad:
            self._refuse_unread(bad, source, len(data))
            return
        except BadMessage:
            return
        if isinstance(message, ReceivedResponse):
            transaction = self.layer.client_transaction(message)
            if transaction is not None:
                transaction.receive(message, now)
        else:
            self._receive_request(message, now)

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
        for binding in self._bindings.values():
            binding.flow_lost(hop, reason, now)

    def moved(self, contact: Hop, now: float) -> None:
        """This end is reached at `contact` from now on, and no longer where it was."""
        self.layer.contact = contact
        for binding in self._bindings.values():
            binding.moved(now)
        for messages in self._messages.values():
            messages.moved(now)

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
        self.unregister(account_id, now)
        self._bindings.pop(account_id, None)
        self._messages.pop(account_id, None)
        self._accounts.remove(account_id)

    def change_account(self, account: Account, now: float) -> None:
        """Put it in the place of the one with its number, and forget how that one was registered.

        Where both are bound at the same place nothing is removed there: the REGISTER that removes could
        arrive after the one that binds anew. Raises ValueError as `add_account`, with nothing changed.
        """
        before = self._accounts[account.id]
        self._accounts.add(account)
        if (messages := self._messages.pop(account.id, None)) is not None:
            messages.stop(now)
        binding = self._bindings.pop(account.id, None)
        if binding is not None:
            if account.register and account.is_bound_as(before):
                binding.forget(now)
            else:
                binding.stop(now)

    def register(self, account_id: int, now: float) -> None:
        account = self._accounts[account_id]
        binding = self._bindings.get(account_id)
        if binding is None:
            binding = Registrars(account, self.layer, self._accounts.credentials, self._bound)
            self._bindings[account_id] = binding
        binding.start(now)

    def unregister(self, account_id: int, now: float) -> None:
        """Nothing, where nothing was registered."""
        binding = self._bindings.get(self._accounts[account_id].id)
        if (messages := self._messages.get(account_id)) is not None:
            messages.stop(now)
        if binding is not None:
            binding.stop(now)

    def _bound(self, changed: BindingChanged, now: float) -> None:
        self.emit(changed)
        binding = self._bindings.get(changed.account)
        if changed.state is not Binding.REGISTERED or binding is None or binding.account.mwi == "no":
            return
        messages = self._messages.get(changed.account)
        if messages is None:
            messages = MessageSubscription(self.layer, self._accounts.credentials, self.emit)
            self._messages[changed.account] = messages
        messages.start(binding.account, binding.service_route, now)

    # --- calls

    def invite(
        self, call: str, account: Account | None, target: str | WireUri, media: LocalMedia, now: float
    ) -> None:
        """Place a call. `target` is a SIP URI, `user@host`, or a user at the account's host.

        Raises ValueError for a target that is none of these, or a `call` that is there already.
        """
        self._must_be_new(call)
        uri = target if isinstance(target, WireUri) else target_of(target, account)
        acting, route = self._acting(account)
        uri = at_registrar(uri, account, acting)
        session = OutgoingCall(self, call, acting, route=route)
        session.invite(uri, media, now)
        self._calls[call] = session

    def ring(self, call: str, now: float, media: LocalMedia | None = None) -> None:
        """180; `media` is for a caller who has to have an offer in it (RFC 3262 §5)."""
        self._incoming(call).ring(now, media)

    def answer(self, call: str, media: LocalMedia, now: float) -> None:
        self._incoming(call).answer(media, now)

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
        self._incoming(call).refuse(code, now, reason=reason, contact=contact, diverted=diverted)

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
        self._must_be_new(new_call)
        session = self._calls[call]
        refer = session.transfers.asked
        acting, route = self._acting(account)
        followed = OutgoingCall(self, new_call, acting, session.transfers.follow(now), route=route)
        followed.invite(refer.target, media, now, refer.invite_headers())
        self._calls[new_call] = followed

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
        for session in list(self._calls.values()):
            session.hang_up(now)

    def _acting(self, account: Account | None) -> tuple[Account | None, tuple[str, ...]]:
        """The account at the registrar that holds its binding, and the route that this one wants."""
        binding = None if account is None else self._bindings.get(account.id)
        return (account, ()) if binding is None else (binding.account, binding.service_route)

    def _must_be_new(self, call: str) -> None:
        if call in self._calls:
            raise ValueError(f"there is a call {call} already")

    def _incoming(self, call: str) -> IncomingCall:
        session = self._calls[call]
        if not isinstance(session, IncomingCall):
            raise ValueError(f"call {call} was placed from here")  # noqa: TRY004 - a matter of which call
        return session

    # --- requests

    def _refuse_unread(self, bad: BadRequest, source: Hop, octets: int) -> None:
        """The method is judged before anything else (§8.2.1), and an ACK never answered."""
        admitted = self.admission.of_new(trusted=self.trusts(None, source), known=True)
        if bad.request.method == "ACK" or admitted == SILENCE:
            return
        if bad.code == 400 and bad.request.method not in capabilities.KNOWN_METHODS:
            response = respond(bad.request, 501)
            response.headers.set("Allow", capabilities.ALLOW)
        else:
            response = respond(bad.request, bad.code, f"{phrase_of(bad.code)}, {bad}")
        finish(response)
        self.layer.respond_statelessly(bad.request, bad.via, source, response, octets)

    def _receive_request(self, request: ReceivedRequest, now: float) -> None:
        transaction = self.layer.server_transaction(key_of(request))
        if request.method == "ACK":
            if transaction is not None:
                transaction.acknowledge(now)
            within = self._dialogs.get(_dialog_id(request))
            if within is not None:
                within[0].acknowledge(request, now)
        elif transaction is not None:
            transaction.repeat(now)
        elif request.method == "CANCEL":
            self._on_cancel(request, now)
        elif not self._turned_away(request, now):
            if request.to.tag:
                self._within_dialog(request, now)
            else:
                self._outside_dialog(request, now)

    def _turned_away(self, request: ReceivedRequest, now: float) -> bool:
        """Without a look at what it wants: one of too many, or a scanner's."""
        if _dialog_id(request) in self._dialogs:
            return False
        if not self._limit.admits(request.source, Kind.REQUEST, now):
            return True
        if is_scanner(request.message) and not self._accounts.trusts(request.source):
            self._limit.tell(request.source, "a scanner, by its own User-Agent", now)
            if not self._ignores(request):
                self._refuse(request, FORBIDDEN)
            return True
        return False

    def _refused(self, request: ReceivedRequest) -> bool:
        """What no user agent has to understand further (§8.2.1, §8.2.2.1, §8.2.2.3, §8.2.3)."""
        message = request.message
        if message.method not in capabilities.METHODS:
            code = 405 if message.method in capabilities.KNOWN_METHODS else 501
            self._refuse(request, code, {"Allow": capabilities.ALLOW})
        elif message.uri.scheme not in {"sip", "sips"}:
            self._refuse(request, 416)
        elif message.uri.scheme == "sips" and request.source.transport != "TLS":
            # Whoever sent it here had promised its sender TLS all the way (RFC 5630 §6.1).
            why = f"SIPS Not Allowed, it came by {request.source.transport}"
            self._refuse(request, 480, {"Warning": warning(self.contact.host, why, 380)})
        elif unsupported := [
            option for option in option_tags(message, "Require") if option not in capabilities.EXTENSIONS
        ]:
            self._refuse(request, 420, {"Unsupported": ", ".join(unsupported)})
        elif "Replaces" in message.headers.keys() and request.method != "INVITE":  # noqa: SIM118 - no mapping
            self._refuse(request, 400, reason="Bad Request, Replaces is for INVITE")
        elif message.headers.get("Content-Encoding", "identity") != "identity":
            self._refuse(request, 415, {"Accept-Encoding": "identity"})
        else:
            return False
        return True

    def _within_dialog(self, request: ReceivedRequest, now: float) -> None:
        within = self._dialogs.get(_dialog_id(request))
        messages = self._messages_of(request) if within is None else None
        if within is None and messages is None and self._ignores(request):
            return
        if self._refused(request):
            return
        if messages is not None:
            self._on_subscribed(request, messages, now)
            return
        if within is None:
            self._refuse(request, 481)
            return
        session, dialog = within
        transaction = self.layer.accept(request)
        if transaction is not None:
            session.receive(request, transaction, dialog, now)

    def _messages_of(self, request: ReceivedRequest) -> MessageSubscription | None:
        """The subscription that a request is within."""
        if request.method != "NOTIFY":
            return None
        return next((each for each in self._messages.values() if each.owns(request)), None)

    def _on_subscribed(self, request: ReceivedRequest, messages: MessageSubscription, now: float) -> None:
        """Answered without a trace, as what nobody subscribed to is."""
        try:
            messages.receive(request, now)
        except Refused as refused:
            self._refuse(request, refused.code, refused.headers)
        else:
            self._refuse(request, 200)

    def _outside_dialog(self, request: ReceivedRequest, now: float) -> None:
        known, account = self._accounts.called(request)
        account, _ = self._acting(account)
        trusted = self.trusts(account, request.source)
        code = self.admission.of_new(trusted=trusted, known=known)
        receive = self._OUTSIDE.get(request.method)
        if code == SILENCE:
            return
        if code == FORBIDDEN:
            self._refuse(request, FORBIDDEN)
        elif self._refused(request):
            return
        elif receive is None:
            self._refuse(request, 481)
        elif code is not None:
            self._refuse(request, code)
        elif self.layer.is_merged(request):
            self._refuse(request, 482)
        else:
            receive(self, request, account, now)

    def _on_options(self, request: ReceivedRequest, _account: Account | None, _now: float) -> None:
        response = self.layer.response(request, 200)
        capabilities.advertise(response)
        response.headers.set("Accept", ", ".join(capabilities.BODIES))
        self._respond(request, response)

    def _on_refer(self, request: ReceivedRequest, _account: Account | None, _now: float) -> None:
        """Nobody who is not talking with this end has it call somebody."""
        self._refuse(request, 603)

    def _on_notify(self, request: ReceivedRequest, account: Account | None, _now: float) -> None:
        """Answered without a trace: what it tells may be told twice."""
        try:
            news = news_of(request.message, _id(account), self._accounts.of_mailbox)
        except Refused as refused:
            self._refuse(request, refused.code, refused.headers)
            return
        if isinstance(news, CheckSync) and not self.trusts(account, request.source):
            self._refuse(request, FORBIDDEN)
            return
        self._refuse(request, 200)
        if isinstance(news, MessagesWaiting) and news.account in self._messages:
            self._messages[news.account].heard()
        if news is not None:
            self.emit(news)

    def _on_invite(self, request: ReceivedRequest, account: Account | None, now: float) -> None:
        try:
            invite = ArrivingInvite.of(request, self.layer.new_tag())
            replaced = None if invite.replaces is None else self._replaced(invite.replaces)
            invite.expect_sound(request, account, self.contact.host)
        except NotTaken as refused:
            self._refuse(request, refused.code, refused.headers, refused.reason)
            return
        if len(self._calls) >= self._max_calls or self.layer.full:
            self._refuse(request, 503, {"Retry-After": "5"})
            return
        if not self._limit.admits(request.source, Kind.CALL, now):
            return
        transaction = self.layer.accept(request)
        if transaction is None:
            return
        call = self.layer.new_tag()
        session = IncomingCall(self, call, account, transaction, invite.dialog, now=now)
        self._calls[call] = session
        self._invited[transaction.key] = session
        caller = session.remote.shown
        if replaced is not None:
            self.emit(Replacing(call, replaced.call, _id(account), caller.uri, caller.name))
            return
        self.emit(
            Incoming(
                call,
                _id(account),
                caller.uri,
                caller.name,
                answer_after=asks_to_be_answered(request.message),
                anonymous=caller.anonymous,
                diverted_by=Diversion.of(request.message),
            )
        )

    def _replaced(self, replaces: Replaces) -> InviteSession:
        """The call to be replaced. Raises NotTaken."""
        found = [within for name in replaces.dialogs if (within := self._dialogs.get(name)) is not None]
        if len(found) != 1:
            raise NotTaken(481)
        session, dialog = found[0]
        code = session.replaceable(dialog, early_only=replaces.early_only)
        if code is not None:
            raise NotTaken(code)
        return session

    _OUTSIDE: ClassVar[
        Mapping[str, Callable[["UserAgent", ReceivedRequest, Account | None, float], None]]
    ] = {"INVITE": _on_invite, "NOTIFY": _on_notify, "OPTIONS": _on_options, "REFER": _on_refer}

    def _on_cancel(self, request: ReceivedRequest, now: float) -> None:
        invite = self.layer.server_transaction(key_of(request, "INVITE"))
        if invite is None:
            if not self._ignores(request):
                self._refuse(request, 481)
            return
        transaction = self.layer.accept(request)
        if transaction is None:
            return
        session = self._invited.get(invite.key)
        # The same tag as in the INVITE's own responses (§9.2).
        tag = self.layer.new_tag() if session is None else session.local_tag
        transaction.respond(self.layer.response(request, 200, to_tag=tag), now)
        if session is not None:
            session.cancelled(request, now)

    def _ignores(self, stray: ReceivedRequest) -> bool:
        """It belongs to no call of ours, and whoever sent it is to think that nobody is here."""
        return self.admission.ignores_strays(trusted=self.trusts(None, stray.source))

    def _refuse(
        self,
        request: ReceivedRequest,
        code: int,
        headers: Mapping[str, str] | None = None,
        reason: str | None = None,
    ) -> None:
        response = self.layer.response(request, code, reason)
        for name, value in (headers or {}).items():
            response.headers.set(name, value)
        self._respond(request, response)

    def _respond(self, request: ReceivedRequest, response: Response) -> None:
        octets = request.octets
        self.layer.respond_statelessly(request.message, request.via, request.source, response, octets)

    # --- what calls want of their owner

    def emit(self, event: UserAgentEvent) -> None:
        self.events.append(event)

    def trusts(self, account: Account | None, source: Hop) -> bool:
        return self._accounts.trusts(source, account)

    def credentials(self, account: Account | None) -> AccountCredentials | None:
        return None if account is None else self._accounts.credentials.get(account)

    def dialog_opened(self, dialog: Dialog, session: InviteSession) -> None:
        self._dialogs[dialog.id] = (session, dialog)

    def dialog_closed(self, dialog: Dialog) -> None:
        self._dialogs.pop(dialog.id, None)

    def session_over(self, session: InviteSession) -> None:
        if self._calls.get(session.call) is session:
            del self._calls[session.call]
        for key in [key for key, invited in self._invited.items() if invited is session]:
            del self._invited[key]


def _dialog_id(request: ReceivedRequest) -> DialogId:
    return (request.call_id, request.to.tag, request.from_.tag)


def _id(account: Account | None) -> int | None:
    return None if account is None else account.id
