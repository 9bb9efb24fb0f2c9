"""The edge with real sockets on loopback, on asyncio's own loop and on uvloop."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from random import Random

import pytest
import uvloop
from tests.peers.ports import free_port

from offhook.sip import Account, Hop, LocalMedia, Transmit, UserAgent, connection, streams
from offhook.sip.endpoint import Endpoint, reason
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
from offhook.sip.hop import Transport
from offhook.sip.udp import UdpSocket

Run = Callable[[Awaitable[None]], None]
LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]
MEDIA = LocalMedia("127.0.0.1", 4000)


@pytest.fixture(params=LOOPS, ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Runs a coroutine that must leave no task and no error behind."""
    errors: list[dict[str, object]] = []

    async def checked(test: Awaitable[None]) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
        async with asyncio.timeout(10):
            await test
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with asyncio.Runner(loop_factory=request.param) as runner:
        yield lambda test: runner.run(checked(test))
    assert errors == []


class Agent(UserAgent):
    """A user agent that remembers what could not be sent."""

    def __init__(self) -> None:
        super().__init__(Hop("UDP", "127.0.0.1", 5060), "test", Random(1))
        self.failures: list[str] = []

    def transport_failed(self, transmit: Transmit, reason: str, now: float) -> None:
        self.failures.append(reason)
        super().transport_failed(transmit, reason, now)


class Phone:
    def __init__(self) -> None:
        self.ua = Agent()
        self.events: list[UserAgentEvent] = []
        self.endpoint = Endpoint(self.ua, self.on_event)
        self.answering = True
        self._news = asyncio.Event()

    def on_event(self, event: UserAgentEvent) -> None:
        self.events.append(event)
        if isinstance(event, Incoming) and self.answering:
            now = asyncio.get_running_loop().time()
            self.ua.ring(event.call, now)
            self.ua.answer(event.call, MEDIA, now)
            self.endpoint.flush()
        self._news.set()

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def told(self, kind: type[UserAgentEvent]) -> UserAgentEvent:
        """The first event of its kind, as soon as it is there."""
        while True:
            for event in self.events:
                if isinstance(event, kind):
                    return event
            self._news.clear()
            await self._news.wait()

    def invite(self, target: str) -> None:
        self.ua.invite("call", None, target, MEDIA, self.now)
        self.endpoint.flush()

    def send(self, data: bytes, hop: Hop) -> None:
        self.ua.outbox.append(Transmit(data, hop))
        self.endpoint.flush()


@asynccontextmanager
async def phone(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Phone]:
    this = Phone()
    await this.endpoint.open(host, port)
    this.ua.contact = Hop("UDP", host, this.endpoint.port)
    try:
        yield this
    finally:
        await this.endpoint.close()


def udp_socket(family: socket.AddressFamily = socket.AF_INET, host: str = "127.0.0.1") -> socket.socket:
    bound = socket.socket(family, socket.SOCK_DGRAM)
    bound.bind((host, 0))
    bound.setblocking(False)
    return bound


