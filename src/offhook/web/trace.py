"""The SIP trace of a phone, as text and as a capture file, for whoever sits at this machine.

It tells more than keys and screen do: who called whom, from where, with which software. Until there are
log-ins it is shown to no other machine, whatever the list of allowed addresses says.
"""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from offhook.sip.pcap import HEADER, frame
from offhook.sip.trace import Trace

if TYPE_CHECKING:
    from offhook.station import Station

PATH: Final = "/api/v1/trace"
NOT_STORED: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
Handler = Callable[[Request], Awaitable[Response]]


def routes(station: "Station") -> list[Route]:
    async def as_text(_request: Request) -> Response:
        return _kept(station, lambda trace: PlainTextResponse(str(trace), headers=NOT_STORED))

    async def as_capture(_request: Request) -> Response:
        return _kept(station, _capture)

    async def start(_request: Request) -> Response:
        station.sip_trace.start()
        return _line(
            200, f"SIP messages are kept from now on: GET {PATH}, {PATH}.pcap; POST {PATH}/stop ends it"
        )

    async def stop(_request: Request) -> Response:
        station.sip_trace.stop()
        return _line(200, "no SIP messages are kept any more")

    return [
        Route(PATH, _from_here(as_text)),
        Route(f"{PATH}.pcap", _from_here(as_capture)),
        Route(f"{PATH}/start", _from_here(start), methods=["POST"]),
        Route(f"{PATH}/stop", _from_here(stop), methods=["POST"]),
    ]


def _kept(station: "Station", show: Callable[[Trace], Response]) -> Response:
    trace = station.sip_trace.messages
    if trace is None:
        return _line(409, f"no SIP messages are kept; POST {PATH}/start begins it")
    return show(trace)


def _capture(trace: Trace) -> Response:
    headers = {**NOT_STORED, "Content-Disposition": 'attachment; filename="offhook.pcap"'}
    data = HEADER + b"".join(map(frame, trace))
    return Response(data, headers=headers, media_type="application/vnd.tcpdump.pcap")


def _from_here(handler: Handler) -> Handler:
    async def judged(request: Request) -> Response:
        if not _is_from_here(request):
            return _line(
                403, "the SIP trace is for this machine alone: ask at 127.0.0.1 or ::1, through no proxy"
            )
        return await handler(request)

    return judged


def _is_from_here(request: Request) -> bool:
    # Behind a proxy everybody comes from here.
    forwarded = any(
        name.startswith("x-forwarded-") or name in {"forwarded", "via"} for name in request.headers
    )
    if request.client is None or forwarded:
        return False
    address = ip_address(request.client.host)
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _line(status: int, text: str) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers=NOT_STORED)
