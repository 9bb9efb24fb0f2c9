"""Kamailio as registrar and proxy, in memory only."""

import json
import re
import socket
from pathlib import Path
from typing import Any

from .ports import HOST, free_port
from .program import Program
from .waiting import until

CONFIG = Path(__file__).with_suffix(".cfg")
REALM = "offhook.test"
PASSWORD = "secret"  # as in kamailio.cfg


class Kamailio(Program):
    """`port` is where it takes SIP over UDP and TCP, `tls_port` over TLS where it has a certificate with its
    key to show; a binding lasts `expires` seconds at most. With `clients_ca` it wants a certificate too; with
    `ipv6` it listens at ::1 as well.
    """

    def __init__(
        self,
        program: str,
        directory: Path,
        *,
        port: int | None = None,
        tls_port: int | None = None,
        expires: int = 600,
        certificate: Path | None = None,
        clients_ca: Path | None = None,
        ipv6: bool = False,
    ) -> None:
        directory.mkdir(parents=True)
        self.port = port or free_port()
        self.tls_port = tls_port or free_port()
        self._rpc = free_port()
        config = directory / "kamailio.cfg"
        values = {
            "SIP_PORT": self.port,
            "TLS_PORT": self.tls_port,
            "RPC_PORT": self._rpc,
            "EXPIRES": expires,
            "CERTIFICATE": certificate,
            "CLIENTS_CA": clients_ca,
        }
        text = re.sub(
            "|".join(rf"\b{name}\b" for name in values), lambda name: str(values[name[0]]), CONFIG.read_text()
        )
        config.write_text(text)
        # -DD: in the foreground, with its children.
        command = [program, "-DD", "-E", "-f", str(config), "-Y", str(directory)]
        command += ["-A", "WITH_TLS"] if certificate else []
        command += ["-A", "WITH_CLIENTS"] if clients_ca else []
        command += ["-A", "WITH_IPV6"] if ipv6 else []
        super().__init__([*command, "-P", str(directory / "pid"), "-m", "16", "-M", "4"], directory)

    def until_ready(self) -> None:
        until(lambda: self._ask("core.uptime"), "Kamailio to answer")

    def bindings(self, user: str) -> list[str]:
        """Where the user is registered."""
        answer = self._ask("ul.lookup", "location", user) or {}
        contacts = answer.get("result", {}).get("Contacts", [])
        return [each["Contact"]["Address"] for each in contacts]

    def received(self, method: str, user: str) -> int:
        """How many requests of this method came from the user, without those that were sent again."""
        return len(set(re.findall(rf"GOT {method} (\d+) from {user} ", self.printed)))

    def _ask(self, method: str, *parameters: str) -> dict[str, Any] | None:
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        with socket.socket(type=socket.SOCK_DGRAM) as asking:
            asking.settimeout(0.2)
            asking.connect((HOST, self._rpc))
            try:
                asking.send(json.dumps(question).encode())
                return dict(json.loads(asking.recv(65535)))
            except OSError:
                assert self.running, f"Kamailio ended:\n{self.printed}"
                return None
