"""Servers of configuration files: a well-behaved one, and ones that follow a script of what may go wrong."""

import asyncio
import contextlib
import http.server
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def web_server(folder: Path, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Python's own, with the files of `folder`; yields its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(folder))

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class ScriptedWeb:
    """Answers each request with what `answers` has for its path, as it is, and closes.

    What an answer ends in `...` is followed by as much as the client takes.
    """

    def __init__(self, answers: dict[str, bytes]) -> None:
        self.answers = answers
        self.asked: list[bytes] = []
        self._serving: set[asyncio.Task[None] | None] = set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            serving = [task for task in self._serving if task]
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)
            # A transport is closed in the next round of the loop.
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.add(asyncio.current_task())
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(head)
            path = head.split(b" ")[1].decode()
            answer = self.answers.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            writer.write(answer.removesuffix(b"..."))
            while answer.endswith(b"...") and not reader.at_eof():
                await writer.drain()
                writer.write(b"Config.A = 1\n")
                await asyncio.sleep(0.001)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self._serving.discard(asyncio.current_task())


def ok(body: bytes, *lines: str, length: int | None = None) -> bytes:
    head = ["HTTP/1.1 200 OK", f"Content-Length: {len(body) if length is None else length}", *lines, "", ""]
    return "\r\n".join(head).encode() + body


Answer = Callable[[bytes, int], list[bytes]]
"""What is sent for a datagram, the second argument counting those that came."""


class ScriptedTftp(asyncio.DatagramProtocol):
    def __init__(self, answer: Answer) -> None:
        self.got: list[bytes] = []
        self._answer = answer

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.got.append(data)
        for each in self._answer(data, len(self.got)):
            self._transport.sendto(each, addr)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        try:
            yield f"tftp://127.0.0.1:{transport.get_extra_info('sockname')[1]}/"
        finally:
            transport.close()


def tftp_data(number: int, data: bytes) -> bytes:
    return struct.pack("!HH", 3, number) + data


def tftp_error(code: int, text: bytes = b"") -> bytes:
    return struct.pack("!HH", 5, code) + text + b"\0"


def tftp_oack(*words: bytes) -> bytes:
    return struct.pack("!H", 6) + b"".join(word + b"\0" for word in words)
