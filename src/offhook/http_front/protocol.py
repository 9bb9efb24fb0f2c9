"""One HTTP connection: uvicorn's, but `/fcgi/do` is answered where the parser ends, and what a stranger
can use up is bounded.

A GET or HEAD of the Action URI with no earlier request in progress needs no task, no scope and no
queue: from the socket to the phone and back is one call. Everything else goes uvicorn's own way.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.utils import get_local_addr

from offhook.action_uri.access import ACTION_PATH, Admission
from offhook.action_uri.http import HttpRequest, HttpResponse

from .site import Receive, Scope, Send, send_response

if TYPE_CHECKING:
    from .server import Listener

LONGEST_HEAD = 32 * 1024
"""Bytes of a request's target and headers."""
MOST_HEADERS = 100
REQUEST_TIMEOUT = 20.0
"""Seconds that a request may take to arrive whole, and a new connection to begin one."""

NOT_ENCODED = (
    "the address holds a character that must be percent-encoded: ü, say, as %C3%BC; "
    "curl -G --data-urlencode 'number=Müller' does it"
)

_LINGER = 1.0

_PATH = ACTION_PATH.encode()
_PATH_AND_QUERY = _PATH + b"?"


class _TooLarge(Exception):
    """Ends the parser; nothing outside sees it."""


class _Later:
    """An answer that takes time, as the ASGI application of the one request it belongs to."""

    def __init__(self, answer: Awaitable[HttpResponse], count: Callable[[int], None]) -> None:
        self._answer = answer
        self._count = count

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        response = await self._answer
        self._count(response.status)
        await send_response(response, send)


