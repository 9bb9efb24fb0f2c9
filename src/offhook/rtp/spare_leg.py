"""A leg opened ahead of the call that will want it."""

from contextlib import suppress

from offhook.rtp.leg import Leg
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.ports import RtpPorts


class SpareLeg:
    """Keeps one leg ready, for binding its ports would stand between a URL and its INVITE.

    None is kept out of a range of ports: others may share it, and need what would lie idle here.
    """

    def __init__(self, clock: MediaClock, address: str, ports: RtpPorts) -> None:
        self._clock = clock
        self._address = address
        self._ports = ports
        self._leg: Leg | None = None

    def take(self) -> Leg:
        """The one that is ready, else one opened now. Raises what `Leg.open` raises."""
        leg, self._leg = self._leg, None
        return leg or self._open()

    def prepare(self) -> None:
        """Open the next one, when there is time for it. Where that fails, `take` will say why."""
        if self._leg is None and not self._ports.limited:
            with suppress(OSError):
                self._leg = self._open()

    def close(self) -> None:
        if self._leg is not None:
            self._leg.close()
            self._leg = None

    def _open(self) -> Leg:
        return Leg.open(self._clock, self._address, self._ports)
