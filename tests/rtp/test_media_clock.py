import asyncio
import time

import pytest

from offhook.rtp.media_clock import MediaClock

from .far_end import until


class Counter:
    def __init__(self) -> None:
        self.beats = 0
        self.missed = 0

    def beat(self, missed: int) -> None:
        self.beats += 1
        self.missed += missed


def test_runs_while_somebody_is_paced_and_leaves_no_timer_behind() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        clock = MediaClock()
        assert not clock.running
        one, two = Counter(), Counter()
        clock.join(one, 20)
        clock.join(two, 20)
        await until(lambda: two.beats >= 2)
        assert abs(one.beats - two.beats) <= 1
        clock.leave(one, 20)
        assert clock.running
        before, others = one.beats, two.beats
        await until(lambda: two.beats > others + 1)
        assert one.beats == before
        clock.leave(two, 20)
        assert not clock.running
        assert all(timer.cancelled() for timer in loop._scheduled if "_tick" in repr(timer))

    asyncio.run(scenario())


@pytest.mark.parametrize("interval", [10, 20, 30])
def test_work_in_a_beat_does_not_put_the_next_one_off(interval: int) -> None:
    class Slow(Counter):
        def beat(self, missed: int) -> None:
            super().beat(missed)
            time.sleep(0.005)

    async def scenario() -> None:
        clock, slow = MediaClock(), Slow()
        began = time.monotonic()
        clock.join(slow, interval)
        await until(lambda: slow.beats + slow.missed > 10)
        elapsed = (time.monotonic() - began) * 1000
        clock.leave(slow, interval)
        assert elapsed >= interval * 10 - 2
        assert abs(slow.beats + slow.missed - (1 + elapsed / interval)) <= 1.2

    asyncio.run(scenario())


def test_a_stall_is_told_and_not_made_up_for() -> None:
    async def scenario() -> None:
        clock, counter = MediaClock(), Counter()
        clock.join(counter, 20)
        await until(lambda: counter.beats)
        time.sleep(0.13)  # noqa: ASYNC251  (the stall is the point)
        counter.beats = 0
        began = time.monotonic()
        await until(lambda: counter.missed)
        await asyncio.sleep(0)
        assert counter.missed >= 5
        assert counter.beats <= 2 + (time.monotonic() - began) / 0.02
        clock.leave(counter, 20)

    asyncio.run(scenario())


def test_paces_of_their_own_share_nothing() -> None:
    async def scenario() -> None:
        clock, fast, slow = MediaClock(), Counter(), Counter()
        clock.join(fast, 10)
        clock.join(slow, 60)
        await until(lambda: slow.beats + slow.missed >= 3)
        clock.leave(slow, 60)
        clock.leave(fast, 10)
        slower, faster = slow.beats + slow.missed, fast.beats + fast.missed
        assert 6 * (slower - 1) - 1 <= faster <= 6 * slower + 1

    asyncio.run(scenario())


def test_the_first_beats_before_those_that_were_there_already() -> None:
    async def scenario() -> None:
        clock, order = MediaClock(), []

        class Named:
            def __init__(self, name: str) -> None:
                self.name = name

            def beat(self, missed: int) -> None:
                order.append(self.name)

        sender, room, other = Named("sender"), Named("room"), Named("other")
        clock.join(sender, 20)
        clock.join(room, 20, first=True)
        clock.join(other, 20)
        await until(lambda: len(order) >= 6)
        for each in (sender, room, other):
            clock.leave(each, 20)
        assert order[:6] == ["room", "sender", "other"] * 2

    asyncio.run(scenario())


def test_one_that_fails_takes_the_beat_from_no_other(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Counter):
        def beat(self, missed: int) -> None:
            super().beat(missed)
            raise ValueError("of one member")

    async def scenario() -> None:
        clock, failing, other = MediaClock(), Failing(), Counter()
        clock.join(failing, 10)
        clock.join(other, 10)
        await until(lambda: other.beats >= 3)
        assert failing.beats >= 3
        clock.leave(failing, 10)
        clock.leave(other, 10)
        assert not clock.running

    asyncio.run(scenario())
    assert caplog.text.count("a beat of the media clock failed") == 1


def test_one_that_leaves_in_its_own_beat() -> None:
    class Once(Counter):
        def beat(self, missed: int) -> None:
            super().beat(missed)
            clock.leave(self, 20)

    clock = MediaClock()

    async def scenario() -> None:
        once, other = Once(), Counter()
        clock.join(once, 20)
        clock.join(other, 20)
        await until(lambda: other.beats >= 3)
        clock.leave(other, 20)
        assert once.beats == 1

    asyncio.run(scenario())


def test_beats_that_were_slept_through_are_counted_for_good():
    class Asleep:
        def beat(self, missed: int) -> None:
            time.sleep(0.05)

    async def run() -> None:
        clock, sleeper = MediaClock(), Asleep()
        clock.join(sleeper, 10)
        async with asyncio.timeout(10):
            while clock.missed < 4:
                await asyncio.sleep(0)
        seen = clock.missed
        clock.leave(sleeper, 10)
        assert not clock.running
        assert clock.missed == seen

    asyncio.run(run())
