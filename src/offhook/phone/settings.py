"""What a phone goes by that its owner can change."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .audio_path import FACTORY_VOLUMES
from .block_list import BlockList
from .dial_rules import DialRules
from .local_time import utc


class ReferPolicy(StrEnum):
    """What to do when the other party of a call asks to be transferred (RFC 3515). Where a
    stranger asks, FOLLOW is ASK."""

    FOLLOW = "follow"
    ASK = "ask"
    REFUSE = "refuse"


class Forwarding(StrEnum):
    """When an arriving call is sent elsewhere."""

    ALWAYS = "always"
    BUSY = "busy"
    NO_ANSWER = "no_answer"


SPOKEN = {
    Forwarding.ALWAYS: "always",
    Forwarding.BUSY: "when busy",
    Forwarding.NO_ANSWER: "without an answer",
}


class AutoAnswer(StrEnum):
    """Which calls are answered at once while no other is there: those whose caller asks for it, or all."""

    OFF = "off"
    ASKED = "asked"
    ALWAYS = "always"


REFUSAL_CODES = (404, 480, 486, 603)
"""What a call may be refused with, as the vendor's phones offer it."""


@dataclass(slots=True)
class Settings:
    """Codes are SIP statuses, times seconds. `voicemail` is by account number.

    `local_time` makes of seconds since the epoch what a clock on the wall shows then.
    """

    call_waiting: bool = True
    most_calls: int = 4
    reject_code: int = 486
    dnd: bool = False
    dnd_code: int = 486
    forward: dict[Forwarding, str | None] = field(default_factory=lambda: dict.fromkeys(Forwarding))
    no_answer_after: float = 20.0
    ring_for: float = 180.0
    call_for: float = 180.0
    dial_within: float = 30.0
    auto_answer: AutoAnswer = AutoAnswer.OFF
    reject_anonymous: bool = False
    refer: ReferPolicy = ReferPolicy.FOLLOW
    voicemail: dict[int, str] = field(default_factory=dict)
    blocked: BlockList = field(default_factory=BlockList)
    dial_rules: DialRules = field(default_factory=DialRules)
    hours_24: bool = True
    local_time: Callable[[float], datetime] = utc
    autop: bool = False
    """Whether there is an address to fetch configuration files from."""
    volumes: dict[str, int] = field(default_factory=lambda: dict(FACTORY_VOLUMES))
    """What they are at the start, from 0 to 15: of each path, and of the ringer."""
