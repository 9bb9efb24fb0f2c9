"""Networks of their own for phones to live in (Linux, root): namespaces joined by a cable."""

import ctypes
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

import pytest

Result = TypeVar("Result")


def require_namespaces() -> None:
    """Skips the test where the machine does not let us make any."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("needs root and iproute2, for network namespaces")
    try:
        with Namespace():
            pass
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces here: {error.stderr.strip()}")


class Namespace:
    def __init__(self) -> None:
        self.name = f"offhook-{os.getpid()}-{secrets.token_hex(3)}"

    def __enter__(self) -> Self:
        ip("netns", "add", self.name)
        self._within = ThreadPoolExecutor(1, initializer=self._enter)
        self.ip("link", "set", "lo", "up")
        return self

    def __exit__(self, *_: object) -> None:
        self._within.shutdown()
        with suppress(subprocess.CalledProcessError):
            ip("netns", "del", self.name)

    @property
    def command(self) -> list[str]:
        """Put before another, it runs in here."""
        return ["ip", "netns", "exec", self.name]

    def ip(self, *arguments: str) -> None:
        ip("-netns", self.name, *arguments)

    def run(self, what: Callable[..., Result], *arguments: Any) -> Result:
        """Call it with the network of this namespace; sockets that it makes stay here."""
        return self._within.submit(what, *arguments).result()

    def datagrams(self, address: str, port: int) -> socket.socket:
        def make() -> socket.socket:
            made = socket.socket(type=socket.SOCK_DGRAM)
            made.bind((address, port))
            return made

        return self.run(make)

    def _enter(self) -> None:
        with Path(f"/run/netns/{self.name}").open() as there:
            if ctypes.CDLL(None, use_errno=True).setns(there.fileno(), 0) != 0:
                raise OSError(ctypes.get_errno(), "setns")


def cable(one: Namespace, other: Namespace) -> None:
    """`eth0` in both; without an address."""
    ip("link", "add", "eth0", "netns", one.name, "type", "veth", "peer", "name", "eth0", "netns", other.name)
    for end in (one, other):
        end.ip("link", "set", "eth0", "up")


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
