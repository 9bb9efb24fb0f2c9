"""From the host of a hop to an address (the A and AAAA part of RFC 3263)."""

import asyncio
import socket
from dataclasses import replace
from typing import Final

from .hop import Hop

REMEMBERED: Final = 60.0
"""Seconds a looked-up address is used again, so that what belongs to one call goes to one place."""

MAX_REMEMBERED: Final = 64


class Resolver:
    """Looks names up for a socket of one address family."""

    def __init__(self, loop: asyncio.AbstractEventLoop, family: socket.AddressFamily) -> None:
        self._loop = loop
        self._family = family
        self._remembered: dict[str, tuple[str, float]] = {}

    def known(self, hop: Hop) -> Hop | None:
        """The hop by its address where that needs no looking up.

        Raises OSError for an address of the other family.
        """
        if _is_address(hop.host, self._family):
            return hop
        other = socket.AF_INET if self._family == socket.AF_INET6 else socket.AF_INET6
        if _is_address(hop.host, other):
            raise OSError(f"{hop.host} cannot be reached from an {_NAMES[self._family]} address")
        address, until = self._remembered.get(hop.host, ("", 0.0))
        return found_at(hop, address) if self._loop.time() < until else None

    async def resolve(self, hop: Hop) -> Hop:
        """Raises OSError that says for a person what was not found."""
        try:
            found = await self._loop.getaddrinfo(
                hop.host, hop.port, family=self._family, type=socket.SOCK_STREAM
            )
        except (socket.gaierror, ValueError):
            found = []
        if not found:
            raise OSError(f"no {_NAMES[self._family]} address found for {hop.host}")
        address = str(found[0][4][0])
        self._remembered.pop(hop.host, None)
        self._remembered[hop.host] = address, self._loop.time() + REMEMBERED
        if len(self._remembered) > MAX_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        return found_at(hop, address)


def found_at(hop: Hop, address: str) -> Hop:
    return replace(hop, host=address, domain=hop.domain or hop.host)


_NAMES = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}


def _is_address(host: str, family: socket.AddressFamily) -> bool:
    try:
        socket.inet_pton(family, host)
    except (OSError, ValueError):
        return False
    return True
