"""Where the voices of a conference meet: each hears all others and not itself."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from offhook.rtp.media_clock import MediaClock
from offhook.sound.resampler import Resampler
from offhook.sound.samples import FRAME_MS, Samples


class Member(Protocol):
    """One that speaks and listens, 20 ms at a time, at `rate` Hz: 8000, 16000 or 48000, which may change."""

    @property
    def rate(self) -> int: ...

    def speak(self) -> Samples | None:
        """What it says now; None for silence. Asked for once a beat."""

    def listen(self, samples: Samples) -> None:
        """What it hears now. Once a beat, after all have spoken."""


class Room:
    """Mixes on the media clock, at the highest rate that one of its members has, while it has members.

    Beats that the loop has slept through are not made up for: what was not sent then is nobody's to hear.
    """

    def __init__(self, clock: MediaClock) -> None:
        self._clock = clock
        self._seats: list[_Seat] = []

    def gather(self, members: Sequence[Member]) -> None:
        """These are in the room from now on, and nobody else. Needs a running loop."""
        if bool(members) != bool(self._seats):
            if members:
                self._clock.join(self, FRAME_MS, first=True)
            else:
                self._clock.leave(self, FRAME_MS)
        seated = {id(seat.member): seat for seat in self._seats}
        self._seats = [seated.get(id(member)) or _Seat(member) for member in members]

    def beat(self, missed: int) -> None:  # noqa: ARG002  (see above)
        """Mixes one frame (`media_clock.Paced`)."""
        rate = max(seat.member.rate for seat in self._seats)
        total = np.zeros(rate * FRAME_MS // 1000, np.float32)
        said = []
        for seat in self._seats:
            samples = seat.speak(rate)
            said.append(samples)
            if samples is not None:
                total += samples
        for seat, own in zip(self._seats, said, strict=True):
            seat.listen(total if own is None else total - own, rate)


class _Seat:
    """A member, and the way between its rate and that of the room."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self._rates = (0, 0)
        self._in: Resampler | None = None
        self._out: Resampler | None = None
        self._silence: Samples

    def speak(self, rate: int) -> Samples | None:
        self._prepare(rate)
        samples = self.member.speak()
        if self._in is None:
            return samples
        # The filter must hear silence too, to let go of what came before it.
        return self._in.process(self._silence if samples is None else samples)

    def listen(self, samples: Samples, rate: int) -> None:
        self._prepare(rate)
        self.member.listen(samples if self._out is None else self._out.process(samples))

    def _prepare(self, rate: int) -> None:
        rates = (self.member.rate, rate)
        if rates == self._rates:
            return
        self._rates = rates
        own, _ = rates
        self._silence = np.zeros(own * FRAME_MS // 1000, np.float32)
        self._in = Resampler(own, rate) if own != rate else None
        self._out = Resampler(rate, own) if own != rate else None
