"""What stands behind a listening socket, as a plain ASGI callable: guard, `/fcgi/do`, and the pages
beside it."""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from offhook.action_uri.access import ACTION_PATH, Access, Admission, Door, judge
from offhook.action_uri.answer_line import answer_line
from offhook.action_uri.endpoint import RETRY_AFTER, Endpoint, Phone
from offhook.action_uri.http import Header, HttpRequest, HttpResponse

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

REFRESH: Header = (b"refresh", b"2")
LONGEST_BODY = 64 * 1024
"""Bytes of a POST to the Action URI."""

_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


class _ClientLeft(Exception):
    pass


class Site:
    """One phone on the web. `access` may be replaced at any time; while `booting`, every request gets a
    503, but for what pages look like."""

    def __init__(self, phone: Phone, access: Access, inner: AsgiApp, door: Door | None = None) -> None:
        """`inner` serves all other paths, behind the guard, and finds the `admission` in its scope. Its
        lifespan is not run."""
        self.access = access
        self.booting = False
        self.answered: dict[int, int] = {}
        """Requests by the status of their answer."""
        self._inner = inner
        self._door = door
        self._endpoint = Endpoint(phone)

    def admit(self, request: HttpRequest) -> Admission | HttpResponse:
        """The guard, whatever the path."""
        admission = judge(request, self.access, self._door)
        if self.booting and isinstance(admission, Admission) and not self._is_looks(request.path):
            text = "the phone is booting: try again in a moment"
            # A browser that shows a page asks for it again by itself; a key is pressed once.
            again = (REFRESH,) if request.method == "GET" and request.path != ACTION_PATH else ()
            return answer_line(request, 503, text, RETRY_AFTER, *again, *admission.cors)
        return admission

    def _is_looks(self, path: str) -> bool:
        """A page that waits for a phone to come back is not to lose its looks, which tell nothing of it."""
        return self._door is not None and path.startswith(self._door.looks)

    def count(self, status: int) -> None:
        self.answered[status] = self.answered.get(status, 0) + 1

    def act(self, request: HttpRequest, admission: Admission) -> HttpResponse | Awaitable[HttpResponse]:
        """The Action URI."""
        return self._endpoint.answer(request, admission, confirm_page=self.access.confirm_page)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        send = self._counted(send)
        client = scope["client"]
        request = HttpRequest(
            method=scope.get("method", "GET"),  # a WebSocket's handshake is a GET
            path=scope["path"],
            query=scope["query_string"],
            headers=scope["headers"],
            peer=client[0] if client else "",
            scheme=_SCHEMES[scope["scheme"]],
        )
        answer = self.admit(request)
        if isinstance(answer, Admission):
            if scope["type"] == "websocket" or scope["path"] != ACTION_PATH:
                scope["admission"] = answer
                await self._inner(scope, receive, _with_headers(send, answer.cors) if answer.cors else send)
                return
            try:
                answer = await self._act_on_body(request, answer, receive)
            except _ClientLeft:
                return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send_response(answer, send)

    def _counted(self, send: Send) -> Send:
        async def send_counted(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self.count(message["status"])
            await send(message)

        return send_counted

    async def _act_on_body(
        self, request: HttpRequest, admission: Admission, receive: Receive
    ) -> HttpResponse:
        if request.method == "POST":
            body = await _body(request, receive)
            if body is None:
                text = f"the body is too large: at most {LONGEST_BODY} bytes"
                return answer_line(request, 413, text, *admission.cors)
            request.body = body
        answer = self.act(request, admission)
        return answer if isinstance(answer, HttpResponse) else await answer


async def send_response(response: HttpResponse, send: Send) -> None:
    headers = response.framed_headers()
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _body(request: HttpRequest, receive: Receive) -> bytes | None:
    """The whole body, or `None` for one that is too large.

    :raises _ClientLeft: before its end: what is half said is not acted on
    """
    declared = request.fields.get(b"content-length", b"0")
    if len(declared) > 9 or int(declared) > LONGEST_BODY:
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientLeft
        body += message["body"]
        if len(body) > LONGEST_BODY:
            return None
        if not message["more_body"]:
            return bytes(body)


def _with_headers(send: Send, headers: Sequence[Header]) -> Send:
    async def send_with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *headers]}
        await send(message)

    return send_with_headers
