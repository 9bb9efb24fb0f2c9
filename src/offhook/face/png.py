"""The drawing as a picture.

To draw it takes 10 to 25 ms, in which resvg lets nothing else run in its process, other threads included: too
long beside sound that is due every 20 ms. So it has a process of its own.
"""

import asyncio
import sys

DRAWN_WITHIN = 10.0


class NotDrawn(Exception):
    """The process ended without a picture; the message is the last thing it said."""


async def png(drawing: str) -> bytes:
    """The PNG of an SVG, in the size that it has. Raises NotDrawn, and TimeoutError after 10 s."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "offhook.face.draw",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(DRAWN_WITHIN):
            picture, said = await process.communicate(drawing.encode())
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise NotDrawn(said.decode(errors="replace").strip().rpartition("\n")[2])
    return picture
