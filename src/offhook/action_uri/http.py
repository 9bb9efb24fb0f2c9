"""An HTTP exchange as plain data, whatever carried it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

Header = tuple[bytes, bytes]
"""A field name in lower case, and its value."""


@dataclass(slots=True)
class HttpRequest:
    """`path` is percent-decoded, `query` is as sent, without its `?`; `peer` is the TCP peer's address.

    `scheme` is `http` or `https`, for a WebSocket too: its page has that origin.
    """

    method: str
    path: str
    query: bytes
    headers: Sequence[Header]
    peer: str
    scheme: str
    body: bytes = b""
    fields: dict[bytes, bytes] = field(init=False, repr=False, compare=False)
    """The headers by name; repeated ones are joined by commas (RFC 9110 §5.3), which makes a second `Host` or
    `Origin` a value that nothing admits."""

    def __post_init__(self) -> None:
        fields: dict[bytes, bytes] = {}
        for name, value in self.headers:
            fields[name] = fields[name] + b", " + value if name in fields else value
        self.fields = fields

    def text(self, name: bytes) -> str | None:
        """The value of a header, `None` for one that is absent or empty."""
        value = self.fields.get(name)
        return value.decode("latin-1").strip() or None if value else None


@dataclass(slots=True)
class HttpResponse:
    """`headers` leave out `Date`, `Connection` and `Content-Length`, which belong to who writes the
    answer."""

    status: int
    headers: list[Header]
    body: bytes = b""

    def framed_headers(self) -> list[Header]:
        """The headers with `Content-Length`, which a 204 must not have (RFC 9110 §8.6)."""
        if self.status == 204:
            return self.headers
        return [*self.headers, (b"content-length", b"%d" % len(self.body))]
