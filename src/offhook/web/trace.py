"""The SIP trace of a phone, as text and as a capture file.

It tells more than keys and screen do: who called whom, from where, with which software.
"""

from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from offhook.sip.pcap import HEADER, frame
from offhook.sip.trace import Trace

from .desk import desk
from .visitor import needs_log_in_or_token

PATH: Final = "/api/v1/trace"
NOT_STORED: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def routes() -> list[Route]:
    return [
        Route(PATH, needs_log_in_or_token(_text)),
        Route(f"{PATH}.pcap", needs_log_in_or_token(_pcap)),
        Route(f"{PATH}/start", needs_log_in_or_token(_start), methods=["POST"]),
        Route(f"{PATH}/stop", needs_log_in_or_token(_stop), methods=["POST"]),
    ]


async def _text(request: Request) -> Response:
    return _kept(request, lambda trace: PlainTextResponse(str(trace), headers=NOT_STORED))


async def _pcap(request: Request) -> Response:
    return _kept(request, _capture)


async def _start(request: Request) -> Response:
    desk(request).station.sip_trace.start()
    return _line(200, f"SIP messages are kept from now on: GET {PATH}, {PATH}.pcap; POST {PATH}/stop ends it")


async def _stop(request: Request) -> Response:
    desk(request).station.sip_trace.stop()
    return _line(200, "no SIP messages are kept any more")


def _kept(request: Request, show: Callable[[Trace], Response]) -> Response:
    trace = desk(request).station.sip_trace.messages
    if trace is None:
        return _line(409, f"no SIP messages are kept; POST {PATH}/start begins it")
    return show(trace)


def _capture(trace: Trace) -> Response:
    headers = {**NOT_STORED, "Content-Disposition": 'attachment; filename="offhook.pcap"'}
    data = HEADER + b"".join(map(frame, trace))
    return Response(data, headers=headers, media_type="application/vnd.tcpdump.pcap")


def _line(status: int, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers=NOT_STORED)
