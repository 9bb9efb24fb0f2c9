"""A registrar played by the test, on the virtual network; and a NAT before it, as a Via shows it."""

import re
from dataclasses import dataclass, field

from sipmessage import Request

from offhook.sip.hop import Hop

from .message_text import read, response
from .virtual_network import VirtualNetwork


@dataclass
class ScriptedRegistrar:
    """Binds whoever asks for `granted` seconds, and remembers to whom."""

    network: VirtualNetwork
    hop: Hop
    granted: int = 600
    code: int = 200
    silent: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    seen_at: Hop | None = None
    """Where a NAT lets the phone appear from."""
    challenge: bool = False
    requests: list[Request] = field(default_factory=list)
    bindings: dict[str, int] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    """What else came: the start lines."""

    def __post_init__(self) -> None:
        self.network.add_peer(self.hop, self._receive)

    def _receive(self, data: bytes, source: Hop) -> None:
        if not data.startswith(b"REGISTER "):
            self.others.append(data.partition(b"\r\n")[0].decode())
            return
        if self.silent:
            return
        request = read(data)
        assert isinstance(request, Request)
        self.requests.append(request)
        if self.seen_at is not None:
            seen = f";received={self.seen_at.host};rport={self.seen_at.port}\r\n".encode()
            data = data.replace(b";rport\r\n", seen, 1)
        if self.challenge and not request.headers.get("Authorization"):
            asked = {"WWW-Authenticate": 'Digest realm="pbx", nonce="n", qop="auth"'}
            self.network.send(response(data, 401, "Unauthorized", tag="r", headers=asked), self.hop, source)
            return
        headers = dict(self.headers)
        if self.code < 300:
            self._bind(request)
            if self.bindings:
                headers["Contact"] = ", ".join(f"<{uri}>;expires={s}" for uri, s in self.bindings.items())
        answer = response(data, self.code, "Because", tag="r", headers=headers)
        self.network.send(answer, self.hop, source)

    def _bind(self, request: Request) -> None:
        for contact in request.headers.getlist("Contact"):
            match = re.fullmatch(r"<([^>]*)>(.*);expires=(\d+)", contact)
            assert match, contact
            if int(match[3]):
                self.bindings[match[1]] = self.granted
            else:
                self.bindings.pop(match[1], None)
