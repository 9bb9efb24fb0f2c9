"""Addresses as sockets give and take them."""

import ipaddress
import socket
from typing import TypeAlias, cast

SocketAddress: TypeAlias = tuple[str, int] | tuple[str, int, int, int]


def unicast(family: int, host: str, port: int) -> SocketAddress | None:
    """Where to send to, or None for what is no port of a unicast IP literal of the socket's family.

    A name is not resolved: that would block, in the middle of everybody's sound.
    """
    try:
        literal = ipaddress.ip_address(host)
        if not 0 < port < 65536 or literal.is_unspecified or literal.is_multicast:
            return None
        found = socket.getaddrinfo(host, port, family, socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    except (OSError, ValueError):
        return None
    return cast("SocketAddress", found[0][4])
