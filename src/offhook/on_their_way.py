"""INVITEs that are wanted and not yet on the wire: their next hop is being looked up, or connected to."""

import asyncio


class OnTheirWay:
    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[None]] = {}

    def __contains__(self, call: str) -> bool:
        return call in self._waiting

    def expect(self, call: str) -> None:
        self._waiting[call] = asyncio.get_running_loop().create_future()

    def settle(self, call: str) -> None:
        """It is on the wire, or will never be."""
        if waiting := self._waiting.pop(call, None):
            waiting.set_result(None)

    async def settled(self, call: str, seconds: float) -> bool:
        """False where it is still on its way after that time."""
        waiting = self._waiting.get(call)
        if waiting is not None:
            try:
                async with asyncio.timeout(seconds):
                    await asyncio.shield(waiting)
            except TimeoutError:
                return False
        return True
