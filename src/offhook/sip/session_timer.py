"""Keeping a session fresh, or ending one that nobody refreshes (RFC 4028 §7.4, §9, §10).

A call whose far end knows nothing of session timers is refreshed from here all the same: a far end that is
gone does not answer, and any answer but 408 and 481 says that it is still there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sipmessage import Request, Response

from .capabilities import ADVERTISED
from .dialog_client import TooManyWaiting
from .message import ReceivedRequest, ReceivedResponse
from .option_tags import option_tags
from .session_expires import LEAST, TAG, Refresher, SessionExpires, agree, min_se_of
from .timers import Timer

if TYPE_CHECKING:
    from .invite_session import InviteSession

UPDATE_UNKNOWN = frozenset({405, 420, 501})
"""What an UPDATE is refused with by an end that does not have it after all: a re-INVITE goes instead."""

SHORTEST_RETRY = 5.0
"""Seconds. A refused refresh is tried again halfway to the end, and halfway again, but not oftener."""

LONGEST_MIN_SE = 86400
"""Seconds. What somebody on the way wants more of than that is not taken up."""


class SessionTimer:
    """Of one call. `interval` in seconds is what this end asks for, 0 for nothing: then it goes by what the
    far end wants."""

    def __init__(self, session: InviteSession, interval: int) -> None:
        self._session = session
        self._interval = interval
        self._min_se = LEAST
        self._wanted = interval
        """What is asked for: ours, or what the far end wants where this end does not care."""
        self._updates = False
        """The far end allows UPDATE."""
        self._ours = True
        """This end refreshes."""
        self._ends: float | None = None
        """When the session is over by agreement of both ends, None where the far end knows nothing of it."""
        self._timers: tuple[Timer, ...] = ()

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers = ()

    # --- as the client of a request

    def asks(self) -> dict[str, str]:
        """What an INVITE, re-INVITE or UPDATE of ours says (§7.1, §7.4). The first names no refresher."""
        if not self._interval and self._ends is None:
            return {}
        refresher = None
        if self._timers:
            refresher = Refresher.UAC if self._ours else Refresher.UAS
        wanted = SessionExpires(max(self._wanted, self._min_se), refresher)
        said = {"Session-Expires": str(wanted)}
        return said if self._min_se == LEAST else {**said, "Min-SE": str(self._min_se)}

    def answered(self, response: Response, now: float) -> None:
        """A 2xx to one of those (§7.2)."""
        self._learn(response)
        agreed = SessionExpires.of(response)
        if agreed is None:
            self._start(None, now, ours=True)
        else:
            self._start(agreed, now, ours=agreed.refresher is not Refresher.UAS)

    def raised(self, response: Response) -> bool:
        """A 422 to one of those (§7.3): whether there is more to ask for than there was."""
        wanted = min_se_of(response)
        if response.code != 422 or not max(self._min_se, self._interval) < wanted <= LONGEST_MIN_SE:
            return False
        self._min_se = wanted
        return True

    # --- as its server

    def answer(self, request: ReceivedRequest, response: Response, now: float) -> None:
        """Have our 2xx say what comes of what `request` asks for."""
        message = request.message
        self._learn(message)
        if not self._interval and SessionExpires.of(message) is None:
            self.stop()
            return
        keep = Refresher.UAS if self._ours else Refresher.UAC
        agreed, knows = agree(message, self._interval or LONGEST_MIN_SE, keep)
        response.headers.set("Session-Expires", str(agreed))
        if knows:
            response.headers.set("Require", TAG)
        self._start(agreed if knows else None, now, ours=agreed.refresher is Refresher.UAS)

    # --- its time

    def _learn(self, message: Request | Response) -> None:
        if allowed := option_tags(message, "Allow"):
            self._updates = "UPDATE" in allowed

    def _start(self, agreed: SessionExpires | None, now: float, *, ours: bool) -> None:
        self.stop()
        self._ours, self._ends = ours, None
        if agreed is not None:
            agreed = SessionExpires(max(agreed.interval, LEAST), agreed.refresher)
            self._ends = now + agreed.interval - agreed.grace
            self._wanted = self._interval or agreed.interval
        timers = self._session.layer.timers
        if self._ends is not None:
            self._timers += (timers.start(self._ends, self._over),)
        own = max(self._interval, self._min_se) if self._interval else None
        if ours and (intervals := [each for each in (own, agreed and agreed.interval) if each]):
            self._timers += (timers.start(now + min(intervals) / 2, self._refresh),)

    def _over(self, now: float) -> None:
        self._session.give_up("the far end refreshed the call no more" if not self._ours else REFUSED, now)

    def _refresh(self, now: float) -> None:
        if not self._updates:
            self._session.refresh(now)
            return
        try:
            self._session.client.send("UPDATE", self._on_update, now, headers={**ADVERTISED, **self.asks()})
        except TooManyWaiting:
            self._session.give_up("the far end answers nothing", now)

    def _on_update(self, response: ReceivedResponse, now: float) -> None:
        if self._session.over:
            return
        if response.code < 300:
            self._session.client.dialog.refresh(response.message)
            self._session.judge()
            self.answered(response.message, now)
        elif response.code in UPDATE_UNKNOWN:
            self._updates = False
            self._refresh(now)
        else:
            self.refused(response, now)

    def refused(self, response: ReceivedResponse, now: float) -> None:
        """A refresh came to nothing, by UPDATE or by re-INVITE (§10)."""
        dead = response.code in {408, 481} or (response.own and self._ends is None)
        if dead:
            self._session.lost(response, now)
        elif self.raised(response.message):
            self._refresh(now)
        elif self._ends is None:
            self._start(None, now, ours=True)
        elif self._ours:
            pause = max((self._ends - now) / 2, SHORTEST_RETRY)
            self._timers += (self._session.layer.timers.start(now + pause, self._refresh),)


REFUSED = "the far end let the call be refreshed no more"
