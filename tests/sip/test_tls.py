"""SIP over TLS with real sockets on loopback, on asyncio's own loop and on uvloop."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from random import Random

import pytest
import uvloop

from offhook.sip import Account, Hop, LocalMedia, Transmit, UserAgent, connection, streams
from offhook.sip.endpoint import CannotBind, Endpoint
from offhook.sip.events import (
    Answered,
    Binding,
    BindingChanged,
    Ended,
    Failed,
    Incoming,
    InviteSent,
    UserAgentEvent,
)
from offhook.sip.framing import PING, PONG
from offhook.sip.hop import Transport
from offhook.sip.tls import BadTlsFile, Tls, TlsSettings

from ..authority import Authority  # noqa: TID252 - two folders of tests need it
from .message_text import SDP, read, request

Run = Callable[[Awaitable[None]], None]
HOST = "127.0.0.1"
MEDIA = LocalMedia(HOST, 4000)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Runs a coroutine that must leave no task and no error behind."""
    errors: list[dict[str, object]] = []

    async def checked(test: Awaitable[None]) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
        async with asyncio.timeout(20):
            await test
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with asyncio.Runner(loop_factory=request.param) as runner:
        yield lambda test: runner.run(checked(test))
    assert errors == []


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


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


# --- calls


@pytest.mark.parametrize("target", ["sip:{host}:{port};transport=tls", "sips:{host}:{port}"])
def test_a_call(run: Run, authority: Authority, target: str) -> None:
    async def test() -> None:
        mine = TlsSettings(authority.file, authority.certificate(HOST))
        async with phone(mine) as near, phone(mine) as far:
            near.invite(target.format(host=HOST, port=far.port))
            await near.told(Answered)
            await far.told(Answered)
            assert near.events.count(InviteSent("call")) == 1
            # Each end names the port at which it takes TLS.
            scheme = target.partition(":")[0]
            [call] = far.ua.calls.values()
            contact = str(call._dialog.remote_target)
            suffix = ";transport=tls" if scheme == "sip" else ""
            assert contact == f"{scheme}:{HOST}:{near.port}{suffix}"
            near.ua.hang_up("call", near.now)
            near.endpoint.flush()
            await far.told(Ended)

    run(test())


def test_one_connection_serves_both_ways(run: Run, authority: Authority) -> None:
    """The far end's requests come by the connection that was opened here, and their answers go back by it."""

    async def test() -> None:
        pbx_shows = authority.certificate("pbx.example")
        async with server(server_context(pbx_shows)) as pbx, phone(TlsSettings(authority.file)) as near:
            hop = Hop("TLS", HOST, pbx.port, "pbx.example")
            near.send(options("z9hG4bKa"), hop)
            await until(lambda: b"z9hG4bKa" in pbx.heard)
            pbx.writers[0].write(options("z9hG4bKb"))
            await until(lambda: b"SIP/2.0 200 " in pbx.heard)
            assert near.ua.sources == [hop]
            # By its address alone, as a Record-Route has it, it is the same server.
            near.send(options("z9hG4bKc"), Hop("TLS", HOST, pbx.port))
            await until(lambda: b"z9hG4bKc" in pbx.heard)
            assert pbx.connections == 1

    run(test())


@pytest.mark.parametrize("transport", ["TCP", "TLS"])
def test_another_name_of_the_same_server_is_reached_by_the_same_connection(
    run: Run, authority: Authority, transport: Transport
) -> None:
    """As a Record-Route has it: over TLS by a certificate that is for both."""

    async def test() -> None:
        shown = server_context(authority.certificate("pbx.example", "edge.example"))
        async with (
            server(shown if transport == "TLS" else None) as pbx,
            phone(TlsSettings(authority.file)) as near,
        ):
            for number, name in enumerate(("pbx.example", "edge.example", "", "pbx.example")):
                branch = f"z9hG4bK{number}"
                near.send(options(branch), Hop(transport, HOST, pbx.port, name))
                await until(lambda branch=branch: branch.encode() in pbx.heard)
            assert pbx.connections == 1

    run(test())


