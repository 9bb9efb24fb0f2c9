"""Ports for programs that want to be told one."""

import random
import socket
from pathlib import Path

HOST = "127.0.0.1"

# Below those that the system hands out, so that no socket in passing takes one before the program does.
LOWEST, HIGHEST = 20_000, 32_000


def free_port() -> int:
    """An even port that is free for UDP and TCP, and so is the odd one above it for UDP."""
    while True:
        port = random.randrange(LOWEST, HIGHEST, 2)
        if _is_free(port):
            return port


def _is_free(port: int) -> bool:
    wanted = ((socket.SOCK_DGRAM, port), (socket.SOCK_STREAM, port), (socket.SOCK_DGRAM, port + 1))
    for kind, number in wanted:
        with socket.socket(type=kind) as probe:
            try:
                probe.bind((HOST, number))
            except OSError:
                return False
    return True


def is_bound(port: int, protocol: str = "udp") -> bool:
    """Whether somebody listens there. Nothing is bound to find out: that could get in the way."""
    return f":{port:04X} " in Path(f"/proc/net/{protocol}").read_text()
