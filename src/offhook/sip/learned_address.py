"""Where an account is reached, as its registrar sees it: `received` and `rport` of our Via (RFC 3581).

Behind a NAT the address that this end knows of itself is of no use to anybody outside.
"""

from collections import deque
from ipaddress import ip_address
from typing import Final

from .hop import Hop, Transport
from .via import TopVia

MAX_CHANGES: Final = 4
CHANGES_WITHIN: Final = 600.0
"""Changes in so many seconds that are followed. A NAT that gives each request a port of its own would have
this end register for ever."""


class LearnedAddress:
    """Of one account by one transport."""

    def __init__(self) -> None:
        self.hop: Hop | None = None
        """None: nothing but what this end knows itself."""
        self._changed: deque[float] = deque(maxlen=MAX_CHANGES)

    def learn(self, via: TopVia, transport: Transport, own: Hop, now: float) -> bool:
        """Take the Via of a response; `own` is the address that this end knows. True where that changed
        something.

        A stream leaves from a port of its own, at which nobody listens, so the port is no sign of a NAT
        there; behind one it names the connection that the registrar has to use.
        """
        seen = _seen(via, transport)
        if seen is None:
            return False
        at_home = _same(seen, own) if transport == "UDP" else seen.host == _canonical(own.host)
        found = None if at_home else seen
        if found == self.hop:
            return False
        if len(self._changed) == MAX_CHANGES and now - self._changed[0] < CHANGES_WITHIN:
            return False
        self._changed.append(now)
        self.hop = found
        return True

    def forget(self) -> None:
        """This end is somewhere else now."""
        self.hop = None


def _seen(via: TopVia, transport: Transport) -> Hop | None:
    """None where the response does not say, or says what cannot be an address of ours."""
    received, rport = via.parameters.get("received"), via.parameters.get("rport")
    host = (received or via.host).strip("[]")
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if address.is_unspecified or address.is_multicast:
        return None
    port = rport or (str(via.port) if via.port else "")
    if not port.isascii() or not port.isdigit() or len(port) > 5 or not 0 < int(port) < 65536:
        return None
    return Hop(transport, str(address), int(port))


def _same(one: Hop, other: Hop) -> bool:
    return one.port == other.port and one.host == _canonical(other.host)


def _canonical(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        return host
