"""The stream of RTP packets that a leg sends."""

import os
import socket
import struct
import time
from collections.abc import Callable, Iterable
from enum import Enum

from offhook.rtp import packet
from offhook.rtp.format import FORMATS, FRAME_MS, OCTETS_MS, Format
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.sending_queue import SendingQueue, queue_for
from offhook.rtp.socket_address import SocketAddress
from offhook.rtp.telephone_event import EventQueue

MIN_PTIME, MAX_PTIME = 10, 60
"""Milliseconds in a packet."""
_MAX_ECHO = 200
_MAX_AHEAD = 40
_MAX_TONES = 10_000
"""Milliseconds of digits that may wait: about as many digits as wait as telephone-events."""


_LOWER_HALF = 0x7FFF


def _new_source() -> tuple[int, int]:
    """An SSRC and the first sequence number.

    That is in the lower half: who misses the first packets of SRTP must not take a wrap for none at all, for
    the number of wraps is in no packet (RFC 3711 §3.3.1).
    """
    sequence, ssrc = struct.unpack("!HI", os.urandom(6))
    return ssrc, sequence & _LOWER_HALF


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
        self.protect: Callable[[bytes | bytearray], bytes | None] | None = None
        """Makes SRTP of a packet; None where packets are sent as they are."""
        self.ssrc, self._sequence = _new_source()
        self._first_sequence: int = self._sequence
        self._of_others = 0, 0, 0
        """Packets, octets, and packets that could not be sent, of the sources before this one."""
        [self._first_timestamp] = struct.unpack("!I", os.urandom(4))
        self._timestamp: int = self._first_timestamp
        self._opened = self._last = time.monotonic()
        self._clock = clock
        self.rtp = rtp
        self._interval: int | None = None
        self._payload_type = 0
        self._telephone_event: int | None = None
        self._format = FORMATS["PCMU"]
        self._ptime = FRAME_MS
        self._samples = 0
        self._event_samples = 0
        self._silence = b""
        self._packet = bytearray()
        self._fed: SendingQueue = queue_for(self._format, self._ptime)
        self._tones: SendingQueue = queue_for(self._format, self._ptime)
        self._bare = True
        self._events = EventQueue(self._format.clock)
        self._event_rate = self._format.clock

    @property
    def clock_rate(self) -> int:
        """Of the RTP timestamps, in Hz."""
        return self._format.clock

    @property
    def source(self) -> Source:
        return self._source

    @source.setter
    def source(self, source: Source) -> None:
        self._source = source
        self._fed.clear()
        self._packet[packet.HEADER_SIZE :] = self._silence
        self._bare = source is Source.SILENCE and not self._tones.length

    def speak(
        self, spoken: Format, payload_type: int, telephone_event: int | None, event_rate: int, ptime: int
    ) -> None:
        """Sets the codec, the payload types and the length of a packet in milliseconds.

        `event_rate` is the clock of the telephone-events in Hz.
        """
        self._payload_type = payload_type
        self._telephone_event = telephone_event
        if telephone_event is None:
            self._events.clear()
        if event_rate != self._event_rate:
            self._event_rate, self._events = event_rate, EventQueue(event_rate)
        if spoken.clock != self._format.clock:
            # Time goes on from here by another clock.
            self._first_timestamp, self._opened = self._timestamp, time.monotonic()
        if (spoken, ptime) != (self._format, self._ptime):
            self._fed, self._tones = queue_for(spoken, ptime), queue_for(spoken, ptime)
        self._format, self._ptime = spoken, ptime
        self._samples = spoken.clock * ptime // 1000
        self._event_samples = event_rate * ptime // 1000
        self._silence = spoken.silence if spoken.framed else spoken.silence * (ptime * OCTETS_MS)
        marker = self._packet[1] & packet.MARKER if self._packet else 0
        header = packet.HEADER.pack(packet.VERSION_2, marker | payload_type, 0, 0, self.ssrc)
        self._packet = bytearray(header + self._silence)
        self._bare = self._source is Source.SILENCE and not self._tones.length

    @property
    def counted(self) -> tuple[int, int]:
        """Packets and octets that this source has sent."""
        packets, octets, _ = self._of_others
        return self.sent - packets, self.octets - octets

    def begin_to_protect(self) -> None:
        """New keys are agreed on. Whoever has them counts its wraps from none (RFC 3711 §3.3.1), and may be
        another party than before: after a wrap, or close to one, what is sent goes on as another source."""
        packets, _, unsent = self._of_others
        passed = self.sent - packets + self.unsent - unsent
        if self._first_sequence + passed <= _LOWER_HALF:
            return
        self._of_others = self.sent, self.octets, self.unsent
        self.ssrc, self._sequence = _new_source()
        self._first_sequence = self._sequence
        if self._packet:
            _, second, _, _, _ = packet.HEADER.unpack_from(self._packet)
            packet.HEADER.pack_into(
                self._packet, 0, packet.VERSION_2, second | packet.MARKER, 0, 0, self.ssrc
            )

    def pace(self, interval: int | None, now: float) -> None:
        """Sends every `interval` milliseconds, or, with None, not at all."""
        if interval == self._interval:
            return
        if self._interval is not None:
            self._clock.leave(self, self._interval)
        else:
            # The timestamp goes on through a pause as time does (RFC 3550 §5.1).
            elapsed = int((now - self._opened) * self._format.clock)
            self._timestamp = max(self._timestamp, self._first_timestamp + elapsed)
            self._packet[1] = packet.MARKER | self._payload_type
        self._interval = interval
        if interval is None:
            self._events.clear()
            self._fed.clear()
            self._tones.clear()
        else:
            self._clock.join(self, interval)

    def digit(self, digit: str) -> bool:
        """Whether it will be sent."""
        return self._interval is not None and self._telephone_event is not None and self._events.add(digit)

    def play(self, tones: Iterable[bytes]) -> bool:
        """Sends these, each `FRAME_MS` in the codec of the leg, in place of all other sound.

        False where nothing is sent, or a great deal waits already.
        """
        if self._interval is None or self._tones.length > _MAX_TONES:
            return False
        for payload in tones:
            self._tones.add(payload, 2 * _MAX_TONES)
        self._bare = False
        return True

    def feed(self, payload: bytes | bytearray) -> None:
        """Takes in what the sources ECHO and FED send; what has waited too long is dropped.

        An echo bears the jitter of what it comes from, 200 ms. What is fed comes as evenly as it is sent, and
        waits for one packet and 40 ms at most.
        """
        if self._interval is not None:
            echoed = self._source is Source.ECHO
            self._fed.add(payload, _MAX_ECHO if echoed else self._ptime + _MAX_AHEAD)

    def timestamp(self, now: float) -> int:
        """The RTP timestamp of this instant, as a sender report gives it."""
        since = int((now - self._last) * self._format.clock)
        return self._timestamp - self._samples + since & 0xFFFFFFFF

    def beat(self, missed: int) -> None:
        """Sends one packet (`media_clock.Paced`)."""
        if missed:
            self._timestamp += missed * self._samples
        if self._events and self._sent_event():
            self._fed.take()
        else:
            self._send_audio()
        self._timestamp += self._samples
        self._sequence = self._sequence + 1 & 0xFFFF

    def _send_audio(self) -> None:
        datagram = self._packet
        if not self._bare:
            self._fill(datagram)
        packet.SEQUENCE_AND_TIMESTAMP.pack_into(
            datagram, packet.SEQUENCE_OFFSET, self._sequence, self._timestamp & 0xFFFFFFFF
        )
        self._send(datagram)
        datagram[1] = self._payload_type

    def _fill(self, datagram: bytearray) -> None:
        fed = None if self._source is Source.SILENCE else self._fed.take()
        tone = self._tones.take()
        datagram[packet.HEADER_SIZE :] = tone or fed or self._silence
        self._bare = self._source is Source.SILENCE and tone is None

    def _sent_event(self) -> bool:
        """Whether this beat was an event's; the pause between two is silence."""
        payload, begins = self._events.next(self._timestamp, self._event_samples)
        if payload is None or self._telephone_event is None:
            return False
        second = self._telephone_event | (packet.MARKER if begins else 0)
        timestamp = self._events.timestamp & 0xFFFFFFFF
        self._send(
            packet.HEADER.pack(packet.VERSION_2, second, self._sequence, timestamp, self.ssrc) + payload
        )
        return True

    def _send(self, datagram: bytes | bytearray) -> None:
        sent = datagram if self.protect is None else self.protect(datagram)
        if sent is None:
            self.unsent += 1
            return
        try:
            self.rtp.sendto(sent, self.to)  # type: ignore[arg-type]
        except OSError:
            self.unsent += 1
            return
        self.sent += 1
        self.octets += len(datagram) - packet.HEADER_SIZE
        self._last = time.monotonic()
