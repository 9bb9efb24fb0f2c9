"""Callers that are not let through."""

from collections.abc import Iterable
from dataclasses import dataclass

from .number import Dialled, dialled
from .party import key_of, keys_of


@dataclass(frozen=True, slots=True)
class BlockList:
    """A number blocks it from everywhere, `user@host` that one alone."""

    keys: frozenset[str] = frozenset()

    @classmethod
    def of(cls, entries: Iterable[str]) -> "BlockList":
        """Raises NotDiallable."""
        return cls(frozenset(key_of(_address(dialled(entry))) for entry in entries))

    def has(self, caller: str) -> bool:
        """`caller` is a SIP URI."""
        return bool(self.keys) and not self.keys.isdisjoint(keys_of(caller))


def _address(entry: Dialled) -> str:
    return entry.uri or entry.user or ""
