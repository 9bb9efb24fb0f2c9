"""The SIP trace of a phone with real sockets, asked for over the web and by a file."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from offhook.capture_file import CaptureFile
from offhook.device import Device
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.ports import RtpPorts
from offhook.sip.account import Account
from offhook.sip.pcap import HEADER
from offhook.web.app import app

from .sip.message_text import request

Ask = Callable[..., Awaitable[tuple[int, bytes]]]


async def with_a_phone(
    play: Callable[[Ask, Callable[[], Awaitable[None]]], Awaitable[None]], **options: Any
) -> None:
    """`play` is given how to ask the phone's pages, and how to have a SIP message come and be answered."""
    account = Account(1, "bob", "127.0.0.1", 9, register=False)
    device = Device((account,), clock=MediaClock(), ports=RtpPorts(), address="127.0.0.1", **options)
    await device.start(0)
    web = app(device)

    async def ask(
        method: str, path: str, peer: str = "127.0.0.1", *headers: tuple[bytes, bytes]
    ) -> tuple[int, bytes]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
        await web({**scope, "client": (peer, 1)}, receive, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)

    async def exchange() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far_end:
            far_end.setblocking(False)
            far_end.bind(("127.0.0.1", 0))
            via = f"SIP/2.0/UDP 127.0.0.1:{far_end.getsockname()[1]};branch=z9hG4bKx;rport"
            options = request("OPTIONS", "sip:bob:sesame@phone", headers={"Via": via})
            loop = asyncio.get_running_loop()
            await loop.sock_sendto(far_end, b"\r\n\r\n", ("127.0.0.1", device.sip_port))
            await loop.sock_sendto(far_end, options, ("127.0.0.1", device.sip_port))
            async with asyncio.timeout(5):
                assert b"200 OK" in await loop.sock_recv(far_end, 4096)

    try:
        await play(ask, exchange)
    finally:
        await device.stop()


def test_nothing_is_kept_until_it_is_asked_for() -> None:
    async def play(ask: Ask, exchange: Callable[[], Awaitable[None]]) -> None:
        await exchange()
        for path in ("/api/v1/trace", "/api/v1/trace.pcap"):
            status, text = await ask("GET", path)
            assert (status, text) == (409, b"no SIP messages are kept; POST /api/v1/trace/start begins it\n")
        assert (await ask("POST", "/api/v1/trace/start"))[0] == 200
        assert await ask("GET", "/api/v1/trace") == (200, b"")

        await exchange()
        status, text = await ask("GET", "/api/v1/trace")
        assert status == 200
        assert text.index(b"OPTIONS sip:bob:***@phone") < text.index(b"SIP/2.0 200 OK")
        assert text.count(b" bytes\n") == 2
        status, capture = await ask("GET", "/api/v1/trace.pcap")
        assert status == 200
        assert capture.startswith(HEADER)
        assert b"SIP/2.0 200 OK" in capture
        assert b"sesame" not in capture

        assert (await ask("POST", "/api/v1/trace/stop"))[0] == 200
        assert (await ask("GET", "/api/v1/trace"))[0] == 409

    asyncio.run(with_a_phone(play))


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", [], 409),
        ("127.9.9.9", [], 409),
        ("::1", [], 409),
        ("::ffff:127.0.0.1", [], 409),
        ("192.0.2.7", [], 403),
        ("::ffff:192.0.2.7", [], 403),
        ("127.0.0.1", [(b"x-forwarded-for", b"192.0.2.7")], 403),
        ("127.0.0.1", [(b"forwarded", b"for=192.0.2.7")], 403),
        ("127.0.0.1", [(b"via", b"1.1 proxy")], 403),
    ],
)
def test_it_is_for_this_machine_alone(peer: str, headers: list[tuple[bytes, bytes]], status: int) -> None:
    async def play(ask: Ask, exchange: Callable[[], Awaitable[None]]) -> None:
        assert (await ask("GET", "/api/v1/trace", peer, *headers))[0] == status
        assert (await ask("GET", "/api/v1/trace.pcap", peer, *headers))[0] == status
        assert (await ask("POST", "/api/v1/trace/start", peer, *headers))[0] == (
            200 if status == 409 else 403
        )

    asyncio.run(with_a_phone(play))


def test_what_changes_something_is_a_post() -> None:
    async def play(ask: Ask, exchange: Callable[[], Awaitable[None]]) -> None:
        assert (await ask("GET", "/api/v1/trace/start"))[0] == 405
        assert (await ask("GET", "/api/v1/trace"))[0] == 409

    asyncio.run(with_a_phone(play))


def test_a_file_has_everything_from_the_start(tmp_path: Path) -> None:
    path = tmp_path / "phone.pcap"

    async def play(ask: Ask, exchange: Callable[[], Awaitable[None]]) -> None:
        await exchange()

    asyncio.run(with_a_phone(play, capture=CaptureFile(path)))
    written = path.read_bytes()
    assert written.startswith(HEADER)
    assert b"OPTIONS sip:bob:***@phone" in written
    assert b"SIP/2.0 200 OK" in written
