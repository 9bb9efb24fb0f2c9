"""Debian's baresip, driven through its `ctrl_tcp` module: commands and events as JSON in netstrings."""

import json
import re
import socket
import wave
from pathlib import Path
from typing import Any, NamedTuple

from .ports import HOST, free_port
from .program import Program
from .waiting import PATIENCE, until

MODULES = Path("/usr/lib/baresip/modules")

# What it says comes from a file, and what it hears goes into one.
CONFIG = """
module_path {modules}
sip_listen {host}:{sip}
net_interface {host}
ctrl_tcp_listen {host}:{control}
audio_source aufile,{directory}/said.wav
audio_player aufile,{directory}/heard.wav
audio_alert aufile,{directory}/alert.wav
rtcp_enable yes
{tls}
module g711.so
module aufile.so
module srtp.so
module rtcpsummary.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
"""
LONGEST_CALL = 60
"""Seconds until baresip has no more to say, and hangs up."""

ACCOUNT = "<sip:{user}@{host}:{sip}>;regint=0;answermode={answers}{encryption}\n"


class Counted(NamedTuple):
    """What baresip counted in a call: RTP packets and seconds."""

    received: int
    sent: int
    duration: int


class ControlledBaresip(Program):
    """A baresip of any configuration, driven at its `ctrl_tcp_listen`: the port `control`."""

    def __init__(self, program: str, directory: Path, control: int) -> None:
        # Without a terminal it would keep what it prints to itself until it ends.
        super().__init__(["stdbuf", "-oL", program, "-f", str(directory)], directory)
        self._address = HOST, control
        self._control: socket.socket | None = None
        self._read = b""
        self._events: list[dict[str, Any]] = []
        self._commands = self._carried_out = 0

    def until_ready(self) -> None:
        self.until_printed("baresip is ready.")
        self._control = socket.create_connection(self._address, timeout=PATIENCE)

    def stop(self) -> None:
        if self._control is not None:
            self._control.close()
        super().stop()

    def command(self, command: str, parameters: str = "") -> None:
        message = json.dumps({"command": command, "params": parameters}).encode()
        assert self._control is not None
        self._control.sendall(b"%d:%s," % (len(message), message))
        self._commands += 1

    def until_carried_out(self) -> None:
        """All commands so far."""

        def look() -> bool:
            self._receive()
            return self._carried_out == self._commands

        until(look, "baresip to carry out its commands")

    def until_event(self, kind: str) -> dict[str, Any]:
        """The next event of this kind; those before it are passed over."""

        def look() -> dict[str, Any] | None:
            self._receive()
            while self._events:
                event = self._events.pop(0)
                if event.get("type") == kind:
                    return event
            return None

        return until(look, f"baresip's {kind}")

    def until_refused(self) -> str:
        """Code and phrase of the response that ended its call."""
        while True:
            why = str(self.until_event("CALL_CLOSED")["param"])
            if re.match("[3-6][0-9][0-9] ", why):
                return why

    def until_pressed(self, digits: str) -> None:
        """Wait until it has heard these digits, in this order, each once."""
        heard = "".join(str(self.until_event("CALL_DTMF_START")["param"]) for _ in digits)
        assert heard == digits

    def until_counted(self) -> Counted:
        """What it counted in the call that has just ended."""
        pattern = r"EX=BareSip;.*CD=(?P<duration>\d+);PR=(?P<received>\d+);PS=(?P<sent>\d+);"
        found = until(lambda: re.findall(pattern, self.printed), "baresip's counts")
        duration, received, sent = map(int, found[-1])
        return Counted(received, sent, duration)

    def _receive(self) -> None:
        assert self._control is not None
        self._control.settimeout(0.01)
        try:
            self._read += self._control.recv(65536)
        except TimeoutError:
            return
        while match := re.match(rb"(\d+):", self._read):
            start, end = match.end(), match.end() + int(match[1])
            if len(self._read) <= end:
                return
            message = json.loads(self._read[start:end])
            self._read = self._read[end + 1 :]
            if message.get("event"):
                self._events.append(message)
            elif message.get("response"):
                self._carried_out += 1


class Baresip(ControlledBaresip):
    """One account, `user`, that is called at `number` and answers when it is told to.

    `encryption` is its `mediaenc`: `srtp` offers and takes keys, `srtp-mand` insists on them. Empty: neither.
    """

    user = "barry"
    answers = "manual"
    """Its answermode."""

    def __init__(
        self,
        program: str,
        directory: Path,
        encryption: str = "",
        *,
        certificate: Path | None = None,
        ca: Path | None = None,
    ) -> None:
        """It takes TLS with this certificate and its key; `ca` is whom it trusts."""
        directory.mkdir()
        self._sip, control = free_port(), free_port()
        tls = f"sip_certificate {certificate}\nsip_cafile {ca}" if certificate else ""
        values = {"modules": MODULES, "host": HOST, "sip": self._sip, "control": control, "tls": tls}
        (directory / "config").write_text(CONFIG.format(**values, directory=directory))
        (directory / "accounts").write_text(
            ACCOUNT.format(
                **values,
                user=self.user,
                answers=self.answers,
                encryption=f";mediaenc={encryption}" if encryption else "",
            )
        )
        (directory / "contacts").touch()
        with wave.open(str(directory / "said.wav"), "wb") as said:
            said.setnchannels(1)
            said.setsampwidth(2)
            said.setframerate(8000)
            said.writeframes(bytes(2 * 8000 * LONGEST_CALL))
        super().__init__(program, directory, control)

    @property
    def number(self) -> str:
        return f"sip:{self.user}@{HOST}:{self._sip}"

    @property
    def tls_number(self) -> str:
        """It takes TLS at the port after that of UDP and TCP."""
        return f"sip:{self.user}@{HOST}:{self._sip + 1};transport=tls"