def test_what_was_asked_by_another_name_fails_with_the_connection() -> None:
    agent = Agent()
    agent.invite("call", None, "sip:bob@edge.example;transport=tcp", MEDIA, 0.0)
    agent.located(agent.wanted.pop(), [Hop("TCP", HOST, 5060, "edge.example")], 0.0)
    agent.flow_lost(Hop("TCP", HOST, 5062, "pbx.example"), "it broke", 1.0)
    assert agent.events == []
    agent.flow_lost(Hop("TCP", HOST, 5060, "pbx.example"), "it broke", 1.0)
    assert agent.events == [Failed("call", 503, "it broke")]


def test_another_domain_at_the_same_address_is_asked_for_its_own_certificate(
    run: Run, authority: Authority
) -> None:
    async def test() -> None:
        pbx_shows = authority.certificate("a.example")
        async with server(server_context(pbx_shows)) as pbx, phone(TlsSettings(authority.file)) as near:
            near.send(options(), Hop("TLS", HOST, pbx.port, "a.example"))
            await until(lambda: pbx.heard)
            near.ua.add_account(Account(1, "1001", "b.example", pbx.port, "TLS"))
            near.ua.register(1, near.now)
            wanted = near.ua.wanted.pop()
            near.ua.located(wanted, [Hop("TLS", HOST, pbx.port, "b.example")], near.now)
            near.endpoint.flush()
            await until(lambda: BindingChanged(1, Binding.FAILED, WRONG.format(port=pbx.port)) in near.events)

    run(test())


WRONG = f"the certificate of {HOST}:{{port}} is for a.example, not for b.example"

# --- whom it believes


@pytest.mark.parametrize(
    ("made", "trusted", "why"),
    [
        (lambda ca: ca.certificate("pbx.example", "b.example"), True,
         "the certificate of {where} is for pbx.example, b.example, not for 127.0.0.1"),
        (lambda ca: ca.certificate(*(f"{n}.test" for n in range(9))), True,
         "the certificate of {where} is for 0.test, 1.test, 2.test, 3.test, …, not for 127.0.0.1"),
        (lambda ca: ca.certificate(common_name=HOST), True,
         "the certificate of {where} is for nobody, not for 127.0.0.1"),
        (lambda ca: ca.certificate(HOST, valid=(-30, -1)), True, "the certificate of {where} has expired"),
        (lambda ca: ca.certificate(HOST, valid=(1, 30)), True,
         "the certificate of {where} is not valid yet, or the clock here is wrong"),
        (lambda ca: ca.certificate(HOST), False,
         "the certificate of {where} is from a CA that is not trusted here (--tls-ca)"),
        (lambda ca: ca.certificate(HOST, itself=True), True,
         "the certificate of {where} is self-signed and not trusted here (--tls-ca)"),
    ],
    ids=["name", "many names", "common name", "expired", "early", "unknown CA", "self-signed"],
)  # fmt: skip
def test_who_cannot_be_believed(
    run: Run,
    authority: Authority,
    tmp_path: Path,
    made: Callable[[Authority], Path],
    trusted: bool,
    why: str,
) -> None:
    """The reason reaches the call, and nothing is sent."""
    ca = authority.file if trusted else Authority(tmp_path, "another CA").file

    async def test() -> None:
        async with server(server_context(made(authority))) as far, phone(TlsSettings(ca)) as near:
            near.invite(f"sips:{HOST}:{far.port}")
            failed = await near.told(Failed)
            assert failed == Failed("call", 503, why.format(where=f"{HOST}:{far.port}"))
            assert InviteSent("call") not in near.events
            assert far.heard == b""
            assert near.ua.lost == []

    run(test())


