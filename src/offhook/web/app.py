"""The pages of one phone beside its Action URI."""

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from offhook.device import Device

WELCOME = """\
This is an offhook phone.

  /fcgi/do?keydown=5                    press a key
  /fcgi/do?action=MakeCall&number=1002  call somebody
  /fcgi/do?keyup=Hook                   put the handset down
  /api/v1/state                         what the phone shows and does, as JSON
"""
NOT_STORED = {"Cache-Control": "no-store"}


def app(device: "Device") -> Starlette:
    async def welcome(_request: Request) -> PlainTextResponse:
        return PlainTextResponse(WELCOME)

    async def state(_request: Request) -> JSONResponse:
        return JSONResponse(device.state(), headers=NOT_STORED)

    return Starlette(routes=[Route("/", welcome), Route("/api/v1/state", state)])
