"""A call that this end places: the client's side of an INVITE (RFC 3261 §13.2, §9.1)."""

from collections.abc import Mapping
from contextlib import suppress

from sipmessage import Request

from . import capabilities
from .account import Account
from .client_transaction import ClientTransaction
from .dialog import Dialog
from .dialog_client import MAX_CHALLENGES, NO_HEADERS
from .events import Answered, Failed, Progress
from .hop import Hop, Transmit
from .invite_session import InviteSession, Owner
from .media import LocalMedia
from .message import ReceivedResponse, finish, new_request, phrase_of
from .name_addr import name_addr
from .offer_answer import NotAcceptable
from .redirection import Redirections, contacts_of
from .route import routed
from .target import first_hop
from .timers import TIMEOUT, Timer
from .transferee import Transferee
from .uri import WireUri, sip_uri_text

MAX_FORKS = 16
"""Dialogs that one INVITE may open; branches beyond them are not followed."""


class OutgoingCall(InviteSession):
    def __init__(
        self,
        owner: Owner,
        call: str,
        account: Account | None,
        transferee: Transferee | None = None,
        *,
        route: tuple[str, ...] = (),
    ) -> None:
        """`transferee` is whose REFER it follows, and hears what becomes of it. `route` is what the account's
        registrar wants its requests to take (RFC 3608)."""
        super().__init__(owner, call, account)
        self._followed = transferee
        self._route = route
        self._forks: dict[str, Dialog] = {}
        """By the other end's tag."""
        self._acks: dict[str, Transmit] = {}
        self._told: tuple[int, str, bool] | None = None
        self._ringing = False
        """A provisional response came, so that CANCEL is allowed."""
        self._giving_up = False
        self._patience: Timer | None = None
        self._attempt = 1
        self._redirections: Redirections | None = None
        """None where none is followed."""

    def invite(
        self,
        target: WireUri,
        media: LocalMedia,
        now: float,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        self.media = media
        self.secure = target.scheme == "sips"
        self._request, hop = self._build(target, media)
        for name, value in headers.items():
            self._request.headers.set(name, value)
        if self._owner.follow_redirects:
            self._redirections = Redirections(target)
        self._send_to(hop, now)

    @property
    def confirmed(self) -> bool:
        return self._dialog is not None and not self.over

    @property
    def owns_call_id(self) -> bool:
        return True

    def replaceable(self, dialog: Dialog, *, early_only: bool) -> int | None:
        another = self._dialog is not None and self._dialog is not dialog
        if self.over or self._giving_up or another:
            return 603
        return 486 if early_only and self._dialog is dialog else None

    def hang_up(self, now: float) -> None:
        if self.over or self._giving_up:
            return
        self._silent = True
        if self._dialog is not None:
            self._bye(self.client, now)
            self._leave(now, closing=self._dialog)
            return
        self._giving_up = True
        if self._ringing:
            self._cancel(now)

    # --- the INVITE

    def _build(self, target: WireUri, media: LocalMedia) -> tuple[Request, Hop]:
        layer, account = self.layer, self.account
        uri, routes, hop = self._routed(target)
        if account is None:
            caller = name_addr("", layer.contact_uri(None, hop))
        else:
            caller = name_addr(account.display_name, sip_uri_text(account.user, account.host))
        headers = {
            "Max-Forwards": "70",
            "From": f"{caller};tag={layer.new_tag()}",
            "To": name_addr("", str(target)),
            "Call-ID": layer.new_call_id(),
            "CSeq": "1 INVITE",
            "Contact": f"<{self.contact(hop)}>",
            **capabilities.ADVERTISED,
        }
        request = new_request("INVITE", uri, headers)
        if routes:
            request.headers.setlist("Route", routes)
        finish(request, self.negotiation.offer(media))
        return request, hop

    def _routed(self, target: WireUri) -> tuple[WireUri, list[str], Hop]:
        if not self._route:
            return target, [], first_hop(target, self.account)
        return routed(target, self._route)

    def _send_to(self, hop: Hop, now: float) -> None:
        self._hop = hop
        self.in_the_clear |= hop.transport != "TLS"
        credentials = self._owner.credentials(self.account)
        if credentials is not None:
            credentials.authorize(self._request, hop)
        self._send(now)

    def _begin_anew(self) -> None:
        """The next INVITE of the call: a final response ended the one before, and its dialogs."""
        request = self._request
        sequence, _, _ = request.headers["CSeq"].partition(" ")
        request.headers.set("CSeq", f"{int(sequence) + 1} INVITE")
        self._ringing = False
        self._give_up_forks(None)

    def _send(self, now: float) -> None:
        self._transaction: ClientTransaction = self.layer.send(
            self._request, self._hop, self._on_response, now, self.call
        )

    def _on_response(self, response: ReceivedResponse, now: float) -> None:
        if response.code < 200:
            self._on_provisional(response, now)
        elif response.code < 300:
            self._on_success(response, now)
        else:
            self._on_failure(response, now)

    def _on_provisional(self, response: ReceivedResponse, now: float) -> None:
        if not self._ringing:
            self._ringing = True
            if self._giving_up:
                self._cancel(now)
        if response.code == 100 or self._giving_up:
            return
        fork = self._fork(response) if response.to.tag else None
        early_media = False
        if fork is not None and response.message.body:
            # One that is no use is passed over: the 2xx has the answer that counts.
            with suppress(NotAcceptable):
                self._take_flow(self.negotiation.read_answer(response.message))
                early_media = True
        told = (response.code, response.to.tag, early_media)
        if told != self._told:
            self._told = told
            self.tell(Progress(self.call, response.code, _phrase(response), early_media))
            self._report(response.code, _phrase(response), now)

    def _on_success(self, response: ReceivedResponse, now: float) -> None:
        tag = response.to.tag
        if tag in self._acks:
            self.layer.outbox.append(self._acks[tag])
            return
        fork = self._fork(response)
        if fork is None:
            return
        fork.confirm(response)
        self._acknowledge(fork)
        if self._dialog is not None or self._giving_up or self.over:
            # Answered a second time by another branch, or too late (§13.2.2.4, §9.1).
            self._bye(self._client_of(fork), now)
            if self._giving_up:
                self._report(487, phrase_of(487), now)
                self._leave(now, closing=fork)
            return
        self._become(fork)
        self._give_up_forks(fork)
        self._answered(response, now)

    def _answered(self, response: ReceivedResponse, now: float) -> None:
        try:
            # An answer that came early, in a 183, need not come again.
            flow = self.flow
            if response.message.body or flow is None:
                flow = self.negotiation.read_answer(response.message)
        except NotAcceptable as error:
            self._report(488, phrase_of(488), now)
            self.tell(Failed(self.call, 488, str(error)))
            self._silent = True
            self._bye_all(str(error), now)
            return
        self.agree(flow, self.media.direction, from_answer=True)
        self._report(response.code, _phrase(response), now)
        self.tell(Answered(self.call))

    def _report(self, code: int, phrase: str, now: float) -> None:
        if self._followed is not None:
            self._followed.report(code, phrase, now)

    def _acknowledge(self, fork: Dialog) -> None:
        sequence, _, _ = self._request.headers["CSeq"].partition(" ")
        ack, hop = fork.request("ACK", int(sequence))
        credentials = self._owner.credentials(self.account)
        if credentials is not None:
            credentials.repeat(self._request, ack, hop)
        self._acks[fork.remote_tag] = self.layer.send_ack(ack, hop)

    def _on_failure(self, response: ReceivedResponse, now: float) -> None:
        if response.code in {401, 407} and not self._giving_up and self._authorized(response):
            self._attempt += 1
            self._begin_anew()
            self._send(now)
            return
        contacts = contacts_of(response.message)
        if self._redirections is not None and not self._giving_up:
            target = self._redirections.next(contacts)
            if target is not None:
                self._follow(target, now)
                return
        self._report(response.code, _phrase(response), now)
        self.tell(Failed(self.call, response.code, _phrase(response), contacts))
        self._leave(now)

    def _follow(self, target: WireUri, now: float) -> None:
        """A 3xx names `target` (§8.1.3.4). What was agreed with whoever sent it counts no more."""
        request = self._request
        request.uri, routes, hop = self._routed(target)
        if routes:
            request.headers.setlist("Route", routes)
        for name in ("Authorization", "Proxy-Authorization"):
            request.headers.remove(name)
        self._begin_anew()
        self._attempt, self._told, self.flow = 1, None, None
        request.headers.set("Contact", f"<{self.contact(hop)}>")
        self._send_to(hop, now)

    def _authorized(self, response: ReceivedResponse) -> bool:
        """Give the INVITE the credentials that a 401 or 407 asks for; False: there are none left to try."""
        credentials = self._owner.credentials(self.account)
        if credentials is None or self._attempt > MAX_CHALLENGES:
            return False
        return credentials.answer(self._request, response.message, self._hop)

    def _cancel(self, now: float) -> None:
        self.layer.cancel(self._transaction, now)
        self._patience = self.layer.timers.start(now + TIMEOUT, self._no_final_response)

    def _no_final_response(self, now: float) -> None:
        """64*T1 after its CANCEL an INVITE counts as cancelled (§9.1)."""
        self._transaction.abandon(now)
        self._report(487, phrase_of(487), now)
        self._leave(now)

    # --- its dialogs

    def _fork(self, response: ReceivedResponse) -> Dialog | None:
        tag = response.to.tag
        dialog = self._forks.get(tag)
        if dialog is None and len(self._forks) < MAX_FORKS:
            dialog = self._forks[tag] = Dialog.of_response(self._request, response)
            self._owner.dialog_opened(dialog, self)
        return dialog

    def _give_up_forks(self, chosen: Dialog | None) -> None:
        for fork in self._forks.values():
            if fork is not chosen and fork.remote_tag not in self._acks:
                self._owner.dialog_closed(fork)
        self._forks = {tag: fork for tag, fork in self._forks.items() if fork is chosen or tag in self._acks}

    def _leave(self, now: float, closing: Dialog | None = None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._give_up_forks(closing)
        super()._leave(now, closing)

    @property
    def _pending(self) -> bool:
        return self._transaction.waiting


def _phrase(response: ReceivedResponse) -> str:
    """Short enough for a screen."""
    return response.message.phrase[:120] or phrase_of(response.code)
