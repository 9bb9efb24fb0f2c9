"""A network between two ends of SIP over UDP that loses, repeats and reorders, by plan."""

import re
import select
import socket
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Self

from .ports import HOST
from .waiting import until

HOLD = -1
"""Carried only after the next datagram that is not held."""

Plan = Callable[[str, int, bool], int]
"""How often a message is carried, or HOLD: by what it is (`ACK`, `200 INVITE`), by how many times it was sent
so far, and by whether it goes to us."""

SAID_ONCE = {"ACK", "180 INVITE", "200 BYE", "200 CANCEL"}
"""What SIPp does not send again by itself."""


def calm(_message: str, _time: int, _to_us: bool) -> int:
    return 1


def bad(message: str, time: int, to_us: bool) -> int:
    """Everything is lost when it is sent first, and what then comes to us comes twice.

    What SIPp says once only comes twice at once; and to SIPp nothing is repeated, which takes that for
    something new as soon as it has gone on.
    """
    if time == 1 and not (to_us and message in SAID_ONCE):
        return 0
    return 2 if to_us else 1


class BadNetwork:
    """`peer` is the port at which the peer finds us, `ours` the one at which we find the peer.

    Where one end waits for the other, `to_us` or `to_peer` says at which port; the other end is known once
    it has sent something.
    """

    def __init__(self, plan: Plan, *, to_us: int | None = None, to_peer: int | None = None) -> None:
        self.carried: list[str] = []
        """What arrived, in this order."""
        self.lost: set[str] = set()
        self._plan = plan
        self._times: Counter[bytes] = Counter()
        self._held: list[tuple[str, socket.socket, bytes]] = []
        self._for_peer, self._for_us, self._woken = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(3))
        for each in (self._for_peer, self._for_us, self._woken):
            each.bind((HOST, 0))
        self.peer: int = self._for_peer.getsockname()[1]
        self.ours: int = self._for_us.getsockname()[1]
        self._ends = {self._for_us: to_us, self._for_peer: to_peer}
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._woken.sendto(b"", self._woken.getsockname())
        self._thread.join()
        for each in (self._for_peer, self._for_us, self._woken):
            each.close()

    def until_carried(self, message: str) -> None:
        """Wait until it has arrived."""
        until(lambda: message in self.carried, f"{message} to arrive")

    def check(self, *, lost: str, repeated: str) -> None:
        """That each of these, separated by commas, was lost once, and arrives more than once."""
        assert self.lost >= set(lost.split(", "))
        for message in repeated.split(", "):
            # SIPp is done when it has sent its last message, which may still be on its way.
            until(partial(self._came_twice, message), f"a second {message}")

    def _came_twice(self, message: str) -> bool:
        return self.carried.count(message) > 1

    def _run(self) -> None:
        across = {self._for_peer: self._for_us, self._for_us: self._for_peer}
        while True:
            readable, _, _ = select.select([*across, self._woken], [], [])
            if self._woken in readable:
                return
            for inward in readable:
                datagram, source = inward.recvfrom(65535)
                self._ends[inward] = source[1]
                self._carry(datagram, across[inward])

    def _carry(self, datagram: bytes, outward: socket.socket) -> None:
        self._times[datagram] += 1
        message = describe(datagram)
        copies = self._plan(message, self._times[datagram], outward is self._for_us)
        if copies == HOLD:
            self._held.append((message, outward, datagram))
            return
        held, self._held = self._held, []
        if not copies:
            self.lost.add(message)
        for each in [(message, outward, datagram)] * copies + held:
            self._send(*each)

    def _send(self, message: str, outward: socket.socket, datagram: bytes) -> None:
        port = self._ends[outward]
        if port is not None:
            self.carried.append(message)
            outward.sendto(datagram, (HOST, port))


def describe(datagram: bytes) -> str:
    """`INVITE`, or `180 INVITE` for a response to it."""
    first, second, _ = datagram.split(maxsplit=2)
    if first != b"SIP/2.0":
        return first.decode()
    sequence = re.search(rb"(?mi)^CSeq:\s*\d+\s+(\w+)", datagram)
    assert sequence, datagram
    return f"{second.decode()} {sequence[1].decode()}"