def test_the_systems_store_is_what_is_trusted_otherwise(
    run: Run, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with server(server_context(authority.certificate(HOST))) as far:
            async with phone() as near:
                near.invite(f"sips:{HOST}:{far.port}")
                assert "not trusted here" in (await near.told(Failed)).reason
            # OpenSSL reads it from where this says.
            monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
            async with phone() as near:
                near.invite(f"sips:{HOST}:{far.port}")
                await near.told(InviteSent)

    run(test())


@pytest.mark.parametrize("names", [("sip:127.0.0.1",), (HOST, "pbx.example"), ("::1", HOST)])
def test_who_is_believed(run: Run, authority: Authority, names: tuple[str, ...]) -> None:
    async def test() -> None:
        certificate = authority.certificate(*names)
        async with server(server_context(certificate)) as far, phone(TlsSettings(authority.file)) as near:
            near.invite(f"sips:{HOST}:{far.port}")
            await near.told(InviteSent)
            await until(lambda: far.heard.startswith(b"INVITE sips:"))

    run(test())


def test_a_self_signed_certificate_is_its_own_authority(run: Run, authority: Authority) -> None:
    async def test() -> None:
        certificate = authority.certificate(HOST, itself=True)
        async with server(server_context(certificate)) as far, phone(TlsSettings(certificate)) as near:
            near.invite(f"sips:{HOST}:{far.port}")
            await near.told(InviteSent)

    run(test())


def test_without_verification_anybody_is_believed(run: Run, authority: Authority) -> None:
    async def test() -> None:
        certificate = authority.certificate("x", valid=(-9, -1), itself=True)
        async with server(server_context(certificate)) as far, phone(TlsSettings(verify=False)) as near:
            near.invite(f"sips:{HOST}:{far.port}")
            await near.told(InviteSent)

    run(test())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_a_certificate(run: Run, authority: Authority, version: ssl.TLSVersion) -> None:
    """With TLS 1.3 it says so when the client has already sent its request."""
    context = server_context(authority.certificate(HOST), authority.file, maximum_version=version)
    ours = authority.certificate("phone.example")

    async def test() -> None:
        with blocking_server(context) as port:
            async with phone(TlsSettings(authority.file)) as near:
                near.invite(f"sips:{HOST}:{port}")
                failed = await near.told(Failed)
                assert isinstance(failed, Failed)
                assert "--tls-certificate" in failed.reason
        async with server(context) as far, phone(TlsSettings(authority.file, ours)) as near:
            near.invite(f"sips:{HOST}:{far.port}")
            await until(lambda: far.heard.startswith(b"INVITE"))

    run(test())


def test_a_server_that_refuses_our_certificate(run: Run, authority: Authority, tmp_path: Path) -> None:
    context = server_context(
        authority.certificate(HOST), authority.file, maximum_version=ssl.TLSVersion.TLSv1_2
    )
    strange = Authority(tmp_path, "another CA").certificate("phone.example")

    async def test() -> None:
        with blocking_server(context) as port:
            async with phone(TlsSettings(authority.file, strange)) as near:
                near.invite(f"sips:{HOST}:{port}")
                why = f"{HOST}:{port} does not accept the certificate of this phone"
                assert await near.told(Failed) == Failed("call", 503, why)

    run(test())


def test_no_tls_at_the_far_end(run: Run) -> None:
    """Nothing is sent in the open instead."""

    async def test() -> None:
        async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"SIP/2.0 400 What?\r\n\r\n")
            writer.close()

        for far, why in ((hang_up, "in the middle of the TLS handshake"), (talk, "is not TLS")):
            listening = await asyncio.start_server(far, HOST, 0)
            async with phone() as near:
                near.invite(f"sips:{HOST}:{listening.sockets[0].getsockname()[1]}")
                assert why in (await near.told(Failed)).reason
            listening.close()
            await listening.wait_closed()

    run(test())


def test_a_far_end_that_never_shakes_hands(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "CONNECT_TIMEOUT", 0.2)

    async def test() -> None:
        async with server(None) as far, phone() as near:
            near.invite(f"sips:{HOST}:{far.port}")
            why = f"{HOST}:{far.port} does not answer the handshake of TLS"
            assert await near.told(Failed) == Failed("call", 503, why)

    run(test())


