"""What any phone in Python pays: uvloop takes a connection, and a fixed INVITE goes out unasked and unparsed.

python -m benchmarks.floor HTTP_PORT FAR_END_PORT
"""

import asyncio
import socket
import sys

import uvloop

INVITE = """\
INVITE sip:x@127.0.0.1:{to} SIP/2.0\r
Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{number}\r
From: <sip:1001@127.0.0.1>;tag=1\r
To: <sip:x@127.0.0.1>\r
Call-ID: {number}\r
CSeq: 1 INVITE\r
Content-Length: 0\r
\r
"""
ACK = "ACK sip:x@127.0.0.1 SIP/2.0\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Connection(asyncio.Protocol):
    number = 0

    def __init__(self, sip: socket.socket, to: int) -> None:
        self._sip = sip
        self._to = to

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def data_received(self, _data: bytes) -> None:
        Connection.number += 1
        invite = INVITE.format(to=self._to, port=self._sip.getsockname()[1], number=Connection.number)
        self._sip.sendto(invite.encode(), ("127.0.0.1", self._to))
        self._transport.write(OK)
        self._transport.close()


async def main(port: int, to: int) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip:
        sip.bind(("127.0.0.1", 0))
        sip.setblocking(False)

        def refused() -> None:
            sip.recv(4096)
            sip.sendto(ACK.encode(), ("127.0.0.1", to))

        loop.add_reader(sip, refused)
        server = await loop.create_server(lambda: Connection(sip, to), "127.0.0.1", port)
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(*map(int, sys.argv[1:])))
