"""Hold and resume by re-INVITE, one at a time (RFC 3261 §14.1): the last wish counts, glare is retried."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .events import ChangeRefused
from .message import ReceivedResponse, phrase_of
from .offer_answer import NotAcceptable
from .reinvite import ReInvite
from .timers import TIMEOUT, Timer

if TYPE_CHECKING:
    from .invite_session import InviteSession

GLARE_FOR = TIMEOUT
"""Seconds of nothing but 491 until a wish is given up: as long as a re-INVITE of the far end, which may have
been lost, can be in the way."""

OWNER = (210, 400)
OTHER = (0, 200)
"""Hundredths of a second to wait after a 491: the one who owns the Call-ID, and the other (§14.1)."""


class SessionChange:
    """`owns_call_id`: this end placed the call."""

    def __init__(self, session: InviteSession, *, owns_call_id: bool) -> None:
        self._session = session
        self._wait = OWNER if owns_call_id else OTHER
        self._wish: bool | None = None
        """To hold or not, as far as it has not been asked for yet."""
        self._asked = False
        self._renew = False
        """To ask even for what there is already."""
        self._renews = False
        """That is what is being asked for, or a part of it."""
        self._direction = session.media.direction
        self._reinvite: ReInvite | None = None
        self._retry: Timer | None = None
        self._glare_since: float | None = None

    @property
    def under_way(self) -> bool:
        """An offer of ours waits for its answer."""
        return self._reinvite is not None

    def want(self, hold: bool, now: float) -> None:
        self._wish = hold
        self.proceed(now)

    def renew(self, now: float) -> None:
        """Say anew what there is: the session is to stay fresh (RFC 4028 §7.4), or this end and its sound are
        somewhere else now."""
        self._renew = True
        self.proceed(now)

    def proceed(self, now: float) -> None:
        """Ask for what is wished, as soon as no other exchange stands in its way."""
        session = self._session
        waiting = self._retry is not None and self._retry.running
        if self.under_way or waiting or not session.may_change:
            return
        held = session.hold.here
        self._asked, self._wish = held if self._wish is None else self._wish, None
        if self._asked == held and not self._renew:
            return
        self._renews, self._renew = self._renew, False
        media, way = session.media, session.client.dialog.destination
        self._direction = session.hold.offered(media.direction, self._asked)
        session.negotiation.exposed = session.exposed_by(way)
        try:
            offer = session.negotiation.offer(replace(media, direction=self._direction))
        except NotAcceptable as error:
            self._refused(488, f"{error}, not to {way}")
            return
        session.goes_by(way)
        session.judge()
        self._reinvite = ReInvite(session.client, offer, session.timer.asks(), self._on_outcome, now)

    def stop(self) -> None:
        """The call is over."""
        self._wish, self._renew = None, False
        if self._retry is not None:
            self._retry.cancel()

    def _on_outcome(self, response: ReceivedResponse, now: float) -> None:
        session = self._session
        self._reinvite = None
        if session.over:
            return
        session.judge()
        if response.code < 300:
            session.timer.answered(response.message, now)
            self._accepted(response)
        elif response.code in {408, 481}:
            session.lost(response, now)
            return
        else:
            session.negotiation.withdraw()
            if response.code == 491 and (self._glare_since is None or now - self._glare_since < GLARE_FOR):
                self._try_again(now)
            elif response.code == 422 and session.timer.raised(response.message):
                self._ask_again()
            else:
                self._refused(response.code, response.message.phrase or phrase_of(response.code))
                if self._renews:
                    session.timer.refused(response, now)
        self.proceed(now)

    def _accepted(self, response: ReceivedResponse) -> None:
        session = self._session
        try:
            flow = session.negotiation.read_answer(response.message)
        except NotAcceptable as error:
            # The call went on before and may well go on: nobody is cut off for a hold that came to nothing.
            session.negotiation.withdraw()
            self._refused(488, str(error))
            return
        self._glare_since = None
        session.hold.here = self._asked
        session.agree(flow, self._direction, from_answer=True)

    def _try_again(self, now: float) -> None:
        self._glare_since = now if self._glare_since is None else self._glare_since
        self._ask_again()
        layer = self._session.layer
        self._retry = layer.timers.start(now + layer.random.randint(*self._wait) / 100, self.proceed)

    def _ask_again(self) -> None:
        """For the same, unless the owner has wished for something else since."""
        self._renew = self._renew or self._renews
        if self._wish is None:
            self._wish = self._asked

    def _refused(self, code: int, reason: str) -> None:
        """Told, unless the owner wished for no change, or has wished for something else since."""
        self._glare_since = None
        if self._wish is None and self._asked != self._session.hold.here:
            self._session.tell(ChangeRefused(self._session.call, code, reason[:120]))
