"""Files over HTTP, HTTPS and TFTP from servers that behave, and from those that do not."""

import asyncio
import base64
import socket
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.authority import Authority

from offhook.autop import fetching, http_file
from offhook.autop.fetching import fetch, own_file
from offhook.autop.not_fetched import NotFetched

from .servers import ScriptedTftp, ScriptedWeb, ok, tftp_data, tftp_error, tftp_oack, web_server

BODY = b"Config.Account1.GENERAL.UserName = 1001\n"
HTML = b"<html>no such page</html>"


def refusal(fetched: Awaitable[bytes | None]) -> str:
    async def run() -> str:
        with pytest.raises(NotFetched) as raised:
            await fetched
        return str(raised.value)

    return asyncio.run(run())


def test_the_name_of_a_phones_own_file():
    assert own_file("0C:11:05:AA:BB:CC") == own_file("0c1105aabbcc") == "0c1105aabbcc.cfg"


def test_a_file_of_a_real_web_server_and_one_that_is_not_there(tmp_path):
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "x.cfg").write_bytes(BODY)

    async def run() -> None:
        with web_server(tmp_path) as address:
            assert await fetch(f"{address}/a%20b", "x.cfg") == BODY
            assert await fetch(f"{address}/a%20b/", "x.cfg") == BODY
            assert await fetch(f"{address}/a%20b/?x=1#y", "x.cfg") == BODY
            assert await fetch(address, "x.cfg") is None

    asyncio.run(run())


def test_https_is_verified(tmp_path):
    (tmp_path / "x.cfg").write_bytes(BODY)
    authority = Authority(tmp_path / "ca")

    def server(certificate: Path) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        return context

    async def run() -> None:
        with web_server(tmp_path, server(authority.certificate("127.0.0.1"))) as address:
            assert await fetch(address, "x.cfg", authority.file) == BODY
            with pytest.raises(NotFetched, match="certificate is not trusted"):
                await fetch(address, "x.cfg")
        wrong = server(authority.certificate("elsewhere.example"))
        with web_server(tmp_path, wrong) as address, pytest.raises(NotFetched, match="certificate is not"):
            await fetch(address, "x.cfg", authority.file)

    asyncio.run(run())


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode()


