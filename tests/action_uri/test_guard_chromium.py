"""The guard against foreign web pages, tried in a real browser.

On loopback it says where a request comes from; under a name over plain http it keeps that to itself.
"""

import asyncio
import contextlib
import importlib.util
import os
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from offhook.action_uri.access import Access, Admission
from offhook.action_uri.http import HttpRequest, HttpResponse
from offhook.http_front import HttpServer, Site
from offhook.phone.events import Function, Key, KeyDown, MakeCall, Perform

from .recording_phone import RecordingPhone, inner

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore::ResourceWarning")]

EVIL = "evil.test"
ACCESS = Access(host_names=frozenset({"phone.test"}))
NAMES = ["127.0.0.1", "phone.test"]

# What a page does on its own, without a click; PHONE is the origin of the phone.
TRICKS = {
    "img": "<img src='PHONE/fcgi/do?keydown=1&trick=img'>",
    "img-quiet": "<img referrerpolicy=no-referrer src='PHONE/fcgi/do?keydown=1&trick=img-quiet'>",
    "script": "<script src='PHONE/fcgi/do?keydown=1&trick=script'></script>",
    "style": "<link rel=stylesheet href='PHONE/fcgi/do?keydown=1&trick=style'>",
    "prefetch": "<link rel=prefetch href='PHONE/fcgi/do?keydown=1&trick=prefetch'>",
    "iframe": "<iframe src='PHONE/fcgi/do?keydown=1&trick=iframe'></iframe>",
    "form-get": "<iframe name=a></iframe><form target=a action='PHONE/fcgi/do'>"
    "<input name=keydown value=1><input name=trick value=form-get></form>",
    "form-post": "<iframe name=b></iframe><form method=post target=b action='PHONE/fcgi/do?trick=form-post'>"
    "<input name=keydown value=1></form>",
    "form-post-null": "<iframe sandbox='allow-forms allow-scripts' srcdoc=\"<form method=post "
    "action='PHONE/fcgi/do?trick=form-post-null'><input name=keydown value=1></form>"
    '<script>document.forms[0].submit()</script>"></iframe>',
    "fetch": "<script>fetch('PHONE/fcgi/do?keydown=1&trick=fetch').catch(()=>0)</script>",
    "fetch-no-cors": "<script>fetch('PHONE/fcgi/do?keydown=1&trick=fetch-no-cors',{mode:'no-cors'})</script>",
    "fetch-quiet": "<script>fetch('PHONE/fcgi/do?keydown=1&trick=fetch-quiet',"
    "{mode:'no-cors',referrerPolicy:'no-referrer'})</script>",
    "fetch-post": "<script>fetch('PHONE/fcgi/do?trick=fetch-post',{method:'POST',mode:'no-cors',"
    "body:new URLSearchParams({keydown:1})})</script>",
    "beacon": "<script>navigator.sendBeacon('PHONE/fcgi/do?keydown=1&trick=beacon')</script>",
    "websocket": "<script>new WebSocket('PHONE/events?trick=websocket'.replace('http','ws'))</script>",
    "quiet-websocket": '<iframe sandbox=allow-scripts srcdoc="<script>new WebSocket('
    "'PHONE/events?trick=quiet-websocket'.replace('http','ws'))</script>\"></iframe>",
    "sandboxed": '<iframe sandbox=allow-scripts srcdoc="<script>'
    "fetch('PHONE/fcgi/do?keydown=1&trick=sandboxed',{mode:'no-cors'})</script>\"></iframe>",
}
SUBMIT = "<script>onload=()=>{for(const f of document.forms)f.submit()}</script>"


@dataclass
class Stage:
    """The phone, the foreign web server, and what arrived at the phone, by the name of the trick."""

    phone: RecordingPhone
    site: Site
    port: int
    evil_port: int
    browser: "Browser"
    pages: dict[str, str] = field(default_factory=dict)
    arrived: dict[str, tuple[HttpRequest, int]] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait_for(self, *tricks: str) -> None:
        async with asyncio.timeout(15):
            while missing := set(tricks) - self.arrived.keys():
                self.news.clear()
                try:
                    await self.news.wait()
                except asyncio.CancelledError:
                    raise AssertionError(f"Chromium did not send {sorted(missing)}") from None

    async def foreign_page(self, content: str) -> "Page":
        self.pages["/page"] = f"<!doctype html><title>foreign</title><body>{content}"
        page = await self.browser.new_page()
        await page.goto(f"http://{EVIL}:{self.evil_port}/page", wait_until="commit")
        return page


class RecordingSite(Site):
    stage: Stage

    def _note(self, request: HttpRequest, answer: object) -> None:
        trick = dict(pair.partition(b"=")[::2] for pair in request.query.split(b"&")).get(b"trick", b"")
        status = answer.status if isinstance(answer, HttpResponse) else 200
        self.stage.arrived[trick.decode()] = (request, status)
        self.stage.news.set()

    def admit(self, request: HttpRequest) -> Admission | HttpResponse:
        answer = super().admit(request)
        self._note(request, answer)
        return answer

    def act(self, request: HttpRequest, admission: Admission) -> Any:
        answer = super().act(request, admission)
        self._note(request, answer)
        return answer


