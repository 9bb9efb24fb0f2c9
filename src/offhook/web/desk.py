"""What the pages of one phone go by. The pages themselves are the same for all phones of the process."""

import asyncio
import functools
import time
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from offhook.action_uri.http import HttpRequest
from offhook.http_front.site import AsgiApp, Receive, Scope, Send
from offhook.settings.sections import WebSettings

from . import tokens
from .answers import Answers
from .live import Live
from .picture import Picture
from .sessions import Session, Sessions
from .wrong_tries import WrongTries

if TYPE_CHECKING:
    from offhook.station import Station

LONGEST_BODY: Final = 4 * 1024 * 1024
"""Bytes of a form: a phone book, say."""

LOG_IN: Final = "/login"
PASSWORD: Final = "/password"  # noqa: S105
LOG_OUT: Final = "/logout"
STATIC: Final = "/static/"


class Desk:
    """Also the `Door` of the phone's site. `clock` is in seconds."""

    path = LOG_IN
    looks = STATIC

    def __init__(self, station: "Station", clock: Callable[[], float] = time.monotonic) -> None:
        self.station = station
        self.picture = Picture()
        self.live = Live(station.state, station.happenings, station.identity)
        self.answers = Answers()
        self.sessions = Sessions(clock)
        self.tries = WrongTries(clock)
        self.book_turn = asyncio.Lock()
        """Held while the phone book is changed, so that no change undoes one that came between."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["desk"] = self
        await _pages()(scope, _bounded(receive), send)

    # --- the door

    def lets_in(self, request: HttpRequest) -> bool:
        """The log-in page and what it looks like, a token, and a session."""
        if request.path == LOG_IN or request.path.startswith(STATIC):
            return True
        if tokens.shown(request.text(b"authorization") or "", self.web.tokens):
            return True
        return self.session(request.text(b"cookie") or "", request.scheme) is not None

    @property
    def web(self) -> WebSettings:
        return self.station.layers.settings.web

    # --- cookies

    def cookie(self, scheme: str) -> str:
        """Its name. Cookies know no ports, so each phone of a machine has its own; and one that came over
        https cannot be replaced over http."""
        name = f"offhook-{self.station.options.mac.replace(':', '')}"
        return f"__Secure-{name}" if scheme == "https" else name

    def session(self, cookies: str, scheme: str, *, uses: bool = True) -> Session | None:
        """The session that a `Cookie` header shows."""
        name = self.cookie(scheme)
        for pair in cookies.split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name and (found := self.sessions.find(value, self.web.password, uses=uses)):
                return found
        return None


def desk(connection: HTTPConnection) -> Desk:
    """Of the phone that is asked."""
    found: Desk = connection.scope["desk"]
    return found


@functools.cache
def _pages() -> AsgiApp:
    from .app import pages  # noqa: PLC0415

    return pages()


def _bounded(receive: Receive) -> Receive:
    size = 0

    async def receive_bounded() -> MutableMapping[str, Any]:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LONGEST_BODY:
            raise HTTPException(413, f"that is too large: at most {LONGEST_BODY // 1024} KiB")
        return message

    return receive_bounded
