"""The farm's exchange with real sockets: room for a whole farm, and nothing left of calls that are over."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop

from offhook.echo import EXTENSION, EchoService
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.ports import RtpPorts
from offhook.sip.account import Account
from offhook.sip.endpoint import Endpoint
from offhook.sip.events import Answered, Failed, UserAgentEvent
from offhook.sip.hop import Hop
from offhook.sip.media import LocalMedia
from offhook.sip.timers import TIMEOUT
from offhook.sip.user_agent import UserAgent

ROUNDS = 300
ADDRESS = "127.0.0.1"
MEDIA = LocalMedia(ADDRESS, 40000)

LOOPS = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])


class Line:
    """An exchange, and a phone that dials it."""

    def __init__(self) -> None:
        self.exchange = EchoService(ADDRESS, MediaClock(), RtpPorts())
        self.phone = UserAgent(Hop("UDP", ADDRESS, 0), "test")
        self.endpoint = Endpoint(self.phone, self._hear)
        self.told: Counter[type[UserAgentEvent]] = Counter()
        self._stirred = asyncio.Event()

    def _hear(self, event: UserAgentEvent) -> None:
        self.told[type(event)] += 1
        self._stirred.set()

    def dial(self, call: str) -> None:
        account = Account(1, "1001", ADDRESS, self.exchange.port)
        self.phone.invite(call, account, EXTENSION, MEDIA, self.endpoint.now())
        self.endpoint.flush()

    def hang_up(self, call: str) -> None:
        self.phone.hang_up(call, self.endpoint.now())
        self.endpoint.flush()

    async def told_of(self, kind: type[UserAgentEvent], count: int) -> None:
        while self.told[kind] < count:
            self._stirred.clear()
            await self._stirred.wait()

    async def both_are_free(self) -> None:
        agents = self.phone, self.exchange._user_agent
        while any(agent.calls for agent in agents) or self.exchange.legs:
            await asyncio.sleep(0.01)

    def let_transactions_end(self) -> None:
        """They stay for a while, to absorb what comes late."""
        for agent in (self.phone, self.exchange._user_agent):
            agent.tick(self.endpoint.now() + TIMEOUT + 1)

    @property
    def is_idle(self) -> bool:
        agents = self.phone, self.exchange._user_agent
        return all(
            agent.layer.idle and not agent.busy and agent.deadline is None and not agent.dialogs
            for agent in agents
        )


@asynccontextmanager
async def line() -> AsyncIterator[Line]:
    this = Line()
    await this.exchange.start(0)
    await this.endpoint.open(ADDRESS, 0)
    this.phone.contact = Hop("UDP", ADDRESS, this.endpoint.port)
    try:
        async with asyncio.timeout(20):
            yield this
    finally:
        await this.endpoint.close()
        await this.exchange.stop()


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@LOOPS
@pytest.mark.parametrize("moments", [[0.0], [0.0, 0.001, 0.003, 0.01]], ids=["at once", "soon"])
def test_calls_that_are_given_up_quickly_leave_nothing(
    loop: Callable[[], asyncio.AbstractEventLoop], moments: list[float]
) -> None:
    async def test() -> None:
        rng = random.Random(1)
        async with line() as this:
            before = descriptors()
            for number in range(ROUNDS):
                this.dial(f"call {number}")
                await asyncio.sleep(rng.choice(moments))
                this.hang_up(f"call {number}")
            await this.both_are_free()
            assert descriptors() == before
            assert this.told[Failed] == 0, "no call was refused, or its requests dropped"
            this.let_transactions_end()
            assert this.is_idle

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(test())


@LOOPS
def test_there_is_room_for_a_farm_that_dials_at_once(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def test() -> None:
        async with line() as this:
            before = descriptors()
            for number in range(100):
                this.dial(f"call {number}")
            await this.told_of(Answered, 100)
            assert this.told[Failed] == 0
            for number in range(100):
                this.hang_up(f"call {number}")
            await this.both_are_free()
            assert descriptors() == before

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(test())
