"""The calls there were: dialled, received, missed, forwarded."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from .call import short

RECORDS_KEPT: Final = 100


class Kind(StrEnum):
    """A call that was rejected here, by hand or by the block list, or answered at another phone, was
    received: nobody missed it."""

    DIALLED = "dialled"
    RECEIVED = "received"
    MISSED = "missed"
    FORWARDED = "forwarded"


@dataclass(frozen=True, slots=True)
class CallRecord:
    """`number` is what was dialled, empty where nobody dialled; `remote` is a SIP URI. `started` is in
    seconds since the epoch, `duration` in seconds from the answer: 0 without one, None while the call is
    not over."""

    id: str
    kind: Kind
    number: str
    remote: str
    remote_name: str
    account: int | None
    started: float
    duration: float | None
    seen: bool = True
    """False for a missed call until its list is looked at."""

    @property
    def who(self) -> str:
        return self.remote_name or short(self.remote)


class CallLog:
    """`RECORDS_KEPT` of them, the oldest forgotten first."""

    def __init__(self, records: Iterable[CallRecord] = ()) -> None:
        """`records` from the oldest to the newest."""
        self._records: dict[str, CallRecord] = {}
        for record in records:
            self.put(record)

    def put(self, record: CallRecord) -> None:
        """As a new one, or in the place of the one with its id."""
        self._records[record.id] = record
        while len(self._records) > RECORDS_KEPT:
            del self._records[next(iter(self._records))]

    def __iter__(self) -> Iterator[CallRecord]:
        """The newest first."""
        return reversed(self._records.values())

    @property
    def dialled(self) -> list[str]:
        """Numbers, the newest first, each once."""
        return [record.number for record in self.last_dialled]

    @property
    def last_dialled(self) -> list[CallRecord]:
        """The last call to each number, the newest first."""
        last: dict[str, CallRecord] = {}
        for record in self:
            if record.number:
                last.setdefault(record.number, record)
        return list(last.values())

    def of(self, kind: Kind) -> list[CallRecord]:
        """The newest first."""
        return [record for record in self if record.kind is kind]

    @property
    def missed(self) -> list[CallRecord]:
        return self.of(Kind.MISSED)

    @property
    def unseen(self) -> int:
        return sum(not record.seen for record in self._records.values())

    def see(self) -> None:
        self._records = {record.id: replace(record, seen=True) for record in self._records.values()}

    def clear(self) -> None:
        self._records.clear()
