"""Status: what the phone is, where it is reached, how its accounts stand and which calls are up."""

import time
from datetime import timedelta
from typing import Any, Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from offhook import __version__
from offhook.phone.call import CallState, short
from offhook.rtp.call_quality import CallQuality
from offhook.station import MODEL, Station
from offhook.web.desk import desk
from offhook.web.page import page

from .local import when
from .registration import registrations
from .site_map import STATUS

CALL_STATES: Final = {
    CallState.CALLING: "Calling",
    CallState.RINGING: "Ringing",
    CallState.TALKING: "Talking",
    CallState.HELD: "On hold",
}
DIRECTIONS: Final = {"in": "Incoming", "out": "Outgoing"}


class Fact(NamedTuple):
    title: str
    text: str


class Call(NamedTuple):
    """`duration` counts from the answer."""

    who: str
    number: str
    direction: str
    state: str
    duration: timedelta
    encrypted: bool
    quality: str


async def status(request: Request) -> Response:
    station = desk(request).station
    calls = [_call(each) for each in station.state()["calls"]]
    return page(
        request,
        "status.html",
        page=STATUS,
        product=product(station),
        reached=reached(station),
        accounts=station.layers.settings.accounts,
        registrations=dict(sorted(registrations(station).items())),
        calls=calls,
    )


def product(station: Station) -> list[Fact]:
    since = when(station.up_since, station.layers.settings.preference)
    up = timedelta(seconds=int(time.time() - station.up_since))
    return [
        Fact("Product", MODEL),
        Fact("Firmware version", __version__),
        Fact("MAC address", station.options.mac),
        Fact("Up since", f"{since.text} ({up})"),
    ]


def reached(station: Station) -> list[Fact]:
    """Where the phone can be spoken to."""
    if station.listening is None or station.device is None:
        return []
    device = station.device
    facts = [Fact("Web", each) for each in station.listening.web]
    facts.append(Fact("SIP over UDP and TCP", device.sip))
    if device.sip_tls:
        facts.append(Fact("SIP over TLS", device.sip_tls))
    if device.sip_told != device.sip:
        facts.append(Fact("SIP, as others are told", device.sip_told))
    return facts


def _call(call: dict[str, Any]) -> Call:
    return Call(
        who=call["name"] or short(call["remote"]),
        number=short(call["remote"]),
        direction=DIRECTIONS[call["direction"]],
        state=CALL_STATES[CallState(call["state"])],
        duration=timedelta(seconds=int(call["duration"])),
        encrypted=call["encrypted"],
        quality=str(CallQuality(**call["quality"])) if call["quality"] else "",
    )
