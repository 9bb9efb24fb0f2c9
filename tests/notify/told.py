"""A phone on the test bench, and what others are told of it."""

from tests.phone.desk import Desk

from offhook.notify.happening import Happening
from offhook.notify.snapshot import Snapshot
from offhook.notify.what_happened import what_happened
from offhook.phone import Account, Settings
from offhook.phone.events import Event

ADDRESS = "192.0.2.7"


class ToldDesk(Desk):
    """`told` is what happened since the last `forget`."""

    def __init__(self, *accounts: Account, settings: Settings | None = None) -> None:
        super().__init__(*accounts, settings=settings)
        self.told: list[Happening] = []
        self._seen = Snapshot.of(self.phone, ADDRESS)

    def happen(self, *events: Event) -> "ToldDesk":
        for event in events:
            super().happen(event)
            before, self._seen = self._seen, Snapshot.of(self.phone, ADDRESS, self._seen)
            self.told += what_happened(before, self._seen, event, self.asked, self.now)
        return self

    def take(self, *steps: str | Event) -> "ToldDesk":
        for step in steps:
            self.press(step) if isinstance(step, str) else self.happen(step)
        return self

    @property
    def events(self) -> list[str]:
        return [each.event.value for each in self.told]
