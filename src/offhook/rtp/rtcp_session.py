"""The exchange of RTCP reports that goes with one leg."""

import asyncio
import random
import secrets
import socket
import time
from typing import TYPE_CHECKING

from offhook.rtp import rtcp
from offhook.rtp.latch import Latch
from offhook.rtp.reception import Reception
from offhook.rtp.sender import Sender
from offhook.rtp.socket_address import SocketAddress

if TYPE_CHECKING:
    from offhook.rtp.srtp import Srtp

INTERVAL = 5.0
"""Seconds between two reports on average (RFC 3550 §6.2); half of it before the first."""
_MAX_DATAGRAM = 2048

# Turns monotonic seconds into Unix time: a clock that is set in mid-call is no longer way to the far end.
_UNIX_TIME = time.time() - time.monotonic()


class RtcpSession:
    """Reports on `sender` and `reception`, and takes the round trip from the far end's reports."""

    def __init__(self, rtcp_socket: socket.socket, sender: Sender, latch: Latch) -> None:
        self.reception: Reception | None = None
        """What is reported on; None before anything was received."""
        self.round_trip: float | None = None
        """Seconds."""
        self.srtp: Srtp | None = None
        """None where reports go as they are."""
        self.remote: rtcp.ReportBlock | None = None
        """What the far end reported last of what it is sent."""
        self._socket = rtcp_socket
        self._sender = sender
        self._latch = latch
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._announced: SocketAddress | None = None
        self._to: SocketAddress | None = None
        self._cname = ""
        self._active = False
        self._reported = 0
        self._last_report: tuple[int, int, float] | None = None
        self._gone: int | None = None

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins to receive and to report."""
        self._loop = loop
        loop.add_reader(self._socket.fileno(), self._readable)
        self._arm(INTERVAL / 2)

    def expect(self, announced: SocketAddress | None) -> None:
        """Signalling announces where RTCP goes to; None, as in a call on hold, changes nothing."""
        if announced is not None and announced != self._announced:
            self._announced = self._to = announced

    def move(self, rtcp_socket: socket.socket) -> None:
        """Goes on at another port."""
        if self._loop:
            self._loop.remove_reader(self._socket.fileno())
            self._loop.add_reader(rtcp_socket.fileno(), self._readable)
        self._socket.close()
        self._socket = rtcp_socket

    def close(self) -> None:
        """Says BYE, unless nothing was ever sent (§6.3.7)."""
        if self._sender.sent or self._active:
            self._send(bye=True)
        if self._timer:
            self._timer.cancel()
        if self._loop:
            self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _arm(self, interval: float) -> None:
        # Spread as in §6.3.1; between two parties the interval never scales beyond its minimum.
        if self._loop:
            self._timer = self._loop.call_later(interval * random.uniform(0.5, 1.5), self._report)

    def _report(self) -> None:
        self._send(bye=False)
        self._arm(INTERVAL)

    def _send(self, *, bye: bool) -> None:
        if self._to is None:
            return
        now = time.monotonic()
        self._cname = self._cname or secrets.token_urlsafe(12)  # RFC 7022 §4.2: random, told to nobody else
        compound = rtcp.build(self._sender.ssrc, self._cname, self._sent(now), self._heard(now), bye=bye)
        if self.srtp is not None:
            protected = self.srtp.protect_rtcp(compound)
            if protected is None:
                return
            compound = protected
        try:
            self._socket.sendto(compound, self._to)
        except OSError:
            return
        self._active = True

    def _sent(self, now: float) -> rtcp.SenderInfo | None:
        """None where nothing was sent since the report before: a receiver's report then (§6.4)."""
        if self._sender.sent == self._reported:
            return None
        self._reported = self._sender.sent
        packets, octets = self._sender.counted
        return rtcp.SenderInfo(
            ntp_timestamp=rtcp.ntp_timestamp(now + _UNIX_TIME),
            rtp_timestamp=self._sender.timestamp(now),
            packet_count=packets & 0xFFFFFFFF,
            octet_count=octets & 0xFFFFFFFF,
        )

    def _heard(self, now: float) -> rtcp.ReportBlock | None:
        reception = self.reception
        if reception is None or reception.ssrc == self._gone:
            return None
        loss = reception.loss()
        ssrc, last, at = self._last_report or (None, 0, now)
        if ssrc != reception.ssrc:
            last, at = 0, now
        return rtcp.ReportBlock(
            ssrc=reception.ssrc,
            fraction_lost=loss.fraction,
            packets_lost=loss.cumulative,
            highest_sequence=reception.highest & 0xFFFFFFFF,
            jitter=min(int(reception.jitter), 0xFFFFFFFF),
            lsr=last,
            dlsr=int((now - at) * 65536) & 0xFFFFFFFF,
        )

    def _readable(self) -> None:
        try:
            datagram, source = self._socket.recvfrom(_MAX_DATAGRAM)
        except OSError:
            return
        flow = self._latch.source
        if source != self._to and (flow is None or source[0] != flow[0]):
            return
        if self.srtp is not None:
            datagram = self.srtp.unprotect_rtcp(datagram) or b""
        now = time.monotonic()
        for report in rtcp.parse(datagram):
            if isinstance(report, rtcp.Bye):
                if self._latch.ssrc in report.sources:
                    self._gone = self._latch.ssrc
                continue
            if flow and report.ssrc == self._latch.ssrc:
                self._to = source
                if report.sender:
                    self._last_report = report.ssrc, rtcp.middle(report.sender.ntp_timestamp), now
            for block in report.blocks:
                if block.ssrc == self._sender.ssrc:
                    self.remote = block
                    measured = rtcp.round_trip(block, rtcp.ntp_timestamp(now + _UNIX_TIME))
                    self.round_trip = self.round_trip if measured is None else measured
