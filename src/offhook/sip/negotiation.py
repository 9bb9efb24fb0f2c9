"""This end of a call's offers and answers, and the version that each new one raises (RFC 3264 §8)."""

from collections.abc import Callable
from copy import copy

from sipmessage import Request, Response

from .media import LocalMedia, MediaFlow
from .message import content_type
from .offer_answer import SOUND_ALONE, Lines, NotAcceptable, accept, answer, offer
from .protection import NotProtected, Protection
from .sdp import Origin

SDP = "application/sdp"


class Negotiation:
    """`media` is what this end offered or answered with last, None before that."""

    def __init__(self, session_id: int, protection: Protection) -> None:
        self.media: LocalMedia | None = None
        self.pending = False
        """Our offer waits for its answer."""
        self._before: LocalMedia | None = None
        self._lines = SOUND_ALONE
        self._protection = protection
        self._session_id = session_id
        self._version = 0
        self._description = b""

    @property
    def exposed(self) -> bool:
        """What is said next goes by a way on which keys are not to be read."""
        return self._protection.exposed

    @exposed.setter
    def exposed(self, exposed: bool) -> None:
        self._protection.exposed = exposed

    def branch(self) -> "Negotiation":
        """For one of several ends that our offer reached, each of which answers it for itself."""
        branch = copy(self)
        branch._protection = copy(self._protection)
        return branch

    def withdraw(self) -> None:
        """Our last offer was refused: what was agreed before it stands (RFC 3261 §14.1)."""
        self.media, self.pending = self._before, False

    def settle(self) -> None:
        """What was answered provisionally holds."""
        self.pending = False

    def offer(self, media: LocalMedia, *, whole: bool = False) -> bytes:
        """`whole`: as if nothing had been agreed on yet (RFC 3261 §14.2). Raises NotAcceptable, and nothing
        has changed then."""
        try:
            self._protection.begin_offer(whole=whole)
        except NotProtected as error:
            raise NotAcceptable(str(error)) from None
        self._before, self.media, self.pending = self.media, media, True
        return self._versioned(lambda: offer(media, self._origin(media), self._protection, self._lines))

    def respond(
        self, invite: Request, media: LocalMedia, current: MediaFlow | None = None
    ) -> tuple[bytes, MediaFlow | None]:
        """The body of a 2xx: the answer and what it agrees on, or our offer and None where there was none.

        `current` is what holds in a call that is up. Raises NotAcceptable, and nothing has changed then.
        """
        if not invite.body:
            return self.offer(media, whole=True), None
        flow: MediaFlow | None = None
        lines: Lines = self._lines

        def build() -> bytes:
            nonlocal flow, lines
            body, flow, lines = answer(invite.body, media, self._origin(media), self._protection, current)
            return body

        body = self._versioned(build)
        self.media, self.pending, self._lines = media, False, lines
        return body, flow

    def read_answer(self, message: Request | Response, *, final: bool = True) -> MediaFlow:
        """What the answer to our offer agrees on. Raises NotAcceptable.

        `final` false: it is only foretold, and may be told otherwise.
        """
        if content_type(message) != SDP or self.media is None:
            raise NotAcceptable("there was no answer to our offer")
        flow = accept(message.body, self.media, self._protection, self._lines)
        self.pending = self.pending and not final
        return flow

    def _origin(self, media: LocalMedia) -> Origin:
        return Origin(self._session_id, self._version, media.address)

    def _versioned(self, build: Callable[[], bytes]) -> bytes:
        body = build()
        if self._description and body != self._description:
            self._version += 1
            body = build()
        self._description = body
        return body
