"""A name server on loopback, for what the test says, over UDP."""

import socket
import threading
from types import TracebackType

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer:
    """`zone` has lines such as `pbx.test. 60 IN A 127.0.0.1`; `asked` is what was asked for, in order.

    Silent, it takes questions and answers none.
    """

    def __init__(self, *zone: str, silent: bool = False) -> None:
        self.asked: list[str] = []
        self.silent = silent
        self._records: dict[tuple[str, str], dns.rrset.RRset] = {}
        for line in zone:
            name, ttl, _, kind, data = line.split(maxsplit=4)
            found = self._records.get((name, kind))
            new = dns.rrset.from_text(name, int(ttl), "IN", kind, data)
            if found is None:
                self._records[name, kind] = new
            else:
                found.update(new)
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._serve)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> "NameServer":
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as ending:
            ending.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, source = self._socket.recvfrom(4096)
            if not data:
                return
            query = dns.message.from_wire(data)
            (question,) = query.question
            name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
            self.asked.append(f"{name} {kind}")
            if self.silent:
                continue
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.AA
            if (name, kind) in self._records:
                answer.answer.append(self._records[name, kind])
            elif not any(known == name for known, _ in self._records):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self._socket.sendto(answer.to_wire(), source)
