"""At which of this machine's addresses a phone speaks SIP, and which one it tells others."""

import asyncio
import socket
from contextlib import suppress
from ipaddress import ip_address
from typing import Final

from offhook.sip.account import Account
from offhook.sip.destination import destination_of, numeric_hop
from offhook.sip.resolve import Resolver
from offhook.sip.target import destination_of_account
from offhook.sip.uri import parse_uri

LOOPBACK: Final = {socket.AF_UNSPEC: "127.0.0.1", socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
DISCARD: Final = 9

PATIENCE: Final = 4.0
"""Seconds that a start waits for DNS."""

_ELSEWHERE: Final = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Where nobody is (RFC 5737, RFC 3849): the way there is the default route."""


class BadPublicAddress(ValueError):
    """One line: an address that nobody who is spoken to from here can speak to."""


def family_of(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


async def sip_addresses(host: str | None, bind: str | None, public: str | None) -> tuple[str, str]:
    """Where to listen, and what others are told, for a phone whose account is at `host`.

    `bind` and `public` are what was asked for. Raises BadPublicAddress.
    """
    address = bind or await route_address(host)
    if public is not None:
        if family_of(public) is not family_of(address):
            raise BadPublicAddress(
                f"--public-address {public} cannot stand for {address}, where SIP listens: one is IPv4, the "
                f"other IPv6; give two of one kind, the latter as --sip-bind"
            )
        return address, public
    if ip_address(address).is_unspecified:
        return address, await route_address(host, family_of(address)) if host else machine_address(address)
    return address, address


async def whereabouts(
    account: Account, resolver: Resolver, family: socket.AddressFamily | None = None
) -> str:
    """An address of the server that the account's requests go to first: one of `family`, where it is given.

    Else an IPv4 one if there is any: a domain of both families is reached by the older from more networks.
    Where none is found, one that nobody has: it may be found later, and the default route is the likely one.
    """
    proxy = account.proxy
    destination = destination_of(parse_uri(proxy)) if proxy else destination_of_account(account)
    literal = numeric_hop(destination)
    if literal is not None:
        return literal.host
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            for each in (family,) if family else (socket.AF_INET, socket.AF_INET6):
                with suppress(OSError):
                    for hop in await resolver.locate(destination, each):
                        if _source(each, (hop.host, DISCARD)):
                            return hop.host
    return _ELSEWHERE[family or socket.AF_INET]


async def route_address(host: str | None, family: socket.AddressFamily = socket.AF_UNSPEC) -> str:
    """The address that the route to `host`, a name or an IP literal, leaves from.

    Loopback when there is no host, or no way to it: a phone that nobody can reach yet is reached by nobody.
    """
    address = None if host is None else await route_to(host, family)
    return address or LOOPBACK[family]


async def route_to(host: str, family: socket.AddressFamily = socket.AF_UNSPEC) -> str | None:
    """As `route_address`; None where there is no way to `host`, or it is not known where that is."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, DISCARD, family=family, type=socket.SOCK_DGRAM)
    except OSError:
        return None
    for found_family, _, _, _, there in found:
        if address := _source(found_family, there):
            return address
    return None


def machine_address(everywhere: str) -> str:
    """The address of this machine that stands for 0.0.0.0 or ::, the one of its default route.

    Loopback where there is no such route.
    """
    family = family_of(everywhere)
    return _source(family, (_ELSEWHERE[family], DISCARD)) or LOOPBACK[family]


def _source(family: int, there: tuple[object, ...]) -> str | None:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            # A datagram socket that connects chooses its route and sends nothing.
            probe.connect(there)
            return str(probe.getsockname()[0])
    except OSError:
        return None
