"""What both ends of a call share once there is a dialog (RFC 3261 §13 to §15): its sound, its BYE, what
comes in."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from sipmessage import Request, Response

from . import info, session_expires
from .accepted_invite import AcceptedInvite
from .account import Account
from .account_credentials import AccountCredentials
from .capabilities import advertise
from .destination import Destination
from .dialog import Dialog
from .dialog_client import NO_HEADERS, DialogClient, TooManyWaiting
from .diversion import Diversion
from .events import Ended, MediaChanged, PeerHold, RemoteChanged, SignallingChanged, UserAgentEvent
from .hold import Hold
from .hop import Hop
from .in_dialog import RECEIVERS
from .media import Direction, LocalMedia, MediaFlow
from .message import ReceivedRequest, ReceivedResponse, finish
from .negotiation import Negotiation
from .offer_answer import NotAcceptable
from .prack import RAck
from .protection import Protection, policy_of
from .reason import reason_header
from .redirection import Redirects
from .remote_party import RemoteParty
from .server_transaction import ServerTransaction
from .session_change import SessionChange
from .session_timer import SessionTimer
from .target import first_of_all
from .transaction_layer import TransactionLayer
from .transfers import Transfers
from .warning import warning as warning_of

TARGET_REFRESHING = frozenset({"INVITE", "UPDATE"})
"""Requests within a call that may say who the far end is now (RFC 4916 §4.4.2)."""


class Owner(Protocol):
    """The user agent, as a call sees it."""

    layer: TransactionLayer
    redirects: Redirects
    may_call: Callable[[str], bool]

    def emit(self, event: UserAgentEvent) -> None: ...
    def trusts(self, account: Account | None, source: Hop) -> bool: ...
    def credentials(self, account: Account | None) -> AccountCredentials | None: ...
    def dialog_opened(self, dialog: Dialog, session: "InviteSession") -> None: ...
    def dialog_closed(self, dialog: Dialog) -> None: ...
    def session_over(self, session: "InviteSession") -> None: ...


class InviteSession:
    """One call. `call` is its owner's name for it, `account` the one it is made from or came to.

    After `hang_up` or `refuse` nothing more is told of it: that was the owner's last word.
    """

    def __init__(self, owner: Owner, call: str, account: Account | None) -> None:
        self.call = call
        self.account = account
        self.secure = False
        """It was asked for by a sips: URI, so that this end is named by one too."""
        self.layer = owner.layer
        policy = policy_of(account, incoming=not self.owns_call_id)
        protection = Protection(policy, self.layer.random.randbytes)
        self.negotiation = Negotiation(self.layer.random.getrandbits(48), protection)
        self.hold = Hold()
        self.flow: MediaFlow | None = None
        """What was agreed about sound, once offer and answer are complete."""
        self.media: LocalMedia
        """This end's sound as its owner gave it, whoever holds."""
        self.client: DialogClient
        """Of the dialog that is confirmed, or that an incoming call is to confirm."""
        self.in_the_clear = False
        """An offer or answer went by another way than TLS to somebody who has proved who he is."""
        self.keys_over_tls = account is not None and first_of_all(account).over_tls
        """No key of ours is to go by anything else: the account is spoken to over TLS."""
        self.remote: RemoteParty
        """The far end."""
        self.transfers = Transfers(self)
        self.timer = SessionTimer(self, session_expires.DEFAULT if account is None else account.refresh)
        self.over = False
        self._owner = owner
        self._dialog: Dialog | None = None
        """The client's."""
        self._change: SessionChange | None = None
        self._accepted: AcceptedInvite | None = None
        """The 2xx whose ACK has not come yet. A new INVITE takes its place: the other end has moved on."""
        self._silent = False
        self._byes = 0
        self._shown_safe = False

    @property
    def confirmed(self) -> bool:
        """Up: BYE ends it."""
        raise NotImplementedError

    @property
    def answered(self) -> bool:
        """Its owner may ask for something; what has to wait for an ACK does."""
        return self.confirmed

    def hang_up(self, now: float) -> None:
        """BYE, CANCEL or a refusal, as the state of the call wants it."""
        raise NotImplementedError

    def replaceable(self, dialog: Dialog, *, early_only: bool) -> int | None:
        """The code that refuses an INVITE which is to replace `dialog`, None where it may (RFC 3891 §3)."""
        raise NotImplementedError

    # --- what its owner asks for once it is answered; all raise ValueError before that, and when it is over

    def change(self, hold: bool, now: float) -> None:
        """Hold, or resume."""
        self.up()
        self._changes.want(hold, now)

    def refresh(self, now: float) -> None:
        """By a re-INVITE that changes nothing (RFC 4028 §7.4)."""
        self._changes.renew(now)

    @property
    def _changes(self) -> SessionChange:
        if self._change is None:
            self._change = SessionChange(self, owns_call_id=self.owns_call_id)
        return self._change

    def renew(self, address: str, port: int, now: float) -> None:
        """This end, and its sound, are somewhere else: let the far end of a call that is up know."""
        if self._dialog is not None and self.answered and not self.over:
            self.media = replace(self.media, address=address, port=port)
            self._changes.renew(now)

    def send_digit(self, digit: str, now: float) -> bool:
        """By INFO, one after the other; False when too many wait already for the far end to answer."""
        body = info.relay(digit)
        self.up()
        try:
            self.client.send("INFO", self._on_info, now, body=body, body_type=info.ACCEPTED[0])
        except TooManyWaiting:
            return False
        return True

    def _on_info(self, response: ReceivedResponse, now: float) -> None:
        # An end without INFO may leave it unanswered; that it knows nothing of the call is another matter.
        if response.code == 481 and not self.over:
            self.lost(response, now)

    def up(self) -> Dialog:
        if self._dialog is None or not self.answered or self.over:
            raise ValueError(f"call {self.call} is not up")
        return self._dialog

    # --- what comes in within the dialog

    def receive(
        self, request: ReceivedRequest, transaction: ServerTransaction, dialog: Dialog, now: float
    ) -> None:
        """Take a request other than ACK and CANCEL, in the order of CSeq (§12.2.2)."""
        if dialog.remote_sequence is not None and request.sequence < dialog.remote_sequence:
            self.refuse_with(transaction, 500, now, reason="CSeq Out Of Order")
            return
        if self.over and request.method != "BYE":
            self.refuse_with(transaction, 481, now)
            return
        dialog.remote_sequence = request.sequence
        if request.method in TARGET_REFRESHING and (self._dialog is None or self._dialog is dialog):
            self.identify(request, trusted=self.trusts(request.source))
        RECEIVERS[request.method](self, request, transaction, dialog, now)

    @property
    def has_registrar(self) -> bool:
        """The account registers or can prove itself: a call by it may cost something."""
        return self.account is not None and bool(self.account.register or self.account.password)

    def trusts(self, source: Hop) -> bool:
        return self._owner.trusts(self.account, source)

    def identify(self, message: ReceivedRequest | ReceivedResponse, *, trusted: bool) -> None:
        if self.remote.learn(message, trusted=trusted):
            shown = self.remote.shown
            self.tell(RemoteChanged(self.call, shown.uri, shown.name))

    def acknowledge(self, ack: ReceivedRequest, now: float) -> None:
        accepted = self._accepted
        if accepted is None or accepted.sequence != ack.sequence:
            return
        self._stop_repeating()
        if accepted.wants_answer:
            self.goes_by(ack.source)
            try:
                flow = self.negotiation.read_answer(ack.message)
                self.agree(flow, self._offered_direction(), from_answer=True)
            except NotAcceptable as error:
                self._bye_all(str(error), now, code=488)
                return
        self._acknowledged(now)
        self._proceed(now)

    def _offered_direction(self) -> Direction:
        media = self.negotiation.media
        return self.media.direction if media is None else media.direction

    def _acknowledged(self, now: float) -> None:
        """Our 2xx arrived."""

    def provisional_acknowledged(self, rack: RAck) -> bool:  # noqa: ARG002 - who sent none has none
        """A PRACK came for a provisional response that waits for one."""
        return False

    def provisional_refused(self, rack: RAck) -> None:
        """That PRACK was refused for the offer in it."""
        raise NotImplementedError

    def after_prack(self, answer: Request | None, now: float) -> None:
        """It was answered; `answer` is the PRACK where our offer waited for that."""
        raise NotImplementedError

    def negotiation_in(self, dialog: Dialog) -> Negotiation | None:
        """None for a dialog in which nothing can be agreed on any more."""
        return self.negotiation if dialog is self._dialog else None

    def not_now(self, dialog: Dialog) -> int | None:
        """Why an offer cannot be answered: 491 while one of ours waits (§14.2, RFC 3311 §5.2, RFC 5407
        §3.1.4), 500 while an INVITE of theirs does."""
        negotiation = self.negotiation_in(dialog)
        if negotiation is None or negotiation.pending:
            return 491
        return 500 if negotiation.media is None else None

    @property
    def unfinished(self) -> int | None:
        """Why an INVITE of theirs comes too early, whatever it offers: 500 while their first waits for its
        final response, 491 while ours does (§14.2)."""
        raise NotImplementedError

    def agree_in(self, dialog: Dialog, flow: MediaFlow, ours: Direction) -> None:  # noqa: ARG002 - it is up
        """An offer of theirs was answered in `dialog`."""
        self.agree(flow, ours, from_answer=False)

    def agree(self, flow: MediaFlow, ours: Direction, *, from_answer: bool) -> None:
        """Offer and answer are complete; `ours` is the direction that this end put into its part."""
        self._take_flow(flow)
        if self.hold.learn(ours, flow.direction, from_answer=from_answer):
            self.tell(PeerHold(self.call, self.hold.there))

    def _take_flow(self, flow: MediaFlow) -> None:
        if flow == self.flow:
            self.judge()
            return
        self.flow, self._shown_safe = flow, self.over_tls
        self.tell(MediaChanged(self.call, flow, over_tls=self._shown_safe))

    def judge(self) -> None:
        """Tell whether others can read along, where it is not as it was told: the far end is reached
        elsewhere now, or something went another way."""
        if self.flow is not None and self.over_tls != self._shown_safe:
            self._shown_safe = not self._shown_safe
            self.tell(SignallingChanged(self.call, self.flow, over_tls=self._shown_safe))

    def goes_by(self, way: Hop | Destination) -> None:
        """An offer or answer did, ours or theirs."""
        self.in_the_clear |= not self.layer.proven(way)

    def exposed_by(self, way: Hop | Destination) -> bool:
        """Keys of ours that go by `way` are laid open (RFC 4568 §8.3)."""
        return self.keys_over_tls and not way.over_tls

    @property
    def over_tls(self) -> bool:
        """Nobody could read our offers and answers on this end's own hop; of those behind it nothing is
        known."""
        dialog = self._spoken_in
        return not self.in_the_clear and (dialog is None or self.layer.proven(dialog.destination))

    @property
    def _spoken_in(self) -> Dialog | None:
        return self._dialog

    # --- our own requests in it

    @property
    def owns_call_id(self) -> bool:
        """This end placed the call, and named it (§14.1)."""
        raise NotImplementedError

    @property
    def may_change(self) -> bool:
        """A re-INVITE of ours may go out: neither a request of ours nor an INVITE of theirs is unfinished."""
        return self.confirmed and not self.over and self._accepted is None and self.client.idle

    def _proceed(self, now: float) -> None:
        if self._change is not None:
            self._change.proceed(now)

    def _become(self, client: DialogClient) -> None:
        self._dialog, self.client = client.dialog, client

    def _client_of(self, dialog: Dialog) -> DialogClient:
        credentials = self._owner.credentials(self.account)
        return DialogClient(dialog, self.layer, credentials, self.contact, self._proceed)

    def lost(self, response: ReceivedResponse, now: float) -> None:
        """408 or 481 within the dialog: the far end does not answer, or knows nothing of it (§12.2.1.2)."""
        if response.own:
            reason = response.message.phrase
        else:
            reason = f"the far end is gone ({response.code} {response.message.phrase[:80]})"
        self._bye_all(reason, now)

    # --- answering

    def accept(self, transaction: ServerTransaction, body: bytes, now: float, *, wants_answer: bool) -> None:
        request = transaction.request
        response = self.layer.response(request, 200, to_tag=self.local_tag)
        self.open_dialog(response, request)
        advertise(response)
        self.timer.answer(request, response, now)
        finish(response, body)
        self._stop_repeating()
        self._accepted = AcceptedInvite(
            transaction,
            response,
            wants_answer=wants_answer,
            timers=self.layer.timers,
            on_silence=self._never_acknowledged,
            now=now,
        )

    def _stop_repeating(self) -> None:
        if self._accepted is not None:
            self._accepted.stop()
            self._accepted = None

    def open_dialog(self, response: Response, request: ReceivedRequest) -> None:
        """What a response that makes or refreshes a dialog has (§12.1.1)."""
        routes = request.message.headers.getlist("Record-Route")
        if routes:
            response.headers.setlist("Record-Route", list(routes))
        response.headers.set("Contact", f"<{self.contact(request.source)}>")

    def contact(self, hop: Hop) -> str:
        return self.layer.contact_uri(self.account, hop, secure=self.secure)

    @property
    def local_tag(self) -> str:
        return self._dialog.local_tag if self._dialog is not None else ""

    def belongs(self, dialog: Dialog) -> bool:
        """False for an early dialog, and for one that another branch opened."""
        return dialog is self._dialog

    def answer_with(self, transaction: ServerTransaction, code: int, now: float) -> None:
        transaction.respond(self.layer.response(transaction.request, code, to_tag=self.local_tag), now)

    def refuse_with(
        self,
        transaction: ServerTransaction,
        code: int,
        now: float,
        *,
        reason: str | None = None,
        contact: str | None = None,
        warning: str | None = None,
        diversion: Diversion | None = None,
    ) -> None:
        response = self.layer.response(transaction.request, code, reason, self.local_tag)
        if contact is not None:
            response.headers.set("Contact", f"<{contact}>")
        if diversion is not None:
            response.headers.set("Diversion", str(diversion))
        if warning is not None:
            response.headers.set("Warning", warning_of(self.layer.contact.host, warning))
        transaction.respond(response, now)

    def unsupported_body(self, transaction: ServerTransaction, accept: str, now: float) -> None:
        response = self.layer.response(transaction.request, 415, to_tag=self.local_tag)
        response.headers.set("Accept", accept)
        transaction.respond(response, now)

    def _never_acknowledged(self, now: float) -> None:
        self._bye_all("the far end never acknowledged our answer", now, code=408)

    # --- the end

    def far_end_left(self, reason: str, now: float, *, elsewhere: bool = False) -> None:
        self.tell(Ended(self.call, reason, elsewhere))
        self._leave(now)

    def give_up(self, reason: str, now: float) -> None:
        self._bye_all(reason, now, code=408)

    def _bye_all(self, reason: str, now: float, *, code: int | None = None) -> None:
        """End it from here without having been asked to; `reason` is for the owner, and with a `code` that
        it would be as a response for the far end too."""
        self.tell(Ended(self.call, reason))
        if self._dialog is not None:
            self._bye(self.client, now, NO_HEADERS if code is None else {"Reason": reason_header(code)})
        self._leave(now, closing=self._dialog)

    def _leave(self, now: float, closing: Dialog | None = None) -> None:
        """The call is over here; `closing` is a dialog whose BYE is still to be answered."""
        self._silent = self.over = True
        self._stop_repeating()
        if self._change is not None:
            self._change.stop()
        self.timer.stop()
        self.transfers.stop(now)
        if self._dialog is not None and self._dialog is not closing:
            self._owner.dialog_closed(self._dialog)
        self._settle()

    def _bye(self, client: DialogClient, now: float, headers: Mapping[str, str] = NO_HEADERS) -> None:
        def on_final(_response: ReceivedResponse, _now: float) -> None:
            self._byes -= 1
            self._owner.dialog_closed(client.dialog)
            self._settle()

        self._byes += 1
        client.bye(on_final, now, headers)

    def _settle(self) -> None:
        """Leave the user agent once everything that this call began has been answered."""
        if self.over and not self._byes and not self._pending:
            self._owner.session_over(self)

    @property
    def _pending(self) -> bool:
        """Our INVITE still waits for its final response."""
        return False

    def tell(self, event: UserAgentEvent) -> None:
        if not self._silent:
            self._owner.emit(event)
