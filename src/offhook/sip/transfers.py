"""REFER within one call, both ways: at most one of ours and one of theirs is unfinished (RFC 3515)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .dialog import Dialog
from .dialog_client import TooManyWaiting
from .events import ReferFailed, ReferReceived
from .message import ReceivedRequest
from .name_addr import NameAddr, name_addr
from .refer import Refer, refer_to, target_of_dialog
from .server_transaction import ServerTransaction
from .subscription import Event
from .transferee import Stage, Transferee
from .transferor import Transferor
from .uri import WireUri

if TYPE_CHECKING:
    from .invite_session import InviteSession


NOT_SENT = 503
"""The code that is told for a REFER that never left."""


class Transfers:
    """What the owner asks for raises ValueError when the call is over or was not answered, or nobody asks it
    for anything."""

    def __init__(self, session: InviteSession) -> None:
        self._session = session
        self._transferor: Transferor | None = None
        self._transferee: Transferee | None = None

    # --- the far end is sent away

    def refer(self, target: WireUri, now: float) -> None:
        self._refer(refer_to(target), now)

    def refer_replacing(self, other: InviteSession, now: float) -> None:
        """Send the far end to that of `other`, where it is to take our place."""
        replaced = other.up()
        self._refer(refer_to(target_of_dialog(replaced), replaced), now)

    def _refer(self, target: str, now: float) -> None:
        by = name_addr("", NameAddr.parse(self._session.up().local).uri)
        try:
            self._transferor = Transferor(self._session, {"Refer-To": target, "Referred-By": by}, now)
        except TooManyWaiting as error:
            self._session.tell(ReferFailed(self._session.call, NOT_SENT, str(error)))

    def notify(self, request: ReceivedRequest, event: Event) -> int:
        """The code that answers a NOTIFY about a REFER of ours."""
        if self._transferor is None or not self._transferor.is_about(event):
            return 481
        return self._transferor.notify(request.message)

    # --- this end is sent away

    def receive(
        self, request: ReceivedRequest, transaction: ServerTransaction, dialog: Dialog, now: float
    ) -> None:
        session = self._session
        if not session.confirmed or not session.belongs(dialog):
            session.refuse_with(transaction, 603, now)
        elif self._transferee is not None and self._transferee.stage is not Stage.OVER:
            session.refuse_with(transaction, 491, now)
        else:
            try:
                refer = Refer.of(request.message)
            except ValueError as error:
                session.refuse_with(transaction, 400, now, reason="Bad Refer-To", warning=str(error))
                return
            contact = session.contact(request.source)
            self._transferee = Transferee(session.client, transaction, refer, contact, now)
            stranger = session.has_registrar and not (
                request.source.is_this_machine or session.trusts(request.source)
            )
            session.tell(ReferReceived(session.call, str(refer.target), refer.referred_by, stranger))

    def follow(self, now: float) -> Transferee:
        """Whom to report to what comes of it."""
        transferee = self._undecided()
        transferee.follow(now)
        return transferee

    def refuse(self, code: int, now: float) -> None:
        if not 300 <= code < 700:
            raise ValueError(f"{code} refuses nothing; right would be 300 to 699")
        self._undecided().refuse(code, now)

    @property
    def asked(self) -> Refer:
        """The REFER that waits for a decision."""
        return self._undecided().refer

    def stop(self, now: float) -> None:
        """The call is over. One that is followed already goes on without it."""
        if self._transferee is not None and self._transferee.stage is Stage.UNDECIDED:
            self._transferee.refuse(603, now)

    def _undecided(self) -> Transferee:
        transferee = self._transferee
        if transferee is None or transferee.stage is not Stage.UNDECIDED:
            raise ValueError(f"nobody asks call {self._session.call} to call somebody else")
        return transferee
