"""Network as found: the machine's settings rule, not the phone's."""

import socket

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from offhook.station import Station
from offhook.web.desk import desk
from offhook.web.page import page

from . import machine
from .site_map import NETWORK
from .status import Fact, reached


async def network(request: Request) -> Response:
    station = desk(request).station
    return page(
        request,
        "network.html",
        page=NETWORK,
        machine=await run_in_threadpool(_machine, station),
        reached=[*reached(station), *_ports(station)],
    )


def _machine(station: Station) -> list[Fact]:
    facts = [Fact("Host name", socket.gethostname())]
    facts += (Fact(f"Address of {name}", address) for name, address in machine.addresses())
    facts += (Fact("Gateway", each) for each in machine.gateways())
    dns = station.options.dns
    asked = [f"{dns.address}, port {dns.port}"] if dns else machine.name_servers()
    facts += (Fact("Name server", each) for each in asked)
    return facts


def _ports(station: Station) -> list[Fact]:
    return [Fact("Ports of the sound (RTP, UDP)", str(station.options.rtp_ports))]
