"""Where the sound goes, and how loud."""

from dataclasses import dataclass
from enum import StrEnum

LOUDEST = 15


class Path(StrEnum):
    NONE = "none"
    HANDSET = "handset"
    HANDSFREE = "handsfree"
    HEADSET = "headset"


class Tone(StrEnum):
    """What the phone itself makes heard on the path; ringing is for the ringer."""

    NONE = "none"
    DIAL = "dial"
    RINGBACK = "ringback"
    BUSY = "busy"


RINGER = "ringer"


FACTORY_VOLUMES = {RINGER: 8, Path.HANDSET: 8, Path.HANDSFREE: 8, Path.HEADSET: 8}


@dataclass(slots=True)
class Volumes:
    """From 0 to 15, by path, and `ringer`."""

    levels: dict[str, int]

    def change(self, which: str, by: int) -> int:
        self.levels[which] = min(LOUDEST, max(0, self.levels[which] + by))
        return self.levels[which]
