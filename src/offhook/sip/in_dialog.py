"""What the far end asks for within a call, method by method (RFC 3261 §12.2.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from . import info, peer_change
from .admission import FORBIDDEN
from .capabilities import advertise
from .dialog import Dialog
from .events import Digit
from .message import ReceivedRequest, content_type
from .reason import Reason
from .server_transaction import ServerTransaction
from .subscription import Event
from .unsolicited import Refused, news_of

if TYPE_CHECKING:
    from .invite_session import InviteSession

    Receive = Callable[[InviteSession, ReceivedRequest, ServerTransaction, Dialog, float], None]


def _bye(
    session: InviteSession,
    request: ReceivedRequest,
    transaction: ServerTransaction,
    dialog: Dialog,
    now: float,
) -> None:
    session.answer_with(transaction, 200, now)
    if session.belongs(dialog):
        reason = Reason.of(request.message)
        session.far_end_left(reason.text or "the far end hung up", now, elsewhere=reason.elsewhere)


def _info(
    session: InviteSession,
    request: ReceivedRequest,
    transaction: ServerTransaction,
    _dialog: Dialog,
    now: float,
) -> None:
    kind = content_type(request.message)
    if kind and kind not in info.ACCEPTED:
        session.unsupported_body(transaction, ", ".join(info.ACCEPTED), now)
        return
    digit = info.digit_of(request.message)
    if kind and digit is None:
        session.refuse_with(transaction, 400, now, reason="No Key In The Body")
        return
    session.answer_with(transaction, 200, now)
    if digit is not None:
        session.tell(Digit(session.call, digit))


def _notify(
    session: InviteSession,
    request: ReceivedRequest,
    transaction: ServerTransaction,
    _dialog: Dialog,
    now: float,
) -> None:
    event = Event.of(request.message)
    if event.package == "refer":
        session.answer_with(transaction, session.transfers.notify(request, event), now)
        return
    try:
        news = news_of(request.message, None if session.account is None else session.account.id)
    except Refused as refused:
        response = session.layer.response(request, refused.code)
        for name, value in refused.headers.items():
            response.headers.set(name, value)
        transaction.respond(response, now)
        return
    if news is not None and not session.trusts(request.source):
        session.answer_with(transaction, FORBIDDEN, now)
        return
    session.answer_with(transaction, 200, now)
    if news is not None:
        session.tell(news)


def _options(
    session: InviteSession,
    request: ReceivedRequest,
    transaction: ServerTransaction,
    _dialog: Dialog,
    now: float,
) -> None:
    response = session.layer.response(request, 200)
    advertise(response)
    transaction.respond(response, now)


def _refer(
    session: InviteSession,
    request: ReceivedRequest,
    transaction: ServerTransaction,
    dialog: Dialog,
    now: float,
) -> None:
    session.transfers.receive(request, transaction, dialog, now)


RECEIVERS: Mapping[str, Receive] = {
    "BYE": _bye,
    "INFO": _info,
    "INVITE": peer_change.invite,
    "NOTIFY": _notify,
    "OPTIONS": _options,
    "PRACK": peer_change.acknowledged,
    "REFER": _refer,
    "UPDATE": peer_change.update,
}
"""By method. ACK has no transaction, and CANCEL is of its INVITE's."""
