"""A request to a receiver, and who sends such."""

from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}


class NotReached(Exception):
    """Nobody answered; the text says why. It may be otherwise in a moment."""


class NotSendable(Exception):
    """The URL, or what came of it with its variables filled in, is none that can be asked."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """`url` may carry user name and password: they are sent where the receiver asks for them, and shown
    nowhere. With a `body` it is a POST. `verify`: whether an https receiver's certificate must be right."""

    url: str = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    verify: bool = True

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    @property
    def origin(self) -> str:
        """SCHEME://HOST:PORT, which is all that a log shows of a URL."""
        try:
            parts = urlsplit(self.url)
            host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        except (ValueError, KeyError):
            return "a URL that is none"
        return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


class Sender(Protocol):
    async def send(self, request: Outgoing) -> int:
        """The status of the final answer. Raises NotReached or NotSendable."""
