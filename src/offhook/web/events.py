"""`GET /api/v1/events`: the state of one phone, and each change of it, as server-sent events."""

import asyncio
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from offhook.http_front.site import Receive, Scope, Send

from .desk import desk
from .live import Full, Live
from .slot import Slot
from .visitor import may_stay

AWAKE: Final = 15.0
"""Seconds without news after which a comment is sent: a proxy that hears nothing may hang up."""

HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    # nginx keeps an answer back until there is more of it.
    (b"x-accel-buffering", b"no"),
]


def routes() -> list[BaseRoute]:
    return [Route("/api/v1/events", _events)]


async def _events(request: Request) -> "EventStream":
    live = desk(request).live
    try:
        return EventStream(live, live.join(lambda: may_stay(request)))
    except Full as full:
        raise HTTPException(503, str(full), {"Retry-After": "5"}) from None


class EventStream:
    """An answer that lasts until whoever looks on leaves, or may look on no more."""

    def __init__(self, live: Live, slot: Slot) -> None:
        self._live = live
        self._slot = slot

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_gone(receive))
        gone.add_done_callback(lambda _: self._slot.end())
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            if scope["method"] != "HEAD":
                while (said := await self._slot.take(AWAKE)) is not None:
                    await send({"type": "http.response.body", "body": said or b":\n\n", "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            self._live.leave(self._slot)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
