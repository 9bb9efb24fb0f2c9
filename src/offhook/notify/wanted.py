"""What a phone's owner wants others to be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .action_event import ActionEvent


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom to tell what. With a `secret` each body of the webhook is signed."""

    urls: Mapping[ActionEvent, str] = field(default_factory=dict, repr=False)
    webhook: str | None = field(default=None, repr=False)
    secret: str = field(default="", repr=False)
    verify: bool = True
