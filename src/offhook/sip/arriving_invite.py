"""An INVITE that opens a call here, or what it is refused with before anybody hears of it (RFC 3261
§13.3.1)."""

from dataclasses import dataclass

from . import session_expires
from .account import Account, spoken
from .dialog import Dialog
from .media import LocalMedia
from .message import ReceivedRequest, content_type, takes
from .negotiation import SDP, Negotiation
from .offer_answer import NotAcceptable
from .protection import Protection, policy_of
from .replaces import Replaces
from .target import first_of_all
from .warning import warning


class Refused(Exception):
    """`why` is for the log of this end, where nobody would hear of it."""

    def __init__(
        self, code: int, headers: dict[str, str] | None = None, reason: str | None = None, why: str = ""
    ) -> None:
        super().__init__(code)
        self.why = why
        self.code = code
        self.headers = headers or {}
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ArrivingInvite:
    dialog: Dialog
    replaces: Replaces | None

    @classmethod
    def of(cls, request: ReceivedRequest, local_tag: str) -> "ArrivingInvite":
        """Raises Refused."""
        if content_type(request.message) not in {"", SDP}:
            raise Refused(415, {"Accept": SDP})
        if not takes(request.message, SDP):
            raise Refused(406)
        try:
            invite = cls(Dialog.of_request(request, local_tag), Replaces.of(request.message))
        except ValueError as error:
            raise Refused(400, reason=f"Bad Request, {error}") from None
        if session_expires.too_small(request.message):
            raise Refused(422, {"Min-SE": str(session_expires.LEAST)})
        return invite

    @staticmethod
    def expect_sound(request: ReceivedRequest, account: Account | None, host: str) -> None:
        """What answering it would come to, before anybody is called to the phone for it. Raises Refused.

        `host` is this end's address.
        """
        exposed = account is not None and first_of_all(account).over_tls and not request.source.over_tls
        try:
            if request.message.body or exposed:
                protection = Protection(policy_of(account, incoming=True), bytes)
                protection.exposed = exposed
                ours = LocalMedia(host, 0, spoken(account))
                Negotiation(0, protection).respond(request.message, ours)
        except NotAcceptable as error:
            why = f"{error}, and it calls by {request.source.transport}" if exposed else ""
            raise Refused(488, {"Warning": warning(host, str(error))}, why=why) from None
