"""A subscription to an account's waiting messages (RFC 3842, RFC 6665), kept by responses, NOTIFYs and the
time.

Most exchanges tell of waiting messages unasked once an account has registered, and many of the rest refuse a
SUBSCRIBE. So an account whose `mwi` is "auto" waits a moment to be told, then asks once, and takes no for an
answer; one whose `mwi` is "yes" asks at once, says why it was refused, and asks again from time to time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from sipmessage import Request

from .account import Account
from .account_credentials import AccountCredentials
from .delta_seconds import seconds
from .dialog import Dialog
from .dialog_client import MAX_CHALLENGES, DialogClient, TooManyWaiting
from .events import MessagesRefused, MessagesWaiting
from .hop import Hop
from .message import ReceivedRequest, ReceivedResponse, new_request
from .message_summary import MESSAGE_SUMMARY
from .name_addr import name_addr
from .route import routed
from .sending import Sending
from .subscription import Event, SubscriptionState
from .target import first_destination, preloaded
from .timers import Timer
from .transaction_layer import TransactionLayer
from .unsolicited import Refused, news_of
from .uri import sip_uri

EXPIRES = 3600
"""Seconds asked for (RFC 3842 §4.3 has hours to days)."""

LONGEST_EXPIRES = 24 * 3600
SHORTEST_REFRESH = 5.0

GRACE = 5.0
"""Seconds that an exchange has to tell of the messages by itself."""

FIRST_RETRY = 2.0
REFUSED_RETRY = 300.0
LONGEST_RETRY = 1800.0
"""Seconds before asking again: as a registration does."""


class Again(StrEnum):
    """Whether to subscribe anew once a subscription was ended from there."""

    AT_ONCE = "at once"
    LATER = "later"
    NEVER = "never"


TERMINATED: Mapping[str, Again] = {
    "deactivated": Again.AT_ONCE,
    "timeout": Again.AT_ONCE,
    "probation": Again.LATER,
    "giveup": Again.LATER,
    "rejected": Again.NEVER,
    "noresource": Again.NEVER,
    "invariant": Again.NEVER,
}
"""RFC 6665 §4.1.3, by reason; without one, or with another: later."""

MOMENTARY = frozenset({408, 480, 500, 503, 504})
"""Codes that are about the moment; all else is about what was asked."""


class Stage(StrEnum):
    OFF = "off"
    WAITING = "waiting"
    """For the time to ask."""
    ASKING = "asking"
    ACTIVE = "active"


@dataclass(slots=True)
class _Attempt:
    """One SUBSCRIBE that is to make a dialog."""

    request: Request
    sending: Sending
    call_id: str
    tag: str
    expires: int
    answered: int = 1


class MessageSubscription:
    """`tell` hears of messages, and of a refusal."""

    def __init__(
        self,
        layer: TransactionLayer,
        credentials: Mapping[Account, AccountCredentials],
        tell: Callable[[MessagesWaiting | MessagesRefused], None],
    ) -> None:
        self.stage = Stage.OFF
        self._layer = layer
        self._credentials = credentials
        self._tell = tell
        self._account: Account | None = None
        self._route: Callable[[], tuple[str, ...]] = tuple
        self._attempt: _Attempt | None = None
        self._client: DialogClient | None = None
        self._sequence = 0
        """The CSeq of the last NOTIFY."""
        self._expires = EXPIRES
        self._failures = 0
        self._heard = False
        """Of the messages, without having asked."""
        self._timer: Timer | None = None

    def start(self, account: Account, route: Callable[[], tuple[str, ...]], now: float) -> None:
        """The account is registered there, and `route` is what its requests are to take by then. Nothing,
        where that was known."""
        if account == self._account:
            return
        self.stop(now)
        self._account, self._route = account, route
        self._failures, self._expires = 0, EXPIRES
        if account.mwi == "yes":
            self._ask(now)
        elif not self._heard:
            self._wait(GRACE, now)

    def stop(self, now: float) -> None:
        """It ends there too (§4.1.2.3). A NOTIFY that follows is answered all the same."""
        client, self._client = self._client, None
        active = self.stage is Stage.ACTIVE
        if self.stage is Stage.ASKING and self._attempt is not None:
            self._attempt.sending.abandon(now)
        self._off()
        self._account = None
        if active and client is not None:
            self._send(client, 0, lambda _response, _now: None, now)

    def moved(self, now: float) -> None:
        """This end is reached elsewhere: say so with a refresh."""
        if self.stage is Stage.ACTIVE:
            self._refresh(now)

    def heard(self) -> None:
        """The messages were told of unasked."""
        account = self._account
        self._heard = True
        if self.stage is Stage.WAITING and account is not None and account.mwi == "auto":
            self._off()

    def owns(self, notify: ReceivedRequest) -> bool:
        attempt = self._attempt
        return attempt is not None and (attempt.call_id, attempt.tag) == (notify.call_id, notify.to.tag)

    def receive(self, notify: ReceivedRequest, now: float) -> None:
        """Take a NOTIFY of its own. Raises Refused."""
        dialog = None if self._client is None else self._client.dialog
        if dialog is not None and dialog.remote_tag != notify.from_.tag:
            # Another branch of a forked SUBSCRIBE (§4.1.4): one is enough.
            raise Refused(481)
        if Event.of(notify.message).package != "message-summary":
            raise Refused(489, Allow_Events="message-summary")
        if notify.sequence < self._sequence:
            raise Refused(500)
        account = self._account
        news = news_of(notify.message, None if account is None else account.id)
        self._sequence = notify.sequence
        if account is None:
            return
        if dialog is not None:
            dialog.refresh(notify.message, notify.source)
        if isinstance(news, MessagesWaiting):
            self._tell(news)
        state = SubscriptionState.of(notify.message)
        if state.terminated:
            self._terminated(state, now)
        elif state.expires is not None and self.stage is Stage.ACTIVE:
            self._refresh_in(state.expires, now)

    # --- asking

    def _ask(self, now: float) -> None:
        account = self._account
        if account is None:
            return
        layer = self._layer
        of_record = sip_uri(account.user, account.host)
        mailbox = sip_uri(account.user, account.host, account.port)
        uri, routes, first = routed(mailbox, preloaded(account, self._route()))
        call_id, tag = layer.new_call_id(), layer.new_tag()
        headers = {
            "Max-Forwards": "70",
            "From": f"{name_addr(account.display_name, str(of_record))};tag={tag}",
            "To": name_addr("", str(of_record)),
            "Call-ID": call_id,
            "CSeq": "1 SUBSCRIBE",
            **self._asked_for(self._expires),
        }
        request = new_request("SUBSCRIBE", uri, headers)
        if routes:
            request.headers.setlist("Route", routes)

        def prepare(request: Request, hop: Hop) -> None:
            request.headers.set("Contact", f"<{layer.contact_uri(account, hop)}>")
            self._credentials[account].authorize(request, hop)

        sending = Sending(layer, request, first_destination(first, account), self._on_response, prepare)
        self.stage, self._client, self._sequence = Stage.ASKING, None, 0
        self._attempt = _Attempt(request, sending, call_id, tag, self._expires)
        sending.begin(now)

    @staticmethod
    def _asked_for(expires: int) -> dict[str, str]:
        return {"Event": "message-summary", "Accept": MESSAGE_SUMMARY, "Expires": str(expires)}

    def _on_response(self, response: ReceivedResponse, now: float) -> None:
        attempt, account = self._attempt, self._account
        if response.code < 200 or attempt is None or account is None or self.stage is not Stage.ASKING:
            return
        if response.call_id != attempt.call_id:
            return
        if response.code < 300:
            dialog = Dialog.of_response(attempt.request, response)
            contact = partial(self._layer.contact_uri, account)
            self._client = DialogClient(dialog, self._layer, self._credentials[account], contact)
            self.stage = Stage.ACTIVE
            self._granted(response, attempt.expires, now)
        elif response.code in {401, 407} and self._authorized(attempt, account, response, now):
            return
        else:
            self._refused(response, now)

    def _authorized(
        self, attempt: _Attempt, account: Account, response: ReceivedResponse, now: float
    ) -> bool:
        hop = attempt.sending.hop
        if hop is None or attempt.answered > MAX_CHALLENGES:
            return False
        if not self._credentials[account].answer(attempt.request, response.message, hop):
            return False
        attempt.answered += 1
        attempt.request.headers.set("CSeq", f"{attempt.answered} SUBSCRIBE")
        attempt.sending.again(now)
        return True

    # --- keeping

    def _refresh(self, now: float) -> None:
        client = self._client
        if client is None:
            return
        self._cancel_timer()
        self._send(client, self._expires, partial(self._on_refreshed, client), now)

    def _send(
        self,
        client: DialogClient,
        expires: int,
        on_final: Callable[[ReceivedResponse, float], None],
        now: float,
    ) -> None:
        try:
            client.send("SUBSCRIBE", on_final, now, headers=self._asked_for(expires))
        except TooManyWaiting:
            self._again(Again.LATER, now)

    def _on_refreshed(self, client: DialogClient, response: ReceivedResponse, now: float) -> None:
        if client is not self._client or self.stage is not Stage.ACTIVE:
            return
        if response.code < 300:
            self._failures = 0
            client.dialog.refresh(response.message)
            self._granted(response, self._expires, now)
        elif response.code == 481:
            # It is not known there any more (§4.1.2.2): a new one.
            self._again(Again.AT_ONCE, now)
        else:
            self._refused(response, now)

    def _granted(self, response: ReceivedResponse, asked: int, now: float) -> None:
        granted = seconds(response.message.headers.get("Expires"))
        if granted == 0:
            self._again(Again.LATER, now)
        else:
            self._refresh_in(asked if granted is None else min(granted, LONGEST_EXPIRES), now)

    def _refresh_in(self, lasts: int, now: float) -> None:
        self._cancel_timer()
        wait = max(lasts * self._layer.random.uniform(0.45, 0.5), SHORTEST_REFRESH)
        self._timer = self._layer.timers.start(now + wait, self._refresh)

    # --- the end of it, from there

    def _refused(self, response: ReceivedResponse, now: float) -> None:
        code, account = response.code, self._account
        if account is None:
            return
        headers = response.message.headers
        if code == 423:
            wanted = seconds(headers.get("Min-Expires"))
            if wanted is not None and self._expires < wanted <= LONGEST_EXPIRES:
                self._expires = wanted
                self._again(Again.AT_ONCE, now)
                return
        momentary = response.own or code in MOMENTARY
        if not momentary and account.mwi == "auto":
            self._off()
            return
        if not momentary and account.mwi == "yes":
            self._tell(MessagesRefused(account.id, f"{code} {response.message.phrase[:80]}".rstrip()))
        asked = seconds(headers.get("Retry-After")) or 0
        self._later(now, FIRST_RETRY if momentary else REFUSED_RETRY, asked)

    def _terminated(self, state: SubscriptionState, now: float) -> None:
        again = TERMINATED.get(state.reason.lower(), Again.LATER)
        if again is Again.NEVER and self._account is not None and self._account.mwi == "yes":
            self._tell(MessagesRefused(self._account.id, state.reason))
        self._again(again, now, state.retry_after or 0)

    def _again(self, again: Again, now: float, asked: int = 0) -> None:
        if again is Again.NEVER:
            self._off()
        elif again is Again.AT_ONCE and not self._failures:
            # Once; a server that goes on like that is asked less and less often.
            self._failures = 1
            self._wait(0.0, now)
        else:
            self._later(now, FIRST_RETRY, asked)

    def _later(self, now: float, first: float, asked: int) -> None:
        """`asked` are the seconds of a Retry-After."""
        wait = min(first * 2.0**self._failures, LONGEST_RETRY)
        self._failures = min(self._failures + 1, 32)
        self._wait(max(wait * self._layer.random.uniform(0.5, 1.0), min(asked, LONGEST_RETRY)), now)

    def _wait(self, delay: float, now: float) -> None:
        self._off()
        self.stage = Stage.WAITING
        if delay:
            self._timer = self._layer.timers.start(now + delay, self._ask)
        else:
            self._ask(now)

    def _off(self) -> None:
        self._cancel_timer()
        self.stage, self._client = Stage.OFF, None

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
