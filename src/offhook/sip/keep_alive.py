"""Signs of life on the way to a registrar, so that NATs and firewalls remember it (RFC 5626 §3.5, §4.4)."""

import random
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

from sipmessage import Request

from .account import Account
from .hop import Hop, Transmit
from .message import ReceivedResponse, finish
from .name_addr import name_addr
from .timers import Timer
from .transaction_layer import TransactionLayer
from .uri import sip_uri

PING: Final = b"\r\n\r\n"
PONG: Final = b"\r\n"

PONG_WITHIN: Final = 10.0
"""Seconds (§4.4.1)."""

DATAGRAMS: Final = (24.0, 29.0)
STREAMS: Final = (95.0, 120.0)
"""Seconds between two (§4.4.2, §4.4.1): NATs forget UDP after 30 s, connections after minutes."""


class KeepAlive:
    """Of the flow that one registration was made on. `on_lost` hears that it is dead, and why.

    It runs from `start` to `stop`, and sets no timer where the way there needs none.
    """

    def __init__(
        self,
        account: Account,
        layer: TransactionLayer,
        on_lost: Callable[[str, float], None],
    ) -> None:
        self._account = account
        self._layer = layer
        self._on_lost = on_lost
        self._hop: Hop | None = None
        self._between: tuple[float, float] = DATAGRAMS
        self._timer: Timer | None = None
        self._pong_due: Timer | None = None
        self._ponged = False
        """Somebody answers there, so that silence means something."""

    def start(
        self, hop: Hop, now: float, *, behind_nat: bool, flow_timer: int | None, answered: bool
    ) -> None:
        """Begin, or go on with what the latest registration says. `answered`: the registrar has promised
        to answer each sign on a stream (§4.4.1)."""
        if hop != self._hop:
            self.stop()
            self._hop = hop
        self._ponged = self._ponged or answered
        between = interval(self._account.keepalive, hop, self._layer.contact, behind_nat, flow_timer)
        if between is None:
            self.stop()
        elif between != self._between or self._timer is None:
            self._between = between
            self._cancel()
            self._schedule(now)

    def stop(self) -> None:
        self._cancel()
        self._hop, self._ponged = None, False

    def pong(self, source: Hop) -> None:
        if source == self._hop:
            self._ponged = True
            self._heard()

    def _cancel(self) -> None:
        self._heard()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _heard(self) -> None:
        if self._pong_due is not None:
            self._pong_due.cancel()
            self._pong_due = None

    def _schedule(self, now: float) -> None:
        self._timer = self._layer.timers.start(now + self._layer.random.uniform(*self._between), self._send)

    def _send(self, now: float) -> None:
        hop = self._hop
        if hop is None:
            return
        self._schedule(now)
        if self._account.ping == "options":
            self._layer.send(_options(self._account, self._layer.random), hop, self._answered, now)
            return
        self._layer.outbox.append(Transmit(PING, hop))
        if hop.transport != "UDP" and self._ponged and self._pong_due is None:
            self._pong_due = self._layer.timers.start(now + PONG_WITHIN, self._no_pong)

    def _no_pong(self, now: float) -> None:
        hop = self._hop
        if hop is None:
            return
        self.stop()
        # What is sent there next is to open another connection.
        self._layer.outbox.append(Transmit(b"", hop))
        self._on_lost(f"{hop} is connected and says nothing any more", now)

    def _answered(self, response: ReceivedResponse, now: float) -> None:
        """Any answer is one; our own in place of it is none."""
        if response.own and self._timer is not None:
            self.stop()
            self._on_lost(response.message.phrase, now)


def interval(
    wanted: int | None, hop: Hop, own: Hop, behind_nat: bool, flow_timer: int | None
) -> tuple[float, float] | None:
    """Seconds between two signs of life, at least and at most; None where none are needed.

    What the account says goes first, then what the registrar asks for. Otherwise they are needed where there
    is a NAT, or where the way leaves the private network, for then there is at least a firewall on it; and on
    every stream, for who has lost the other end of one is told so only when something is sent.
    """
    if wanted is not None:
        return (0.8 * wanted, float(wanted)) if wanted else None
    if flow_timer is not None:
        return 0.8 * flow_timer, float(flow_timer)
    if hop.transport != "UDP":
        return STREAMS
    return DATAGRAMS if behind_nat or not (_inside(hop.host) and _inside(own.host)) else None


def _inside(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_link_local or address.is_private


def _options(account: Account, rng: random.Random) -> Request:
    request = Request("OPTIONS", sip_uri("", account.host, account.port))
    of_record = name_addr("", str(sip_uri(account.user, account.host)))
    request.headers.set("Max-Forwards", "70")
    request.headers.set("From", f"{of_record};tag={rng.getrandbits(64):016x}")
    request.headers.set("To", name_addr("", str(request.uri)))
    request.headers.set("Call-ID", f"{rng.getrandbits(128):032x}")
    request.headers.set("CSeq", "1 OPTIONS")
    finish(request)
    return request
