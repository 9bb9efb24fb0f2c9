"""A log that is read slowly, or not at all, holds nobody up."""

import os
import select
import threading
import time
from collections.abc import Iterator
from typing import TextIO

import pytest

from offhook.log.outlet import MOST_WAITING, Outlet


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    """The end that is read, and the one that is written to."""
    reads, writes = os.pipe()
    with os.fdopen(writes, "w", encoding="utf-8") as stream:
        yield reads, stream
    os.close(reads)


def read_to_the_end(fd: int, until: bytes) -> bytes:
    got = b""
    while until not in got:
        got += os.read(fd, 65536)
    return got


def test_a_line_is_there_at_once_and_without_a_thread(pipe):
    reads, stream = pipe
    outlet = Outlet(stream)
    threads = threading.active_count()
    outlet.write("Grüße\n")
    assert threading.active_count() == threads
    assert os.read(reads, 100) == "Grüße\n".encode()


def test_what_a_slow_reader_has_no_room_for_yet_comes_in_order(pipe):
    reads, stream = pipe
    outlet = Outlet(stream)
    lines = [f"{number} {'x' * 500}\n" for number in range(1000)]
    for line in lines:
        outlet.write(line)
    assert read_to_the_end(reads, b"\n999 " + b"x" * 500 + b"\n").decode() == "".join(lines)
    outlet.flush()
    assert outlet.lost() == 0
    outlet.write("again\n")
    assert os.read(reads, 100) == b"again\n"


def test_one_long_line_is_no_other(pipe):
    reads, stream = pipe
    outlet = Outlet(stream)
    outlet.write("x" * 300_000 + "\n")
    outlet.write("y\n")
    assert read_to_the_end(reads, b"\ny\n") == b"x" * 300_000 + b"\ny\n"


def test_nobody_waits_for_a_reader_that_reads_nothing(pipe):
    reads, stream = pipe
    outlet = Outlet(stream)
    begun = time.monotonic()
    line = "x" * 999 + "\n"
    for _ in range(2000):
        outlet.write(line)
    assert time.monotonic() - begun < 5
    assert outlet.lost() == 0, "it is not said while there is no room to say it"
    got = b""
    while outlet._size:
        # Of what is written last the writer says so only after it could be read.
        if select.select([reads], [], [], 0.01)[0]:
            got += os.read(reads, 65536)
    outlet.flush()
    lost = outlet.lost()
    assert lost > 0
    assert outlet.lost() == 0
    os.set_blocking(reads, False)
    while True:
        try:
            got += os.read(reads, 65536)
        except BlockingIOError:
            break
    assert got == line.encode() * (2000 - lost)
    assert len(got) >= MOST_WAITING


def test_nobody_waits_for_a_reader_that_has_left():
    reads, writes = os.pipe()
    with os.fdopen(writes, "w", encoding="utf-8") as stream:
        outlet = Outlet(stream)
        os.close(reads)
        for _ in range(1000):
            outlet.write("x" * 999 + "\n")
        outlet.flush()
        assert outlet.lost() == 0
