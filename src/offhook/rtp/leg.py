"""One call's RTP and RTCP."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from offhook.rtp import packet
from offhook.rtp.format import COMFORT_NOISE, FORMATS, FRAME_MS, STATIC_COMFORT_NOISE, TELEPHONE_EVENT, Format
from offhook.rtp.latch import Latch
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.ports import RtpPorts
from offhook.rtp.reception import Counts, Reception
from offhook.rtp.rtcp_session import RtcpSession
from offhook.rtp.sender import MAX_PTIME, MIN_PTIME, Sender, Source
from offhook.rtp.socket_address import SocketAddress, unicast
from offhook.rtp.srtp_keys import SrtpKeys
from offhook.rtp.telephone_event import EventReceiver

if TYPE_CHECKING:
    from offhook.rtp.srtp import Srtp

_MAX_DATAGRAM = 2048
_MAX_STALE = 512
_OTHER = {TELEPHONE_EVENT.name: TELEPHONE_EVENT, COMFORT_NOISE.name: COMFORT_NOISE}
_LEVEL = 0x7F


@dataclass(frozen=True, slots=True)
class LegStats:
    """Packets, but for `jitter`, `round_trip` and `remote_jitter` in milliseconds.

    `received` counts each packet of the call once, `lost` those that never came; `late` ones are received,
    and came when nobody could hear them any more. `ignored` were not the call's (a stranger, a payload type
    nobody agreed on, no RTP), `looped` our own come back: these two, `received` and `duplicated` make up what
    came in. Where the call is encrypted, all that the far end did not encrypt for it is `ignored`, and what
    comes a second time too. `unsent` were refused by the system. What is `remote` is the far end's figure of
    what it is sent, None until it reports.
    """

    sent: int
    received: int
    lost: int
    duplicated: int
    reordered: int
    ignored: int
    looped: int
    unsent: int
    jitter: float
    round_trip: float | None
    late: int
    remote_lost: int | None
    remote_jitter: float | None


class Listener(Protocol):
    def hear(self, received: packet.RtpPacket, codec_name: str, payload: bytearray) -> None:
        """Takes a packet of sound, each once, in the order they arrive."""

    def hear_noise(self, level: int) -> None:
        """The far end is silent, and has noise of `level` decibels below the loudest be heard (RFC 3389)."""


class Leg:
    """Receives and sends a call's sound without decoding it.

    It sends a full stream of silence, or, with `source` ECHO, what it receives, or, with FED, what `feed` is
    given. It sends to where the far end's RTP comes from (`Latch`), and until that is known to where
    signalling said.
    """

    def __init__(self, clock: MediaClock, rtp: socket.socket, rtcp: socket.socket) -> None:
        self.port: int = rtp.getsockname()[1]
        self.codec_name: str | None = None
        """What was agreed on; None before `start`."""
        self.on_digit: Callable[[str], None] | None = None
        self.listener: Listener | None = None
        self.late = 0
        """Packets that `listener` had no use for any more."""
        self._rtp = rtp
        self._family = rtp.family
        self._loop: asyncio.AbstractEventLoop | None = None
        self._latch = Latch()
        self._sender = Sender(clock, rtp)
        self._rtcp = RtcpSession(rtcp, self._sender, self._latch)
        self._buffer = bytearray(_MAX_DATAGRAM)
        self._formats: dict[int, Format] = {}
        self._heard: Format | None = None
        self._receiving = False
        self._keys: SrtpKeys | None = None
        self._known: Srtp | None = None
        """Remembers the keys of the call, while it is not encrypted too."""
        self._srtp: Srtp | None = None
        self._reception: Reception | None = None
        self._earlier = Counts()
        self._events = EventReceiver()
        self._ignored = 0
        self._looped = 0

    @classmethod
    def open(cls, clock: MediaClock, address: str, ports: RtpPorts) -> Self:
        """Takes a pair of ports on `address`, an IP literal. Raises what `RtpPorts.bind` raises."""
        return cls(clock, *ports.bind(address))

    @property
    def source(self) -> Source:
        return self._sender.source

    @source.setter
    def source(self, source: Source) -> None:
        self._sender.source = source

    def feed(self, payload: bytes) -> None:
        """Takes in what the source FED sends: octets in the codec of the leg, or one packet of Opus."""
        self._sender.feed(payload)

    def play(self, tones: Iterable[bytes]) -> bool:
        """Sends these before all else, each 20 ms in the codec of the leg. False where nothing is sent."""
        return self._sender.play(tones)

    def start(
        self,
        *,
        address: str,
        port: int,
        rtcp_address: str,
        rtcp_port: int,
        payload_type: int,
        codec_name: str,
        telephone_event: int | None,
        sending: bool,
        receiving: bool,
        ptime: int = FRAME_MS,
        telephone_event_rate: int = TELEPHONE_EVENT.clock,
        formats: Mapping[int, str] | None = None,
        srtp: SrtpKeys | None = None,
    ) -> None:
        """Begins what was agreed on, or changes it in mid-call. Needs a running loop.

        `formats` are all that may arrive, by payload type; without it those that are sent, and comfort noise.
        Nothing is sent while `address` is no unicast IP literal of the leg's family, or `port` is 0. A
        `ptime` beyond 10 to 60 ms is brought back there, and Opus is always in packets of 20 ms. With `srtp`
        everything is encrypted, and nothing else is heard. Raises ValueError for a codec or a suite that is
        not spoken.
        """
        if codec_name not in FORMATS:
            raise ValueError(f"codec {codec_name!r} is not spoken here; these are {', '.join(FORMATS)}")
        if srtp != self._keys:
            self._encrypt(srtp)
        spoken = FORMATS[codec_name]
        if formats is None:
            formats = {STATIC_COMFORT_NOISE: COMFORT_NOISE.name, payload_type: codec_name}
            if telephone_event is not None:
                formats[telephone_event] = TELEPHONE_EVENT.name
        now = time.monotonic()
        if self._loop is None:
            self._listen(asyncio.get_running_loop())
        announced = unicast(self._family, address, port)
        self._latch.expect(announced, now)
        self._rtcp.expect(unicast(self._family, rtcp_address, rtcp_port))
        self.codec_name = codec_name
        self._formats = {number: FORMATS.get(name) or _OTHER[name] for number, name in formats.items()}
        self._receiving = receiving
        ptime = FRAME_MS if spoken.framed else min(max(ptime, MIN_PTIME), MAX_PTIME)
        self._sender.speak(spoken, payload_type, telephone_event, telephone_event_rate, ptime)
        self._sender.to = announced and (self._latch.to or announced)
        self._sender.pace(ptime if sending and announced else None, now)

    def move(self, address: str, ports: RtpPorts) -> None:
        """Goes on at a new pair of ports on `address`; the far end is still to be told.

        Raises what `RtpPorts.bind` raises, and OSError for an address of the other family: the far end could
        not be reached from it. Nothing has changed then.
        """
        if (":" in address) != (self._family == socket.AF_INET6):
            raise OSError(f"the far end cannot be reached from {address}")
        before = self._rtp
        self._rtp, rtcp = ports.bind(address)
        self.port = self._rtp.getsockname()[1]
        self._sender.rtp = self._rtp
        self._rtcp.move(rtcp)
        if self._loop:
            self._loop.remove_reader(before.fileno())
            self._loop.add_reader(self._rtp.fileno(), self._readable)
        before.close()

    def send_digit(self, digit: str) -> bool:
        """Queues a DTMF digit (0-9 * # A-D): 100 ms, then 60 ms of pause. Raises ValueError for others.

        False when it will not be sent: the far end takes no telephone-events, the leg does not send, or a
        great many are waiting already.
        """
        return self._sender.digit(digit)

    def stats(self) -> LegStats:
        counts = self._earlier
        jitter = 0.0
        if self._reception:
            counts = counts.plus(self._reception.counts())
            jitter = self._reception.jitter_ms
        round_trip, reported = self._rtcp.round_trip, self._rtcp.remote
        return LegStats(
            sent=self._sender.sent,
            received=counts.received,
            lost=counts.lost,
            duplicated=counts.duplicated,
            reordered=counts.reordered,
            ignored=self._ignored + counts.strayed,
            looped=self._looped,
            unsent=self._sender.unsent,
            jitter=jitter,
            round_trip=None if round_trip is None else round_trip * 1000,
            late=self.late,
            remote_lost=reported.packets_lost if reported else None,
            remote_jitter=reported.jitter * 1000 / self._sender.clock_rate if reported else None,
        )

    def close(self) -> None:
        """Ends the stream with an RTCP BYE and gives the ports back. May be repeated; `stats` go on."""
        if self._rtp.fileno() < 0:
            return
        self._sender.pace(None, time.monotonic())
        self._rtcp.close()
        if self._loop:
            self._loop.remove_reader(self._rtp.fileno())
        self._rtp.close()

    def _encrypt(self, keys: SrtpKeys | None) -> None:
        if keys is not None:
            if self._known is None:
                from offhook.rtp.srtp import Srtp  # noqa: PLC0415 - libsrtp is loaded for who encrypts

                self._known = Srtp()
            self._known.use(keys)
            self._sender.begin_to_protect()
        self._keys = keys
        self._srtp = self._rtcp.srtp = None if keys is None else self._known
        self._sender.protect = None if self._srtp is None else self._srtp.protect

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # What came in before anything was agreed on would only upset the counts.
        for _ in range(_MAX_STALE):
            try:
                self._rtp.recv_into(self._buffer)
            except OSError:
                break
        loop.add_reader(self._rtp.fileno(), self._readable)
        self._rtcp.listen(loop)

    def _readable(self) -> None:
        # One datagram a wake-up: the loop comes back for more, and no leg keeps it from the others.
        try:
            size, source = self._rtp.recvfrom_into(self._buffer)
        except OSError:
            return
        if self._srtp is not None:
            size = self._decrypt(self._srtp, size)
        received = packet.parse(self._buffer, size) if size < _MAX_DATAGRAM else None
        if received is None:
            self._ignored += 1
        elif received.ssrc == self._sender.ssrc:
            self._looped += 1
        elif said := self._formats.get(received.payload_type):
            self._receive(received, said, source)
        else:
            self._ignored += 1

    def _decrypt(self, srtp: "Srtp", size: int) -> int:
        """How many octets of the buffer are RTP now; 0 where it was not the far end that encrypted them."""
        rtp = srtp.unprotect(bytes(self._buffer[:size])) or b""
        self._buffer[: len(rtp)] = rtp
        return len(rtp)

    def _receive(self, received: packet.RtpPacket, said: Format, source: SocketAddress) -> None:
        now = time.monotonic()
        if not self._latch.admit(source, received.ssrc, received.sequence, now):
            self._ignored += 1
            return
        if self._sender.to:
            self._sender.to = self._latch.to
        reception = self._reception
        if reception is None or reception.ssrc != received.ssrc:
            reception = self._begin(received, said)
        if not reception.receive(received.sequence):
            return
        if said is TELEPHONE_EVENT:
            # Events keep the timestamp of their beginning, which says nothing of jitter.
            if self._receiving:
                self._hear_event(received)
            return
        if said is not self._heard:
            self._heard = said
            reception.count_by(said.clock)
        reception.measure(received.timestamp, now)
        if self._receiving:
            self._hear(received, said)

    def _hear(self, received: packet.RtpPacket, said: Format) -> None:
        if said is COMFORT_NOISE:
            if self.listener and received.end > received.start:
                self.listener.hear_noise(self._buffer[received.start] & _LEVEL)
            return
        if self.listener:
            self.listener.hear(received, said.name, self._buffer[received.start : received.end])
        if self._sender.source is Source.ECHO and said.name == self.codec_name:
            self._sender.feed(self._buffer[received.start : received.end])

    def _hear_event(self, received: packet.RtpPacket) -> None:
        digit = self._events.receive(received.timestamp, self._buffer[received.start : received.end])
        if digit and self.on_digit:
            self.on_digit(digit)

    def _begin(self, received: packet.RtpPacket, said: Format) -> Reception:
        if self._reception:
            self._earlier = self._earlier.plus(self._reception.counts())
        self._heard = said
        self._reception = self._rtcp.reception = Reception(received.ssrc, received.sequence, said.clock)
        self._events = EventReceiver()
        return self._reception