@contextlib.asynccontextmanager
async def staged(chromium: str) -> AsyncIterator[Stage]:
    from playwright.async_api import async_playwright  # noqa: PLC0415 - not everybody has it

    phone, http = RecordingPhone(), HttpServer()
    site = RecordingSite(phone, ACCESS, inner)
    listener = await http.listen(socket.create_server(("127.0.0.1", 0)), site)
    evil_port = 0
    stage: Stage

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            body = stage.pages.get(head.split()[1].decode(), "").encode()
            writer.write(
                b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body)
            )
            writer.write(body)
            await writer.drain()
        writer.close()

    evil = await asyncio.start_server(serve, "127.0.0.1", 0)
    evil_port = evil.sockets[0].getsockname()[1]
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium,
                args=[
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    f"--host-resolver-rules=MAP phone.test 127.0.0.1, MAP {EVIL} 127.0.0.1",
                ],
            )
            stage = site.stage = Stage(phone, site, listener.address[1], evil_port, browser)
            yield stage
            await browser.close()
    finally:
        evil.close()
        await http.close()


@pytest.fixture
def chromium(require_peer: Callable[[str], str]) -> str:
    if importlib.util.find_spec("playwright") is None:
        message = "playwright is not installed; the dev dependencies have it"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return require_peer("chromium")


def run(chromium: str, play: Callable[[Stage], Any]) -> None:
    async def main() -> None:
        async with staged(chromium) as stage:
            await play(stage)

    asyncio.run(main())


@pytest.mark.parametrize("name", NAMES)
def test_a_foreign_page_does_nothing_by_itself(chromium: str, name: str) -> None:
    async def play(stage: Stage) -> None:
        tricks = "".join(TRICKS.values()).replace("PHONE", f"http://{name}:{stage.port}")
        await stage.foreign_page(tricks + SUBMIT)
        await stage.wait_for(*TRICKS)
        assert {trick: status for trick, (_, status) in stage.arrived.items() if status != 403} == {}
        assert stage.phone.pressed == []
        for trick, (request, _) in stage.arrived.items():
            # What the two branches of the guard are built on; a WebSocket has its Origin in both.
            says = name == "127.0.0.1" and "websocket" not in trick
            assert (b"sec-fetch-site" in request.fields) == says, trick
            assert b"accept-language" in request.fields, trick
            assert b"origin" in request.fields or "websocket" not in trick

    run(chromium, play)


@pytest.mark.parametrize("name", NAMES)
def test_links_and_the_address_bar(chromium: str, name: str) -> None:
    async def play(stage: Stage) -> None:
        def url(query: str, trick: str) -> str:
            return f"http://{name}:{stage.port}/fcgi/do?{query}&trick={trick}"

        async def click(query: str, trick: str, attributes: str = "") -> "Page":
            page = await stage.foreign_page(f'<a {attributes} href="{url(query, trick)}">call</a>')
            await page.click("a")
            await stage.wait_for(trick)
            return page

        said = name == "127.0.0.1"
        await click("action=MakeCall&number=7", "click-call")
        assert stage.arrived["click-call"][1] == (200 if said else 403)
        await click("action=Reset", "click-reset")
        await click("keydown=1", "click-key")
        assert (stage.arrived["click-reset"][1], stage.arrived["click-key"][1]) == (403, 403)
        assert stage.phone.pressed == ([MakeCall("7")] if said else [])
        stage.phone.pressed.clear()

        page = await stage.browser.new_page()
        await page.goto(url("keydown=OK", "typed-key"))
        assert stage.phone.pressed == [KeyDown(Key.OK)]
        stage.phone.pressed.clear()
        await page.goto(url("action=Reset", "typed-reset"))
        if not said:
            assert stage.phone.pressed == []
            await page.click("button")
            await stage.wait_for("")
        assert stage.phone.pressed == [Perform(Function.RESET)]
        stage.phone.pressed.clear()

        # A link that hides where it comes from cannot be told from a typed address: Reset still asks.
        await click("action=Reset", "quiet-reset", "rel=noreferrer")
        assert stage.arrived["quiet-reset"][1] == 403
        assert stage.phone.pressed == []
        hidden = "<iframe referrerpolicy=no-referrer src='{}'></iframe>"
        page = await stage.foreign_page(hidden.format(url("action=Reset", "framed")))
        await stage.wait_for("framed")
        assert await page.frames[-1].locator("button").count() == 0, "the page with the button is not framed"
        assert stage.phone.pressed == []
        # The risk that remains over plain http, and that https closes.
        await stage.foreign_page(hidden.format(url("keydown=1", "hidden-key")))
        await stage.wait_for("hidden-key")
        assert stage.arrived["hidden-key"][1] == (403 if said else 200)

    run(chromium, play)


@pytest.mark.parametrize("name", NAMES)
def test_a_trusted_page_may_do_everything_but_reset(chromium: str, name: str) -> None:
    async def play(stage: Stage) -> None:
        stage.site.access = Access(
            host_names=frozenset({"phone.test"}),
            trusted_origins=frozenset({f"http://{EVIL}:{stage.evil_port}"}),
        )
        page = await stage.foreign_page("trusted")
        for query, status in (("keydown=1", 200), ("action=Reboot", 200), ("action=Reset", 403)):
            asked = "async u => (await fetch(u, {headers: {'Content-Type': 'application/json'}})).status"
            url = f"http://{name}:{stage.port}/fcgi/do?{query}&trick=trusted"
            assert await page.evaluate(asked, url) == status
        assert stage.phone.pressed == [KeyDown(Key.ONE), Perform(Function.REBOOT)]

    run(chromium, play)