class HttpConnection(HttpToolsProtocol):
    def __init__(self, listener: "Listener", loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(listener.config, listener.state, {}, loop)
        self._listener = listener
        self._peer = ""
        self._deadline: asyncio.TimerHandle | None = None
        self._head = 0  # bytes of the head at hand, in whole lines
        self._more_head = 0  # bytes since the segment in which it began
        self._reading_head = False
        self._reading = False
        self._settled = False  # the request at hand is answered or dropped: uvicorn is not to hear of it
        self._broken = False  # nothing that follows can be made sense of
        self._refusal = HTTPStatus.BAD_REQUEST
        self._why: str | None = None

    # --- the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # As uvicorn does it, but for what only an application hears of (`_hand_over`).
        self.connections.add(self)
        self.transport = transport
        self.flow = FlowControl(transport)
        # A socket object, which uvicorn asks for it, costs several times this.
        address = transport.get_extra_info("peername")
        self.client = (str(address[0]), int(address[1])) if address else None
        self._peer = self.client[0] if self.client else ""
        self.scheme = self._listener.scheme
        if self._listener.is_full():
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
            self.transport.close()
        else:
            self._deadline = self.loop.call_later(REQUEST_TIMEOUT, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._unset_deadline()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)
        self._listener.ended(self.loop)

    def data_received(self, data: bytes) -> None:
        if self._broken or self.transport.is_closing():
            return
        if self._reading_head:
            self._more_head += len(data)
        super().data_received(data)
        if self._broken or not self._reading:
            return
        if self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_TIMEOUT, self._too_slow)
        # Of a line that is not finished the parser says nothing, and keeps it.
        if self._reading_head and self._more_head > LONGEST_HEAD:
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            self.send_400_response("")

    def eof_received(self) -> bool:  # type: ignore[override]
        """Whether to keep what is half closed: until a key press under way is answered.

        A page that streams may have no end; there a client that says no more is one that left.
        """
        cycle = self.cycle
        if self.scheme == "https" or cycle is None or cycle.response_complete or cycle.more_body:
            return False
        cycle.keep_alive = False
        return bool(cycle.scope["path"] == ACTION_PATH)

    def handle_websocket_upgrade(self) -> None:
        self._unset_deadline()
        super().handle_websocket_upgrade()

    def send_400_response(self, _msg: str) -> None:
        self._broken = True
        if isinstance(sys.exception(), httptools.HttpParserInvalidURLError):
            self._why = NOT_ENCODED
        if self.cycle is None or self.cycle.response_complete:
            self._refuse(self._refusal)
        elif not self.cycle.more_body:
            self.cycle.keep_alive = False  # what came before is answered first
        elif not self.cycle.response_started and not self.pipeline:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self._refuse(self._refusal)
        else:
            self.transport.close()

    def _refuse(self, status: HTTPStatus) -> None:
        """Say why, and go on reading for a moment: a reset for what is unread could overtake the answer."""
        self._broken = True
        self._listener.site.count(status)
        body = f"{self._why or status.phrase}\n".encode()
        self.transport.write(
            STATUS_LINE[status] + self._listener.date() + b"content-type: text/plain; charset=utf-8\r\n"
            b"cache-control: no-store\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b"
            % (len(body), body)
        )
        self._unset_deadline()
        self._deadline = self.loop.call_later(_LINGER, self.transport.close)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def _too_slow(self) -> None:
        self._deadline = None
        self._refusal = HTTPStatus.REQUEST_TIMEOUT
        if self._reading:
            self.send_400_response("")
        else:
            self.transport.close()

    def _unset_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def shutdown(self) -> None:
        super().shutdown()
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            # An answer that streams may have no end, and what was sent of it stands for itself.
            self.transport.close()

    # --- what the parser finds

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self._head = self._more_head = 0
        self._reading = self._reading_head = True
        self._settled = False

    def on_url(self, url: bytes) -> None:
        self.url += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))
        self._count(len(name) + len(value))

    def _count(self, size: int) -> None:
        self._head += size
        if self._head > LONGEST_HEAD or len(self.headers) > MOST_HEADERS:
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise _TooLarge

    def on_headers_complete(self) -> None:
        self._reading_head = False
        if self.transport.is_closing():  # the request before this one said it was the last
            self._settled = True
            return
        answer = self.answer_at_once()
        if isinstance(answer, HttpResponse):
            self._settled = True
            self._write(answer)
        elif answer is None:
            self._hand_over()
        else:
            app, self.app = self.app, _Later(answer, self._listener.site.count)
            self._hand_over()
            self.app = app

    def on_body(self, body: bytes) -> None:
        if not self._settled:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._reading = False
        self._unset_deadline()
        if not self._settled:
            super().on_message_complete()

    # --- the short way

    def answer_at_once(self) -> HttpResponse | Awaitable[HttpResponse] | None:
        """The answer to a GET or HEAD of the Action URI that can be given here and now; `None`: go
        uvicorn's way."""
        method, url = self.parser.get_method(), self.url
        if (
            method not in {b"GET", b"HEAD"}
            or (url != _PATH and not url.startswith(_PATH_AND_QUERY))
            or b"#" in url
            or (self.cycle is not None and not self.cycle.response_complete)
            or self.flow.write_paused
            or self.parser.should_upgrade()
        ):
            return None
        query = url[len(_PATH_AND_QUERY) :]
        request = HttpRequest(
            method.decode(), ACTION_PATH, query, self.headers, self._peer, self._listener.scheme
        )
        if b"content-length" in request.fields or b"transfer-encoding" in request.fields:
            return None
        site = self._listener.site
        admission = site.admit(request)
        return site.act(request, admission) if isinstance(admission, Admission) else admission

    def _write(self, response: HttpResponse) -> None:
        keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        self._listener.site.count(response.status)
        lines = [STATUS_LINE[response.status], self._listener.date()]
        for name, value in response.framed_headers():
            lines += (name, b": ", value, b"\r\n")
        lines.append(b"\r\n" if keep_alive else b"connection: close\r\n\r\n")
        if self.parser.get_method() != b"HEAD":
            lines.append(response.body)
        self.transport.write(b"".join(lines))
        if not keep_alive:
            self.transport.close()
        self.on_response_complete()

    # --- uvicorn's way

    def _hand_over(self) -> None:
        """Let uvicorn begin the message after all, with what has been read of it."""
        url, headers = self.url, self.headers
        if not url.startswith(b"/"):
            headers = _with_host_of(url, headers)
        self.server = get_local_addr(self.transport)
        self.server_state.default_headers = [self._listener.date_header()]
        super().on_message_begin()
        self.url = url
        self.headers = self.scope["headers"] = headers
        self.expect_100_continue = any(n == b"expect" and v.lower() == b"100-continue" for n, v in headers)
        super().on_headers_complete()


def _with_host_of(target: bytes, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """A target in absolute form overrules `Host` (RFC 9112 §3.2.2); the guard is to judge what it says.

    :raises httptools.HttpParserInvalidURLError:
    """
    parsed = httptools.parse_url(target)
    host = parsed.host or b""
    host = b"[%b]" % host if b":" in host else host
    authority = host if parsed.port is None else b"%b:%d" % (host, parsed.port)
    return [header for header in headers if header[0] != b"host"] + [(b"host", authority)]
