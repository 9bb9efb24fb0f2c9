"""The other side of a leg, written by hand: plain sockets, RTP put together octet by octet."""

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from offhook.rtp.leg import Leg
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.ports import RtpPorts

HOST = "127.0.0.1"


def rtp(
    sequence: int,
    timestamp: int = 0,
    *,
    ssrc: int = 7,
    pt: int = 0,
    marker: bool = False,
    payload: bytes = b"",
) -> bytes:
    return struct.pack("!BBHII", 0x80, pt | marker << 7, sequence & 0xFFFF, timestamp, ssrc) + payload


@dataclass(frozen=True)
class Received:
    marker: bool
    pt: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes = field(repr=False)

    @classmethod
    def read(cls, datagram: bytes) -> "Received":
        flags, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", datagram)
        assert flags == 0x80
        return cls(second >= 0x80, second & 0x7F, sequence, timestamp, ssrc, datagram[12:])


def open_leg(clock: MediaClock | None = None) -> Leg:
    return Leg.open(clock or MediaClock(), HOST, RtpPorts())


def start(leg: Leg, far: int, /, **changes: Any) -> None:
    agreed: dict[str, Any] = {
        "address": HOST,
        "port": far,
        "rtcp_address": HOST,
        "rtcp_port": far + 1,
        "payload_type": 0,
        "codec_name": "PCMU",
        "telephone_event": 101,
        "sending": True,
        "receiving": True,
    }
    leg.start(**agreed | changes)


class FarEnd:
    """A pair of sockets; used as a context manager."""

    def __init__(self) -> None:
        self.rtp, self.rtcp = RtpPorts().bind(HOST)
        self.port: int = self.rtp.getsockname()[1]

    def __enter__(self) -> "FarEnd":
        return self

    def __exit__(self, *_: object) -> None:
        self.rtp.close()
        self.rtcp.close()

    def send(self, leg: Leg, datagram: bytes) -> None:
        self.rtp.sendto(datagram, (HOST, leg.port))

    async def receive(self, count: int = 1) -> list[Received]:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(5):
            return [Received.read(await loop.sock_recv(self.rtp, 2048)) for _ in range(count)]

    async def receive_rtcp(self) -> bytes:
        async with asyncio.timeout(5):
            return await asyncio.get_running_loop().sock_recv(self.rtcp, 2048)

    def drain(self) -> list[Received]:
        return [Received.read(datagram) for datagram in _drain(self.rtp)]

    def drain_rtcp(self) -> list[bytes]:
        return _drain(self.rtcp)


def _drain(end: socket.socket) -> list[bytes]:
    datagrams = []
    while True:
        try:
            datagrams.append(end.recv(2048))
        except BlockingIOError:
            return datagrams


async def until(condition: Callable[[], object], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


async def settle(datagrams: int = 1) -> None:
    """Lets the loop read that many datagrams per socket: loopback has delivered them before send returns."""
    for _ in range(datagrams + 2):
        await asyncio.sleep(0)
