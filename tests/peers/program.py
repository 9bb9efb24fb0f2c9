"""A program that a test starts, follows by what it prints, and stops."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from .waiting import PATIENCE, until


class Program:
    """Its output and errors go to the file `printed` of the directory it runs in, which is its own."""

    def __init__(
        self,
        command: Sequence[str],
        directory: Path,
        environ: Mapping[str, str] | None = None,
        *,
        told: bool = False,
    ) -> None:
        """`told`: what goes to its standard input is given to `tell`."""
        directory.mkdir(parents=True, exist_ok=True)
        self.name = Path(command[0]).name
        self.directory = directory
        self._printed = directory / "printed"
        self._stopped = False
        with self._printed.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=directory,
                env=environ,
                stdin=subprocess.PIPE if told else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        try:
            self.until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def until_ready(self) -> None:
        """Wait until it can be worked with."""

    def tell(self, line: str) -> None:
        """One line to its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    @property
    def printed(self) -> str:
        return self._printed.read_text("utf-8", "replace")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def until_printed(self, text: str) -> str:
        """All that it printed, once `text` is among it."""

        def look() -> str | None:
            printed = self.printed
            if text in printed:
                return printed
            assert self.running, f"{self.name} ended with {self._process.returncode}:\n{printed}"
            return None

        return until(look, f"{self.name} to print {text!r}")

    def terminate(self) -> None:
        """SIGTERM, without waiting."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: whoever talks with it is not told."""
        self._process.kill()
        self._process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It and its children stand still meanwhile, and so all that is said to them waits."""
        os.killpg(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self._process.pid, signal.SIGCONT)

    def exit_status(self, seconds: float = PATIENCE) -> int:
        """Wait until it has ended by itself."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {seconds:g} s:\n{self.printed}") from None

    def stop(self) -> None:
        """SIGTERM, and SIGKILL where that is not enough. May be repeated."""
        if self._stopped:
            return
        self._stopped = True
        if self.running:
            self.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE)
        # Kamailio's children now and then wait for a lock that one which is gone has taken with it.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
