"""One end of a call's RTP, by hand: the far end of a call that SIPp makes."""

import socket
import struct
from typing import NamedTuple, Self

from .ports import HOST, free_port
from .waiting import PATIENCE

SILENCE = bytes([0xFF]) * 160
"""A packet of nothing in PCMU."""

ON_THEIR_WAY = 4

HEADER = struct.Struct("!BBHII")


class Packet(NamedTuple):
    payload_type: int
    sequence: int
    payload: bytes
    port: int


class Sound:
    def __init__(self) -> None:
        self.port = free_port()
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind((HOST, self.port))
        self._socket.settimeout(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def receive(self) -> Packet:
        """The next packet; they wait in the socket until they are asked for."""
        datagram, source = self._socket.recvfrom(2048)
        flags, payload_type, sequence, _, _ = HEADER.unpack_from(datagram)
        assert flags == 0x80
        return Packet(payload_type & 0x7F, sequence, datagram[HEADER.size :], source[1])

    def send(self, to: int, sequence: int, payload: bytes) -> None:
        """One packet of 20 ms of PCMU."""
        header = HEADER.pack(0x80, 0, sequence, 160 * sequence, 0x0FF400C)
        self._socket.sendto(header + payload, (HOST, to))


def hear_back(sound: Sound, spoken: list[bytes], limit: int) -> list[bytes]:
    """What comes back while this is spoken, one payload to a packet, in `limit` packets at most.

    Few are on their way at a time, for an echo keeps no more than a fraction of a second.
    """
    heard: list[bytes] = []
    said = 0
    for _ in range(limit):
        packet = sound.receive()
        if packet.payload != SILENCE:
            heard.append(packet.payload)
        if said < len(spoken) and said - len(heard) < ON_THEIR_WAY:
            sound.send(packet.port, said, spoken[said])
            said += 1
        if len(heard) == len(spoken):
            break
    return heard