def test_tls_1_1_is_not_spoken(run: Run, authority: Authority) -> None:
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context = server_context(authority.certificate(HOST), maximum_version=ssl.TLSVersion.TLSv1_1)
    context.set_ciphers("ALL:@SECLEVEL=0")

    async def test() -> None:
        with blocking_server(context) as port:
            async with phone(TlsSettings(authority.file)) as near:
                near.invite(f"sips:{HOST}:{port}")
                why = f"{HOST}:{port} does not speak TLS 1.2 or newer"
                assert await near.told(Failed) == Failed("call", 503, why)

    run(test())


def test_a_name_that_no_certificate_can_have(run: Run) -> None:
    async def test() -> None:
        async with phone() as near:
            near.send(options(), Hop("TLS", HOST, 9, "a" * 64 + ".example"))
            await asyncio.sleep(0.01)
            assert near.ua.lost == []

    run(test())


# --- connections that are lost, or kept


def test_what_was_asked_over_a_connection_that_breaks_has_failed(run: Run, authority: Authority) -> None:
    async def test() -> None:
        pbx_shows = authority.certificate(HOST)
        async with server(server_context(pbx_shows)) as pbx, phone(TlsSettings(authority.file)) as near:
            near.ua.add_account(Account(1, "1001", HOST, pbx.port, "TLS"))
            near.ua.register(1, near.now)
            near.endpoint.flush()
            await until(lambda: pbx.heard)
            pbx.writers[0].transport.abort()
            await until(lambda: near.ua.lost)
            [(hop, reason)] = near.ua.lost
            assert hop == Hop("TLS", HOST, pbx.port)
            assert reason.startswith(f"connection closed by {hop}")
            assert BindingChanged(1, Binding.FAILED, reason) in near.events

    run(test())


def test_who_is_registered_by_a_connection_that_breaks_registers_anew(run: Run, authority: Authority) -> None:
    async def test() -> None:
        pbx_shows = authority.certificate(HOST)
        async with server(server_context(pbx_shows)) as pbx, phone(TlsSettings(authority.file)) as near:
            near.ua.add_account(Account(1, "1001", HOST, pbx.port, "TLS"))
            near.ua.register(1, near.now)
            near.endpoint.flush()
            await until(lambda: pbx.heard.endswith(b"\r\n\r\n"))
            head = pbx.heard.decode().split("\r\n")
            copied = [line for line in head if line[:3] in {"Via", "Fro", "To:", "Cal", "CSe"}]
            pbx.writers[0].write("\r\n".join(["SIP/2.0 200 OK", *copied, "l: 0", "", ""]).encode())
            await until(lambda: BindingChanged(1, Binding.REGISTERED) in near.events)
            pbx.writers[0].close()
            await until(lambda: pbx.connections == 2 and pbx.heard.count(b"REGISTER sip:") == 2)

    run(test())


def test_keep_alives(run: Run, authority: Authority) -> None:
    """They go where a connection is, and their answers are told apart from the far end's own."""

    async def test() -> None:
        pbx_shows = authority.certificate(HOST)
        async with server(server_context(pbx_shows)) as pbx, phone(TlsSettings(authority.file)) as near:
            hop = Hop("TLS", HOST, pbx.port)
            near.send(PING, hop)
            await asyncio.sleep(0.02)
            assert pbx.connections == 0
            near.send(options(), hop)
            await until(lambda: pbx.heard)
            near.send(PING, hop)
            await until(lambda: pbx.heard.endswith(2 * PING))
            pbx.writers[0].write(PING)
            await until(lambda: pbx.heard.endswith(2 * PING + PONG))
            assert near.ua.pongs == []
            pbx.writers[0].write(PONG)
            await until(lambda: near.ua.pongs == [hop])

    run(test())