def options(transport: str = "TCP", branch: str = "z9hG4bK1", host: str = "127.0.0.1") -> bytes:
    return (
        f"OPTIONS sip:{host} SIP/2.0\r\nVia: SIP/2.0/{transport} {host}:9;branch={branch};rport\r\n"
        f"From: <sip:x@{host}>;tag=1\r\nTo: <sip:{host}>\r\nCall-ID: {branch}\r\nCSeq: 1 OPTIONS\r\n"
        "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ).encode()


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_call(run: Run, transport: Transport) -> None:
    async def test() -> None:
        async with phone() as near, phone() as far:
            near.invite(f"sip:127.0.0.1:{far.endpoint.port};transport={transport.lower()}")
            await near.told(Answered)
            await far.told(Answered)
            assert near.events[0] == InviteSent("call")
            assert near.events.count(InviteSent("call")) == 1
            near.ua.hang_up("call", near.now)
            near.endpoint.flush()
            await far.told(Ended)

    run(test())


def test_an_invite_is_on_the_wire_when_flush_returns(run: Run) -> None:
    async def test() -> None:
        with udp_socket() as far:
            async with phone() as near:
                near.invite(f"sip:127.0.0.1:{far.getsockname()[1]}")
                data, source = far.recvfrom(65535)
                assert data.startswith(b"INVITE ")
                assert source == ("127.0.0.1", near.endpoint.port)
                assert near.events == [InviteSent("call")]

    run(test())


def test_the_timer_runs_and_a_repeated_invite_is_told_once(run: Run) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        with udp_socket() as far:
            async with phone() as near:
                near.invite(f"sip:127.0.0.1:{far.getsockname()[1]}")
                first, began = await loop.sock_recv(far, 65535), loop.time()
                second = await loop.sock_recv(far, 65535)
                assert first == second
                assert 0.4 < loop.time() - began < 2
                assert near.events == [InviteSent("call")]

    run(test())


def test_timers_that_are_due_at_once(run: Run) -> None:
    async def test() -> None:
        async with phone() as near:
            fired: list[float] = []
            for ago in (0.0, 0.0001, 1.0):
                near.ua.layer.timers.start(near.now - ago, fired.append)
                near.endpoint.flush()
            near.ua.layer.timers.start(near.now + 0.0001, fired.append)
            near.endpoint.flush()
            while len(fired) < 4:
                await asyncio.sleep(0)
            assert near.ua.deadline is None

    run(test())


def test_udp_takes_garbage_and_goes_on(run: Run) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        with udp_socket() as far:
            async with phone() as near:
                for data in (b"", b"\r\n\r\n", b"\xff" * 60000, b"INVITE", options("UDP")):
                    far.sendto(data, ("127.0.0.1", near.endpoint.port))
                assert (await loop.sock_recv(far, 65535)).startswith(b"SIP/2.0 200 ")

    run(test())


def test_ipv6(run: Run) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        with udp_socket(socket.AF_INET6, "::1") as far:
            async with phone("::1") as near:
                far.sendto(options("UDP", host="[::1]"), ("::1", near.endpoint.port))
                assert (await loop.sock_recv(far, 65535)).startswith(b"SIP/2.0 200 ")
                near.invite(f"sip:[::1]:{far.getsockname()[1]}")
                assert far.recv(65535).startswith(b"INVITE ")
                reader, writer = await asyncio.open_connection("::1", near.endpoint.port)
                writer.write(options(host="[::1]"))
                assert (await reader.readline()).startswith(b"SIP/2.0 200 ")
                writer.close()

    run(test())


def test_a_name_is_looked_up_once_and_then_known(run: Run) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        with udp_socket() as far:
            async with phone() as near:
                target = f"sip:localhost:{far.getsockname()[1]}"
                near.invite(target)
                assert not near.events
                assert (await loop.sock_recv(far, 65535)).startswith(b"INVITE ")
                near.ua.invite("another", None, target, MEDIA, near.now)
                near.endpoint.flush()
                assert far.recv(65535).startswith(b"INVITE ")
                assert near.events[-1] == InviteSent("another")

    run(test())


def test_a_call_that_waits_for_its_hop_is_given_up_at_once(run: Run) -> None:
    async def test() -> None:
        async with phone() as near:
            near.invite("sip:localhost:9")
            near.ua.hang_up("call", near.now)
            near.endpoint.flush()
            assert not near.ua.calls
            assert not near.ua.busy

    run(test())


def test_the_user_agent_hears_what_a_name_was_found_to_be(run: Run) -> None:
    """It proves itself to its account's host by address too."""

    async def test() -> None:
        loop = asyncio.get_running_loop()
        with udp_socket() as registrar:
            port = registrar.getsockname()[1]
            async with phone() as near:
                account = Account(1, "1001", "localhost", port, password="secret")
                near.ua.add_account(account)
                near.ua.register(1, near.now)
                near.endpoint.flush()
                await loop.sock_recv(registrar, 65535)
                credentials = near.ua._calls.credentials(account)
                assert credentials is not None
                assert credentials.home.is_at(Hop("UDP", "127.0.0.1", port))

    run(test())


NO_NAME = "a" * 64 + ".example"  # a label that long fails without asking anybody


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (f"sip:{NO_NAME}", f"no IPv4 address found for {NO_NAME}"),
        ("sip:[::1]:5060", "::1 cannot be reached from an IPv4 address"),
    ],
)
def test_calls_that_cannot_be_sent(run: Run, target: str, why: str) -> None:
    async def test() -> None:
        async with phone() as near:
            near.invite(target)
            assert await near.told(Failed) == Failed("call", 503, why)
            assert InviteSent("call") not in near.events

    run(test())


