"""A phone in this process, with its sockets and its folder."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from offhook.flash.flash import FILE_NAME, Flash
from offhook.host import Host
from offhook.options import run_options
from offhook.phone.reply import Reply
from offhook.station import Station


@asynccontextmanager
async def started(folder: Path, **given: object) -> AsyncIterator[Station]:
    host = Host(Flash(folder / FILE_NAME))
    options = run_options({"http_port": "0", "https_port": "0", "sip_port": "0", **given}, {})
    await host.start([options.device("0c1105000001")])
    try:
        yield host.stations[0]
    finally:
        await host.stop()


async def said(reply: Reply | Awaitable[Reply]) -> Reply:
    return reply if isinstance(reply, Reply) else await reply


async def until(done: Callable[[], object], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not done():
            await asyncio.sleep(0.005)