def test_a_connection_that_is_of_no_use_any_more(run: Run, authority: Authority) -> None:
    async def test() -> None:
        pbx_shows = authority.certificate(HOST)
        async with server(server_context(pbx_shows)) as pbx, phone(TlsSettings(authority.file)) as near:
            hop = Hop("TLS", HOST, pbx.port)
            near.send(options("z9hG4bKa"), hop)
            await until(lambda: b"z9hG4bKa" in pbx.heard)
            near.send(b"", hop)
            near.send(options("z9hG4bKb"), hop)
            await until(lambda: b"z9hG4bKb" in pbx.heard)
            assert pbx.connections == 2
            assert near.ua.lost == []

    run(test())


# --- strangers


def client_context(authority: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.file)
    context.check_hostname = False
    return context


def test_who_connects_is_answered_by_the_same_connection(run: Run, authority: Authority) -> None:
    async def test() -> None:
        async with phone(own=authority.certificate(HOST)) as near:
            reader, writer = await asyncio.open_connection(HOST, near.port, ssl=client_context(authority))
            writer.write(b"\r\n\r\n")
            assert await reader.readexactly(2) == b"\r\n"
            writer.write(options(uri=f"sips:{HOST}"))
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200 ")
            assert near.ua.sources[0].transport == "TLS"
            writer.close()
            await writer.wait_closed()
            assert near.ua.lost == []

    run(test())


def test_who_connects_from_the_registrars_address_is_not_taken_for_it(run: Run, authority: Authority) -> None:
    """It has shown no certificate: what is meant for the registrar waits for a connection to one that has."""

    async def test() -> None:
        port = free_port()
        async with phone(TlsSettings(authority.file, authority.certificate(HOST))) as near:
            reader, writer = await asyncio.open_connection(
                HOST, near.port, ssl=client_context(authority), local_addr=("127.0.0.2", port)
            )
            writer.write(options())
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200 ")
            near.ua.add_account(Account(1, "1001", "127.0.0.2", port, "TLS"))
            near.ua.register(1, near.now)
            near.endpoint.flush()
            refused = BindingChanged(1, Binding.FAILED, f"connection refused by 127.0.0.2:{port}")
            await until(lambda: refused in near.events)
            await near.endpoint.close()
            assert await reader.read() == b""
            writer.close()

    run(test())


def test_an_exchange_that_connects_by_itself_is_hung_up_on_by_its_own_connection(
    run: Run, authority: Authority
) -> None:
    """Its Contact names the connection, at whose other end nobody could be connected to."""

    async def test() -> None:
        async with phone(own=authority.certificate(HOST)) as near:
            reader, writer = await asyncio.open_connection(HOST, near.port, ssl=client_context(authority))
            port = writer.get_extra_info("sockname")[1]
            headers = {
                "Via": f"SIP/2.0/TLS {HOST}:{port};branch=z9hG4bK1",
                "Contact": f"<sip:pbx@{HOST}:{port};transport=tls>",
            }
            sound = SDP.replace("192.0.2.101", HOST)
            writer.write(request("INVITE", f"sip:{HOST}", body=sound, headers=headers))
            heard = await reader.readuntil(b"a=sendrecv\r\n")
            accepted = read(heard[heard.index(b"SIP/2.0 200 ") :])
            headers |= {"To": accepted.headers["To"], "Via": f"SIP/2.0/TLS {HOST}:{port};branch=z9hG4bK2"}
            writer.write(request("ACK", f"sip:{HOST}", headers=headers))
            await near.told(Answered)
            near.ua.hang_up_all(near.now)
            near.endpoint.flush()
            await reader.readuntil(f"BYE sip:pbx@{HOST}:{port};transport=tls SIP/2.0\r\n".encode())
            writer.close()

    run(test())