def test_tcp_refused(run: Run) -> None:
    async def test() -> None:
        with socket.socket() as unheard:
            unheard.bind(("127.0.0.1", 0))
            where = f"127.0.0.1:{unheard.getsockname()[1]}"
            async with phone() as near:
                near.invite(f"sip:{where};transport=tcp")
                assert await near.told(Failed) == Failed("call", 503, f"connection refused by {where}")

    run(test())


def test_tcp_without_an_answer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "CONNECT_TIMEOUT", 0.2)

    async def test() -> None:
        with socket.socket() as full, socket.socket() as first, socket.socket() as second:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            # A queue that is full lets connections wait.
            for filler in (first, second):
                filler.setblocking(False)
                with suppress(BlockingIOError):
                    filler.connect(full.getsockname())
            where = f"127.0.0.1:{full.getsockname()[1]}"
            async with phone() as near:
                near.invite(f"sip:{where};transport=tcp")
                assert await near.told(Failed) == Failed("call", 503, f"no connection to {where} within 10 s")

    run(test())


def test_too_long_for_a_datagram(run: Run) -> None:
    async def test() -> None:
        async with phone() as near:
            near.send(b"x" * 70000, Hop("UDP", "127.0.0.1", 5060))
            assert near.ua.failures == ["70000 bytes do not fit into a UDP datagram to 127.0.0.1:5060"]

    run(test())


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.ENETUNREACH, "no route to pbx.example:5060"),
        (errno.EPERM, "the system does not allow sending to pbx.example:5060"),
        (errno.ENOBUFS, "No buffer space available (pbx.example:5060)"),
    ],
)
def test_reasons(number: int, text: str) -> None:
    error = OSError(number, "No buffer space available")
    assert reason(Transmit(b"", Hop("UDP", "pbx.example", 5060)), error) == text


