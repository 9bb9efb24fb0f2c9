"""A receiver of events on loopback, which answers as it is told to, and a phone that has one."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from ssl import SSLContext
from typing import Any

from offhook.flash.flash import FILE_NAME, Flash
from offhook.host import Host
from offhook.options import run_options
from offhook.phone.reply import Reply
from offhook.station import Station


@dataclass
class Received:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


Answer = bytes | float | None
"""What is sent back at once, seconds until a 200, or None to hang up without a word."""

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def answer(status: int, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Receiver:
    """`answers` are given one after the other, and the last of them from then on."""

    def __init__(self, *answers: Answer) -> None:
        self.received: list[Received] = []
        self.open = 0
        self.most_open = 0
        self.over = asyncio.Event()
        self._answers: Iterator[Answer] = iter(answers)
        self.answer: Answer = OK
        self.url = ""

    @property
    def targets(self) -> list[str]:
        return [each.target for each in self.received]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.rstrip("\r\n").split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            method, target, _ = first.split(" ")
            self.received.append(Received(method, target, headers, body))
            self.answer = next(self._answers, self.answer)
            given = self.answer
            if isinstance(given, float):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.over.wait(), given)
                given = OK
            if given is not None:
                writer.write(given)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def until(self, count: int, within: float = 10.0) -> list[Received]:
        async with asyncio.timeout(within):
            while len(self.received) < count:
                await asyncio.sleep(0.005)
        return self.received


@asynccontextmanager
async def receiving(
    *answers: Answer, tls: SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Receiver]:
    receiver = Receiver(*answers)
    server = await asyncio.start_server(receiver.serve, host, 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    receiver.url = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
    try:
        yield receiver
    finally:
        server.close()
        receiver.over.set()
        await until(lambda: not receiver.open)


@asynccontextmanager
async def phone(folder: Path, settings: dict[str, object], **given: object) -> AsyncIterator[Station]:
    """One that runs with these settings, changed once it was ready."""
    host = Host(Flash(folder / FILE_NAME))
    ports = {"http_port": "0", "https_port": "0", "sip_port": "0"}
    account = {"account": ["sip:1001@127.0.0.1;register=no;name=Anna Müller"]}
    await host.start([run_options({**ports, **account, **given}, {}).device("0c1105000001")])
    try:
        await host.stations[0].change(settings)
        yield host.stations[0]
    finally:
        await host.stop()


async def said(reply: Reply | Awaitable[Reply]) -> Reply:
    return reply if isinstance(reply, Reply) else await reply


async def until(done: Callable[[], bool], within: float = 10.0) -> None:
    async with asyncio.timeout(within):
        while not done():
            await asyncio.sleep(0.005)
