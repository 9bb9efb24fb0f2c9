"""The legs of one phone's calls: their ports, what is told of them in SDP, and who hears whom."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial

from offhook.rtp.call_quality import CallQuality, call_quality
from offhook.rtp.leg import Leg
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.ports import RtpPorts
from offhook.rtp.spare_leg import SpareLeg
from offhook.sip.media import Codec, LocalMedia
from offhook.sound_figures import SoundFigures

_log = logging.getLogger(__name__)
_KEPT = 32
"""Calls that are over."""


class Legs:
    """`on_digit` hears of telephone-events: the call's id, and the digit."""

    def __init__(
        self,
        clock: MediaClock,
        ports: RtpPorts,
        *,
        address: str,
        public_address: str,
        on_digit: Callable[[str, str], None],
    ) -> None:
        self.by_call: dict[str, Leg] = {}
        self._clock = clock
        self._ports = ports
        self._spare = SpareLeg(clock, address, ports)
        self._public_address = public_address
        self._on_digit = on_digit
        self._closed = False
        self.figures = SoundFigures()
        """Of all calls since the phone booted."""
        self.ended: dict[str, CallQuality] = {}
        """How the latest calls sounded that are over, by their ids, the oldest first."""

    def open(self, call: str) -> None:
        """A call that has a leg keeps it. Raises OSError where there are no ports left."""
        if call in self.by_call:
            return
        leg = self._spare.take()
        leg.on_digit = partial(self._on_digit, call)
        self.by_call[call] = leg
        asyncio.get_running_loop().call_soon(self._prepare)

    def media(self, call: str, codecs: tuple[Codec, ...]) -> LocalMedia:
        """What the far end is to know of the call's leg."""
        return LocalMedia(self._public_address, self.by_call[call].port, codecs)

    def move(self, address: str, public_address: str) -> dict[str, int]:
        """Bind the sound at another address from now on; the calls whose sound came along, and its port."""
        self._spare.close()
        self._spare = SpareLeg(self._clock, address, self._ports)
        self._public_address = public_address
        moved = {}
        for call, leg in self.by_call.items():
            try:
                leg.move(address, self._ports)
            except OSError as error:
                _log.warning(
                    "its sound stays where it was: %s", error.strerror or error, extra={"call": call}
                )
            else:
                moved[call] = leg.port
        return moved

    def of(self, calls: Iterable[str]) -> dict[str, Leg]:
        return {call: self.by_call[call] for call in calls if call in self.by_call}

    def release(self, call: str) -> None:
        if leg := self.by_call.pop(call, None):
            leg.close()
            if quality := call_quality(leg):
                _log.info("%s", quality, extra={"call": call})
                self.figures.add(quality)
                self.ended[call] = quality
                if len(self.ended) > _KEPT:
                    del self.ended[next(iter(self.ended))]

    def quality(self, call: str) -> CallQuality | None:
        """How a call sounds, or, of the latest ones that are over, how it sounded."""
        leg = self.by_call.get(call)
        return call_quality(leg) if leg else self.ended.get(call)

    def qualities(self) -> list[CallQuality]:
        """Of the calls that are up."""
        return [quality for leg in self.by_call.values() if (quality := call_quality(leg))]

    def close(self) -> None:
        self._closed = True
        self._spare.close()
        for call in list(self.by_call):
            self.release(call)

    def _prepare(self) -> None:
        if not self._closed:
            self._spare.prepare()
