"""A phone that only takes down what is pressed, and a site of it on a free port."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from typing import Any

from offhook.action_uri.access import Access
from offhook.action_uri.grammar import ActionEvent
from offhook.http_front import HttpServer, Site
from offhook.phone.reply import Reply, Verdict


@dataclass
class RecordingPhone:
    pressed: list[ActionEvent] = field(default_factory=list)
    reply: Reply | Awaitable[Reply] | Exception = field(default_factory=lambda: Reply(Verdict.DONE, "done"))

    def press(self, event: ActionEvent) -> Reply | Awaitable[Reply]:
        self.pressed.append(event)
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


async def inner(scope: Any, receive: Any, send: Any) -> None:
    """The pages beside the Action URI: each says where it is."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": f"inner {scope['path']}".encode()})


@contextlib.asynccontextmanager
async def serving(
    phone: RecordingPhone, access: Access | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Site, int]]:
    server = HttpServer()
    sock = socket.create_server(("127.0.0.1", 0))
    site = Site(phone, access or Access(), inner)
    listener = await server.listen(sock, site, tls)
    try:
        yield site, listener.address[1]
    finally:
        await server.close()
        assert server.connections == 0


async def exchange(port: int, data: bytes, *, eof: bool = True) -> bytes:
    """Everything that comes back for `data` until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        if eof:
            writer.write_eof()
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()
