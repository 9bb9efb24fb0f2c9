"""The phone's screen as it is now, drawn."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from offhook.face.text import text

from .desk import desk

NOT_STORED = {"Cache-Control": "no-store"}
DRAWING = {**NOT_STORED, "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}


def routes() -> list[Route]:
    return [
        Route("/screen.txt", _text),
        Route("/screen.svg", _svg),
        Route("/screen.png", _png),
    ]


async def _text(request: Request) -> PlainTextResponse:
    return PlainTextResponse(text(desk(request).station.screen()), headers=DRAWING)


async def _svg(request: Request) -> Response:
    from offhook.face.svg import svg  # noqa: PLC0415

    # The first drawing reads the typeface, which takes longer than the loop may wait.
    drawn = await run_in_threadpool(svg, desk(request).station.screen())
    return Response(drawn, headers=DRAWING, media_type="image/svg+xml")


async def _png(request: Request) -> Response:
    drawn = await desk(request).picture.of(desk(request).station.screen())
    return Response(drawn, headers=DRAWING, media_type="image/png")
