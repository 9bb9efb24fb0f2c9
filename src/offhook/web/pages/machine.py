"""What the machine that a phone runs on has of a network, as far as it tells. Only Linux tells all of it."""

import socket
import struct
from ipaddress import IPv4Address, IPv6Address, ip_interface
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc/net")
_RESOLV: Final = Path("/etc/resolv.conf")

SIOCGIFADDR: Final = 0x8915
SIOCGIFNETMASK: Final = 0x891B
_GATEWAY: Final = 0x2
"""RTF_GATEWAY of a route's flags."""


def addresses() -> list[tuple[str, str]]:
    """Name of the interface, and address with the bits of its network."""
    return [*_ipv4(), *_ipv6()]


def gateways() -> list[str]:
    """Where the default routes lead."""
    return [*_ipv4_gateways(), *_ipv6_gateways()]


def name_servers() -> list[str]:
    return [
        words[1] for line in _lines(_RESOLV) if len(words := line.split()) > 1 and words[0] == "nameserver"
    ]


def _ipv4() -> list[tuple[str, str]]:
    try:
        from fcntl import ioctl  # noqa: PLC0415  # not on every platform

        names = [name for _, name in socket.if_nameindex()]
    except (ImportError, OSError):
        return []
    found: list[tuple[str, str]] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for name in names:
            asked = struct.pack("256s", name.encode()[:15])
            try:
                address, mask = (
                    socket.inet_ntoa(ioctl(any_socket, what, asked)[20:24])
                    for what in (SIOCGIFADDR, SIOCGIFNETMASK)
                )
            except OSError:
                continue
            found.append((name, str(ip_interface(f"{address}/{mask}"))))
    return found


def _ipv6() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in _lines(_PROC / "if_inet6"):
        words = line.split()
        if len(words) >= 6:
            found.append((words[5], f"{IPv6Address(bytes.fromhex(words[0]))}/{int(words[2], 16)}"))
    return found


def _ipv4_gateways() -> list[str]:
    found: list[str] = []
    for line in _lines(_PROC / "route")[1:]:
        words = line.split()
        if len(words) > 3 and words[1] == "00000000" and int(words[3], 16) & _GATEWAY:
            # As it lies in memory.
            found.append(str(IPv4Address(struct.pack("=I", int(words[2], 16)))))
    return found


def _ipv6_gateways() -> list[str]:
    found: list[str] = []
    for line in _lines(_PROC / "ipv6_route"):
        words = line.split()
        if len(words) > 9 and words[0] == "0" * 32 and words[1] == "00" and int(words[4], 16):
            found.append(str(IPv6Address(bytes.fromhex(words[4]))))
    return found


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []
