"""TFTP on a socket: what a `TftpTransfer` wants sent is sent, and its timer kept."""

import asyncio
import contextlib
from typing import Any, Final
from urllib.parse import SplitResult, unquote

from .configuration_file import LONGEST_FILE
from .not_fetched import NotFetched
from .tftp_transfer import GIVING_UP, UNKNOWN_TRANSFER, TftpTransfer

PORT: Final = 69


async def fetch(url: SplitResult) -> bytes | None:
    """The file, None where there is none. Raises NotFetched or OSError."""
    loop = asyncio.get_running_loop()
    # RFC 3617: the slash behind the host is none of the file's name.
    file = unquote(url.path.removeprefix("/"), errors="strict")
    if "\0" in file:
        raise NotFetched("its name holds a NUL")
    found = await loop.getaddrinfo(url.hostname, url.port or PORT)
    family, _, _, _, server = found[0]
    client = _Client(TftpTransfer(file, LONGEST_FILE), server)
    transport, _ = await loop.create_datagram_endpoint(lambda: client, family=family)
    try:
        return await client.finished
    finally:
        client.close()
        transport.close()


class _Client(asyncio.DatagramProtocol):
    def __init__(self, transfer: TftpTransfer, server: Any) -> None:
        self._transfer = transfer
        self._server = server
        self._peer: Any = None
        """The server with the port that it serves this transfer from (RFC 1350 §4)."""
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self.finished: asyncio.Future[bytes | None] = self._loop.create_future()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport
        self._send(self._transfer.begin(self._loop.time()))

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if self.finished.done() or addr[0] != self._server[0]:
            return
        if self._peer is not None and addr != self._peer:
            self._transport.sendto(UNKNOWN_TRANSFER, addr)
            return
        self._peer = addr
        try:
            reply = self._transfer.receive(data, self._loop.time())
        except NotFetched as why:
            self._give_up(why)
            return
        if reply is not None:
            self._send(reply)
        if self._transfer.done:
            self.finished.set_result(self._transfer.content)

    def error_received(self, exc: Exception) -> None:
        if not self.finished.done():
            self.finished.set_exception(exc)

    def close(self) -> None:
        """Does nothing where the file has come."""
        if self._timer is not None:
            self._timer.cancel()
        if not self._transfer.done and self._peer is not None:
            self._transport.sendto(GIVING_UP, self._peer)
        with contextlib.suppress(asyncio.InvalidStateError):
            self.finished.cancel()

    def _tick(self) -> None:
        try:
            self._send(self._transfer.tick(self._loop.time()))
        except NotFetched as why:
            self._give_up(why)

    def _send(self, datagram: bytes) -> None:
        self._transport.sendto(datagram, self._peer or self._server)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._transfer.deadline, self._tick)

    def _give_up(self, why: NotFetched) -> None:
        if not self.finished.done():
            self.finished.set_exception(why)
