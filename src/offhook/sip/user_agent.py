"""The user agent core (RFC 3261 §8): whose request it is, and what is refused without a trace."""

import random
from collections.abc import Mapping
from types import MappingProxyType

from sipmessage import Response

from . import capabilities
from .account import Account
from .dialog import Dialog, DialogId
from .digest import Credentials
from .events import Incoming, UserAgentEvent
from .hop import Hop, Transmit
from .hosted_registration import HostedRegistration
from .incoming_call import IncomingCall
from .invite_session import InviteSession
from .media import LocalMedia
from .message import (
    BadMessage,
    BadRequest,
    ReceivedRequest,
    ReceivedResponse,
    content_type,
    finish,
    parse,
    respond,
)
from .name_addr import one_line
from .negotiation import SDP
from .outgoing_call import OutgoingCall
from .server_transaction import Key, key_of
from .target import first_hop, target_of
from .transaction_layer import TransactionLayer
from .uri import WireUri, parse_uri, sip_uri

MAX_CALLS = 32
"""Calls at once, those that are ending included; more are refused with 503."""


class UserAgent:
    """One SIP end point, pure: bytes and time go in, `outbox` and `events` fill.

    Both are to be drained after each call of a method, and `tick` is to be called at `deadline`. Times are
    seconds on a monotonic clock. What comes from the network never raises; what its owner asks for raises
    KeyError for a call or account that is not there, ValueError for what cannot be sent.

    `contact` is where this end is reached from outside. It may be set anew as long as nothing was sent.
    `rng` names branches, tags and Call-IDs, which others must not guess.
    """

    def __init__(self, contact: Hop, product: str, rng: random.Random | None = None) -> None:
        self.layer = TransactionLayer(contact, product, rng or random.SystemRandom())
        self.events: list[UserAgentEvent] = []
        self._accounts: dict[int, Account] = {}
        self._credentials: dict[int, Credentials] = {}
        self._bindings: dict[int, HostedRegistration] = {}
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
        try:
            message = parse(data, source)
        except BadRequest as bad:
            if bad.request.method != "ACK":
                response = respond(bad.request, 400, f"Bad Request, {bad}")
                finish(response)
                self.layer.respond_statelessly(bad.request, bad.via, source, response)
            return
        except BadMessage:
            return
        if isinstance(message, ReceivedResponse):
            self.layer.receive_response(message, now)
        else:
            self._receive_request(message, now)

    def tick(self, now: float) -> None:
        self.layer.timers.tick(now)

    def transport_failed(self, transmit: Transmit, reason: str, now: float) -> None:
        """`transmit` could not be sent; `reason` is for a person (§8.1.3.1)."""
        self.layer.transport_failed(transmit, reason, now)

    # --- accounts

    def add_account(self, account: Account) -> None:
        """Make its user callable; registers nothing. Raises ValueError for what cannot stand in a header."""
        one_line(account.display_name)
        sip_uri(account.user, account.host, account.port)
        self._accounts[account.id] = account
        username = account.auth_name or account.user
        self._credentials[account.id] = Credentials(one_line(username), account.password, self.layer.random)

    def register(self, account_id: int, now: float) -> None:
        account = self._accounts[account_id]
        binding = self._bindings.get(account_id)
        if binding is None:
            binding = HostedRegistration(account, self.layer, self._credentials[account_id], self.emit)
            self._bindings[account_id] = binding
        binding.start(now)

    def unregister(self, account_id: int, now: float) -> None:
        """Nothing, where nothing was registered."""
        binding = self._bindings.get(self._accounts[account_id].id)
        if binding is not None:
            binding.stop(now)

    # --- calls

    def invite(
        self, call: str, account: Account | None, target: str | WireUri, media: LocalMedia, now: float
    ) -> None:
        """Place a call. `target` is a SIP URI, `user@host`, or a user at the account's host.

        Raises ValueError for a target that is none of these, or a `call` that is there already.
        """
        if call in self._calls:
            raise ValueError(f"there is a call {call} already")
        uri = target if isinstance(target, WireUri) else target_of(target, account)
        session = OutgoingCall(self, call, account)
        session.invite(uri, first_hop(uri, account), media, now)
        self._calls[call] = session

    def ring(self, call: str, now: float) -> None:
        self._incoming(call).ring(now)

    def answer(self, call: str, media: LocalMedia, now: float) -> None:
        self._incoming(call).answer(media, now)

    def refuse(
        self, call: str, code: int, now: float, reason: str | None = None, contact: str | None = None
    ) -> None:
        self._incoming(call).refuse(code, now, reason, contact)

    def hang_up(self, call: str, now: float) -> None:
        """BYE, CANCEL once it is allowed, or 486, by the state of the call. Nothing more is told of it."""
        self._calls[call].hang_up(now)

    def hang_up_all(self, now: float) -> None:
        for session in list(self._calls.values()):
            session.hang_up(now)

    def _incoming(self, call: str) -> IncomingCall:
        session = self._calls[call]
        if not isinstance(session, IncomingCall):
            raise ValueError(f"call {call} was placed from here")  # noqa: TRY004 - a matter of which call
        return session

    # --- requests

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
        elif not self._refused(request):
            if request.to.tag:
                self._within_dialog(request, now)
            else:
                self._outside_dialog(request, now)

    def _refused(self, request: ReceivedRequest) -> bool:
        """What no user agent has to understand further (§8.2.1, §8.2.2.1, §8.2.2.3, §8.2.3)."""
        message = request.message
        if message.method not in capabilities.METHODS:
            self._refuse(request, 405, {"Allow": capabilities.ALLOW})
        elif message.uri.scheme not in {"sip", "sips"}:
            self._refuse(request, 416)
        elif unsupported := [
            option
            for value in message.headers.getlist("Require")
            for option in value.replace(",", " ").split()
            if option not in capabilities.EXTENSIONS
        ]:
            self._refuse(request, 420, {"Unsupported": ", ".join(unsupported)})
        elif message.headers.get("Content-Encoding", "identity") != "identity":
            self._refuse(request, 415, {"Accept-Encoding": "identity"})
        else:
            return False
        return True

    def _within_dialog(self, request: ReceivedRequest, now: float) -> None:
        within = self._dialogs.get(_dialog_id(request))
        if within is None:
            self._refuse(request, 481)
            return
        session, dialog = within
        transaction = self.layer.accept(request)
        if transaction is not None:
            session.receive(request, transaction, dialog, now)

    def _outside_dialog(self, request: ReceivedRequest, now: float) -> None:
        method = request.method
        if method not in {"INVITE", "OPTIONS"}:
            self._refuse(request, 481)
            return
        known, account = self._called(request)
        if not known:
            self._refuse(request, 404)
        elif self.layer.is_merged(request):
            self._refuse(request, 482)
        elif method == "OPTIONS":
            self._on_options(request)
        else:
            self._on_invite(request, account, now)

    def _on_options(self, request: ReceivedRequest) -> None:
        response = self.layer.response(request, 200)
        capabilities.advertise(response)
        response.headers.set("Accept", ", ".join(capabilities.BODIES))
        self._respond(request, response)

    def _on_invite(self, request: ReceivedRequest, account: Account | None, now: float) -> None:
        if content_type(request.message) not in {"", SDP}:
            self._refuse(request, 415, {"Accept": SDP})
            return
        try:
            dialog = Dialog.of_request(request, self.layer.new_tag())
        except ValueError as error:
            self._refuse(request, 400, reason=f"Bad Request, {error}")
            return
        if len(self._calls) >= MAX_CALLS:
            self._refuse(request, 503, {"Retry-After": "5"})
            return
        transaction = self.layer.accept(request)
        if transaction is None:
            return
        call = self.layer.new_tag()
        session = IncomingCall(self, call, account, transaction, dialog, now=now)
        self._calls[call] = session
        self._invited[transaction.key] = session
        number = None if account is None else account.id
        self.emit(Incoming(call, number, request.from_.uri, request.from_.name[:120]))

    def _on_cancel(self, request: ReceivedRequest, now: float) -> None:
        invite = self.layer.server_transaction(key_of(request, "INVITE"))
        if invite is None:
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

    def _called(self, request: ReceivedRequest) -> tuple[bool, Account | None]:
        """Whose request it is: an account's by its user, anybody's without one (a direct call)."""
        uri = request.message.uri
        if uri.user is None:
            return True, None
        matching = [account for account in self._accounts.values() if account.user == uri.user]
        if not matching:
            return False, None
        # A registered Contact names this end's host; the domain that was dialled is in To.
        domains = (uri.host.lower(), _host(request.to.uri))
        return True, next((account for account in matching if account.host.lower() in domains), matching[0])

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
        self.layer.respond_statelessly(request.message, request.via, request.source, response)

    # --- what calls want of their owner

    def emit(self, event: UserAgentEvent) -> None:
        self.events.append(event)

    def credentials(self, account: Account | None) -> Credentials | None:
        return None if account is None else self._credentials.get(account.id)

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


def _host(uri: str) -> str:
    try:
        return parse_uri(uri).host.lower()
    except ValueError:
        return ""