BAD_ANSWERS = [
    (ok(BODY, length=len(BODY) + 10), "not whole"),
    (head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + b"29\r\n" + BODY, "not whole"),
    (ok(HTML, "Content-Type: text/html; charset=utf-8"), "web page"),
    (ok(BODY, "Content-Encoding: gzip"), "compressed"),
    (ok(b"", length=2 * 1024 * 1024), "longer than 1048576"),
    (ok(b"", length=10**19), "longer than 1048576"),
    (head("HTTP/1.1 200 OK", "Content-Length: -1"), "no HTTP"),
    (head("HTTP/1.1 200 OK", "Content-Length: x"), "no HTTP"),
    (head("HTTP/1.0 200 OK") + b"Config.A = 1\n" * 100_000, "longer than 1048576"),
    (head("HTTP/1.1 200 OK") + BODY + b"...", "longer than"),
    (head("HTTP/1.1 401 Unauthorized", 'WWW-Authenticate: Basic realm="x"', "Content-Length: 0"), "401"),
    (head("HTTP/1.1 403 Forbidden", "Content-Length: 0"), "the server says 403 Forbidden"),
    (head("HTTP/1.1 500 \x1b[31m", "Content-Length: 0"), ""),
    (head("HTTP/1.1 304 Not Modified"), "304"),
    (head("HTTP/1.1 206 Partial Content", "Content-Length: 0"), "206"),
    (head("HTTP/1.1 302 Found", "Location: ftp://127.0.0.1/x.cfg", "Content-Length: 0"), "no http or https"),
    (head("HTTP/1.1 302 Found", "Location: /x.cfg", "Content-Length: 0"), "more than 3 times"),
    (head("HTTP/1.1 302 Found", "Location: http://[x/", "Content-Length: 0"), ""),
    (head("HTTP/1.1 302 Found", "Content-Length: 0"), "302"),
    (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n", "no HTTP"),
    (b"SSH-2.0-OpenSSH\r\n", "no HTTP"),
    (b"\0" * 100, "no HTTP"),
    (b"", "not whole"),
]


@pytest.mark.parametrize(("answer", "said"), BAD_ANSWERS)
def test_an_answer_that_is_not_the_whole_file_is_refused_with_a_reason(answer, said, monkeypatch):
    monkeypatch.setattr(http_file, "LONGEST_FILE", 1024 * 1024 if not answer.endswith(b"...") else 200)

    async def run() -> str:
        async with ScriptedWeb({"/x.cfg": answer}).running() as at:
            with pytest.raises(NotFetched) as raised:
                await fetch(f"http://admin:hunter2@{at}/", "x.cfg")
            return str(raised.value)

    text = asyncio.run(run())
    assert said in text
    assert text.startswith("x.cfg at http://127.0.0.1:")
    assert "hunter2" not in text
    assert text.isprintable()


@pytest.mark.parametrize(
    "answer",
    [head("HTTP/1.1 200 OK", "Content-Length: 1000000") + b"...", head("HTTP/1.1 200 OK") + b"..."],
    ids=["slow", "endless"],
)
def test_what_comes_too_slowly_is_given_up(answer, monkeypatch):
    monkeypatch.setattr(fetching, "WITHIN", 0.2)

    async def run() -> None:
        async with ScriptedWeb({"/x.cfg": answer}).running() as at:
            with pytest.raises(NotFetched, match=r"took longer than 0\.2 seconds"):
                await fetch(f"http://{at}", "x.cfg")

    asyncio.run(run())


def test_nobody_there(free_tcp_port):
    text = refusal(fetch(f"http://127.0.0.1:{free_tcp_port}", "x.cfg"))
    assert "x.cfg at http://127.0.0.1" in text
    assert "nowhere.invalid" in refusal(fetch("http://nowhere.invalid/", "x.cfg"))


@pytest.fixture
def free_tcp_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def test_a_redirect_is_followed_and_a_password_stays_with_whom_it_was_given():
    async def run() -> None:
        other = ScriptedWeb({"/y.cfg": ok(BODY)})
        async with other.running() as elsewhere:
            found = head("HTTP/1.1 302 Found", f"Location: http://{elsewhere}/y.cfg", "Content-Length: 0")
            here = ScriptedWeb(
                {"/x.cfg": head("HTTP/1.1 307 T", "Location: /z.cfg", "Content-Length: 0"), "/z.cfg": found}
            )
            async with here.running() as at:
                assert await fetch(f"http://ad%3Amin:p%40ss@{at}/", "x.cfg") == BODY
        basic = b"Authorization: Basic " + base64.b64encode(b"ad:min:p@ss")
        assert [basic in asked for asked in here.asked] == [True, True]
        assert b"Authorization" not in other.asked[0]
        assert f"Host: {at}".encode() in here.asked[0]

    asyncio.run(run())


# --- TFTP


def blocks(content: bytes, size: int = 512) -> Callable[[bytes, int], list[bytes]]:
    """A server that knows no options."""

    def answer(datagram: bytes, _count: int) -> list[bytes]:
        number = 0 if datagram[1] == 1 else int.from_bytes(datagram[2:4])
        part = content[number * size : (number + 1) * size]
        return [tftp_data(number + 1, part)] if number * size <= len(content) else []

    return answer


def test_tftp_from_a_plain_server():
    async def run() -> None:
        server = ScriptedTftp(blocks(BODY * 100))
        async with server.running() as address:
            assert await fetch(f"{address}phones", "x.cfg") == BODY * 100
        assert server.got[0].startswith(b"\0\1phones/x.cfg\0octet\0")

    asyncio.run(run())


HOSTILE = [
    (lambda *_: [tftp_error(0, b"go away")], "go away"),
    (lambda *_: [tftp_data(1, b"x" * 2000)], "longer blocks"),
    (lambda *_: [tftp_oack(b"tsize", b"9999999")], "longer than 1048576"),
    (lambda got, _: [tftp_oack(b"tsize", b"20")] if got[1] == 1 else [tftp_data(1, b"x")], "only 1 of 20"),
    (
        lambda got, _: [tftp_data(1 if got[1] == 1 else int.from_bytes(got[2:4]) + 1, b"x" * 512)],
        "longer than",
    ),
    (lambda got, _: [tftp_data(1, b"x" * 512)] if got[1] == 1 else [], "longer than 0.5 seconds"),
    (lambda *_: [], "longer than 0.5 seconds"),
    (lambda *_: [b"", b"\0", b"\0\3", b"\xff" * 100], "longer than 0.5 seconds"),
]


@pytest.mark.parametrize(("answer", "said"), HOSTILE)
def test_a_tftp_server_that_misbehaves_is_left_with_a_reason(answer, said, monkeypatch):
    monkeypatch.setattr(fetching, "WITHIN", 0.5 if "seconds" in said else 20)

    async def run() -> str:
        async with ScriptedTftp(answer).running() as address:
            with pytest.raises(NotFetched) as raised:
                await fetch(address, "x.cfg")
            return str(raised.value)

    assert said in asyncio.run(run())


def test_a_stranger_cannot_put_blocks_into_a_transfer():
    async def run() -> None:
        loop = asyncio.get_running_loop()
        heard: list[bytes] = []

        class Stranger(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
                heard.append(data)

        stranger, _ = await loop.create_datagram_endpoint(Stranger, local_addr=("127.0.0.1", 0))

        class Slow(ScriptedTftp):
            """The second block comes once a stranger has sent one of their own."""

            def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
                if data[1] == 1:
                    self._transport.sendto(tftp_data(1, b"a" * 512), addr)
                else:
                    stranger.sendto(tftp_data(2, b"evil"), addr)
                    loop.call_later(0.1, self._transport.sendto, tftp_data(2, b"good"), addr)

        async with Slow(lambda *_: []).running() as address:
            assert await fetch(address, "x.cfg") == b"a" * 512 + b"good"
        stranger.close()
        assert heard == [b"\0\5\0\5unknown transfer ID\0"]

    asyncio.run(run())
