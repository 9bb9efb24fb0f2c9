"""An account as the phone sees it: something to call from, ready or not."""

from dataclasses import dataclass

from .events import Registration

READY = frozenset({Registration.REGISTERED, Registration.DIRECT})


@dataclass(slots=True)
class Account:
    """`id` counts from 1; `domain` is what completes a number: host, and port where one was given."""

    id: int
    username: str
    domain: str
    name: str
    state: Registration
    reason: str | None = None

    @property
    def ready(self) -> bool:
        return self.state in READY

    def is_called(self, line: str) -> bool:
        """Whether `line` names this account: by user name alone, or with host, or with host and port."""
        host, _, port = self.domain.rpartition(":")
        bare = host if port.isdecimal() else self.domain
        return line in {self.username, f"{self.username}@{self.domain}", f"{self.username}@{bare}"}

    def whereabouts(self) -> str:
        """Why it cannot be called from, for a person."""
        return f"{self.state.value} ({self.reason})" if self.reason else self.state.value
