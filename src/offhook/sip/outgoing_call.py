"""A call that this end places: the client's side of an INVITE (RFC 3261 §13.2, §9.1)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from sipmessage import Request

from . import capabilities
from .account import Account
from .destination import Destination
from .dialog import Dialog
from .dialog_client import MAX_CHALLENGES, NO_HEADERS
from .early_dialog import EarlyDialog
from .events import Answered, Failed, Progress
from .hop import Hop
from .identity import ANONYMOUS, Identity
from .invite_session import InviteSession, Owner
from .media import Direction, LocalMedia, MediaFlow
from .message import ReceivedResponse, finish, new_request, phrase_of
from .name_addr import NameAddr, name_addr
from .negotiation import Negotiation
from .offer_answer import NotAcceptable
from .reason import Reason
from .redirection import Redirections, contacts_of
from .remote_party import RemoteParty
from .route import routed
from .sending import Acknowledgement, Sending
from .target import first_destination, preloaded
from .timers import TIMEOUT, Timer
from .transferee import Transferee
from .uri import WireUri, sip_uri_text

MAX_FORKS = 16
"""Dialogs that one INVITE may open; branches beyond them are not followed."""


class Aim(NamedTuple):
    """The Request-URI of an INVITE, its routes, where it goes first, and whether a sips: URI led there: then
    its Contact has to be one (RFC 3261 §8.1.1.8)."""

    uri: WireUri
    routes: list[str]
    destination: Destination
    secure: bool


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
        self._branches: dict[str, EarlyDialog] = {}
        """By the other end's tag."""
        self._heard: EarlyDialog | None = None
        """Whose early media is heard: that which last described its sound. A number that rings at one place
        after the other is followed that way, and none takes over by repeating itself."""
        self._acks: dict[str, Acknowledgement] = {}
        self._told: tuple[int, str, bool] | None = None
        self._ringing = False
        """A provisional response came, so that CANCEL is allowed."""
        self._giving_up = False
        self._patience: Timer | None = None
        self._attempt = 1
        self._withheld = ""
        """Why the INVITE is not sent."""
        self._redirections: Redirections

    def invite(
        self,
        target: WireUri,
        media: LocalMedia,
        now: float,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        self.media = media
        self.remote = RemoteParty(Identity(str(target), ""), NameAddr("", str(target)))
        aim = self._aim(target)
        self._request = self._build(target, self._offered(aim.destination))
        for name, value in headers.items():
            self._request.headers.set(name, value)
        self._redirections = Redirections(
            target, self._owner.redirects, self.account, self._owner.may_call, self._hindrance
        )
        self._send(aim, now)

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
        if self._sending.settle():
            # It never left.
            self._report(487, phrase_of(487), now)
            self._leave(now)
        elif self._ringing:
            self._cancel(now)

    # --- the INVITE

    def _build(self, target: WireUri, offer: bytes) -> Request:
        layer, account = self.layer, self.account
        if account is None:
            caller = name_addr("", sip_uri_text("", layer.contact.host, layer.contact.port))
        elif account.privacy:
            caller = name_addr(ANONYMOUS.name, ANONYMOUS.uri)
        else:
            caller = name_addr(account.display_name, sip_uri_text(account.user, account.host))
        headers = {
            "Max-Forwards": "70",
            "From": f"{caller};tag={layer.new_tag()}",
            "To": name_addr("", str(target)),
            "Call-ID": layer.new_call_id(),
            "CSeq": "1 INVITE",
            **capabilities.ADVERTISED,
            **self.timer.asks(),
        }
        if self._private:
            headers["Privacy"] = "id"
        return new_request("INVITE", target, headers, offer)

    def _aim(self, target: WireUri, *, redirected: bool = False) -> Aim:
        """Whoever is not to be called but over TLS, and may have it, is asked for it: where a 3xx leads an
        account that is spoken to over TLS, or where keys go with the call."""
        uri, routes, first = routed(target, preloaded(self.account, self._route))
        destination = first_destination(first, self.account)
        bound = redirected or (self.account is not None and self.account.srtp == "required")
        if target.scheme == "sips" or (self.keys_over_tls and bound and destination.transport is None):
            destination = destination.secured()
        return Aim(uri, routes, destination, "sips" in {target.scheme, first.scheme})

    def _offered(self, destination: Destination) -> bytes:
        """Our offer as it may be read on the way there; empty, where there is none that may."""
        self._withheld = ""
        self.negotiation.exposed = self.exposed_by(destination)
        try:
            return self.negotiation.offer(self.media)
        except NotAcceptable as error:
            self._withheld = f"{error}, not to {destination}"
            return b""

    def _send(self, aim: Aim, now: float) -> None:
        request = self._request
        self.secure = aim.secure
        request.uri = aim.uri
        if aim.routes:
            request.headers.setlist("Route", aim.routes)
        self._sending = Sending(
            self.layer,
            request,
            aim.destination,
            self._on_response,
            self._prepare,
            on_stray=self._on_stray,
            call=self.call,
            may_grow=True,
            withheld=self._withheld,
        )
        self._sending.begin(now)

    def _prepare(self, request: Request, hop: Hop) -> None:
        self.goes_by(hop)
        request.headers.set("Contact", f"<{self.contact(hop)}>")
        credentials = self._owner.credentials(self.account)
        if credentials is not None:
            credentials.authorize(request, hop)
            if self._private:
                self._prefer_identity(request, trusted=credentials.home.is_at(hop))

    @property
    def _private(self) -> bool:
        return self.account is not None and self.account.privacy

    def contact(self, hop: Hop) -> str:
        if self.account is not None and self._private:
            return self.layer.contact_uri(replace(self.account, user=""), hop, secure=self.secure)
        return super().contact(hop)

    def _prefer_identity(self, invite: Request, *, trusted: bool) -> None:
        """Who calls is for the account's own proxy alone to know (RFC 3325 §9.2)."""
        invite.headers.remove("P-Preferred-Identity")
        if trusted and self.account is not None:
            uri = sip_uri_text(self.account.user, self.account.host)
            invite.headers.set("P-Preferred-Identity", name_addr(self.account.display_name, uri))

    def _begin_anew(self) -> None:
        """The next INVITE of the call: a final response ended the one before, and its dialogs."""
        request = self._request
        sequence, _, _ = request.headers["CSeq"].partition(" ")
        request.headers.set("CSeq", f"{int(sequence) + 1} INVITE")
        self._ringing = False
        self._give_up_branches(None)
        self._branches = {}

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
        early = self._branch(response) if response.to.tag else None
        if early is not None and not early.acknowledge(response, now):
            return
        self._identify(response)
        if response.code == 199 and early is not None:
            self._end_branch(early)
        elif early is not None and early.hear(response):
            self._listen_to(early)
        early_media = self._heard is not None
        told = (response.code, response.to.tag, early_media)
        if told != self._told:
            self._told = told
            self.tell(Progress(self.call, response.code, _phrase(response), early_media))
            self._report(response.code, _phrase(response), now)

    def _listen_to(self, early: EarlyDialog | None) -> None:
        self._heard = early
        if early is not None and early.flow is not None:
            self._take_flow(early.flow)

    def _end_branch(self, early: EarlyDialog) -> None:
        """199: somebody on the way knows that it failed, while others go on (RFC 6228)."""
        self._owner.dialog_closed(early.dialog)
        del self._branches[early.dialog.remote_tag]
        if self._heard is early:
            self._listen_to(next((each for each in self._branches.values() if each.flow is not None), None))

    def _on_success(self, response: ReceivedResponse, now: float) -> None:
        tag = response.to.tag
        if tag in self._acks:
            self._acks[tag].repeat(now)
            return
        early = self._confirmed(response, now)
        if early is None:
            return
        if self._dialog is not None or self._giving_up or self.over:
            # Answered a second time by another branch, or too late (§13.2.2.4, §9.1).
            self._bye(early.client, now)
            if self._giving_up:
                self._report(487, phrase_of(487), now)
                self._leave(now, closing=early.dialog)
            return
        self._become(early.client)
        self.negotiation = early.negotiation
        self._give_up_branches(early.dialog)
        self._identify(response)
        self._answered(early, response, now)

    def _answered(self, early: EarlyDialog, response: ReceivedResponse, now: float) -> None:
        try:
            flow = early.answered(response)
        except NotAcceptable as error:
            self._report(488, phrase_of(488), now)
            self.tell(Failed(self.call, 488, str(error)))
            self._silent = True
            self._bye_all(str(error), now, code=488)
            return
        self.agree(flow, self.media.direction, from_answer=True)
        self.timer.answered(response.message, now)
        self._report(response.code, _phrase(response), now)
        self.tell(Answered(self.call))

    def _identify(self, response: ReceivedResponse) -> None:
        credentials, hop = self._owner.credentials(self.account), self._sending.hop
        if credentials is not None and hop is not None:
            self.identify(response, trusted=credentials.home.is_at(hop))

    def _report(self, code: int, phrase: str, now: float) -> None:
        if self._followed is not None:
            self._followed.report(code, phrase, now)

    def _on_stray(self, response: ReceivedResponse, now: float) -> None:
        """A hop was given up, and had brought the INVITE to somebody who answered it."""
        tag = response.to.tag
        if tag in self._acks:
            self._acks[tag].repeat(now)
        elif (early := self._confirmed(response, now)) is not None:
            self._bye(early.client, now)

    def _confirmed(self, response: ReceivedResponse, now: float) -> EarlyDialog | None:
        """The branch of a 2xx, which is acknowledged."""
        early = self._branch(response)
        if early is None:
            return None
        self._owner.dialog_opened(early.dialog, self)
        early.dialog.confirm(response)
        ack, destination = early.dialog.request("ACK", response.sequence)
        credentials, invite = self._owner.credentials(self.account), self._request

        def prepare(request: Request, hop: Hop) -> None:
            if credentials is not None:
                credentials.repeat(invite, request, hop)

        self._acks[early.dialog.remote_tag] = Acknowledgement(self.layer, ack, destination, prepare, now)
        return early

    def _on_failure(self, response: ReceivedResponse, now: float) -> None:
        if response.code in {401, 407} and not self._giving_up and self._authorized(response):
            self._attempt += 1
            self._begin_anew()
            self._sending.again(now)
            return
        if not self._giving_up and self.timer.raised(response.message):
            for name, value in self.timer.asks().items():
                self._request.headers.set(name, value)
            self._begin_anew()
            self._sending.again(now)
            return
        if not self._giving_up:
            target = self._redirections.next(response.message)
            if target is not None:
                self._follow(target, now)
                return
        self._report(response.code, _phrase(response), now)
        why = f"{_why(response)}{self._redirections.why_not}"
        self.tell(Failed(self.call, response.code, why, contacts_of(response.message)))
        self._leave(now)

    def _follow(self, target: WireUri, now: float) -> None:
        """A 3xx named `target` (§8.1.3.4). What was agreed with whoever was called before counts no more."""
        request = self._request
        for name in ("Authorization", "Proxy-Authorization"):
            request.headers.remove(name)
        self._begin_anew()
        self._attempt, self._told, self.flow = 1, None, None
        aim = self._aim(target, redirected=True)
        if self._withheld or self.exposed_by(aim.destination) != self.negotiation.exposed:
            finish(request, self._offered(aim.destination))
        self._send(aim, now)

    def _hindrance(self, target: WireUri) -> str:
        """Why not: an account that is spoken to over TLS is sent nowhere else."""
        destination = self._aim(target, redirected=True).destination
        return f"not over TLS to {destination}" if self.exposed_by(destination) else ""

    def _authorized(self, response: ReceivedResponse) -> bool:
        """Give the INVITE the credentials that a 401 or 407 asks for; False: there are none left to try."""
        credentials, hop = self._owner.credentials(self.account), self._sending.hop
        if credentials is None or hop is None or self._attempt > MAX_CHALLENGES:
            return False
        return credentials.answer(self._request, response.message, hop)

    def _cancel(self, now: float) -> None:
        if self._sending.transaction is not None:
            self.layer.cancel(self._sending.transaction, now)
        self._patience = self.layer.timers.start(now + TIMEOUT, self._no_final_response)

    def _no_final_response(self, now: float) -> None:
        """64*T1 after its CANCEL an INVITE counts as cancelled (§9.1)."""
        self._sending.abandon(now)
        self._report(487, phrase_of(487), now)
        self._leave(now)

    # --- its dialogs

    def _branch(self, response: ReceivedResponse) -> EarlyDialog | None:
        tag = response.to.tag
        early = self._branches.get(tag)
        if early is None and len(self._branches) < MAX_FORKS:
            dialog = Dialog.of_response(self._request, response)
            early = self._branches[tag] = EarlyDialog(self._client_of(dialog), self.negotiation)
            self._owner.dialog_opened(dialog, self)
        return early

    def _give_up_branches(self, chosen: Dialog | None) -> None:
        """They take no more requests. One that is answered all the same goes on counting for its BYE."""
        for tag, early in self._branches.items():
            if early.dialog is not chosen and tag not in self._acks:
                self._owner.dialog_closed(early.dialog)
        self._heard = None

    @property
    def _spoken_in(self) -> Dialog | None:
        return self._heard.dialog if self._dialog is None and self._heard is not None else self._dialog

    def negotiation_in(self, dialog: Dialog) -> Negotiation | None:
        early = self._branches.get(dialog.remote_tag) if self._dialog is None else None
        return super().negotiation_in(dialog) if early is None else early.negotiation

    @property
    def unfinished(self) -> int | None:
        return 491 if self._dialog is None else None

    def agree_in(self, dialog: Dialog, flow: MediaFlow, ours: Direction) -> None:
        if self._dialog is not None:
            super().agree_in(dialog, flow, ours)
            return
        early = self._branches[dialog.remote_tag]
        early.change(flow)
        self._listen_to(early)

    def _leave(self, now: float, closing: Dialog | None = None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._give_up_branches(closing)
        super()._leave(now, closing)

    @property
    def _pending(self) -> bool:
        return self._sending.waiting


def _why(response: ReceivedResponse) -> str:
    """The phrase, and what an exchange has to say besides (RFC 6432)."""
    phrase, reason = _phrase(response), Reason.of(response.message)
    return f"{phrase}: {reason.text}" if reason.text and reason.text.lower() != phrase.lower() else phrase


def _phrase(response: ReceivedResponse) -> str:
    """Short enough for a screen."""
    return response.message.phrase[:120] or phrase_of(response.code)
