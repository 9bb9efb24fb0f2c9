"""A phone with real settings and pages, and a browser that asks it without sockets, from any address."""

import asyncio
import functools
import inspect
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from offhook.flash.flash import FILE_NAME, Flash
from offhook.host import Host
from offhook.options import run_options
from offhook.station import Station

ELSEWHERE = "192.0.2.7"


@asynccontextmanager
async def a_phone(folder: Path, **given: object) -> AsyncIterator[Station]:
    host = Host(Flash(folder / FILE_NAME))
    given = {"http_port": "0", "https_port": "0", "sip_port": "0", **given}
    given.setdefault("account", ["sip:1001@127.0.0.1;register=no"])
    await host.start([run_options(given, {}).device("0c1105000001")])
    try:
        yield host.stations[0]
    finally:
        await host.stop()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str | None:
        return self.headers.get("location")

    def hidden(self, name: str) -> str:
        """A hidden field of the first form that has it."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, self.text
        return found[1]


@dataclass
class Browser:
    """One that keeps cookies. `program` is one that sends no browser's headers."""

    station: Station
    peer: str = "127.0.0.1"
    scheme: str = "http"
    host: str = "127.0.0.1:8080"
    cookies: dict[str, str] = field(default_factory=dict)
    program: bool = False

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.ask("GET", path, headers=headers)

    async def post_pairs(self, path: str, form: Sequence[tuple[str, str]]) -> Answer:
        """A name may stand more than once."""
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return await self.ask("POST", path, urlencode(form).encode(), kind)

    async def post(self, path: str, form: Mapping[str, str], **headers: str) -> Answer:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return await self.ask("POST", path, urlencode(form).encode(), {**kind, **headers})

    async def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        sent: list[Any] = []

        told_all = False

        async def receive() -> Any:
            nonlocal told_all
            if told_all:
                # It stays until it is answered.
                await asyncio.get_running_loop().create_future()
            told_all = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.station.site(self.scope(method, path, body, headers), receive, send)
        fields = [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]
        for name, value in fields:
            if name == "set-cookie":
                self._keep(value)
        content = b"".join(message.get("body", b"") for message in sent)
        return Answer(sent[0]["status"], dict(fields), content)

    def scope(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        path, _, query = path.partition("?")
        told = {"host": self.host, "content-length": str(len(body))}
        if not self.program:
            told |= {"user-agent": "Mozilla/5.0", "accept-language": "en", "accept": "text/html,*/*"}
            told |= {"origin": f"{self.scheme}://{self.host}"} if method != "GET" else {}
        if self.cookies:
            told["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        told |= {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        return {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in told.items()],
            "client": (self.peer, 1),
            "server": ("127.0.0.1", 8080),
            "scheme": self.scheme,
            "http_version": "1.1",
        }

    def _keep(self, cookie: str) -> None:
        pair, *attributes = cookie.split("; ")
        name, _, value = pair.partition("=")
        if "Max-Age=0" in attributes:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value

    async def log_in(self, password: str = "admin", user: str = "admin", to: str = "/status") -> Answer:
        page = await self.get(f"/login?next={to}")
        given = {"csrf": page.hidden("csrf"), "next": page.hidden("next"), "user": user, "password": password}
        return await self.post("/login", given)


def with_a_phone(
    **given: object,
) -> Callable[[Callable[..., Coroutine[Any, Any, None]]], Callable[..., None]]:
    """A test of one phone, started with these options: it gets a browser that has logged in."""

    def decorate(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
        @functools.wraps(test)
        def run(tmp_path: Path, **more: object) -> None:
            async def play() -> None:
                async with a_phone(tmp_path, **given) as station:
                    browser = Browser(station)
                    await browser.log_in()
                    await test(browser, **more)

            asyncio.run(play())

        asked = inspect.signature(test)
        _, *others = asked.parameters.values()
        wanted = inspect.Parameter("tmp_path", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        run.__signature__ = asked.replace(parameters=[wanted, *others])  # type: ignore[attr-defined]
        return run

    return decorate
