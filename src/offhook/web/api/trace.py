"""The SIP messages of a phone, as text and as a capture file.

They tell more than keys and screen do: who called whom, from where, with which software.
"""

from functools import partial
from typing import Any, Final

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from offhook.sip.pcap import HEADER, frame
from offhook.sip.trace import Trace
from offhook.web.desk import desk

from .answer import NOT_STORED, Refused, Result, answer
from .operation import Operation

PCAP: Final = "application/vnd.tcpdump.pcap"


async def as_text(request: Request) -> Response:
    """What was sent and received since the trace was started, without passwords."""
    return PlainTextResponse(str(_kept(request)), headers=NOT_STORED)


async def as_capture(request: Request) -> Response:
    """The same, for Wireshark."""
    data = HEADER + b"".join(map(frame, _kept(request)))
    headers = {**NOT_STORED, "Content-Disposition": 'attachment; filename="offhook.pcap"'}
    return Response(data, headers=headers, media_type=PCAP)


async def start(request: Request) -> Response:
    """SIP messages are kept from now on; those from before are forgotten."""
    desk(request).station.sip_trace.start()
    return answer(Result.DONE, "SIP messages are kept from now on, until POST /api/v1/trace/stop")


async def stop(request: Request) -> Response:
    """SIP messages are kept no more, and those that were are forgotten."""
    desk(request).station.sip_trace.stop()
    return answer(Result.DONE, "no SIP messages are kept any more")


def _kept(request: Request) -> Trace:
    trace = desk(request).station.sip_trace.messages
    if trace is None:
        raise Refused(Result.NOT_NOW, "no SIP messages are kept; POST /api/v1/trace/start begins it")
    return trace


def routes() -> list[APIRoute]:
    of_trace = partial(Operation, tags=["SIP trace"])
    shows = partial(of_trace, answers=None, results=(Result.NOT_NOW,))
    capture = {"type": "string", "format": "binary"}
    return [
        shows("/trace", as_text, summary="As text", responses=_messages("text/plain", {"type": "string"})),
        shows("/trace.pcap", as_capture, summary="As a capture file", responses=_messages(PCAP, capture)),
        of_trace("/trace/start", start, method="POST", summary="Start"),
        of_trace("/trace/stop", stop, method="POST", summary="Stop"),
    ]


def _messages(media_type: str, schema: dict[str, str]) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "The messages.", "content": {media_type: {"schema": schema}}}}
