"""What others ask of this end (RFC 3261 §8.2): whose request it is, and what is refused without a trace."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from sipmessage import Response

from . import capabilities
from .account import Account
from .accounts import Accounts
from .admission import FORBIDDEN, SILENCE, Admission
from .arriving_invite import ArrivingInvite
from .arriving_invite import Refused as NotTaken
from .auto_answer import asks_to_be_answered
from .bindings import Bindings
from .calls import Calls
from .diversion import Diversion
from .events import Incoming, MessagesWaiting, Replacing
from .hop import Hop
from .incoming_call import IncomingCall
from .invite_session import InviteSession
from .message import BadRequest, ReceivedRequest, finish, phrase_of, respond
from .message_subscription import MessageSubscription
from .option_tags import option_tags
from .rate_limit import Kind, RateLimit
from .replaces import Replaces
from .scanners import is_scanner
from .server_transaction import key_of
from .traffic import SCANNER, TOO_MUCH
from .transaction_layer import TransactionLayer
from .unsolicited import Refused, news_of
from .warning import warning


class UasCore:
    """`admission` says who may come in, and may be replaced at any time."""

    def __init__(
        self,
        layer: TransactionLayer,
        accounts: Accounts,
        bindings: Bindings,
        calls: Calls,
        *,
        limit: RateLimit,
        admission: Admission,
    ) -> None:
        self.admission = admission
        self._layer = layer
        self._accounts = accounts
        self._bindings = bindings
        self._calls = calls
        self._limit = limit

    def refuse_unread(self, bad: BadRequest, source: Hop, octets: int) -> None:
        """The method is judged before anything else (§8.2.1), and an ACK never answered."""
        # Whom it is for cannot be told, and a stranger who is right about nothing else will not know either.
        admitted = self.admission.of_new(trusted=self._accounts.admits(source), known=False)
        if bad.request.method == "ACK" or admitted == SILENCE:
            return
        if bad.code == 400 and bad.request.method not in capabilities.KNOWN_METHODS:
            response = respond(bad.request, 501)
            response.headers.set("Allow", capabilities.ALLOW)
        else:
            response = respond(bad.request, bad.code, f"{phrase_of(bad.code)}, {bad}")
        finish(response)
        self._layer.respond_statelessly(bad.request, bad.via, source, response, octets)

    def receive(self, request: ReceivedRequest, now: float) -> None:
        transaction = self._layer.server_transaction(key_of(request))
        if request.method == "ACK":
            if transaction is not None:
                transaction.acknowledge(now)
            within = self._calls.within(request)
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
        if self._calls.within(request) is not None:
            return False
        if not self._limit.admits(request.source, Kind.REQUEST, now):
            self._layer.traffic.drop(TOO_MUCH)
            return True
        if is_scanner(request.message) and not self._accounts.admits(request.source):
            self._layer.traffic.drop(SCANNER)
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
            self._refuse(request, 480, {"Warning": warning(self._layer.contact.host, why, 380)})
        elif unsupported := [
            option
            for option in option_tags(message, "Require")
            if option.lower() not in capabilities.EXTENSIONS
        ]:
            self._refuse(request, 420, {"Unsupported": ", ".join(unsupported)})
        elif "Replaces" in message.headers.keys() and request.method != "INVITE":  # noqa: SIM118 - no mapping
            self._refuse(request, 400, reason="Bad Request, Replaces is for INVITE")
        elif message.headers.get("Content-Encoding", "identity") != "identity":
            self._refuse(request, 415, {"Accept-Encoding": "identity"})
        elif request.unread:
            self._refuse(request, 415, {"Accept": capabilities.ACCEPT})
        else:
            return False
        return True

    def _within_dialog(self, request: ReceivedRequest, now: float) -> None:
        within = self._calls.within(request)
        messages = self._bindings.subscription_of(request) if within is None else None
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
        transaction = self._layer.accept(request)
        if transaction is not None:
            session.receive(request, transaction, dialog, now)

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
        account, _ = self._bindings.acting(account)
        trusted = self._accounts.admits(request.source, account)
        code = self.admission.of_new(trusted=trusted, known=known)
        receive = self._OUTSIDE.get(request.method)
        if code == SILENCE or (not _names_somebody(request) and self._ignores(request)):
            return
        if code == FORBIDDEN:
            self._refuse(request, FORBIDDEN)
        elif self._refused(request):
            return
        elif receive is None:
            self._refuse(request, 481)
        elif code is not None:
            self._refuse(request, code)
        elif self._layer.is_merged(request):
            self._refuse(request, 482)
        else:
            receive(self, request, account, now)

    def _on_options(self, request: ReceivedRequest, _account: Account | None, _now: float) -> None:
        response = self._layer.response(request, 200)
        capabilities.advertise(response)
        response.headers.set("Accept", capabilities.ACCEPT)
        self._respond(request, response)

    def _on_refer(self, request: ReceivedRequest, _account: Account | None, _now: float) -> None:
        """Nobody who is not talking with this end has it call somebody."""
        self._refuse(request, 603)

    def _on_notify(self, request: ReceivedRequest, account: Account | None, _now: float) -> None:
        """Answered without a trace: what it tells may be told twice. Only the registrar has news for us."""
        try:
            news = news_of(request.message, _id(account), self._accounts.of_mailbox)
        except Refused as refused:
            self._refuse(request, refused.code, refused.headers)
            return
        # How many messages wait is harmless, and exchanges tell it by connections of their own.
        trusts = self._accounts.admits if isinstance(news, MessagesWaiting) else self._accounts.trusts
        if news is not None and not trusts(request.source, account):
            self._refuse(request, FORBIDDEN)
            return
        self._refuse(request, 200)
        if isinstance(news, MessagesWaiting):
            self._bindings.heard_of_messages(news.account)
        if news is not None:
            self._calls.emit(news)

    def _on_invite(self, request: ReceivedRequest, account: Account | None, now: float) -> None:
        try:
            invite = ArrivingInvite.of(request, self._layer.new_tag())
            replaced = None if invite.replaces is None else self._replaced(invite.replaces)
            invite.expect_sound(request, account, self._layer.contact.host)
        except NotTaken as refused:
            self._refuse(request, refused.code, refused.headers, refused.reason)
            if refused.why:
                self._limit.tell(request.source, refused.why, now)
            return
        if self._calls.full or self._layer.full:
            self._refuse(request, 503, {"Retry-After": "5"})
            return
        if not self._limit.admits(request.source, Kind.CALL, now):
            self._layer.traffic.drop(TOO_MUCH)
            return
        at_home = request.source.is_this_machine or self._accounts.admits(request.source, account)
        if replaced is None and not at_home and self._is_crowded_by(request.source):
            self._refuse(request, 486)
            return
        transaction = self._layer.accept(request)
        if transaction is None:
            return
        call = self._layer.new_tag()
        session = IncomingCall(self._calls, call, account, transaction, invite.dialog, now=now)
        self._calls.arrived(session, transaction.key)
        caller = session.remote.shown
        if replaced is not None:
            self._calls.emit(Replacing(call, replaced.call, _id(account), caller.uri, caller.name))
            return
        self._calls.emit(
            Incoming(
                call,
                _id(account),
                caller.uri,
                caller.name,
                answer_after=asks_to_be_answered(request.message) and self._may_ask(request, account),
                anonymous=caller.anonymous,
                diverted_by=Diversion.of(request.message),
                stranger=not at_home,
            )
        )

    def _may_ask(self, request: ReceivedRequest, account: Account | None) -> bool:
        """To be answered at once, by which one listens in: that takes more than to be heard (RFC 5373)."""
        return request.source.is_this_machine or self._accounts.trusts(request.source, account)

    def _is_crowded_by(self, stranger: Hop) -> bool:
        return not self.admission.unlimited(stranger.host) and self._calls.is_crowded_by(stranger)

    def _replaced(self, replaces: Replaces) -> InviteSession:
        """The call to be replaced. Raises NotTaken."""
        found = self._calls.named_by(replaces)
        if found is None:
            raise NotTaken(481)
        session, dialog = found
        code = session.replaceable(dialog, early_only=replaces.early_only)
        if code is not None:
            raise NotTaken(code)
        return session

    _OUTSIDE: ClassVar[Mapping[str, Callable[["UasCore", ReceivedRequest, Account | None, float], None]]] = {
        "INVITE": _on_invite,
        "NOTIFY": _on_notify,
        "OPTIONS": _on_options,
        "REFER": _on_refer,
    }

    def _on_cancel(self, request: ReceivedRequest, now: float) -> None:
        invite = self._layer.server_transaction(key_of(request, "INVITE"))
        if invite is None:
            if not self._ignores(request):
                self._refuse(request, 481)
            return
        transaction = self._layer.accept(request)
        if transaction is None:
            return
        session = self._calls.begun_by(invite.key)
        # The same tag as in the INVITE's own responses (§9.2).
        tag = self._layer.new_tag() if session is None else session.local_tag
        transaction.respond(self._layer.response(request, 200, to_tag=tag), now)
        if session is not None:
            session.cancelled(request, now)

    def _ignores(self, stray: ReceivedRequest) -> bool:
        """It belongs to no call of ours, and whoever sent it is to think that nobody is here."""
        return self.admission.ignores_strays(trusted=self._accounts.admits(stray.source))

    def _refuse(
        self,
        request: ReceivedRequest,
        code: int,
        headers: Mapping[str, str] | None = None,
        reason: str | None = None,
    ) -> None:
        response = self._layer.response(request, code, reason)
        for name, value in (headers or {}).items():
            response.headers.set(name, value)
        self._respond(request, response)

    def _respond(self, request: ReceivedRequest, response: Response) -> None:
        octets = request.octets
        self._layer.respond_statelessly(request.message, request.via, request.source, response, octets)


def _names_somebody(request: ReceivedRequest) -> bool:
    """A user, or, by calling it, this end itself; whatever else needs no user may come from a scanner."""
    uri = request.message.uri
    return uri.scheme in {"sip", "sips"} and (uri.user is not None or request.method == "INVITE")


def _id(account: Account | None) -> int | None:
    return None if account is None else account.id
