"""SIGKILL at random moments: what was answered with a 200 is there at the next start, and nothing half.

A process that is killed leaves its writes with the system, so this proves the order of the program's own
steps; `test_power_cut` proves what the disk has of them.
"""

import http.client
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from offhook.flash.flash import FILE_NAME
from offhook.station import LATER

ROUNDS = [8, pytest.param(300, marks=pytest.mark.proof)]
BUSY = 1.0
"""Seconds that a machine may need beyond what a phone lets a volume wait."""


@dataclass
class Told:
    """What one writer was answered: `may` are the values that may be found after the kill."""

    may: set[Any]
    asked: int = 0
    answered: int = 0

    def ask(self, value: Any) -> None:
        self.may.add(value)
        self.asked += 1

    def answer(self, value: Any) -> None:
        self.may = {value}
        self.answered += 1


@dataclass
class Phone:
    """One life of a phone, until it is killed."""

    process: int
    web: str
    dnd: Told
    forward: Told
    volumes: list[tuple[float, int]] = field(default_factory=list)
    """The ringer's, with the time at which each was asked for."""

    def writing(self) -> list[threading.Thread]:
        threads = [
            threading.Thread(target=self._until_killed, args=(each,)) for each in (self._dnd, self._keys)
        ]
        for thread in threads:
            thread.start()
        return threads

    def get(self, connection: http.client.HTTPConnection, path: str) -> str:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
        assert answer.status == 200, (path, answer.status, text)
        return text

    def connected(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(urlsplit(self.web).netloc, timeout=20)

    def state(self) -> Any:
        with closing(self.connected()) as connection:
            return json.loads(self.get(connection, "/api/v1/state"))

    def _until_killed(self, write: Callable[[http.client.HTTPConnection], None]) -> None:
        with closing(self.connected()) as connection, suppress(OSError, http.client.HTTPException):
            while True:
                write(connection)

    def _dnd(self, connection: http.client.HTTPConnection) -> None:
        for on in (True, False):
            self.dnd.ask(on)
            self.get(connection, f"/fcgi/do?action={'DNDOn' if on else 'DNDOff'}")
            self.dnd.answer(on)

    def _keys(self, connection: http.client.HTTPConnection) -> None:
        number = str(self.forward.asked % 1000 + 1)
        for key in (*number, "Forward"):
            self.get(connection, f"/fcgi/do?keydown={key}")
        self.forward.ask(number)
        self.get(connection, "/fcgi/do?keydown=OK")
        self.forward.answer(number)
        key, by = ("VolumeUp", 1) if self.forward.asked // 15 % 2 else ("VolumeDown", -1)
        last = self.volumes[-1][1] if self.volumes else 8
        self.volumes.append((time.monotonic(), min(15, max(0, last + by))))
        self.get(connection, f"/fcgi/do?keydown={key}")


class Nursery:
    def __init__(self) -> None:
        program = Path(__file__).with_name("killable.py")
        self.process = subprocess.Popen(
            [sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def bring_up(self, folder: Path) -> list[str]:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{folder}\n")
        self.process.stdin.flush()
        return self.line()

    def line(self) -> list[str]:
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    try:
        yield nursery
    finally:
        nursery.process.kill()
        nursery.process.communicate()


@pytest.mark.parametrize("rounds", ROUNDS)
def test_what_was_answered_survives_a_kill(nursery, tmp_path, rounds):
    luck = random.Random(rounds)
    folder = tmp_path / "data"
    folder.mkdir()
    dnd, forward, pair = Told({False}), Told({None}), Told({0})
    volume, written = {8}, 0
    for number in range(rounds):
        word, process, web, *found = nursery.bring_up(folder)
        assert word == "ready"
        assert found[0] == found[1]
        assert int(found[0]) in pair.may
        phone = Phone(int(process), web, dnd, forward)
        try:
            state = phone.state()
            assert state["dnd"] in dnd.may
            assert state["forward"]["always"] in forward.may
            assert state["volume"]["ringer"] in volume
            dnd.may, forward.may = {state["dnd"]}, {state["forward"]["always"]}
            phone.volumes = [(0.0, state["volume"]["ringer"])]
            writers = phone.writing()
            # Some live long enough for a volume to be saved.
            time.sleep(luck.uniform(0, 2.5 * LATER) if number % 4 == 0 else luck.uniform(0, 0.1))
        finally:
            os.kill(phone.process, signal.SIGKILL)
        killed = time.monotonic()
        for writer in writers:
            writer.join()
        pair = Told({int(found[0])})
        while (line := nursery.line()) != ["gone"]:
            (pair.ask if line[0] == "asked" else pair.answer)(int(line[1]))
        written += pair.answered
        volume = _may_be_found(phone.volumes, killed - LATER - BUSY)
        _is_whole(folder, tmp_path / f"copy-{number}")
    assert written + dnd.answered + forward.answered > rounds * 10


def _may_be_found(volumes: list[tuple[float, int]], saved_by: float) -> set[int]:
    """The last one that was surely saved, and all after it."""
    last = max(index for index, (when, _) in enumerate(volumes) if when <= saved_by or index == 0)
    return {level for _, level in volumes[last:]}


def _is_whole(folder: Path, copy: Path) -> None:
    """Looked at in a copy, so that the next start finds what the kill left."""
    copy.mkdir()
    for file in folder.glob(f"{FILE_NAME}*"):
        assert "damaged" not in file.name
        shutil.copy(file, copy)
    if (copy / FILE_NAME).exists():
        with closing(sqlite3.connect(copy / FILE_NAME)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    shutil.rmtree(copy)
