"""Peers that are a library of Python: a program of ours drives each, in a process of its own.

It is told one verb a line (`dial URI`, `answer`, `press 5`), and prints one event a line: `ready`, `called`,
`talking`, `over` (no call is left), `digit 5`; and `did dial` once it has done as it was told. What it is to
be it is given as JSON.
"""

import importlib.util
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar

from ..ports import free_port
from ..program import Program
from ..tones import write_tone
from ..waiting import until
from .bench import Bench
from .peer import USER, Telephone, Wish

PROGRAMS = Path(__file__).parent / "programs"
HUNG_UP = "did hang_up\n"
RATES = {"g722": 16000, "opus": 48000}


class Driven(Program):
    def until_ready(self) -> None:
        self.until_printed("ready\n")


class DrivenPeer(Telephone):
    library: ClassVar[str]
    """What it imports, and what the program is called."""
    quick = "call out"
    up_to: ClassVar[tuple[int, int] | None] = None
    """The last Python for which its makers have wheels; None: they keep up."""

    def __init__(self, bench: Bench, wish: Wish) -> None:
        super().__init__(bench, wish)
        self._port = free_port()
        self._running: Driven | None = None
        self._heard = 0

    @classmethod
    def missing(cls) -> str:
        if importlib.util.find_spec(cls.library):
            return ""
        return f"{cls.made_by.partition(':')[2]} is not installed; make test installs it"

    @classmethod
    def not_made(cls) -> str:
        version = sys.version_info[:2]
        if cls.up_to is None or version <= cls.up_to:
            return ""
        package = cls.made_by.partition(":")[2]
        here, last = (".".join(map(str, each)) for each in (version, cls.up_to))
        return f"{package} cannot be had for Python {here}: its wheels end with {last}"

    def start(self) -> None:
        directory = self.bench.directory(self.library)
        directory.mkdir(parents=True)
        write_tone(directory / "said.wav", 440, 60, rate=RATES.get(self.wish.codec, 8000))
        wanted = asdict(self.wish) | {"user": USER, "port": self._port, "said": str(directory / "said.wav")}
        command = [sys.executable, "-u", str(PROGRAMS / f"{self.library}_phone.py")]
        command.append(json.dumps(wanted, default=str))
        self._running = self.bench.stack.enter_context(Driven(command, directory, told=True))
        self._heard = 0

    def die(self) -> None:
        self.program.kill()

    @property
    def program(self) -> Driven:
        assert self._running is not None
        return self._running

    @property
    def uri(self) -> str:
        host = f"[{self.wish.host}]" if ":" in self.wish.host else self.wish.host
        transport = {"udp": "", "tcp": ";transport=tcp", "tls": ";transport=tls"}[self.wish.transport]
        return f"sip:{USER}@{host}:{self.tls_port if self.wish.transport == 'tls' else self._port}{transport}"

    @property
    def tls_port(self) -> int:
        return self._port + 1

    def until_event(self, event: str) -> None:
        """The next such line; those before it are passed over."""

        def look() -> bool:
            lines = self.program.printed.split("\n")[:-1]
            for at in range(self._heard, len(lines)):
                if lines[at] == event:
                    self._heard = at + 1
                    return True
            assert self.program.running, f"{self.name} ended:\n{self.program.printed}"
            return False

        try:
            until(look, f"{self.name}'s {event}")
        except AssertionError as failed:
            raise AssertionError(f"{failed}\n{self.program.printed}") from None

    def dial(self, uri: str) -> None:
        self.program.tell(f"dial {uri}")

    def until_called(self) -> None:
        self.until_event("called")

    def answer(self) -> None:
        self.program.tell("answer")

    def until_talking(self) -> None:
        self.until_event("talking")

    def hang_up(self) -> None:
        before = self.program.printed.count(HUNG_UP)
        self.program.tell("hang_up")
        until(lambda: self.program.printed.count(HUNG_UP) > before, f"{self.name} to hang up")

    def until_over(self) -> None:
        self.until_event("over")

    def hold(self) -> None:
        self.program.tell("hold")

    def resume(self) -> None:
        self.program.tell("resume")

    def press(self, digit: str) -> None:
        self.program.tell(f"press {digit}")

    def until_pressed(self, digit: str) -> None:
        self.until_event(f"digit {digit}")

    def transfer(self, uri: str) -> None:
        self.program.tell(f"transfer {uri}")

    def consult(self, uri: str) -> None:
        self.program.tell(f"consult {uri}")

    def join(self) -> None:
        self.program.tell("join")
