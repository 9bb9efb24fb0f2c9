"""What the far end changes about a session, by re-INVITE (RFC 3261 §14.2), UPDATE (RFC 3311 §5.2) or an offer
in a PRACK (RFC 3262 §5): answered at once with the sound that the call has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import prack, session_expires
from .capabilities import advertise
from .dialog import Dialog
from .media import MediaFlow
from .message import ReceivedRequest, content_type, finish
from .negotiation import SDP
from .offer_answer import NotAcceptable
from .server_transaction import ServerTransaction

if TYPE_CHECKING:
    from .invite_session import InviteSession


def invite(
    session: InviteSession,
    request: ReceivedRequest,
    transaction: ServerTransaction,
    dialog: Dialog,
    now: float,
) -> None:
    if _too_small(session, request, transaction, now):
        return
    if session.unfinished is not None:
        _postpone(session, transaction, session.unfinished, now)
        return
    answered = answer(session, request, transaction, dialog, now)
    if answered is not None:
        body, flow = answered
        dialog.refresh(request.message, request.source)
        session.judge()
        session.accept(transaction, body, now, wants_answer=flow is None)


def update(
    session: InviteSession,
    request: ReceivedRequest,
    transaction: ServerTransaction,
    dialog: Dialog,
    now: float,
) -> None:
    """As a re-INVITE that is over with its answer; without an offer a new target, or a sign of life."""
    if _too_small(session, request, transaction, now):
        return
    body = b""
    if request.message.body:
        answered = answer(session, request, transaction, dialog, now)
        if answered is None:
            return
        body, _ = answered
    dialog.refresh(request.message, request.source)
    session.judge()
    response = session.layer.response(request, 200)
    session.open_dialog(response, request)
    advertise(response)
    if session.confirmed:
        session.timer.answer(request, response, now)
    finish(response, body)
    transaction.respond(response, now)


def acknowledged(
    session: InviteSession,
    request: ReceivedRequest,
    transaction: ServerTransaction,
    dialog: Dialog,
    now: float,
) -> None:
    """A PRACK; what it answers is for `provisional_acknowledged` to read."""
    try:
        rack = prack.RAck.of(request.message)
    except ValueError as error:
        session.refuse_with(transaction, 400, now, reason="Bad RAck", warning=str(error))
        return
    wanted = session.negotiation.pending
    if not session.provisional_acknowledged(rack):
        session.refuse_with(transaction, 481, now)
        return
    body = b""
    if wanted:
        session.goes_by(request.source)
    elif request.message.body:
        answered = answer(session, request, transaction, dialog, now)
        if answered is None:
            session.provisional_refused(rack)
            return
        body, _ = answered
    response = session.layer.response(request, 200)
    finish(response, body)
    transaction.respond(response, now)
    session.after_prack(request.message if wanted else None, now)


def answer(
    session: InviteSession,
    request: ReceivedRequest,
    transaction: ServerTransaction,
    dialog: Dialog,
    now: float,
) -> tuple[bytes, MediaFlow | None] | None:
    """The body of a 2xx and what was agreed with it; None when the offer was refused."""
    negotiation = session.negotiation_in(dialog)
    refusal = session.not_now(dialog)
    if refusal is not None or negotiation is None:
        _postpone(session, transaction, refusal or 491, now)
        return None
    if content_type(request.message) not in {"", SDP}:
        session.unsupported_body(transaction, SDP, now)
        return None
    session.goes_by(request.source)
    session.judge()
    negotiation.exposed = session.exposed_by(request.source)
    ours = session.hold.answered(session.media.direction)
    if not request.message.body:
        ours = session.hold.offered(session.media.direction, session.hold.here)
    try:
        current = session.flow if session.confirmed else None
        body, flow = negotiation.respond(request.message, replace(session.media, direction=ours), current)
    except NotAcceptable as error:
        session.refuse_with(transaction, 488, now, warning=str(error))
        return None
    if flow is not None:
        session.agree_in(dialog, flow, ours)
    return body, flow


def _postpone(session: InviteSession, transaction: ServerTransaction, code: int, now: float) -> None:
    response = session.layer.response(transaction.request, code)
    if code == 500:
        response.headers.set("Retry-After", str(session.layer.random.randint(0, 10)))
    transaction.respond(response, now)


def _too_small(
    session: InviteSession, request: ReceivedRequest, transaction: ServerTransaction, now: float
) -> bool:
    if not session_expires.too_small(request.message):
        return False
    response = session.layer.response(request, 422)
    response.headers.set("Min-SE", str(session_expires.LEAST))
    transaction.respond(response, now)
    return True
