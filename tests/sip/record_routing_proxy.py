"""A stateless proxy that records its route (RFC 3261 §16.11), for call flows through proxies."""

import hashlib
import re

from sipmessage import URI, Message, Request

from offhook.sip.destination import destination_of, numeric_hop
from offhook.sip.hop import Hop
from offhook.sip.uri import parse_uri

from .virtual_network import VirtualNetwork


class RecordRoutingProxy:
    """Sends what comes for `users` to their hops. With a `password`, INVITEs and BYEs of strangers are
    challenged first."""

    def __init__(
        self, network: VirtualNetwork, hop: Hop, users: dict[str, Hop], password: str | None = None
    ) -> None:
        self._network = network
        self._hop = hop
        self._users = users
        self._password = password
        self.challenged: list[str] = []
        network.add_peer(hop, self._receive)

    @property
    def route(self) -> str:
        return f"<sip:{self._hop.host}:{self._hop.port};lr>"

    def _receive(self, data: bytes, source: Hop) -> None:
        message = Message.parse(data)
        vias = [via.strip() for value in message.headers.getlist("Via") for via in value.split(",")]
        if not isinstance(message, Request):
            message.headers.setlist("Via", vias[1:])
            host, _, port = vias[1].split()[1].partition(";")[0].partition(":")
            self._network.send(bytes(message), self._hop, Hop("UDP", host, int(port)))
            return
        if self._password is not None and message.method in {"INVITE", "BYE"} and not self._knows(message):
            self._challenge(message, source)
            return
        branch = "z9hG4bK" + hashlib.sha256(vias[0].encode() + self._hop.host.encode()).hexdigest()[:16]
        own = f"SIP/2.0/UDP {self._hop.host}:{self._hop.port};branch={branch}"
        message.headers.setlist("Via", [own, *vias])
        routes = [route.strip() for value in message.headers.getlist("Route") for route in value.split(",")]
        if routes and routes[0] == self.route:
            routes = routes[1:]
        message.headers.setlist("Route", routes)
        if not routes:
            message.headers.remove("Route")
        if message.method == "INVITE":
            message.headers.setlist("Record-Route", [self.route, *message.headers.getlist("Record-Route")])
        message.headers.remove("Proxy-Authorization")
        self._network.send(bytes(message), self._hop, self._next(message, routes))

    def _next(self, request: Request, routes: list[str]) -> Hop:
        if routes:
            return _hop(parse_uri(routes[0].strip("<>")))
        return self._users.get(request.uri.user or "") or _hop(request.uri)

    def _challenge(self, request: Request, source: Hop) -> None:
        self.challenged.append(request.method)
        answer = b"SIP/2.0 407 Proxy Authentication Required\r\n"
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            for value in request.headers.getlist(name):
                tag = ";tag=proxy" if name == "To" and "tag=" not in value else ""
                answer += f"{name}: {value}{tag}\r\n".encode()
        answer += (
            b'Proxy-Authenticate: Digest realm="atlanta", nonce="n1", qop="auth"\r\nContent-Length: 0\r\n\r\n'
        )
        self._network.send(answer, self._hop, source)

    def _knows(self, request: Request) -> bool:
        value = request.headers.get("Proxy-Authorization")
        if value is None:
            return False
        given = dict(re.findall(r'(\w+)="?([^",]*)"?', value))

        def md5(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        secret = md5(f"{given['username']}:atlanta:{self._password}")
        what = md5(f"{request.method}:{given['uri']}")
        return given["response"] == md5(f"{secret}:n1:{given['nc']}:{given['cnonce']}:{given['qop']}:{what}")


def _hop(uri: URI) -> Hop:
    hop = numeric_hop(destination_of(uri))
    assert hop is not None
    return hop
