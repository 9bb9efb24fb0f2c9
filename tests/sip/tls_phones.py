"""Phones that speak SIP over TLS on loopback, and the servers they meet."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from random import Random

from offhook.sip import Hop, LocalMedia, Transmit, UserAgent
from offhook.sip.endpoint import Endpoint
from offhook.sip.events import (
    Incoming,
    UserAgentEvent,
)
from offhook.sip.framing import PONG
from offhook.sip.tls import Tls, TlsSettings

from ..authority import Authority  # noqa: TID252 - two folders of tests need it

Run = Callable[[Awaitable[None]], None]
HOST = "127.0.0.1"
MEDIA = LocalMedia(HOST, 4000)


class Agent(UserAgent):
    """Remembers what connections were lost."""

    def __init__(self) -> None:
        super().__init__(Hop("UDP", HOST, 5060), "test", Random(1))
        self.lost: list[tuple[Hop, str]] = []
        self.sources: list[Hop] = []
        self.pongs: list[Hop] = []

    def flow_lost(self, hop: Hop, reason: str, now: float) -> None:
        self.lost.append((hop, reason))
        super().flow_lost(hop, reason, now)

    def receive(self, data: bytes, source: Hop, now: float) -> None:
        (self.pongs if data == PONG else self.sources).append(source)
        super().receive(data, source, now)


class Phone:
    """`port` is where it takes TLS."""

    def __init__(self, tls: Tls | None) -> None:
        self.ua = Agent()
        self.port = 0
        self.events: list[UserAgentEvent] = []
        self.endpoint = Endpoint(self.ua, self.on_event, tls)

    def on_event(self, event: UserAgentEvent) -> None:
        self.events.append(event)
        if isinstance(event, Incoming):
            self.ua.answer(event.call, MEDIA, self.now)

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def told(self, kind: type[UserAgentEvent]) -> UserAgentEvent:
        await until(lambda: any(isinstance(event, kind) for event in self.events))
        return next(event for event in self.events if isinstance(event, kind))

    def invite(self, target: str) -> None:
        self.ua.invite("call", None, target, MEDIA, self.now)
        self.endpoint.flush()

    def send(self, data: bytes, hop: Hop) -> None:
        self.ua.outbox.append(Transmit(data, hop))
        self.endpoint.flush()


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not holds():
            await asyncio.sleep(0.005)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def phone(settings: TlsSettings | None = None, own: Path | None = None) -> AsyncIterator[Phone]:
    """One that listens for TLS where it has a certificate to show."""
    this = Phone(Tls(settings, own))
    if own or (settings and settings.certificate):
        this.port = free_port()
    await this.endpoint.open(HOST, 0, tls_port=this.port)
    try:
        yield this
    finally:
        await this.endpoint.close()


def server_context(
    certificate: Path, clients: Path | None = None, **versions: ssl.TLSVersion
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    for name, version in versions.items():
        setattr(context, name, version)
    return context


@asynccontextmanager
async def server(context: ssl.SSLContext | None) -> AsyncIterator["Server"]:
    this = Server()
    listening = await asyncio.start_server(this.serve, HOST, 0, ssl=context)
    this.port = listening.sockets[0].getsockname()[1]
    try:
        yield this
    finally:
        listening.close()
        for writer in this.writers:
            # Python 3.11.2 fails to abort what was closed twice.
            if not writer.transport.is_closing():
                writer.transport.abort()
        await until(lambda: this.serving == 0)
        await listening.wait_closed()


@contextmanager
def blocking_server(context: ssl.SSLContext) -> Iterator[int]:
    """The port of a server that tells its client what it does not like; asyncio's only hang up."""

    def serve() -> None:
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            with accepted, suppress(OSError), context.wrap_socket(accepted, server_side=True) as wrapped:
                while wrapped.recv(65536):
                    pass

    with socket.create_server((HOST, 0)) as listener:
        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            serving.join()


class Server:
    """Keeps what it is sent, and answers nothing by itself."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.serving = 0
        self.heard = b""
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.serving += 1
        self.writers.append(writer)
        with suppress(OSError):
            while data := await reader.read(65536):
                self.heard += data
        writer.close()
        self.serving -= 1


def options(branch: str = "z9hG4bK1", uri: str = f"sip:{HOST}", transport: str = "TLS") -> bytes:
    return (
        f"OPTIONS {uri} SIP/2.0\r\nVia: SIP/2.0/{transport} {HOST}:9;branch={branch};rport\r\n"
        f"From: <sip:x@{HOST}>;tag=1\r\nTo: <sip:{HOST}>\r\nCall-ID: {branch}\r\nCSeq: 1 OPTIONS\r\n"
        "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def client_context(authority: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.file)
    context.check_hostname = False
    return context
