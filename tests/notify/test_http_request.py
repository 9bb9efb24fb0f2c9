"""One request: what is written, and what is made of answers and failures."""

import asyncio
import socket

import pytest
from tests.notify.receiver import receiving, until

from offhook.notify import http_request
from offhook.notify.http_request import HttpSender
from offhook.notify.outgoing import NotReached, NotSendable, Outgoing


@pytest.mark.parametrize(
    ("rest", "target"),
    [
        ("", "/"),
        ("?a=b", "/?a=b"),
        ("/x;y=1:z&q=%20$foo#part", "/x;y=1:z&q=%20$foo"),
        ("/ü?ö=\"<>{}'", "/%C3%BC?%C3%B6=%22%3C%3E%7B%7D'"),
        ("//host/../x", "//host/../x"),
    ],
)
def test_what_is_asked_for(rest, target):
    async def run() -> None:
        async with receiving() as receiver:
            assert await HttpSender().send(Outgoing(receiver.url + rest)) == 200
            assert receiver.targets == [target]
            assert receiver.received[0].headers["connection"] == "close"

    asyncio.run(run())


def test_a_name_is_looked_up_and_all_its_addresses_are_tried():
    async def run() -> None:
        async with receiving() as receiver:
            port = receiver.url.rpartition(":")[2]
            sender = HttpSender()
            sender._look_up = lambda _host: both()  # type: ignore[method-assign]

            async def both() -> list[str]:
                return ["127.0.0.2", "127.0.0.1"]

            assert await sender.send(Outgoing(f"http://phones.example:{port}/")) == 200
            assert receiver.received[0].headers["host"] == f"phones.example:{port}"

    asyncio.run(run())


def test_ipv6():
    async def run() -> None:
        async with receiving(host="::1") as receiver:
            assert await HttpSender().send(Outgoing(receiver.url)) == 200
            assert receiver.received[0].headers["host"] == receiver.url.removeprefix("http://")

    asyncio.run(run())


@pytest.mark.parametrize(
    "url",
    ["http://$x:port/", "http:///", "ftp://a/", "http://a..b/", "http://[::1/", "http://" + "a" * 70 + "/"],
)
def test_what_is_no_url_once_it_is_filled_in(url):
    with pytest.raises(NotSendable):
        asyncio.run(HttpSender().send(Outgoing(url)))
    assert "\n" not in Outgoing(url).origin


def test_lookups_that_hang_take_two_threads_at_most(monkeypatch):
    monkeypatch.setattr(http_request, "PATIENCE", 0.05)
    asked: list[str] = []

    async def run() -> None:
        released = asyncio.Event()

        async def hang(host: str, *_: object, **__: object) -> list[object]:
            asked.append(host)
            await released.wait()
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", hang)
        sender = HttpSender()
        urls = [f"http://name-{number % 5}.example/" for number in range(40)]
        failed = await asyncio.gather(*(sender.send(Outgoing(url)) for url in urls), return_exceptions=True)
        assert {type(each) for each in failed} == {NotReached}
        assert len(asked) == 2
        released.set()
        await until(lambda: not sender._lookups)
        assert sorted(set(asked)) == [f"name-{number}.example" for number in range(5)]
        with pytest.raises(NotReached, match="not known"):
            await sender.send(Outgoing(urls[0]))

    asyncio.run(run())


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000],
    ids=["without an end", "endless"],
)
def test_an_answer_counts_by_its_head(answer, monkeypatch):
    monkeypatch.setattr(http_request, "REST_WITHIN", 0.1)

    async def run() -> None:
        async with receiving(answer) as receiver:
            assert await HttpSender().send(Outgoing(receiver.url)) == 200

    asyncio.run(run())


def test_a_head_without_an_end_is_no_answer():
    async def run() -> None:
        async with receiving(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 20_000) as receiver:
            with pytest.raises(NotReached):
                await HttpSender().send(Outgoing(receiver.url))

    asyncio.run(run())
