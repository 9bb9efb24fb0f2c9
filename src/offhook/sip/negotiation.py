"""This end of a call's offers and answers, and the version that each new one raises (RFC 3264 §8)."""

from collections.abc import Callable

from sipmessage import Request, Response

from .media import LocalMedia, MediaFlow
from .message import content_type
from .offer_answer import NotAcceptable, accept, answer, offer
from .protection import Protection
from .sdp import Origin

SDP = "application/sdp"


class Negotiation:
    """`media` is what this end offered or answered with last, None before that."""

    def __init__(self, session_id: int, protection: Protection) -> None:
        self.media: LocalMedia | None = None
        self._before: LocalMedia | None = None
        self._protection = protection
        self._session_id = session_id
        self._version = 0
        self._description = b""

    def withdraw(self) -> None:
        """Our last offer was refused: what was agreed before it stands (RFC 3261 §14.1)."""
        self.media = self._before

    def offer(self, media: LocalMedia, *, whole: bool = False) -> bytes:
        """`whole`: as if nothing had been agreed on yet (RFC 3261 §14.2)."""
        self._before, self.media = self.media, media
        self._protection.begin_offer(whole=whole)
        return self._versioned(lambda: offer(media, self._origin(media), self._protection))

    def respond(self, invite: Request, media: LocalMedia) -> tuple[bytes, MediaFlow | None]:
        """The body of a 2xx: the answer and what it agrees on, or our offer and None where there was none.

        Raises NotAcceptable, and nothing has changed then.
        """
        if not invite.body:
            return self.offer(media, whole=True), None
        flow: MediaFlow | None = None

        def build() -> bytes:
            nonlocal flow
            body, flow = answer(invite.body, media, self._origin(media), self._protection)
            return body

        body = self._versioned(build)
        self.media = media
        return body, flow

    def read_answer(self, message: Request | Response) -> MediaFlow:
        """What the answer to our offer agrees on. Raises NotAcceptable."""
        if content_type(message) != SDP or self.media is None:
            raise NotAcceptable("there was no answer to our offer")
        return accept(message.body, self.media, self._protection)

    def _origin(self, media: LocalMedia) -> Origin:
        return Origin(self._session_id, self._version, media.address)

    def _versioned(self, build: Callable[[], bytes]) -> bytes:
        body = build()
        if self._description and body != self._description:
            self._version += 1
            body = build()
        self._description = body
        return body
