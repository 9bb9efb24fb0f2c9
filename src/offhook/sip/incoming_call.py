"""A call that comes to this end: the server's side of an INVITE (RFC 3261 §13.3)."""

from sipmessage import Request

from .account import Account
from .capabilities import advertise
from .dialog import Dialog
from .diversion import Diversion
from .events import Answered, Ended
from .hop import Hop
from .identity import Identity
from .invite_session import InviteSession, Owner
from .media import Direction, LocalMedia, MediaFlow
from .message import ReceivedRequest, finish
from .name_addr import one_line
from .offer_answer import NotAcceptable
from .option_tags import names
from .prack import RAck
from .reason import Reason
from .reliable_provisional import ReliableProvisionals
from .remote_party import RemoteParty
from .server_transaction import ServerTransaction
from .timers import Timer
from .uri import parse_uri, sip_uri_text

KEEP_RINGING = 60.0
"""Seconds after which proxies want to hear 180 again (§13.3.1.1)."""

LONGEST_RINGING = 300.0
"""Seconds. A caller may vanish, or its CANCEL be lost; proxies give up after three minutes (§16.6)."""


class IncomingCall(InviteSession):
    def __init__(
        self,
        owner: Owner,
        call: str,
        account: Account | None,
        transaction: ServerTransaction,
        dialog: Dialog,
        *,
        now: float,
    ) -> None:
        super().__init__(owner, call, account)
        request = transaction.request
        trusted = owner.trusts(account, request.source)
        caller = Identity.of_caller(request.message, request.from_, trusted=trusted)
        self.remote = RemoteParty(caller, request.from_)
        self._transaction = transaction
        self.goes_by(request.source)
        self.negotiation.exposed = self.exposed_by(request.source)
        self.secure = "sips" in {transaction.request.message.uri.scheme, dialog.first.scheme}
        self._become(self._client_of(dialog))
        self.client.ready = False
        self._up = False
        self._leaving = False
        """Hung up before the ACK to our 2xx, which BYE has to wait for (§15)."""
        self._ringing: Timer | None = None
        self._early_flow: MediaFlow | None = None
        """What was agreed before the call is answered, by PRACK."""
        self._waiting_answer = False
        """Answered here, with a 2xx that has to wait for a PRACK."""
        self._reliable: ReliableProvisionals | None = None
        """Only where the caller requires it: our 180 tells nothing that the 2xx does not, and no telephone is
        to stop ringing for want of a PRACK."""
        if names(transaction.request.message, "Require", "100rel"):
            first = self.layer.random.randint(1, 2**31 - 1)
            self._reliable = ReliableProvisionals(
                transaction, self.layer.timers, first, self._never_heard_ringing
            )
        expires = transaction.request.message.headers.get("Expires") or ""
        asked = float(expires) if expires.isascii() and expires.isdigit() else LONGEST_RINGING
        self._expiry = self.layer.timers.start(now + min(asked, LONGEST_RINGING), self._expired)
        owner.dialog_opened(dialog, self)
        transaction.respond(self.layer.response(transaction.request, 100), now)

    @property
    def confirmed(self) -> bool:
        return self._up

    @property
    def answered(self) -> bool:
        return (self._transaction.answered or self._waiting_answer) and not self._leaving

    @property
    def unanswered(self) -> bool:
        """It waits for its owner."""
        return not (self.over or self._transaction.answered or self._waiting_answer)

    @property
    def source(self) -> Hop:
        return self._transaction.request.source

    @property
    def owns_call_id(self) -> bool:
        return False

    def replaceable(self, dialog: Dialog, *, early_only: bool) -> int | None:  # noqa: ARG002 - it has but one
        if self.over:
            return 603
        if not self._transaction.answered:
            return 481
        return 486 if early_only else None

    def ring(self, now: float, media: LocalMedia | None = None) -> None:
        """180; nothing when the call is answered already.

        `media` is offered where the caller has to hear of it reliably and made no offer (RFC 3262 §5);
        without it such a caller hears nothing before the 2xx.
        """
        if self._transaction.answered or self._waiting_answer:
            return
        if self._ringing is not None:
            self._ringing.cancel()
        request = self._transaction.request
        response = self.layer.response(request, 180, to_tag=self.local_tag)
        self.open_dialog(response, request)
        if self._reliable is None:
            self._transaction.respond(response, now)
        elif not self._reliable.waiting:
            offering = not request.message.body and self.negotiation.media is None
            if offering and media is None:
                return
            if offering and media is not None:
                self.media = media
                finish(response, self.negotiation.offer(media))
            advertise(response)
            self._reliable.send(response, now, offering=offering)
        self._ringing = self.layer.timers.start(now + KEEP_RINGING, self.ring)

    def answer(self, media: LocalMedia, now: float) -> None:
        """2xx. With nothing in common it is 488 instead, and the call has Ended."""
        if self.answered or self._transaction.answered:
            raise ValueError(f"call {self.call} is answered already")
        self._stop_waiting()
        self.media = media
        if self._reliable is not None and self._reliable.offering:
            self._waiting_answer = True
            return
        self._answer(now)

    def _answer(self, now: float) -> None:
        if self._reliable is not None:
            self._reliable.stop()
        media, flow = self.media, self._early_flow
        if flow is not None:
            self.accept(self._transaction, b"", now, wants_answer=False)
            self.agree(flow, self._offered_direction(), from_answer=True)
            return
        try:
            body, flow = self.negotiation.respond(self._transaction.request.message, media)
        except NotAcceptable as error:
            self._fail(488, str(error), now)
            return
        self.accept(self._transaction, body, now, wants_answer=flow is None)
        if flow is not None:
            self.agree(flow, media.direction, from_answer=False)

    def refuse(
        self,
        code: int,
        now: float,
        *,
        reason: str | None = None,
        contact: str | None = None,
        diverted: str = "",
    ) -> None:
        """Any final response that is no 2xx; `contact` is where a 3xx sends the caller, `diverted` the reason
        as a word of `diversion.REASONS`. Raises ValueError."""
        if not 300 <= code < 700:
            raise ValueError(f"{code} refuses nothing; right would be 300 to 699")
        if self._transaction.answered:
            raise ValueError(f"call {self.call} is answered already")
        target = str(parse_uri(contact)) if contact is not None else None
        self.refuse_with(
            self._transaction,
            code,
            now,
            reason=None if reason is None else one_line(reason),
            contact=target,
            # Exchanges tell whom they call next who sent the call on, and why.
            diversion=Diversion(self._own_address(), "", diverted) if diverted else None,
        )
        self._leave(now)

    def _own_address(self) -> str:
        if self.account is None:
            return self._transaction.request.to.uri
        return sip_uri_text(self.account.user, self.account.host)

    def hang_up(self, now: float) -> None:
        if self.over:
            return
        self._silent = True
        if not self._transaction.answered:
            self.refuse(486, now)
        elif self._up:
            self._bye_all("hung up here", now)
        else:
            self._leaving = True

    def cancelled(self, cancel: ReceivedRequest, now: float) -> None:
        """The caller gave up (§9.2). After a final response it changes nothing."""
        if not self._transaction.answered:
            reason = Reason.of(cancel.message)
            self.far_end_left(reason.text or "the caller gave up", now, elsewhere=reason.elsewhere)

    def _acknowledged(self, now: float) -> None:
        if self._up:
            return
        self._up = True
        if self._leaving:
            self._bye_all("hung up here", now)
        else:
            self.tell(Answered(self.call))
            self.client.ready = True
            self.client.next(now)

    def _expired(self, now: float) -> None:
        self.far_end_left("it rang for too long", now)

    def far_end_left(self, reason: str, now: float, *, elsewhere: bool = False) -> None:
        if not self._transaction.answered:
            self.refuse_with(self._transaction, 487, now)
        super().far_end_left(reason, now, elsewhere=elsewhere)

    # --- what comes of a reliable 180

    def provisional_acknowledged(self, rack: RAck) -> bool:
        return self._reliable is not None and self._reliable.acknowledge(rack)

    def provisional_refused(self, rack: RAck) -> None:
        if self._reliable is not None:
            self._reliable.refuse(rack)

    def after_prack(self, answer: Request | None, now: float) -> None:
        if answer is not None:
            try:
                self._early_flow = self.negotiation.read_answer(answer)
            except NotAcceptable as error:
                self._fail(488, str(error), now)
                return
        if self._waiting_answer:
            self._waiting_answer = False
            self._answer(now)

    @property
    def unfinished(self) -> int | None:
        return None if self._transaction.answered else 500

    def agree_in(self, dialog: Dialog, flow: MediaFlow, ours: Direction) -> None:
        if self._transaction.answered:
            super().agree_in(dialog, flow, ours)
        else:
            self._early_flow = flow

    def _never_heard_ringing(self, now: float) -> None:
        self._fail(504, "the caller never acknowledged that it rings here", now)

    def _fail(self, code: int, why: str, now: float) -> None:
        self.refuse_with(self._transaction, code, now, warning=why)
        self.tell(Ended(self.call, why))
        self._leave(now)

    def _leave(self, now: float, closing: Dialog | None = None) -> None:
        self._stop_waiting()
        self._waiting_answer = False
        if self._reliable is not None:
            self._reliable.stop()
        super()._leave(now, closing)

    def _stop_waiting(self) -> None:
        self._expiry.cancel()
        if self._ringing is not None:
            self._ringing.cancel()
