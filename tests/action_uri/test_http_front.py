"""phone.md, "What a request gets back", over real sockets: the short way and uvicorn's way answer alike."""

import asyncio
import contextlib
import json
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop

from offhook.action_uri.access import Access
from offhook.http_front import HttpServer, Site, protocol, server
from offhook.http_front.protocol import HttpConnection
from offhook.phone.events import Key, KeyDown, MakeCall
from offhook.phone.reply import Reply, Verdict

from .recording_phone import RecordingPhone, exchange, inner, serving


@pytest.fixture(params=["short way", "uvicorn's way", "short way on uvloop"], autouse=True)
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[Awaitable[Any]], Any]:
    if request.param == "uvicorn's way":
        monkeypatch.setattr(HttpConnection, "answer_at_once", lambda self: None)
    if request.param == "short way on uvloop":
        return uvloop.run
    return asyncio.run


Run = Callable[[Awaitable[Any]], Any]


@pytest.fixture(autouse=True)
def _silence(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a stranger sends may fill the log or show a traceback."""
    yield
    assert not [record for record in caplog.records if record.name.startswith(("uvicorn", "asyncio"))]


def get(target: str, *lines: str, method: str = "GET", close: bool = True) -> bytes:
    fields = ["Host: 127.0.0.1", *lines, *(["Connection: close"] if close else [])]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *fields, "", ""]).encode()


def post(target: str, body: bytes, *lines: str, form: bool = True) -> bytes:
    kind = ["Content-Type: application/x-www-form-urlencoded"] if form else []
    return get(target, *kind, *lines, f"Content-Length: {len(body)}", method="POST") + body


def chunked(target: str, *chunks: bytes) -> bytes:
    head = get(target, "Content-Type: application/x-www-form-urlencoded", CHUNKED, method="POST")
    return head + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


OK = "/fcgi/do?keydown=OK"
CHUNKED = "Transfer-Encoding: chunked"
CALL = MakeCall("1002")
PRESSED_OK = KeyDown(Key.OK)

TABLE: list[tuple[str, bytes, int, list[object]]] = [
    ("a key", get(OK), 200, [PRESSED_OK]),
    ("a call", get("/fcgi/do?action=MakeCall&number=1002"), 200, [CALL]),
    ("nothing asked", get("/fcgi/do"), 400, []),
    ("nothing asked, with ?", get("/fcgi/do?"), 400, []),
    ("unknown value", get("/fcgi/do?keydown=ok"), 400, []),
    ("HEAD never acts", get(OK, method="HEAD"), 200, []),
    ("HEAD, not understood", get("/fcgi/do?keydown=ok", method="HEAD"), 400, []),
    ("PUT", get(OK, method="PUT"), 405, []),
    ("DELETE", get(OK, method="DELETE"), 405, []),
    ("OPTIONS", get(OK, method="OPTIONS"), 405, []),
    ("GET with a body", get(OK, "Content-Length: 3") + b"abc", 200, [PRESSED_OK]),
    ("POST, query", post(OK, b"", form=False), 200, [PRESSED_OK]),
    ("POST, no length", get(OK, method="POST"), 200, [PRESSED_OK]),
    ("POST, form", post("/fcgi/do", b"keydown=OK"), 200, [PRESSED_OK]),
    ("POST, form and cache-buster", post("/fcgi/do?_=1", b"keydown=OK"), 200, [PRESSED_OK]),
    ("POST, both", post(OK, b"keydown=OK"), 400, []),
    ("POST, both, split", post("/fcgi/do?action=MakeCall", b"number=1"), 400, []),
    ("POST, JSON", post(OK, b"{}", "Content-Type: application/json", form=False), 400, []),
    ("POST, no type", post("/fcgi/do", b"keydown=OK", form=False), 400, []),
    ("POST, chunked", chunked("/fcgi/do", b"keyd", b"own=OK"), 200, [PRESSED_OK]),
    ("POST, charset", post("/fcgi/do", b"keydown=OK", "X-Y: z"), 200, [PRESSED_OK]),
    ("POST, too large", post("/fcgi/do", b"x=" + b"y" * 65535), 413, []),
    ("POST, just not too large", post("/fcgi/do", b"keydown=OK&x=" + b"y" * 65523), 200, [PRESSED_OK]),
    ("POST, chunked, too large", chunked("/fcgi/do", *[b"y" * 8192] * 9), 413, []),
    ("POST, absurd length", get("/fcgi/do", "Content-Length: 99999999999", method="POST"), 413, []),
    ("POST, expectant", post("/fcgi/do", b"keydown=OK", "Expect: 100-continue"), 100, [PRESSED_OK]),
    ("absolute form", get("http://127.0.0.1:80" + OK), 200, [PRESSED_OK]),
    ("absolute form overrules Host", get("http://evil.example" + OK), 403, []),
    ("absolute form, IPv6", get("http://[::1]:80" + OK), 200, [PRESSED_OK]),
    ("two Hosts", get(OK, "Host: 127.0.0.1"), 400, []),
    ("no Host", f"GET {OK} HTTP/1.1\r\nConnection: close\r\n\r\n".encode(), 200, [PRESSED_OK]),
    ("HTTP/1.0", f"GET {OK} HTTP/1.0\r\n\r\n".encode(), 200, [PRESSED_OK]),
    ("encoded path", get("/fcgi%2Fdo?keydown=OK"), 200, [PRESSED_OK]),
    ("another path", get("/fcgi/do/?keydown=OK"), 200, []),
    ("foreign page", get(OK, "Origin: http://evil.example"), 403, []),
    ("foreign page, elsewhere", get("/screen.txt", "Origin: http://evil.example"), 403, []),
    ("upgrade by a foreign page", get("/", "Origin: http://evil.example", "Upgrade: websocket",
        "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: x"), 403, []),
    ("no HTTP", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n", 400, []),
    ("SIP", b"OPTIONS sip:a SIP/2.0\r\n\r\n", 400, []),
    ("CONNECT", b"CONNECT 10.0.0.1:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400, []),
    ("OPTIONS *", get("*", method="OPTIONS"), 200, []),
    ("bad header", b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, []),
    ("smuggling", get(OK, "Content-Length: 3", CHUNKED, method="POST") + b"0\r\n\r\n", 400, []),
    ("bad chunk", get("/fcgi/do", CHUNKED, method="POST") + b"zz\r\nkeydown=OK\r\n", 400, []),
    ("bad length", get(OK, "Content-Length: -1", method="POST"), 400, []),
    ("long target", get(OK + "&x=" + "y" * 40_000), 431, []),
    ("long header", get(OK, "X: " + "y" * 40_000), 431, []),
    ("endless header", f"GET {OK} HTTP/1.1\r\nX: ".encode() + b"y" * 300_000, 431, []),
    ("many headers", get(OK, *[f"X{n}: y" for n in range(101)]), 431, []),
]  # fmt: skip


def status_of(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer
    return int(answer[9:12])


@pytest.mark.parametrize(
    ("data", "status", "pressed"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_what_a_request_gets_back(run: Run, data: bytes, status: int, pressed: list[object]) -> None:
    phone = RecordingPhone()

    async def play() -> bytes:
        async with serving(phone) as (_, port):
            return await exchange(port, data, eof=False)

    answer = run(play())
    assert status_of(answer) == status, answer
    assert phone.pressed == pressed
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"inner " in body or status == 100:
        return
    assert b"cache-control: no-store" in head
    assert b"server:" not in head.lower()
    assert head.count(b"date: ") == 1
    assert (b"allow: GET, HEAD, POST" in head) == (status == 405)
    if data.startswith(b"HEAD"):
        assert body == b""
    else:
        assert body.count(b"\n") == 1
        assert b"content-length: %d\r\n" % len(body) in head + b"\r\n"
        assert b"content-type: text/plain; charset=utf-8" in head


@pytest.mark.parametrize("target", ["/fcgi/do?action=MakeCall&number=Müller", "/Müller"])
def test_an_address_that_is_not_percent_encoded(run: Run, target: str) -> None:
    phone = RecordingPhone()

    async def play() -> bytes:
        async with serving(phone) as (_, port):
            return await exchange(port, get(target), eof=False)

    head, _, body = run(play()).partition(b"\r\n\r\n")
    assert status_of(head) == 400
    assert "percent-encoded: ü, say, as %C3%BC" in body.decode()
    assert body.count(b"\n") == 1
    assert not phone.pressed


@pytest.mark.parametrize(
    ("verdict", "status"),
    [
        (Verdict.DONE, 200),
        (Verdict.UNDER_WAY, 202),
        (Verdict.INVALID, 400),
        (Verdict.NOT_NOW, 409),
        (Verdict.BOOTING, 503),
    ],
)
@pytest.mark.parametrize("in_time", [False, True])
def test_what_the_phone_says_becomes_a_status(run: Run, verdict: Verdict, status: int, in_time: bool) -> None:
    async def later(reply: Reply) -> Reply:
        await asyncio.sleep(0)
        return reply

    async def play(*lines: str) -> bytes:
        reply = Reply(verdict, "grüß\r\nSet-Cookie: <b>\x00" + "x" * 1000)
        phone = RecordingPhone(reply=later(reply) if in_time else reply)
        async with serving(phone) as (_, port):
            return await exchange(port, get(OK, *lines))

    answer = run(play())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status_of(answer) == status
    assert (b"retry-after: 2" in head) == (status == 503)
    assert b"x-content-type-options: nosniff" in head
    assert b"set-cookie" not in head.lower()
    assert body.decode().startswith("grüß\ufffd\ufffdSet-Cookie: <b>\ufffdx")
    assert len(body) < 600
    as_json = json.loads(run(play("Accept: application/json")).partition(b"\r\n\r\n")[2])
    assert (as_json["ok"], as_json["status"]) == (status < 300, status)
    assert as_json["message"] + "\n" == body.decode()


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("application/json", True),
        ("APPLICATION/JSON; charset=utf-8", True),
        ("application/json, text/plain, */*", True),
        ("text/plain;q=0.5, application/json;q=0.4", False),
        ("application/json;q=0", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("*/*", False),
        ("application/json-seq", False),
    ],
)
def test_json_where_accept_asks_for_it(run: Run, accept: str, is_json: bool) -> None:
    async def play() -> bytes:
        async with serving(RecordingPhone()) as (_, port):
            return await exchange(port, get("/fcgi/do?keydown=ok", f"Accept: {accept}"))

    assert (b"content-type: application/json" in run(play())) is is_json


def test_pipelined_requests_are_answered_in_order(run: Run) -> None:
    """Short, slow, in uvicorn's way, short again: in one segment."""

    async def play() -> bytes:
        gate: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

        class Phone(RecordingPhone):
            def press(self, event: Any) -> Reply | Awaitable[Reply]:
                self.pressed.append(event)
                if isinstance(event, MakeCall):
                    asyncio.get_running_loop().call_later(
                        0.05, gate.set_result, Reply(Verdict.UNDER_WAY, "called")
                    )
                    return gate
                return Reply(Verdict.DONE, f"pressed {event.key}")

        async with serving(Phone()) as (_, port):
            kept = [
                get(f"/fcgi/do?{query}", close=False)
                for query in ("keydown=1", "action=MakeCall&number=5", "keydown=2")
            ]
            return await exchange(
                port, kept[0] + kept[1] + kept[2] + get("/page", close=False) + get("/fcgi/do?keydown=3")
            )

    answer = run(play())
    said = [b"pressed 1", b"called", b"pressed 2", b"inner /page", b"pressed 3"]
    places = [answer.find(text) for text in said]
    assert -1 not in places
    assert places == sorted(places)
    assert answer.count(b"HTTP/1.1 20") == 5


def test_many_pipelined_requests_are_no_large_head(run: Run) -> None:
    phone = RecordingPhone()

    async def play() -> bytes:
        async with serving(phone) as (_, port):
            return bytes(await exchange(port, get(OK, close=False) * 2000 + get(OK), eof=False))

    assert run(play()).count(b"HTTP/1.1 200 OK") == len(phone.pressed) == 2001


def test_a_head_in_pieces_may_be_as_long_as_in_one(run: Run) -> None:
    async def play() -> int:
        async with serving(RecordingPhone()) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = get(OK, *[f"X{n}: {'y' * 1000}" for n in range(30)])
            for at in range(0, len(head), 500):
                writer.write(head[at : at + 500])
                await asyncio.sleep(0)
            status = status_of(await reader.read())
            writer.close()
            return status

    assert run(play()) == 200


def test_a_request_after_the_last_one_does_not_act(run: Run) -> None:
    phone = RecordingPhone()

    async def play() -> bytes:
        async with serving(phone) as (_, port):
            return await exchange(port, get(OK) + get("/fcgi/do?keydown=1"))

    assert run(play()).count(b"HTTP/1.1") == 1
    assert phone.pressed == [PRESSED_OK]


def test_what_came_before_a_broken_request_is_answered_first(run: Run) -> None:
    async def play() -> bytes:
        gate: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.05, gate.set_result, Reply(Verdict.DONE, "done"))
        async with serving(RecordingPhone(reply=gate)) as (_, port):
            return await exchange(port, get(OK, close=False) + b"\x00\x01\r\n\r\n")

    assert status_of(run(play())) == 200


