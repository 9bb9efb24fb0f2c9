"""Where the sound goes."""

from enum import StrEnum


class Path(StrEnum):
    NONE = "none"
    HANDSET = "handset"
    HANDSFREE = "handsfree"
