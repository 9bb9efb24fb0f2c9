"""A program that asks the API of a phone, and holds each answer against its description."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from offhook.station import Station
from offhook.web import tokens

from .browser import Answer, Browser, a_phone


@dataclass
class Program:
    """`token` is what it shows, if any."""

    browser: Browser
    token: str | None = None
    last: Answer = field(init=False)

    async def ask(self, method: str, path: str, sent: object = None, **headers: str) -> tuple[int, Any]:
        """Status, and what the body says: JSON where it is."""
        if self.token is not None:
            headers.setdefault("authorization", f"Bearer {self.token}")
        if sent is not None and not isinstance(sent, bytes):
            headers.setdefault("content-type", "application/json")
            sent = json.dumps(sent).encode()
        self.last = await self.browser.ask(method, f"/api/v1{path}", sent or b"", headers)
        assert self.last.headers["cache-control"] == "no-store", path
        is_json = self.last.headers.get("content-type") == "application/json"
        return self.last.status, json.loads(self.last.body) if is_json else self.last.body

    async def get(self, path: str, **headers: str) -> Any:
        status, said = await self.ask("GET", path, **headers)
        assert status == 200, said
        return said


async def program(station: Station, peer: str = "127.0.0.1") -> Program:
    """One with a token."""
    token, kept = tokens.make("test", datetime.now(UTC))
    await station.change({"web.tokens": [str(kept)]})
    return Program(Browser(station, peer, program=True), token)


def stranger(station: Station, peer: str = "127.0.0.1") -> Program:
    """One without."""
    return Program(Browser(station, peer, program=True))


Play = Callable[[Program, Station], Awaitable[None]]


def with_a_phone(folder: Path, play: Play, **given: object) -> None:
    async def run() -> None:
        async with a_phone(folder, **given) as station:
            await play(await program(station), station)

    asyncio.run(run())
