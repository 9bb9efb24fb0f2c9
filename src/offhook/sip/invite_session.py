"""What both ends of a call share once there is a dialog (RFC 3261 §13 to §15): its sound, its BYE, what
comes in."""

from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol

from sipmessage import Request, Response

from . import info
from .accepted_invite import AcceptedInvite
from .account import Account
from .capabilities import advertise
from .dialog import Dialog
from .digest import Credentials
from .events import Digit, Ended, MediaChanged, UserAgentEvent
from .hop import Hop, uri_host
from .media import MediaFlow
from .message import ReceivedRequest, ReceivedResponse, content_type, finish
from .negotiation import SDP, Negotiation
from .offer_answer import NotAcceptable
from .server_transaction import ServerTransaction
from .transaction_layer import TransactionLayer

MAX_CHALLENGES = 4
"""401 and 407 in a row that one request answers: two for each of a proxy and a server behind it."""


class Owner(Protocol):
    """The user agent, as a call sees it."""

    layer: TransactionLayer

    def emit(self, event: UserAgentEvent) -> None: ...
    def credentials(self, account: Account | None) -> Credentials | None: ...
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
        self.flow: MediaFlow | None = None
        """What was agreed about sound, once offer and answer are complete."""
        self._owner = owner
        self._layer = owner.layer
        self._dialog: Dialog | None = None
        """The one that is confirmed, or that an incoming call is to confirm."""
        self._negotiation = Negotiation(self._layer.random.getrandbits(48))
        self._accepted: AcceptedInvite | None = None
        """The 2xx whose ACK has not come yet. A new INVITE takes its place: the other end has moved on."""
        self._over = False
        self._silent = False
        self._byes = 0

    @property
    def confirmed(self) -> bool:
        """Up: BYE ends it."""
        raise NotImplementedError

    def hang_up(self, now: float) -> None:
        """BYE, CANCEL or a refusal, as the state of the call wants it."""
        raise NotImplementedError

    # --- what comes in within the dialog

    def receive(
        self, request: ReceivedRequest, transaction: ServerTransaction, dialog: Dialog, now: float
    ) -> None:
        """Take a request other than ACK and CANCEL, in the order of CSeq (§12.2.2)."""
        if dialog.remote_sequence is not None and request.sequence < dialog.remote_sequence:
            self._refuse(transaction, 500, now, reason="CSeq Out Of Order")
            return
        if self._over and request.method != "BYE":
            self._refuse(transaction, 481, now)
            return
        dialog.remote_sequence = request.sequence
        self._RECEIVERS[request.method](self, request, transaction, dialog, now)

    def acknowledge(self, ack: ReceivedRequest, now: float) -> None:
        accepted = self._accepted
        if accepted is None or accepted.sequence != ack.sequence:
            return
        self._stop_repeating()
        if accepted.wants_answer:
            try:
                self._agree(self._negotiation.read_answer(ack.message))
            except NotAcceptable as error:
                self._bye_all(str(error), now)
                return
        self._acknowledged(now)

    def _acknowledged(self, now: float) -> None:
        """Our 2xx arrived."""

    def _on_bye(
        self, request: ReceivedRequest, transaction: ServerTransaction, dialog: Dialog, now: float
    ) -> None:
        self._answer(transaction, 200, now)
        # In an early dialog, or one that another branch opened, it ends that branch and not the call.
        if dialog is self._dialog:
            self._far_end_left(reason_of(request.message) or "the far end hung up", now)

    def _on_options(
        self, request: ReceivedRequest, transaction: ServerTransaction, _dialog: Dialog, now: float
    ) -> None:
        response = self._layer.response(request, 200)
        advertise(response)
        transaction.respond(response, now)

    def _on_info(
        self, request: ReceivedRequest, transaction: ServerTransaction, _dialog: Dialog, now: float
    ) -> None:
        kind = content_type(request.message)
        if kind and kind not in info.ACCEPTED:
            response = self._layer.response(request, 415)
            response.headers.set("Accept", ", ".join(info.ACCEPTED))
            transaction.respond(response, now)
            return
        digit = info.digit_of(request.message)
        if kind and digit is None:
            self._refuse(transaction, 400, now, reason="No Key In The Body")
            return
        self._answer(transaction, 200, now)
        if digit is not None:
            self._emit(Digit(self.call, digit))

    def _on_invite(
        self, request: ReceivedRequest, transaction: ServerTransaction, dialog: Dialog, now: float
    ) -> None:
        """A re-INVITE (§14.2), answered at once with the sound that the call has."""
        refusal = self._not_now()
        media = self._negotiation.media
        if refusal is not None or media is None or self._dialog is not dialog:
            code = refusal or 491
            response = self._layer.response(request, code)
            if code == 500:
                response.headers.set("Retry-After", str(self._layer.random.randint(0, 10)))
            transaction.respond(response, now)
            return
        if content_type(request.message) not in {"", SDP}:
            self._unsupported_body(transaction, now)
            return
        try:
            body, flow = self._negotiation.respond(request.message, media)
        except NotAcceptable as error:
            self._refuse(transaction, 488, now, warning=str(error))
            return
        dialog.refresh(request.message)
        self._accept(transaction, body, now, wants_answer=flow is None)
        if flow is not None:
            self._agree(flow)

    def _not_now(self) -> int | None:
        """Why a re-INVITE cannot be answered: 491 while an offer of ours waits (RFC 5407 §3.1.4), 500 while
        an INVITE of theirs does (§14.2)."""
        return 491 if self._accepted is not None and self._accepted.wants_answer else None

    _RECEIVERS: ClassVar[
        Mapping[str, Callable[["InviteSession", ReceivedRequest, ServerTransaction, Dialog, float], None]]
    ] = {"BYE": _on_bye, "INFO": _on_info, "INVITE": _on_invite, "OPTIONS": _on_options}

    def _agree(self, flow: MediaFlow) -> None:
        if flow != self.flow:
            self.flow = flow
            self._emit(MediaChanged(self.call, flow))

    # --- answering

    def _accept(self, transaction: ServerTransaction, body: bytes, now: float, *, wants_answer: bool) -> None:
        request = transaction.request
        response = self._layer.response(request, 200, to_tag=self.local_tag)
        self._open_dialog(response, request)
        advertise(response)
        finish(response, body)
        self._stop_repeating()
        self._accepted = AcceptedInvite(
            transaction,
            response,
            wants_answer=wants_answer,
            timers=self._layer.timers,
            on_silence=self._never_acknowledged,
            now=now,
        )

    def _stop_repeating(self) -> None:
        if self._accepted is not None:
            self._accepted.stop()
            self._accepted = None

    def _open_dialog(self, response: Response, request: ReceivedRequest) -> None:
        """What a response that makes or refreshes a dialog has (§12.1.1)."""
        routes = request.message.headers.getlist("Record-Route")
        if routes:
            response.headers.setlist("Record-Route", list(routes))
        response.headers.set("Contact", f"<{self._contact(request.source)}>")

    def _contact(self, hop: Hop) -> str:
        user = self.account.user if self.account is not None else ""
        return self._layer.contact_uri(user, hop)

    @property
    def local_tag(self) -> str:
        return self._dialog.local_tag if self._dialog is not None else ""

    def _answer(self, transaction: ServerTransaction, code: int, now: float) -> None:
        transaction.respond(self._layer.response(transaction.request, code, to_tag=self.local_tag), now)

    def _refuse(
        self,
        transaction: ServerTransaction,
        code: int,
        now: float,
        *,
        reason: str | None = None,
        contact: str | None = None,
        warning: str | None = None,
    ) -> None:
        response = self._layer.response(transaction.request, code, reason, self.local_tag)
        if contact is not None:
            response.headers.set("Contact", f"<{contact}>")
        if warning is not None:
            text = "".join(c for c in warning if " " <= c <= "~" and c not in '"\\')
            response.headers.set("Warning", f'399 {uri_host(self._layer.contact.host)} "{text}"')
        transaction.respond(response, now)

    def _unsupported_body(self, transaction: ServerTransaction, now: float) -> None:
        response = self._layer.response(transaction.request, 415, to_tag=self.local_tag)
        response.headers.set("Accept", SDP)
        transaction.respond(response, now)

    def _never_acknowledged(self, now: float) -> None:
        self._bye_all("the far end never acknowledged our answer", now)

    # --- the end

    def _far_end_left(self, reason: str, now: float) -> None:  # noqa: ARG002 - for those that answer first
        self._emit(Ended(self.call, reason))
        self._leave()

    def _bye_all(self, reason: str, now: float) -> None:
        """End it from here without having been asked to; `reason` is for the owner."""
        self._emit(Ended(self.call, reason))
        if self._dialog is not None:
            self._bye(self._dialog, now)
        self._leave(closing=self._dialog)

    def _leave(self, closing: Dialog | None = None) -> None:
        """The call is over here; `closing` is a dialog whose BYE is still to be answered."""
        self._silent = self._over = True
        self._stop_repeating()
        if self._dialog is not None and self._dialog is not closing:
            self._owner.dialog_closed(self._dialog)
        self._settle()

    def _bye(self, dialog: Dialog, now: float) -> None:
        request, hop = dialog.request("BYE")
        credentials = self._owner.credentials(self.account)
        if credentials is not None:
            credentials.authorize(request)
        self._byes += 1
        attempt = 0

        def on_response(response: ReceivedResponse, now: float) -> None:
            nonlocal attempt
            if response.code < 200:
                return
            attempt += 1
            if response.code in {401, 407} and self._authorized(request, response, attempt):
                dialog.local_sequence += 1
                request.headers.set("CSeq", f"{dialog.local_sequence} BYE")
                self._layer.send(request, hop, on_response, now)
                return
            self._byes -= 1
            self._owner.dialog_closed(dialog)
            self._settle()

        self._layer.send(request, hop, on_response, now)

    def _authorized(self, request: Request, response: ReceivedResponse, attempt: int) -> bool:
        """Give `request` the credentials that a 401 or 407 asks for; False: there are none left to try."""
        credentials = self._owner.credentials(self.account)
        if credentials is None or attempt > MAX_CHALLENGES:
            return False
        return credentials.answer(request, response.message)

    def _settle(self) -> None:
        """Leave the user agent once everything that this call began has been answered."""
        if self._over and not self._byes and not self._pending:
            self._owner.session_over(self)

    @property
    def _pending(self) -> bool:
        """Our INVITE still waits for its final response."""
        return False

    def _emit(self, event: UserAgentEvent) -> None:
        if not self._silent:
            self._owner.emit(event)


def reason_of(message: Request) -> str | None:
    """The text of a Reason header (RFC 3326), which tells why a call was ended."""
    value = message.headers.get("Reason") or ""
    _, found, text = value.partition('text="')
    return text.partition('"')[0][:120] or None if found else None
