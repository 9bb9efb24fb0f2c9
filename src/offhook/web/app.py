"""The pages of one phone beside its Action URI."""

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from offhook.face.text import text
from offhook.web import trace
from offhook.web.picture import Picture

if TYPE_CHECKING:
    from offhook.station import Station

WELCOME = """\
This is an offhook phone.

  /fcgi/do?keydown=5                    press a key
  /fcgi/do?action=MakeCall&number=1002  call somebody
  /fcgi/do?keyup=Hook                   put the handset down
  /api/v1/state                         what the phone shows and does, as JSON
  /screen.txt /screen.svg /screen.png   its display
  /api/v1/trace                         its SIP messages, once POST /api/v1/trace/start keeps them
"""
NOT_STORED = {"Cache-Control": "no-store"}
DRAWING = {**NOT_STORED, "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}


def app(station: "Station") -> Starlette:
    picture = Picture()

    async def welcome(_request: Request) -> PlainTextResponse:
        return PlainTextResponse(WELCOME)

    async def state(_request: Request) -> JSONResponse:
        return JSONResponse(station.state(), headers=NOT_STORED)

    async def screen_text(_request: Request) -> PlainTextResponse:
        return PlainTextResponse(text(station.screen()), headers=DRAWING)

    async def screen_svg(_request: Request) -> Response:
        from offhook.face.svg import svg  # noqa: PLC0415

        # The first drawing reads the typeface, which takes longer than the loop may wait.
        drawn = await run_in_threadpool(svg, station.screen())
        return Response(drawn, headers=DRAWING, media_type="image/svg+xml")

    async def screen_png(_request: Request) -> Response:
        drawn = await picture.of(station.screen())
        return Response(drawn, headers=DRAWING, media_type="image/png")

    return Starlette(
        routes=[
            Route("/", welcome),
            Route("/api/v1/state", state),
            Route("/screen.txt", screen_text),
            Route("/screen.svg", screen_svg),
            Route("/screen.png", screen_png),
            *trace.routes(station),
        ]
    )
