"""What a conference of three costs beyond its bare legs, and how punctual it is."""

import asyncio
import contextlib
import resource
import sys
import time

from offhook.rtp.leg import Leg
from offhook.rtp.media_clock import MediaClock, Paced
from offhook.rtp.ports import RtpPorts
from offhook.sound.sound import Sound

HOST = "127.0.0.1"
CONFERENCES = {
    "PCMU PCMA G722": ("PCMU", "PCMA", "G722"),
    "PCMU PCMU PCMU": ("PCMU", "PCMU", "PCMU"),
    "G722 G722 G722": ("G722", "G722", "G722"),
}
PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8, "G722": 9}
SECONDS = 8.0
SETTLING = 1.0
INTERVAL = 0.02


class Timed:
    """One paced, with the number of each beat, its beginning and what it took, in seconds."""

    def __init__(self, paced: Paced) -> None:
        self.paced = paced
        self.missed = 0
        self.began: list[tuple[int, float]] = []
        self.took: list[float] = []

    def beat(self, missed: int) -> None:
        began = time.perf_counter()
        self.missed += missed
        self.began.append((self.missed + len(self.began), began))
        self.paced.beat(missed)
        self.took.append(time.perf_counter() - began)

    def begin(self) -> None:
        self.missed = 0
        self.began.clear()
        self.took.clear()


class TimedClock(MediaClock):
    """Times the room, which is the one that beats first."""

    def __init__(self) -> None:
        super().__init__()
        self.room: Timed | None = None

    def join(self, paced: Paced, interval: int, *, first: bool = False) -> None:
        if first:
            paced = self.room = Timed(paced)
        super().join(paced, interval, first=first)

    def leave(self, paced: Paced, interval: int) -> None:
        super().leave(self.room if self.room and self.room.paced is paced else paced, interval)


def start(leg: Leg, far: Leg, codec_name: str) -> None:
    leg.start(
        address=HOST,
        port=far.port,
        rtcp_address=HOST,
        rtcp_port=far.port + 1,
        payload_type=PAYLOAD_TYPES[codec_name],
        codec_name=codec_name,
        telephone_event=101,
        sending=True,
        receiving=True,
    )


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measure(codecs: tuple[str, ...], seconds: float, blocked: float = 0.0) -> str:
    """`blocked` is how long the loop stands still every second and a half, in seconds."""
    clock = TimedClock()
    with contextlib.ExitStack() as stack:
        legs = {}
        for number, codec_name in enumerate(codecs):
            near, far = (Leg.open(clock, HOST, RtpPorts()) for _ in range(2))
            stack.callback(near.close)
            stack.callback(far.close)
            start(near, far, codec_name)
            start(far, near, codec_name)
            legs[str(number)] = near
        await asyncio.sleep(SETTLING)
        bare = await cpu_during(seconds)
        sound = Sound(clock)
        stack.callback(sound.close)
        sound.apply(legs, "none", microphone=True, tone="none")
        await asyncio.sleep(SETTLING)
        assert clock.room
        clock.room.begin()
        mixed = await cpu_during(seconds, blocked)
        return report(clock.room, bare, mixed)


async def cpu_during(seconds: float, blocked: float = 0.0) -> float:
    """Share of a core."""
    began, used = time.perf_counter(), cpu()
    while (left := began + seconds - time.perf_counter()) > 0:
        await asyncio.sleep(min(left, 1.5))
        if blocked:
            time.sleep(blocked)  # noqa: ASYNC251  (the standstill is the point)
    return (cpu() - used) / (time.perf_counter() - began)


def report(room: Timed, bare: float, mixed: float) -> str:
    took = sorted(room.took)
    # The earliest of all beats is taken for punctual.
    phases = [began - number * INTERVAL for number, began in room.began]
    late = sorted(phase - min(phases) for phase in phases)
    return (
        f"tick {at(took, 0.5) * 1e6:4.0f} µs, p99 {at(took, 0.99) * 1e6:4.0f} µs;  "
        f"late p99 {at(late, 0.99) * 1e3:5.1f} ms, at most {late[-1] * 1e3:5.1f} ms, "
        f"{room.missed} of {len(took) + room.missed} beats slept through;  "
        f"{bare * 100:.1f} % of a core bare, {mixed * 100:.1f} % mixed"
    )


def at(ordered: list[float], quantile: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * quantile))]


def main(seconds: float = SECONDS) -> None:
    for name, codecs in CONFERENCES.items():
        print(f"{name}:  {asyncio.run(measure(codecs, seconds))}", flush=True)
    blocked = asyncio.run(measure(CONFERENCES["PCMU PCMA G722"], seconds, blocked=0.12))
    print(f"the first, its loop stopped for 120 ms every 1.5 s:  {blocked}")


if __name__ == "__main__":
    main(*(float(argument) for argument in sys.argv[1:]))
