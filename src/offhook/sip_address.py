"""From which of this machine's addresses a phone speaks SIP."""

import asyncio
import socket

LOOPBACK = "127.0.0.1"
DISCARD = 9


async def route_address(host: str | None) -> str:
    """The address that the route to `host`, a name or an IP literal, leaves from.

    Loopback when there is no host, or no way to it: a phone that nobody can reach yet is reached by nobody.
    """
    if host is None:
        return LOOPBACK
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, DISCARD, type=socket.SOCK_DGRAM)
    except OSError:
        return LOOPBACK
    for family, kind, protocol, _, address in found:
        with socket.socket(family, kind, protocol) as probe:
            try:
                # A datagram socket that connects chooses its route and sends nothing.
                probe.connect(address)
                return str(probe.getsockname()[0])
            except OSError:
                continue
    return LOOPBACK
