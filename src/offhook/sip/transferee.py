"""The end that is sent to somebody else: a REFER that came, and NOTIFYs of what comes of it (RFC 3515)."""

from enum import StrEnum

from .dialog_client import DialogClient, TooManyWaiting
from .message import ReceivedResponse, phrase_of
from .refer import Refer
from .server_transaction import ServerTransaction
from .sipfrag import SIPFRAG_TYPE, fragment

PATIENCE = 2.0
"""Seconds for the owner to decide; then a 202 says that it is still being thought about (§2.4.2). Its sender
would repeat the REFER and give up in half a minute."""

EXPIRES = 300
"""Seconds that the subscription is said to last. A call that is followed rings no longer."""


class Stage(StrEnum):
    UNDECIDED = "undecided"
    FOLLOWED = "followed"
    OVER = "over"


class Transferee:
    """One NOTIFY is on its way at a time, and only the latest news waits. `contact` goes into the 202."""

    def __init__(
        self, client: DialogClient, transaction: ServerTransaction, refer: Refer, contact: str, now: float
    ) -> None:
        self.refer = refer
        self.stage = Stage.UNDECIDED
        self._client = client
        self._transaction = transaction
        self._contact = contact
        self._event = f"refer;id={transaction.request.sequence}"
        self._until = now + EXPIRES
        self._notifying = False
        self._next: tuple[str, int, str] | None = None
        self._patience = client.layer.timers.start(now + PATIENCE, self._wait)

    def follow(self, now: float) -> None:
        self._decide(Stage.FOLLOWED)
        self._accept(now)
        self._notify("active", 100, phrase_of(100), now)

    def refuse(self, code: int, now: float) -> None:
        """A final response, or a NOTIFY where the REFER was answered already."""
        self._decide(Stage.OVER)
        if self._transaction.answered:
            self._notify("terminated;reason=rejected", code, phrase_of(code), now)
        else:
            layer = self._client.layer
            self._transaction.respond(layer.response(self._transaction.request, code), now)

    def report(self, code: int, phrase: str, now: float) -> None:
        """What the INVITE that it asked for was answered with."""
        if self.stage is not Stage.FOLLOWED:
            return
        if code < 200:
            self._notify("active", code, phrase, now)
        else:
            self.stage = Stage.OVER
            self._notify("terminated;reason=noresource", code, phrase, now)

    def _decide(self, stage: Stage) -> None:
        self.stage = stage
        self._patience.cancel()

    def _wait(self, now: float) -> None:
        self._accept(now)
        self._notify("pending", 100, phrase_of(100), now)

    def _accept(self, now: float) -> None:
        if self._transaction.answered:
            return
        response = self._client.layer.response(self._transaction.request, 202)
        response.headers.set("Contact", f"<{self._contact}>")
        if not self.refer.subscribes:
            response.headers.set("Refer-Sub", "false")
        self._transaction.respond(response, now)

    def _notify(self, state: str, code: int, phrase: str, now: float) -> None:
        if not self.refer.subscribes:
            return
        self._next = (state, code, phrase)
        self._send(now)

    def _send(self, now: float) -> None:
        if self._next is None or self._notifying:
            return
        (state, code, phrase), self._next = self._next, None
        if not state.startswith("terminated"):
            state += f";expires={max(0, round(self._until - now))}"
        try:
            self._client.send(
                "NOTIFY",
                self._on_final,
                now,
                headers={"Event": self._event, "Subscription-State": state},
                body=fragment(code, phrase),
                body_type=SIPFRAG_TYPE,
            )
        except TooManyWaiting:
            # An end that answers none of them hears no more of this either.
            return
        self._notifying = True

    def _on_final(self, response: ReceivedResponse, now: float) -> None:
        self._notifying = False
        if response.code in {408, 481}:
            # Nobody listens any more (RFC 6665 §4.2.2).
            self.stage, self._next = Stage.OVER, None
        self._send(now)
