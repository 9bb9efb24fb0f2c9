"""Who listens gets what happened, numbered, from a phone that boots, runs, moves and goes."""

from collections.abc import Sequence

from tests.phone.desk import CALLER, Desk, account

from offhook.notify.feed import Feed, Watcher
from offhook.notify.happening import Happening
from offhook.phone.effects import Effect
from offhook.phone.events import Event, Registration, RegistrationChanged


class WatchedDesk(Desk):
    """As a device tells its watcher."""

    def __init__(self, address: str = "192.0.2.7") -> None:
        super().__init__(account(1, "1001", Registration.REGISTERING))
        self.watcher: Watcher | None = None
        self.address_told = address

    def happen(self, *events: Event) -> "WatchedDesk":
        for event in events:
            super().happen(event)
            if self.watcher:
                self.watcher(event, self.asked)
        return self

    def move(self, address: str) -> None:
        self.address_told = address
        if self.watcher:
            self.watcher(None, ())


REGISTERED = RegistrationChanged(1, Registration.REGISTERED)


class Listener:
    def __init__(self) -> None:
        self.heard: list[tuple[int, str]] = []

    def __call__(self, number: int, happening: Happening) -> None:
        self.heard.append((number, happening.event.value))

    @property
    def events(self) -> list[str]:
        return [event for _, event in self.heard]


def test_a_life():
    feed, listener = Feed(), Listener()
    feed.listen(listener)
    first = WatchedDesk()
    feed.attach(first)
    first.happen(REGISTERED)
    assert listener.heard == []
    feed.ready()
    first.happen(CALLER)
    first.move("192.0.2.8")
    first.press("Cancel")
    feed.detach()
    second = WatchedDesk("192.0.2.9")
    feed.attach(second)
    feed.ready()
    assert listener.events == [
        "setup_completed", "registered", "incoming_call", "idle_to_busy", "ip_changed",
        "reject_incoming_call", "terminated", "busy_to_idle", "unregistered", "setup_completed", "ip_changed",
    ]  # fmt: skip
    assert [number for number, _ in listener.heard] == list(range(1, 12))
    assert feed.address == "192.0.2.9"


def test_nobody_looks_while_nobody_listens():
    feed, desk, listener = Feed(), WatchedDesk(), Listener()
    feed.attach(desk)
    feed.ready()
    assert desk.watcher is None
    desk.happen(REGISTERED, CALLER)
    feed.listen(listener)
    assert desk.watcher is not None
    assert listener.heard == []
    desk.press("Cancel")
    feed.unlisten(listener)
    assert desk.watcher is None
    assert listener.events == ["reject_incoming_call", "terminated", "busy_to_idle"]
    feed.unlisten(listener)
    feed.detach()
    feed.ready()


def test_one_listener_that_fails_takes_nobody_with_it(caplog):
    feed, desk, listener = Feed(), WatchedDesk(), Listener()

    def fails(_number: int, _happening: Happening) -> None:
        raise RuntimeError("no")

    feed.listen(fails)
    feed.listen(listener)
    feed.attach(desk)
    feed.ready()
    assert listener.events == ["setup_completed"]
    assert "is not told" in caplog.text


def test_a_phone_that_cannot_be_looked_at_still_rings(monkeypatch, caplog):
    feed, desk, listener = Feed(), WatchedDesk(), Listener()
    feed.listen(listener)
    feed.attach(desk)
    feed.ready()

    def broken(*_: object) -> Sequence[Effect]:
        raise RuntimeError("no")

    with monkeypatch.context() as patch:
        patch.setattr("offhook.notify.feed.what_happened", broken)
        desk.happen(CALLER)
    assert "cannot be told" in caplog.text
    desk.press("Cancel")
    assert listener.events[-1] == "busy_to_idle"
