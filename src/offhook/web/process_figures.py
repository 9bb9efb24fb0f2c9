"""What concerns the process, and all of its phones: memory, the processor, the loop."""

import asyncio
import os
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from offhook.rtp.media_clock import MediaClock

from .exposition import Metric

_PROC = Path("/proc/self")


async def process_figures(clock: MediaClock) -> list[Metric]:
    """What the system tells of it; on some it tells less."""
    return [
        Metric.of(
            "offhook_loop_delay_seconds",
            "How long what was next had to wait for the loop, when this was asked.",
            await _loop_delay(),
        ),
        Metric.of(
            "offhook_media_beats_missed_total",
            "Beats of the media clock that came too late to be sent for.",
            clock.missed,
        ),
        Metric.of("offhook_tasks", "Tasks of the loop.", len(asyncio.all_tasks())),
        Metric.of("process_cpu_seconds_total", "Processor time spent, user and system.", time.process_time()),
        *_of_linux(),
    ]


async def _loop_delay() -> float:
    begun = time.perf_counter()
    await asyncio.sleep(0)
    return time.perf_counter() - begun


def _of_linux() -> Iterator[Metric]:
    try:
        resident = int((_PROC / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        open_fds = len(os.listdir(_PROC / "fd"))  # noqa: PTH208 - a farm has thousands, and no use for paths
        started = _started()
    except (OSError, ValueError):
        return
    yield Metric.of("process_resident_memory_bytes", "Memory in use.", resident)
    yield Metric.of("process_open_fds", "Open file descriptors.", open_fds)
    yield Metric.of("process_start_time_seconds", "When the process started, since the epoch.", started)


@cache
def _started() -> float:
    """See proc(5): the 22nd field of stat, in ticks since the machine booted."""
    ticks = int((_PROC / "stat").read_text().rpartition(")")[2].split()[19])
    uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    return round(time.time() - uptime + ticks / os.sysconf("SC_CLK_TCK"), 2)
