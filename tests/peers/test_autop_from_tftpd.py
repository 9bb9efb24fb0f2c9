"""AutoP from Debian's TFTP server."""

import asyncio
import os
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from offhook.autop.fetching import fetch
from offhook.autop.not_fetched import NotFetched

from .ports import HOST, free_port
from .program import Program
from .waiting import until

pytestmark = pytest.mark.peer


class Tftpd(Program):
    """in.tftpd needs root: it makes `folder` its root directory."""

    def __init__(self, program: str, directory: Path, folder: Path) -> None:
        self.port = free_port()
        super().__init__([program, "-L", "-a", f"{HOST}:{self.port}", "-s", str(folder)], directory)

    def until_ready(self) -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as asking:
            asking.settimeout(0.1)

            def answers() -> bool:
                asking.sendto(struct.pack("!H", 1) + b"none\0octet\0", (HOST, self.port))
                try:
                    return bool(asking.recv(100))
                except OSError:
                    return False

            until(answers, "in.tftpd to answer")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tftp"
    folder.mkdir()
    return folder


@pytest.fixture
def address(require_peer: Callable[[str], str], tmp_path: Path, folder: Path) -> Iterator[str]:
    program = require_peer("in.tftpd")
    if os.geteuid() != 0:
        pytest.skip("in.tftpd wants to be started by root")
    with Tftpd(program, tmp_path / "tftpd", folder) as running:
        yield f"tftp://{HOST}:{running.port}/phones/"


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 1428, 2 * 1428, 200_000, 1024 * 1024])
def test_a_file_of_any_size_comes_whole(address: str, folder: Path, size: int) -> None:
    content = os.urandom(size)
    (folder / "phones").mkdir(mode=0o755)
    (folder / "phones" / "x.cfg").write_bytes(content)
    assert asyncio.run(fetch(address, "x.cfg")) == content


def test_a_file_that_is_not_there(address: str) -> None:
    assert asyncio.run(fetch(address, "x.cfg")) is None


def test_a_file_that_is_too_long_is_refused_before_it_is_sent(address: str, folder: Path) -> None:
    (folder / "phones").mkdir()
    (folder / "phones" / "x.cfg").write_bytes(bytes(1024 * 1024 + 1))
    with pytest.raises(NotFetched, match="longer than 1048576"):
        asyncio.run(fetch(address, "x.cfg"))


def test_a_file_that_nobody_may_read_is_no_missing_file(address: str, folder: Path) -> None:
    (folder / "phones").mkdir()
    (folder / "phones" / "x.cfg").write_bytes(b"x")
    (folder / "phones" / "x.cfg").chmod(0o600)
    with pytest.raises(NotFetched, match=r"[Pp]ermission denied|Access"):
        asyncio.run(fetch(address, "x.cfg"))
