"""The headers of a subscription (RFC 6665 §8.2): what it is about, and whether it goes on."""

from dataclasses import dataclass

from sipmessage import Request

from .delta_seconds import seconds
from .name_addr import Parameters, parse_parameters


@dataclass(frozen=True, slots=True)
class Event:
    package: str
    """In lower case; empty where there is none that can be read."""
    parameters: Parameters

    @classmethod
    def of(cls, message: Request) -> "Event":
        return cls(*_token(message.headers.get("Event") or ""))


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    state: str
    reason: str
    expires: int | None = None
    retry_after: int | None = None
    """Seconds, where they are said."""

    @classmethod
    def of(cls, message: Request) -> "SubscriptionState":
        """`active` where the header is missing or cannot be read: then the body is all there is."""
        state, parameters = _token(message.headers.get("Subscription-State") or "")
        return cls(
            state or "active",
            (parameters.get("reason") or "")[:40],
            seconds(parameters.get("expires")),
            seconds(parameters.get("retry-after")),
        )

    @property
    def terminated(self) -> bool:
        return self.state == "terminated"


def _token(value: str) -> tuple[str, Parameters]:
    token, semicolon, rest = value.partition(";")
    try:
        return token.strip().lower(), parse_parameters(semicolon + rest)
    except ValueError:
        return "", {}