def test_a_sips_request_that_came_in_the_open_is_refused(run: Run) -> None:
    async def test() -> None:
        async with phone() as near:
            reader, writer = await asyncio.open_connection(HOST, near.endpoint.port)
            writer.write(options(uri=f"sips:{HOST}", transport="TCP"))
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"SIP/2.0 480 ")
            assert f'Warning: 380 {HOST} "SIPS Not Allowed, it came by TCP"'.encode() in answer
            writer.close()

    run(test())


def test_the_open_is_not_spoken_where_tls_is(run: Run, authority: Authority) -> None:
    async def test() -> None:
        async with phone(own=authority.certificate(HOST)) as near:
            reader, writer = await asyncio.open_connection(HOST, near.port)
            writer.write(options())
            with suppress(ConnectionError):
                assert b"SIP/2.0" not in await reader.read()
            writer.close()
            assert near.ua.sources == []

    run(test())


def test_half_open_handshakes_are_few_and_short(
    run: Run, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They do not crowd out who is through with his."""
    monkeypatch.setattr(streams, "MAX_HANDSHAKES", 3)
    monkeypatch.setattr(connection, "HANDSHAKE_TIMEOUT", 0.3)

    async def test() -> None:
        async with phone(own=authority.certificate(HOST)) as near:
            good, good_writer = await asyncio.open_connection(HOST, near.port, ssl=client_context(authority))
            ends = []
            for _ in range(5):
                ends.append(await asyncio.open_connection(HOST, near.port))
                await asyncio.sleep(0.01)
            began = near.now
            for number, (reader, _) in enumerate(ends):
                with suppress(ConnectionError):
                    assert await reader.read() == b""
                if number == 1:
                    assert near.now - began < 0.25
            assert near.now - began < 5
            good_writer.write(options())
            assert await good.readline() == b"SIP/2.0 200 OK\r\n"
            for writer in (good_writer, *(writer for _, writer in ends)):
                writer.close()

    run(test())


def test_renegotiation_is_refused(run: Run, authority: Authority) -> None:
    """Each would be work for this end at no cost to the other. (Python's ssl cannot ask for one.)"""
    tls = Tls(TlsSettings(authority.file), authority.certificate(HOST))
    assert tls._client.options & ssl.OP_NO_RENEGOTIATION
    assert tls._server.options & ssl.OP_NO_RENEGOTIATION


# --- what a phone without TLS does without


def test_no_context_is_made_before_it_is_needed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def make(*_: object) -> ssl.SSLContext:
        raise AssertionError("a context was made")

    monkeypatch.setattr(ssl, "SSLContext", make)

    async def test() -> None:
        async with phone() as near, phone() as far:
            near.invite(f"sip:{HOST}:{far.endpoint.port};transport=tcp")
            await near.told(Answered)

    run(test())


def test_a_port_in_use_is_named(run: Run, authority: Authority) -> None:
    async def test() -> None:
        with socket.socket() as other:
            other.bind((HOST, 0))
            other.listen()
            port = other.getsockname()[1]
            near = Phone(Tls(own=authority.certificate(HOST)))
            with pytest.raises(CannotBind) as caught:
                await near.endpoint.open(HOST, 0, tls_port=port)
            assert (caught.value.port, caught.value.tls) == (port, True)
            assert caught.value.strerror.startswith(f"cannot listen on {HOST}:{port} for SIP over TLS: ")

    run(test())


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (lambda ca, _: TlsSettings(ca=ca / "none"), "{}/none: it cannot be read: No such file"),
        (lambda ca, _: TlsSettings(ca=ca / "text"), "--tls-ca {}/text: it does not hold PEM certificates"),
        (lambda ca, authority: TlsSettings(certificate=authority.file),
         "it does not hold a PEM certificate with its key, which is not encrypted"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used(
    authority: Authority, tmp_path: Path, settings: Callable[[Path, Authority], TlsSettings], why: str
) -> None:
    (tmp_path / "text").write_text("nothing of the kind")
    with pytest.raises(BadTlsFile) as caught:
        Tls(settings(tmp_path, authority)).check(listening=False)
    assert why.format(tmp_path) in str(caught.value)
