"""The stream of RTP packets that a leg sends."""

import os
import socket
import struct
import time
from enum import Enum

from offhook.rtp import packet
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.socket_address import SocketAddress
from offhook.rtp.telephone_event import EventQueue

RATE = 8000
"""The RTP clock in Hz of every codec here, G.722's too (RFC 3551 §4.5.2); one octet is one tick of it."""
SILENCE = {"PCMU": 0xFF, "PCMA": 0xD5, "G722": 0xFD}
MIN_PTIME, MAX_PTIME = 10, 60
_MAX_ECHO = RATE // 5  # 200 ms
_MAX_AHEAD = RATE // 25  # 40 ms


class Source(Enum):
    """What a leg sends."""

    SILENCE = "silence"
    ECHO = "echo"
    FED = "fed"
    """What `Leg.feed` is given, silence when that runs out."""


class Sender:
    """Sends a packet a beat of the clock while `pace` has it so: silence, an echo, or telephone-events."""

    def __init__(self, clock: MediaClock, rtp: socket.socket) -> None:
        self._source = Source.SILENCE
        self.sent = 0
        self.octets = 0
        self.unsent = 0
        self.to: SocketAddress | None = None
        """Where the packets go; not None while paced."""
        self._sequence, self._first_timestamp, self.ssrc = struct.unpack("!HII", os.urandom(10))
        self._timestamp: int = self._first_timestamp
        self._opened = self._last = time.monotonic()
        self._clock = clock
        self._rtp = rtp
        self._interval: int | None = None
        self._payload_type = 0
        self._telephone_event: int | None = None
        self._samples = 0
        self._silence = b""
        self._packet = bytearray()
        self._codec_name = ""
        self._queue = bytearray()
        self._events = EventQueue(RATE)

    @property
    def source(self) -> Source:
        return self._source

    @source.setter
    def source(self, source: Source) -> None:
        self._source = source
        self._queue.clear()
        self._packet[packet.HEADER_SIZE :] = self._silence

    def speak(self, codec_name: str, payload_type: int, telephone_event: int | None, ptime: int) -> None:
        """Sets the codec, the payload types and the length of a packet in milliseconds."""
        self._payload_type = payload_type
        self._telephone_event = telephone_event
        if telephone_event is None:
            self._events.clear()
        if codec_name != self._codec_name:
            self._queue.clear()
        self._codec_name = codec_name
        self._samples = RATE * ptime // 1000
        self._silence = bytes((SILENCE[codec_name],)) * self._samples
        marker = self._packet[1] & packet.MARKER if self._packet else 0
        header = packet.HEADER.pack(packet.VERSION_2, marker | payload_type, 0, 0, self.ssrc)
        self._packet = bytearray(header + self._silence)

    def pace(self, interval: int | None, now: float) -> None:
        """Sends every `interval` milliseconds, or, with None, not at all."""
        if interval == self._interval:
            return
        if self._interval is not None:
            self._clock.leave(self, self._interval)
        else:
            # The timestamp goes on through a pause as time does (RFC 3550 §5.1).
            elapsed = int((now - self._opened) * RATE)
            self._timestamp = max(self._timestamp, self._first_timestamp + elapsed)
            self._packet[1] = packet.MARKER | self._payload_type
        self._interval = interval
        if interval is None:
            self._events.clear()
            self._queue.clear()
        else:
            self._clock.join(self, interval)

    def digit(self, digit: str) -> bool:
        """Whether it will be sent."""
        return self._interval is not None and self._telephone_event is not None and self._events.add(digit)

    def feed(self, payload: bytes | bytearray) -> None:
        """Takes in what the sources ECHO and FED send; what has waited too long is dropped.

        An echo bears the jitter of what it comes from, 200 ms. What is fed comes as evenly as it is sent, and
        waits for one packet and 40 ms at most.
        """
        if self._interval is not None:
            self._queue += payload
            most = _MAX_ECHO if self._source is Source.ECHO else self._samples + _MAX_AHEAD
            del self._queue[:-most]

    def timestamp(self, now: float) -> int:
        """The RTP timestamp of this instant, as a sender report gives it."""
        return self._timestamp - self._samples + int((now - self._last) * RATE) & 0xFFFFFFFF

    def beat(self, missed: int) -> None:
        """Sends one packet (`media_clock.Paced`)."""
        if missed:
            self._timestamp += missed * self._samples
        if self._events and self._sent_event():
            del self._queue[: self._samples]
        else:
            self._send_audio()
        self._timestamp += self._samples
        self._sequence = self._sequence + 1 & 0xFFFF

    def _send_audio(self) -> None:
        datagram = self._packet
        if self._source is not Source.SILENCE:
            enough = len(self._queue) >= self._samples
            datagram[packet.HEADER_SIZE :] = self._queue[: self._samples] if enough else self._silence
            if enough:
                del self._queue[: self._samples]
        packet.SEQUENCE_AND_TIMESTAMP.pack_into(
            datagram, packet.SEQUENCE_OFFSET, self._sequence, self._timestamp & 0xFFFFFFFF
        )
        self._send(datagram)
        datagram[1] = self._payload_type

    def _sent_event(self) -> bool:
        """Whether this beat was an event's; the pause between two is silence."""
        payload, begins = self._events.next(self._timestamp, self._samples)
        if payload is None or self._telephone_event is None:
            return False
        second = self._telephone_event | (packet.MARKER if begins else 0)
        timestamp = self._events.timestamp & 0xFFFFFFFF
        self._send(
            packet.HEADER.pack(packet.VERSION_2, second, self._sequence, timestamp, self.ssrc) + payload
        )
        return True

    def _send(self, datagram: bytes | bytearray) -> None:
        try:
            self._rtp.sendto(datagram, self.to)  # type: ignore[arg-type]
        except OSError:
            self.unsent += 1
            return
        self.sent += 1
        self.octets += len(datagram) - packet.HEADER_SIZE
        self._last = time.monotonic()
