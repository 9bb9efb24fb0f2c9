"""SIPp, playing one call of a scenario of ours."""

from pathlib import Path

from .ports import HOST, free_port, is_bound
from .program import Program
from .waiting import until

SCENARIOS = Path(__file__).parent / "scenarios"

GIVES_UP = 30
"""Seconds after which SIPp fails by itself."""


class Sipp(Program):
    """`port` is where it is called, or calls from; `to` where it sends what it begins;
    `transport` is SIPp's `-t`.

    A scenario's `[name]` stands for the key of that name. Some always have a value: `contact_port`, the port
    that its Contact names (its own, unless a network lies between); `sound_port`, where its session
    description says that it hears; `codecs`, the payload types there. It is done after so many `calls`.
    """

    def __init__(
        self,
        program: str,
        directory: Path,
        scenario: str,
        *,
        port: int | None = None,
        to: int | None = None,
        calls: int = 1,
        transport: str = "u1",
        **keys: object,
    ) -> None:
        self.port = port or free_port()
        text = (SCENARIOS / f"{scenario}.xml").read_text()
        # SIPp's own keys cannot be status codes.
        usual = {"contact_port": self.port, "sound_port": free_port(), "codecs": "0"}
        for name, value in (usual | keys).items():
            text = text.replace(f"[{name}]", str(value))
        directory.mkdir()
        (directory / "scenario.xml").write_text(text)
        # Over TCP it calls from whatever port there is.
        self._listens = "udp" if transport == "u1" else "" if to else "tcp"
        command = [program, *([f"{HOST}:{to}"] if to else []), "-t", transport]
        command += ["-sf", "scenario.xml", "-i", HOST, "-p", str(self.port)]
        # It binds four ports for sound and pictures, used or not: at an address of its own they are free.
        command += ["-mi", f"127.1.{self.port // 256}.{self.port % 256}"]
        command += ["-m", str(calls), "-nostdin", "-timeout", str(GIVES_UP), "-timeout_error"]
        command += ["-trace_msg", "-message_file", "messages", "-trace_err", "-error_file", "errors"]
        super().__init__(command, directory)

    def until_ready(self) -> None:
        if self._listens:
            until(lambda: is_bound(self.port, self._listens) or not self.running, "SIPp to listen")

    def until_done(self) -> None:
        """Wait until the call went as the scenario has it."""
        status = self.exit_status(GIVES_UP + 5)
        if status:
            traces = (self.directory / "errors", self.directory / "messages")
            said = "\n".join(trace.read_text() for trace in traces if trace.exists())
            raise AssertionError(f"SIPp ended with {status}:\n{said or self.printed}")

    @property
    def messages(self) -> str:
        """Everything it sent and received."""
        return (self.directory / "messages").read_text()
