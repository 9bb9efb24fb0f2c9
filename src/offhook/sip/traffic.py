"""How much SIP comes and goes, by kinds that nobody on the network can make more of."""

from typing import Final, TypeVar

from .capabilities import KNOWN_METHODS

OTHER: Final = "other"
"""Any method that is not known."""
TOO_MUCH: Final = "too_much"
UNREADABLE: Final = "unreadable"
SCANNER: Final = "scanner"
"""Why something is dropped."""

_Kind = TypeVar("_Kind", str, int)


class Traffic:
    """Messages. Requests are counted by method, responses by the first digit of their code; one that is
    sent again counts as `repeated` alone, and one that comes again as a request alone."""

    __slots__ = ("dropped", "repeated", "requests_in", "requests_out", "responses_in", "responses_out")

    def __init__(self) -> None:
        self.requests_in: dict[str, int] = {}
        self.requests_out: dict[str, int] = {}
        self.responses_in: dict[int, int] = {}
        self.responses_out: dict[int, int] = {}
        self.repeated = 0
        self.dropped: dict[str, int] = {}
        """Of what came, by why nothing became of it."""

    def request_came(self, method: str) -> None:
        _count(self.requests_in, method if method in KNOWN_METHODS else OTHER)

    def request_goes(self, method: str) -> None:
        _count(self.requests_out, method)

    def response_came(self, code: int) -> None:
        _count(self.responses_in, code // 100)

    def response_goes(self, code: int) -> None:
        _count(self.responses_out, code // 100)

    def drop(self, why: str) -> None:
        _count(self.dropped, why)


def _count(counts: dict[_Kind, int], what: _Kind) -> None:
    counts[what] = counts.get(what, 0) + 1
