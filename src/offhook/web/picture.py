"""The PNG of one phone's screen."""

import asyncio

from starlette.concurrency import run_in_threadpool

from offhook.phone.screen import Screen


class Picture:
    """Draws one picture at a time, and one screen once, however many ask for it."""

    def __init__(self) -> None:
        self._drawing = asyncio.Lock()
        self._drawn: tuple[Screen, bytes] | None = None

    async def of(self, screen: Screen) -> bytes:
        """Raises `offhook.face.png.NotDrawn`."""
        from offhook.face.png import png  # noqa: PLC0415
        from offhook.face.svg import svg  # noqa: PLC0415

        async with self._drawing:
            if self._drawn is None or self._drawn[0] != screen:
                self._drawn = screen, await png(await run_in_threadpool(svg, screen))
            return self._drawn[1]
