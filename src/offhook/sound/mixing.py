"""Who is in the room of one phone."""

from collections.abc import Sequence

from offhook.rtp.leg import Leg
from offhook.rtp.media_clock import MediaClock
from offhook.sound.handset import Handset
from offhook.sound.listened_leg import ListenedLeg
from offhook.sound.room import Member, Room


class Mixing:
    def __init__(self, clock: MediaClock) -> None:
        self._room = Room(clock)
        self._legs: dict[Leg, ListenedLeg] = {}
        self._handset: Handset | None = None

    def apply(self, legs: Sequence[Leg], end: Member | None, microphone: bool, tone: str) -> None:
        """Has `legs` and `end` hear one another, and nobody else."""
        for gone in self._legs.keys() - set(legs):
            self._legs.pop(gone).leave()
        for leg in legs:
            if leg not in self._legs:
                self._legs[leg] = ListenedLeg(leg)
        members: list[Member] = [self._legs[leg] for leg in legs]
        if end is None:
            self._handset = None
        else:
            if self._handset is None or self._handset.end is not end:
                self._handset = Handset(end)
            self._handset.microphone = microphone
            self._handset.sound(tone)
            members.append(self._handset)
        self._room.gather(members)