def test_registration_over_one_connection(run: Run) -> None:
    """The refused request, its repetition and the removal all take the connection that is there."""
    connections = 0
    removed, served = asyncio.Event(), asyncio.Event()

    async def registrar(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                copied = [
                    line for line in head.split("\r\n") if line[:3] in {"Via", "Fro", "To:", "Cal", "CSe"}
                ]
                status = "200 OK" if "Authorization:" in head else "401 Unauthorized"
                asks = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'
                writer.write("\r\n".join([f"SIP/2.0 {status}", *copied, asks, "l: 0", "", ""]).encode())
                if "Expires: 0\r\n" in head and status == "200 OK":
                    removed.set()
        writer.close()
        served.set()

    async def test() -> None:
        server = await asyncio.start_server(registrar, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with phone() as near:
            near.ua.add_account(Account(1, "1001", "127.0.0.1", port, "TCP", password="x"))
            near.ua.register(1, near.now)
            near.endpoint.flush()
            while BindingChanged(1, Binding.REGISTERED) not in near.events:
                await near.told(BindingChanged)
                await asyncio.sleep(0)
            near.ua.unregister(1, near.now)
            near.endpoint.flush()
            await removed.wait()
        server.close()
        await server.wait_closed()
        await served.wait()
        assert connections == 1

    run(test())


@pytest.mark.parametrize(
    ("bound", "reached", "other", "why"),
    [
        ("::1", "::1", "127.0.0.1", "127.0.0.1 cannot be reached from an IPv6 address"),
        ("127.0.0.1", "127.0.0.1", "::1", "::1 cannot be reached from an IPv4 address"),
        ("127.0.0.1", "127.0.0.1", "[::1]", "::1 cannot be reached from an IPv4 address"),
    ],
)
def test_an_account_of_the_other_address_family_fails_in_words(
    run: Run, bound: str, reached: str, other: str, why: str
) -> None:
    async def test() -> None:
        family = socket.AF_INET6 if ":" in bound else socket.AF_INET
        with udp_socket(family, bound) as registrar:
            async with phone(bound) as near:
                near.ua.add_account(Account(1, "1001", reached, registrar.getsockname()[1]))
                near.ua.add_account(Account(2, "1002", other))
                near.ua.register(1, near.now)
                near.ua.register(2, near.now)
                near.endpoint.flush()
                changes = [event for event in near.events if isinstance(event, BindingChanged)]
                assert changes[-1] == BindingChanged(2, Binding.FAILED, why)
                assert [event.state for event in changes if event.account == 1] == [Binding.REGISTERING]
                loop = asyncio.get_running_loop()
                assert (await loop.sock_recv(registrar, 65535)).startswith(b"REGISTER")
                near.ua.hang_up_all(near.now)

    run(test())


def test_tcp_in_pieces_with_pings(run: Run) -> None:
    async def test() -> None:
        async with phone() as near:
            reader, writer = await asyncio.open_connection("127.0.0.1", near.endpoint.port)
            writer.write(b"\r\n\r\n")
            assert await reader.readexactly(2) == b"\r\n"
            stream = options(branch="z9hG4bK1") + options(branch="z9hG4bK2") + b"\r\n\r\n"
            for byte in stream:
                writer.write(bytes([byte]))
                await asyncio.sleep(0)
            for branch in (b"z9hG4bK1", b"z9hG4bK2"):
                response = await reader.readuntil(b"\r\n\r\n")
                assert response.startswith(b"SIP/2.0 200 ")
                assert branch in response
            assert await reader.readexactly(2) == b"\r\n"
            writer.close()

    run(test())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_what_is_sent_on_an_accepted_connection_waits_for_no_acknowledgement(run: Run, host: str) -> None:
    """Of two in a row, as 180 and 200, the second would wait for 40 ms."""

    async def test() -> None:
        async with phone(host) as near:
            _, writer = await asyncio.open_connection(host, near.endpoint.port)
            while not (made := near.endpoint._streams._made):
                await asyncio.sleep(0)
            (accepted,) = made
            bound = accepted._transport.get_extra_info("socket")
            assert bound.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            writer.close()

    run(test())


def test_a_new_connection_takes_the_place_of_one_that_the_far_end_closed(run: Run) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            listener.setblocking(False)
            async with phone() as near:
                for data in (b"1", b"2"):
                    near.send(data, Hop("TCP", *listener.getsockname()))
                    far, _ = await loop.sock_accept(listener)
                    assert await loop.sock_recv(far, 99) == data
                    far.close()
                    await asyncio.sleep(0.01)

    run(test())


def listening() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    listener.setblocking(False)
    return listener


def test_an_answer_whose_connection_was_closed_goes_where_the_caller_listens(run: Run) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        with listening() as listener:
            async with phone() as near:
                near.answering = False
                _, writer = await asyncio.open_connection("127.0.0.1", near.endpoint.port)
                asked = options().replace(b"OPTIONS", b"INVITE").replace(b"127.0.0.1:9;", b"127.0.0.1:%d;")
                contact = b"Contact: <sip:x@127.0.0.1>\r\nMax-Forwards"
                writer.write(asked.replace(b"Max-Forwards", contact) % listener.getsockname()[1])
                incoming = await near.told(Incoming)
                assert isinstance(incoming, Incoming)
                writer.close()
                await writer.wait_closed()
                while near.endpoint._streams._made:
                    await asyncio.sleep(0)
                near.ua.refuse(incoming.call, 486, near.now)
                near.endpoint.flush()
                far, _ = await loop.sock_accept(listener)
                assert (await loop.sock_recv(far, 999)).startswith(b"SIP/2.0 486 ")
                assert near.ua.failures == []
                far.close()

    run(test())


def test_responses_open_no_more_connections_than_leave_room(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MAX_FOR_RESPONSES", 1)

    async def test() -> None:
        loop = asyncio.get_running_loop()
        with listening() as one, listening() as other:
            gone = Hop("TCP", "127.0.0.1", 9)
            first, second = (Hop("TCP", *each.getsockname()) for each in (one, other))
            async with phone() as near:
                for instead in (first, second, first):
                    near.ua.outbox.append(Transmit(b"SIP/2.0", gone, instead=instead))
                    near.endpoint.flush()
                far, _ = await loop.sock_accept(one)
                while len(near.endpoint._streams._open) < 1:
                    await asyncio.sleep(0)
                near.ua.outbox.append(Transmit(b" 486", gone, instead=first))
                near.endpoint.flush()
                heard = b""
                while not heard.endswith(b" 486"):
                    heard += await loop.sock_recv(far, 999)
                assert heard == b"SIP/2.0SIP/2.0 486"
                assert near.ua.failures == ["too many connections are open to open one more for a response"]
                with pytest.raises(BlockingIOError):
                    other.accept()
                far.close()

    run(test())


def test_nothing_is_sent_once_it_is_closed(run: Run) -> None:
    async def test() -> None:
        with udp_socket() as far:
            async with phone() as near:
                pass
            near.invite(f"sip:127.0.0.1:{far.getsockname()[1]}")
            near.send(b"x", Hop("TCP", "localhost", 9))
            with pytest.raises(BlockingIOError):
                far.recv(65535)

    run(test())


def test_an_owner_that_stumbles_does_not_stop_the_clock() -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()

        def stumble(event: UserAgentEvent) -> None:
            raise RuntimeError("stumbled")

        with udp_socket() as far:
            near = Phone()
            near.endpoint = Endpoint(near.ua, stumble)
            await near.endpoint.open("127.0.0.1", 0)
            near.invite(f"sip:127.0.0.1:{far.getsockname()[1]}")
            first, second = [await loop.sock_recv(far, 65535) for _ in range(2)]
            assert first == second
            await near.endpoint.close()

    asyncio.run(asyncio.wait_for(test(), 10))


def test_one_that_fails_costs_none_behind_it(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        told: list[UserAgentEvent] = []

        def stumble(event: UserAgentEvent) -> None:
            told.append(event)
            raise RuntimeError("stumbled")

        with udp_socket() as far:
            near = Phone()
            near.endpoint = Endpoint(near.ua, stumble)
            await near.endpoint.open("127.0.0.1", 0)
            port = far.getsockname()[1]
            near.ua.outbox.extend(Transmit(b"y", Hop("UDP", "127.0.0.1", number)) for number in (99999, port))
            news = [Failed(call, 486, "Busy Here") for call in "abc"]
            near.ua.events += news
            near.endpoint.flush()
            assert far.recv(65535) == b"y"
            assert told == news
            await near.endpoint.close()

    asyncio.run(asyncio.wait_for(test(), 10))
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info][1:] == ["stumbled"] * 3


@pytest.mark.parametrize("announced", [None, "192.0.2.7"])
def test_the_contact_is_known_before_anything_is_read(run: Run, announced: str | None) -> None:
    class Watching(UdpSocket):
        def listen(self) -> None:
            contacts.append(near.ua.contact)
            super().listen()

    contacts: list[Hop] = []
    near = Phone()

    async def test() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("offhook.sip.endpoint.UdpSocket", Watching)
            await near.endpoint.open("127.0.0.1", 0, announced)
        await near.endpoint.close()

    run(test())
    assert contacts == [Hop("UDP", announced or "127.0.0.1", near.endpoint.port)]


def test_settle_waits_for_what_is_unfinished_and_not_for_ever(run: Run) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        async with phone() as near, phone() as far:
            near.invite(f"sip:127.0.0.1:{far.endpoint.port}")
            await far.told(Answered)
            near.ua.hang_up("call", near.now)
            await near.endpoint.settle(5)
            assert not near.ua.busy
        with udp_socket() as silent:
            async with phone() as near:
                near.invite(f"sip:127.0.0.1:{silent.getsockname()[1]}")
                began = loop.time()
                await near.endpoint.settle(0.1)
                assert 0.09 < loop.time() - began < 2

    run(test())


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 20000])
def test_a_stream_that_cannot_be_followed_is_closed(run: Run, data: bytes) -> None:
    async def test() -> None:
        async with phone() as near:
            reader, writer = await asyncio.open_connection("127.0.0.1", near.endpoint.port)
            writer.write(data)
            with suppress(ConnectionError):
                assert await reader.read() == b""
            writer.close()

    run(test())


def test_the_longest_silent_connection_makes_room(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_ACCEPTED", 2)

    async def test() -> None:
        async with phone() as near:
            ends = []
            for _ in range(2):
                ends.append(await asyncio.open_connection("127.0.0.1", near.endpoint.port))
                await asyncio.sleep(0.01)
            (first, first_writer), (second, second_writer) = ends
            first_writer.write(options())
            assert await first.readline()
            third, third_writer = await asyncio.open_connection("127.0.0.1", near.endpoint.port)
            with suppress(ConnectionError):
                assert await second.read() == b""
            for reader, writer in ((first, first_writer), (third, third_writer)):
                writer.write(options(branch="z9hG4bK2"))
                assert await reader.readline()
            for writer in (first_writer, second_writer, third_writer):
                writer.close()

    run(test())


def test_one_address_makes_room_among_its_own(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_ACCEPTED_FROM_ONE", 2)

    async def test() -> None:
        async with phone() as near:
            other, other_writer = await asyncio.open_connection(
                "127.0.0.1", near.endpoint.port, local_addr=("127.0.0.2", 0)
            )
            ends = []
            for _ in range(3):
                await asyncio.sleep(0.01)
                ends.append(await asyncio.open_connection("127.0.0.1", near.endpoint.port))
            with suppress(ConnectionError):
                assert await ends[0][0].read() == b""
            for reader, writer in ((other, other_writer), *ends[1:]):
                writer.write(options())
                assert await reader.readline()
            for writer in (other_writer, *(writer for _, writer in ends)):
                writer.close()

    run(test())


def test_a_message_that_never_ends_is_not_waited_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Octet by octet it would keep the connection from being idle."""
    monkeypatch.setattr(connection, "MESSAGE_TIMEOUT", 0.3)

    async def drip(writer: asyncio.StreamWriter) -> None:
        for octet in b"OPTIONS sip:bob@phone SIP/2.0\r\nSubject: " + b"x" * 1000:
            writer.write(bytes((octet,)))
            await asyncio.sleep(0.01)

    async def test() -> None:
        async with phone() as near:
            reader, writer = await asyncio.open_connection("127.0.0.1", near.endpoint.port)
            whole = options()
            writer.write(whole[:40])
            await asyncio.sleep(0.1)
            writer.write(whole[40:])
            assert await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.4)
            dripping = asyncio.create_task(drip(writer))
            with suppress(ConnectionError):
                assert await reader.read() == b""
            dripping.cancel()
            await asyncio.gather(dripping, return_exceptions=True)
            writer.close()

    run(test())


def test_an_idle_connection_is_closed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "IDLE_TIMEOUT", 0.2)

    async def test() -> None:
        loop = asyncio.get_running_loop()
        async with phone() as near:
            reader, writer = await asyncio.open_connection("127.0.0.1", near.endpoint.port)
            await asyncio.sleep(0.1)
            writer.write(b"\r\n")
            began = loop.time()
            with suppress(ConnectionError):
                assert await reader.read() == b""
            assert loop.time() - began > 0.15
            writer.close()

    run(test())


def test_a_peer_that_does_not_read_is_dropped(run: Run) -> None:
    async def test() -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            async with phone() as near:
                hop = Hop("TCP", *listener.getsockname())
                while not near.ua.failures:
                    near.send(b"x" * 60000, hop)
                    await asyncio.sleep(0)
                assert near.ua.failures[0] in {
                    f"{hop} does not read what it is sent",
                    f"64 messages already wait for a connection to {hop}",
                }

    run(test())


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_port_in_use_is_named_and_nothing_stays_bound(run: Run, kind: socket.SocketKind) -> None:
    async def test() -> None:
        # None that the system would hand to somebody else in between.
        port = free_port()
        with socket.socket(socket.AF_INET, kind) as other:
            other.bind(("127.0.0.1", port))
            if kind == socket.SOCK_STREAM:
                other.listen()
            with pytest.raises(OSError, match="in use") as caught:
                async with phone(port=port):
                    pass
            assert (
                caught.value.strerror == f"cannot listen on 127.0.0.1:{port} for SIP: Address already in use"
            )
        async with phone(port=port):
            pass

    run(test())


def test_closed_in_the_middle_of_things(run: Run) -> None:
    async def test() -> None:
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            async with phone() as near, phone() as far:
                _, writer = await asyncio.open_connection("127.0.0.1", near.endpoint.port)
                writer.write(options()[:50])
                near.invite("sip:localhost:9")
                for _ in range(3):
                    near.send(b"x", Hop("TCP", *full.getsockname()))
                near.ua.invite(
                    "other", None, f"sip:127.0.0.1:{far.endpoint.port};transport=tcp", MEDIA, near.now
                )
                near.endpoint.flush()
            writer.close()

    run(test())
