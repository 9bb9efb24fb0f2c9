"""What those who look on one phone are sent, while it does things."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from itertools import cycle
from typing import Any

import pytest
from tests.notify.test_feed import WatchedDesk
from tests.phone.desk import CALLER

from offhook.notify.feed import Feed
from offhook.notify.variables import Identity
from offhook.phone import state
from offhook.station import Booting
from offhook.web.live import MOST, Full, Live
from offhook.web.slot import MOST_WAITING, Slot

Message = tuple[str, dict[str, Any]]


def messages(said: bytes | None) -> list[Message]:
    assert said is not None
    found = []
    for block in said.decode().split("\n\n")[:-1]:
        event, number, data = (line.partition(": ")[2] for line in block.split("\n"))
        told = json.loads(data)
        assert told["number"] == int(number)
        found.append((event, told))
    return found


class Bench:
    """A phone that is watched, as its station has it: `up` is False while it boots."""

    def __init__(self) -> None:
        self.feed, self.desk = Feed(), WatchedDesk()
        self.up, self.broken, self.looks = True, False, 0
        self.live = Live(self.state, self.feed, lambda: Identity("0c11", "192.0.2.7", "offhook", "1"))
        self.boot()

    def boot(self) -> None:
        self.feed.attach(self.desk)
        self.feed.ready()
        self.up = True

    def go(self) -> None:
        self.up = False
        self.feed.detach()

    def state(self) -> dict[str, Any]:
        if not self.up:
            raise Booting
        if self.broken:
            raise KeyError("no")
        self.looks += 1
        return state(self.desk.phone, self.desk.now)

    def join(self) -> Slot:
        return self.live.join(lambda: True)


async def heard(slot: Slot) -> list[Message]:
    return messages(await slot.take(5))


def on_loop(play: Callable[[Bench], Awaitable[None]]) -> Callable[[], None]:
    def test() -> None:
        async def main() -> None:
            async with asyncio.timeout(20):
                await play(Bench())

        asyncio.run(main())

    return test


@on_loop
async def test_a_snapshot_first_and_then_what_changes(bench: Bench) -> None:
    slot = bench.join()
    [(event, first)] = await heard(slot)
    assert event == "snapshot"
    assert first["state"] == json.loads(json.dumps(bench.state()))
    bench.desk.press("5")
    [(event, typed)] = await heard(slot)
    assert event == "state"
    assert typed["changed"].keys() == {"screen", "entry"}
    assert typed["changed"]["entry"] == "5"
    assert typed["number"] == first["number"] + 1


@on_loop
async def test_the_state_comes_before_what_led_to_it(bench: Bench) -> None:
    slot = bench.join()
    await heard(slot)
    bench.desk.happen(CALLER)
    changed, *happened = await heard(slot)
    assert changed[0] == "state"
    assert changed[1]["changed"]["calls"][0]["id"] == CALLER.call
    assert [(event, told["event"]) for event, told in happened] == [
        ("happened", "incoming_call"),
        ("happened", "idle_to_busy"),
    ]
    told = happened[0][1]
    assert (told["call"]["id"], told["phone"]["mac"], "id" in told) == (CALLER.call, "0c11", False)


@on_loop
async def test_one_look_for_all_that_happens_at_once_and_for_all_who_look_on(bench: Bench) -> None:
    slots = [bench.join() for _ in range(5)]
    for slot in slots:
        await heard(slot)
    before = bench.looks
    bench.desk.press("1", "2", "3")
    told = [await heard(slot) for slot in slots]
    assert bench.looks == before + 1
    assert all(each == told[0] for each in told)
    assert told[0][0][1]["changed"]["entry"] == "123"


@on_loop
async def test_each_second_it_is_looked_at_for_its_clocks(bench: Bench) -> None:
    slot = bench.join()
    await heard(slot)
    bench.desk.happen(CALLER).press("OK")
    await heard(slot)
    for _ in range(2):
        bench.desk.now += 1
        [(event, told)] = await heard(slot)
        assert event == "state"
        assert told["changed"].keys() == {"screen", "calls"}


@on_loop
async def test_nothing_runs_while_nobody_looks_on(bench: Bench) -> None:
    timers = asyncio.get_running_loop().time()
    slots = [bench.join(), bench.join()]
    assert bench.desk.watcher is not None
    for slot in slots:
        bench.live.leave(slot)
        bench.live.leave(slot)
        assert await slot.take(5) is None
    assert bench.desk.watcher is None
    assert len(bench.live) == 0
    before = bench.looks
    bench.desk.press("5")
    await asyncio.sleep(1.1)
    assert asyncio.get_running_loop().time() > timers
    assert bench.looks == before
    # Whoever comes then finds the phone as it is, and the count goes on.
    [(event, told)] = await heard(bench.join())
    assert (event, told["state"]["entry"]) == ("snapshot", "5")


@on_loop
async def test_a_phone_that_boots(bench: Bench) -> None:
    slot = bench.join()
    await heard(slot)
    bench.go()
    told = await heard(slot)
    assert told[0][0] == "booting"
    bench.go()
    bench.boot()
    told = await heard(slot)
    assert told[0][0] == "snapshot"
    assert "setup_completed" in [each.get("event") for _, each in told]
    bench.up = False
    with pytest.raises(Booting):
        Live(bench.state, bench.feed, bench.feed).join(lambda: True)  # type: ignore[arg-type]


@on_loop
async def test_who_is_behind_gets_a_snapshot_and_holds_up_nobody(bench: Bench) -> None:
    slow, quick = bench.join(), bench.join()
    await heard(slow)
    await heard(quick)
    said = 0
    for key in cycle(["1", "Cancel"]):
        bench.desk.press(key)
        said += len(await quick.take(5) or b"")
        if said > MOST_WAITING:
            break
    [(event, last)] = await heard(slow)
    assert event == "snapshot"
    assert last["state"] == json.loads(json.dumps(bench.state()))
    bench.desk.press("VolumeUp")
    assert await heard(slow) == await heard(quick)


@on_loop
async def test_so_many_and_no_more(bench: Bench) -> None:
    slots = [bench.join() for _ in range(MOST)]
    with pytest.raises(Full, match="close one"):
        bench.join()
    bench.live.leave(slots[0])
    bench.join()


@on_loop
async def test_who_may_look_on_no_more_is_sent_no_more(bench: Bench) -> None:
    may = True
    out, stays = bench.live.join(lambda: may), bench.join()
    await heard(out)
    await heard(stays)
    may = False
    assert await out.take(5) is None
    assert len(bench.live) == 1
    bench.desk.press("5")
    assert await heard(stays)


@on_loop
async def test_silence_is_told_from_the_end(bench: Bench) -> None:
    slot = bench.join()
    await heard(slot)
    assert await slot.take(0.01) == b""
    slot.end()
    assert await slot.take(0.01) is None


@on_loop
async def test_a_phone_that_cannot_be_shown_still_rings(bench: Bench) -> None:
    slot = bench.join()
    await heard(slot)
    bench.broken = True
    bench.desk.happen(CALLER)
    assert [event for event, _ in await heard(slot)] == ["happened", "happened"]
    bench.broken = False
    bench.desk.press("OK")
    assert (await heard(slot))[0][1]["changed"]["calls"][0]["state"] == "talking"
