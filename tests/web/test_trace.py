"""The SIP trace of a phone with real sockets, asked for over the web and by a file."""

import asyncio
import json
import socket
from pathlib import Path

from offhook.capture_file import CaptureFile
from offhook.device import Device
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.ports import RtpPorts
from offhook.sip.account import Account
from offhook.sip.pcap import HEADER

from ..sip.message_text import request
from .browser import Browser, a_phone

NOT_KEPT = "no SIP messages are kept; POST /api/v1/trace/start begins it"
JSON = {"content-type": "application/json"}


async def exchange(device: Device) -> None:
    """Have a SIP message come and be answered."""
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


def test_nothing_is_kept_until_it_is_asked_for(tmp_path: Path) -> None:
    async def run() -> None:
        async with a_phone(tmp_path, account=["sip:bob@127.0.0.1;register=no"]) as station:
            assert station.device
            browser = Browser(station)
            await browser.log_in()
            await exchange(station.device)
            for path in ("/api/v1/trace", "/api/v1/trace.pcap"):
                answer = await browser.get(path)
                assert (answer.status, json.loads(answer.body)["text"]) == (409, NOT_KEPT)
            assert (await browser.get("/api/v1/trace/start")).status == 405, "only a POST does"
            assert (await browser.ask("POST", "/api/v1/trace/start", headers=JSON)).status == 200
            assert (await browser.get("/api/v1/trace")).body == b""

            await exchange(station.device)
            shown = await browser.get("/api/v1/trace")
            assert shown.status == 200
            assert shown.body.index(b"OPTIONS sip:bob:***@phone") < shown.body.index(b"SIP/2.0 200 OK")
            assert shown.body.count(b" bytes\n") == 2
            capture = await browser.get("/api/v1/trace.pcap")
            assert capture.body.startswith(HEADER)
            assert b"SIP/2.0 200 OK" in capture.body
            assert b"sesame" not in capture.body

            assert (await browser.ask("POST", "/api/v1/trace/stop", headers=JSON)).status == 200
            assert (await browser.get("/api/v1/trace")).status == 409

    asyncio.run(run())


def test_it_is_for_those_who_have_logged_in(tmp_path: Path) -> None:
    async def run() -> None:
        async with a_phone(tmp_path) as station:
            program = Browser(station, program=True)
            for method, path in (("GET", ""), ("GET", ".pcap"), ("POST", "/start"), ("POST", "/stop")):
                answer = await program.ask(method, f"/api/v1/trace{path}")
                assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer realm="offhook"')
            assert station.sip_trace.messages is None

    asyncio.run(run())


def test_a_file_has_everything_from_the_start(tmp_path: Path) -> None:
    path = tmp_path / "phone.pcap"

    async def run() -> None:
        account = Account(1, "bob", "127.0.0.1", 9, register=False)
        device = Device(
            (account,), clock=MediaClock(), ports=RtpPorts(), address="127.0.0.1", capture=CaptureFile(path)
        )
        await device.start(0)
        try:
            await exchange(device)
        finally:
            await device.stop()

    asyncio.run(run())
    written = path.read_bytes()
    assert written.startswith(HEADER)
    assert b"OPTIONS sip:bob:***@phone" in written
    assert b"SIP/2.0 200 OK" in written
