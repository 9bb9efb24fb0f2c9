"""The front panel: a desk phone to look at and to press."""

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from offhook.face.pictograms import ICONS, STATES

from .page import page

WELCOME: Final = """\
This is an offhook phone. A browser shows its front panel here.

  /fcgi/do?keydown=5                    press a key
  /fcgi/do?action=MakeCall&number=1002  call somebody
  /fcgi/do?keyup=Hook                   put the handset down
  /api/v1/state                         what the phone shows and does, as JSON
  /api/v1/events                        the same as it changes, as server-sent events
  /screen.txt /screen.svg /screen.png   its display
  /metrics /health                      its figures for Prometheus, and whether it is well
  /login                                its settings
"""

DIGITS: Final = (
    ("1", ""), ("2", "abc"), ("3", "def"),
    ("4", "ghi"), ("5", "jkl"), ("6", "mno"),
    ("7", "pqrs"), ("8", "tuv"), ("9", "wxyz"),
    ("*", ""), ("0", ""), ("#", ""),
)  # fmt: skip


def routes() -> list[BaseRoute]:
    return [Route("/", _panel)]


async def _panel(request: Request) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse(WELCOME)
    return page(request, "panel.html", digits=DIGITS, icons=ICONS, states=STATES)