def test_a_request_in_pieces_on_a_kept_connection(run: Run) -> None:
    phone = RecordingPhone()

    async def play() -> None:
        async with serving(phone) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for count in (1, 2, 3):
                for byte in get(OK, close=False):
                    writer.write(bytes([byte]))
                    await asyncio.sleep(0)
                assert status_of(await reader.readuntil(b"\r\n\r\n")) == 200
                assert await reader.readline() == b"done\n"
                assert len(phone.pressed) == count
            writer.close()

    run(play())


@pytest.mark.parametrize(
    ("begun", "status"), [(b"", None), (b"GET /fc", 408), (get(OK, "Content-Length: 9", method="POST"), 408)]
)
def test_who_never_finishes_is_sent_away(
    run: Run, monkeypatch: pytest.MonkeyPatch, begun: bytes, status: int | None
) -> None:
    monkeypatch.setattr(protocol, "REQUEST_TIMEOUT", 0.05)
    phone = RecordingPhone()

    async def play() -> bytes:
        async with serving(phone) as (_, port):
            return await exchange(port, begun, eof=False)

    answer = run(play())
    assert (status_of(answer) if answer else None) == status
    assert not phone.pressed


def test_an_idle_connection_ends(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "KEEP_ALIVE", 0.05)

    async def play() -> bytes:
        async with serving(RecordingPhone()) as (_, port):
            return await exchange(port, get(OK, close=False), eof=False)

    assert run(play()).count(b"HTTP/1.1 200") == 1


