"""The end that sends its far end to somebody else: a REFER, and what its subscription tells (RFC 3515)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sipmessage import Request

from .events import ReferAccepted, ReferDone, ReferFailed
from .message import ReceivedResponse, content_type, phrase_of
from .sipfrag import SIPFRAG, status_of
from .subscription import Event, SubscriptionState

if TYPE_CHECKING:
    from .invite_session import InviteSession

NO_OUTCOME = 480
"""The code that is told when the far end ends the subscription without saying what came of it."""


class Transferor:
    """One REFER of ours. Its outcome is told once; what is said after that is answered and not heard."""

    def __init__(self, session: InviteSession, headers: dict[str, str], now: float) -> None:
        self._session = session
        self._told = False
        self._request = session.client.send("REFER", self._on_final, now, headers=headers)

    def is_about(self, event: Event) -> bool:
        """`id` is the REFER's CSeq, and may be missing where there was but one (RFC 3515 §2.4.6)."""
        return event.package == "refer" and event.parameters.get("id") in {None, str(self._request.sequence)}

    def notify(self, message: Request) -> int:
        """Take a NOTIFY, which may come before the 202; the code that answers it."""
        state = SubscriptionState.of(message)
        kind = content_type(message)
        if kind and kind != SIPFRAG:
            return 415
        status = status_of(message.body) if kind else None
        if kind and status is None:
            return 400
        code, phrase = status or (100, "")
        if code >= 300:
            self._tell(ReferFailed(self._session.call, code, phrase or phrase_of(code)))
        elif code >= 200:
            self._tell(ReferDone(self._session.call))
        elif state.terminated:
            why = f"the far end did not say what came of it ({state.reason or 'no reason'})"
            self._tell(ReferFailed(self._session.call, NO_OUTCOME, why))
        return 200

    def _on_final(self, response: ReceivedResponse, now: float) -> None:
        session = self._session
        if session.over:
            return
        if response.code < 300:
            if not self._told:
                session.tell(ReferAccepted(session.call))
            return
        phrase = response.message.phrase[:120] or phrase_of(response.code)
        self._tell(ReferFailed(session.call, response.code, phrase))
        if response.code == 481:
            session.lost(response, now)

    def _tell(self, event: ReferDone | ReferFailed) -> None:
        if not self._told:
            self._told = True
            self._session.tell(event)
