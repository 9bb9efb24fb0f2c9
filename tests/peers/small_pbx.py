"""A registrar on a socket that the test made, which can also call whom it has registered."""

import re
import socket
import threading
from typing import Self

SDP = (
    "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)


class SmallPbx:
    """Answers what comes, in a thread of its own; `received` are the requests."""

    def __init__(self, bound: socket.socket) -> None:
        self.received: list[str] = []
        self.contacts: set[str] = set()
        self.sources: list[str] = []
        """From where each of `received` came."""
        self._socket = bound
        self._here = bound.getsockname()
        self.port: int = self._here[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._socket.settimeout(0.1)
        self._running = True
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._running = False
        self._thread.join()
        self._socket.close()

    def requests(self, method: str) -> list[str]:
        """In order, each once."""
        return list(dict.fromkeys(each for each in self.received if each.startswith(f"{method} ")))

    def call(self) -> None:
        """INVITE the one that is registered."""
        (contact,) = self.contacts
        at = re.fullmatch(r"sip:.*@(.*):(\d+)", contact)
        assert at, contact
        body = SDP.format(self._here[0])
        head = (
            f"INVITE {contact} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self._here[0]}:{self._here[1]};branch=z9hG4bK-1;rport\r\nMax-Forwards: 70\r\n"
            f"From: <sip:pbx@{self._here[0]}>;tag=pbx\r\nTo: <{contact}>\r\n"
            "Call-ID: call\r\nCSeq: 1 INVITE\r\n"
            f"Contact: <sip:pbx@{self._here[0]}:{self._here[1]}>\r\nContent-Type: application/sdp\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._socket.sendto((head + body).encode(), (at[1], int(at[2])))

    def _serve(self) -> None:
        while self._running:
            try:
                data, source = self._socket.recvfrom(65535)
            except TimeoutError:
                continue
            text = data.decode()
            if text.startswith("SIP/2.0 "):
                self._responded(text, source)
            elif text.strip():
                self.sources.append(source[0])
                self.received.append(text)
                if not text.startswith("ACK "):
                    self._answer(text, source)

    def _responded(self, text: str, source: tuple[str, int]) -> None:
        if not text.startswith("SIP/2.0 200 ") or "CSeq: 1 INVITE" not in text:
            return
        contact = _header(text, "Contact").strip("<>")
        head = (
            f"ACK {contact} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self._here[0]}:{self._here[1]};branch=z9hG4bK-2;rport\r\nMax-Forwards: 70\r\n"
            f"From: {_header(text, 'From')}\r\nTo: {_header(text, 'To')}\r\nCall-ID: call\r\nCSeq: 1 ACK\r\n"
            "Content-Length: 0\r\n\r\n"
        )
        self._socket.sendto(head.encode(), source)

    def _answer(self, text: str, source: tuple[str, int]) -> None:
        contact = ""
        if text.startswith("REGISTER "):
            for uri, seconds in re.findall(r"Contact: <(sip:[^>]*)>[^\r]*;expires=(\d+)", text):
                (self.contacts.add if int(seconds) else self.contacts.discard)(uri)
            contact = "".join(f"Contact: <{uri}>;expires=600\r\n" for uri in sorted(self.contacts))
        via = _header(text, "Via").replace(";rport", f";received={source[0]};rport={source[1]}")
        body = ""
        if text.startswith("INVITE "):
            body = SDP.format(self._here[0])
            contact = (
                f"Contact: <sip:pbx@{self._here[0]}:{self._here[1]}>\r\nContent-Type: application/sdp\r\n"
            )
        to = _header(text, "To")
        tag = "" if "tag=" in to else ";tag=pbx"
        head = (
            f"SIP/2.0 200 OK\r\nVia: {via}\r\nFrom: {_header(text, 'From')}\r\nTo: {to}{tag}\r\n"
            f"Call-ID: {_header(text, 'Call-ID')}\r\nCSeq: {_header(text, 'CSeq')}\r\n{contact}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._socket.sendto((head + body).encode(), source)


def _header(text: str, name: str) -> str:
    found = re.search(rf"(?m)^{name}: ([^\r]*)", text)
    assert found, (name, text)
    return found[1]