def test_connections_are_bounded(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 2)

    async def play() -> None:
        async with serving(RecordingPhone()) as (_, port):
            async with contextlib.AsyncExitStack() as stack:
                for _ in range(2):
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    stack.callback(writer.close)
                    writer.write(get(OK, close=False))
                    assert status_of(await reader.readuntil(b"done\n")) == 200
                assert status_of(await exchange(port, b"", eof=False)) == 503
            for _ in range(100):
                if status_of(await exchange(port, get(OK), eof=False)) == 200:
                    return
            pytest.fail("the places are not given back")

    run(play())


def test_a_phone_that_fails_is_a_500_and_the_next_request_is_served(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async def play() -> list[int]:
        phone = RecordingPhone(reply=RuntimeError("broken"))
        async with serving(phone) as (_, port):
            first = await exchange(port, get(OK))
            phone.reply = Reply(Verdict.DONE, "done")
            return [status_of(first), status_of(await exchange(port, get(OK)))]

    assert run(play()) == [500, 200]
    assert [record.name for record in caplog.records if record.levelno >= logging.ERROR] == [
        "offhook.action_uri.endpoint"
    ]


def test_a_client_that_leaves_half_way_does_not_act(run: Run) -> None:
    phone = RecordingPhone()

    async def play() -> None:
        async with serving(phone) as (_, port):
            await exchange(port, post("/fcgi/do", b"keydown=OK")[:-1])

    run(play())
    assert not phone.pressed


def test_inner_answers_carry_cors_for_trusted_pages(run: Run) -> None:
    async def play() -> bytes:
        access = Access(trusted_origins=frozenset({"http://crm.test"}))
        async with serving(RecordingPhone(), access) as (_, port):
            return await exchange(port, get("/api", "Origin: http://crm.test"))

    answer = run(play())
    assert status_of(answer) == 200
    assert b"access-control-allow-origin: http://crm.test\r\n" in answer


def test_https_and_many_sockets_each_with_its_own_phone(
    run: Run, certificate: tuple[Path, ssl.SSLContext]
) -> None:
    """Added and removed at run time; a slow answer under way is still given when its socket closes."""
    path, server_tls = certificate
    client_tls = ssl.create_default_context(cafile=str(path))
    phones = [RecordingPhone(), RecordingPhone()]

    async def play() -> None:
        http = HttpServer()
        sites = [Site(phone, Access(), inner) for phone in phones]
        plain = await http.listen(socket.create_server(("127.0.0.1", 0)), sites[0])
        secure = await http.listen(socket.create_server(("127.0.0.1", 0)), sites[1], server_tls)
        reader, writer = await asyncio.open_connection(*secure.address, ssl=client_tls)
        writer.write(get(OK, "Origin: https://127.0.0.1", close=False))
        assert status_of(await reader.readuntil(b"done\n")) == 200
        assert (len(phones[0].pressed), len(phones[1].pressed)) == (0, 1)

        gate: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        phones[0].reply = gate
        slow = asyncio.create_task(exchange(plain.address[1], get(OK, close=False), eof=False))
        while not phones[0].pressed:
            await asyncio.sleep(0)
        closing = asyncio.create_task(plain.close())
        await asyncio.sleep(0)
        gate.set_result(Reply(Verdict.DONE, "done"))
        await closing
        assert status_of(await slow) == 200
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            await asyncio.open_connection(*plain.address)
        assert http.listeners == {secure}
        await http.close(0.2)
        assert await reader.read() == b""
        writer.close()
        assert http.connections == 0

    run(play())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    import datetime  # noqa: PLC0415
    from ipaddress import ip_address  # noqa: PLC0415

    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "offhook test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        made.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context
