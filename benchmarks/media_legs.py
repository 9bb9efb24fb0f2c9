"""What a call's sound costs: CPU per leg, how late the media clock is, and how long opening a leg takes.

    python benchmarks/media_legs.py [--calls 100] [--seconds 3] [--loop asyncio|uvloop]

Both ends of all calls live in this process and talk over loopback, so a leg's figure is for 50 packets sent
and 50 received a second. An empty loop that only ticks is measured in the same run and taken off.
"""

import argparse
import asyncio
import statistics
import time
from dataclasses import dataclass, field

import uvloop

from offhook.rtp.leg import Leg
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.ports import RtpPorts

INTERVAL = 20


@dataclass
class Lateness:
    """Rides on the clock first of all and notes how far from its 20 ms grid each tick comes, in ms."""

    began: float = field(default_factory=time.monotonic)
    beats: int = -1
    late: list[float] = field(default_factory=list)

    def beat(self, missed: int) -> None:
        self.beats += 1 + missed
        self.late.append((time.monotonic() - self.began) * 1000 - self.beats * INTERVAL)


@dataclass(frozen=True)
class Cost:
    cpu: float
    """Seconds of one core per second."""
    late: list[float]


async def measure(seconds: float, probe: Lateness) -> Cost:
    await asyncio.sleep(0.5)
    probe.late.clear()
    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    return Cost((time.process_time() - cpu) / (time.perf_counter() - wall), probe.late[:])


def percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


async def empty(seconds: float) -> Cost:
    clock, probe = MediaClock(), Lateness()
    clock.join(probe, INTERVAL)
    cost = await measure(seconds, probe)
    clock.leave(probe, INTERVAL)
    return cost


def talk(leg: Leg, port: int) -> None:
    leg.start(
        address="127.0.0.1",
        port=port,
        rtcp_address="127.0.0.1",
        rtcp_port=port + 1,
        payload_type=0,
        codec_name="PCMU",
        telephone_event=101,
        sending=True,
        receiving=True,
    )


async def run(calls: int, seconds: float) -> None:
    idle = await empty(seconds)
    clock, ports, probe = MediaClock(), RtpPorts(), Lateness()
    clock.join(probe, INTERVAL)
    legs, opening = [], []
    for _ in range(2 * calls):
        before = time.perf_counter()
        legs.append(Leg.open(clock, "127.0.0.1", ports))
        opening.append((time.perf_counter() - before) * 1e6)
    for caller, callee in zip(legs[::2], legs[1::2], strict=True):
        talk(caller, callee.port)
        talk(callee, caller.port)
    busy = await measure(seconds, probe)
    stats = [leg.stats() for leg in legs]
    for leg in legs:
        leg.close()
    clock.leave(probe, INTERVAL)

    print(f"{'':24}{'CPU, % of a core':>18}{'tick late, ms p50':>20}{'p99':>8}{'max':>8}")
    for name, cost in (("empty loop", idle), (f"{len(legs)} legs", busy)):
        p50, p99, worst = statistics.median(cost.late), percentile(cost.late, 99), max(cost.late)
        print(f"{name:24}{cost.cpu * 100:18.2f}{p50:20.2f}{p99:8.2f}{worst:8.2f}")
    each = (busy.cpu - idle.cpu) / len(legs)
    print(f"{'one leg':24}{each * 100:18.3f}   = {each / idle.cpu:.2f} times the empty loop")
    print(
        f"packets sent {sum(s.sent for s in stats)}, received {sum(s.received for s in stats)}, "
        f"lost {sum(s.lost for s in stats)}; jitter {statistics.mean(s.jitter for s in stats):.2f} ms"
    )
    print(f"opening a leg, µs: p50 {statistics.median(opening):.0f}, p99 {percentile(opening, 99):.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="uvloop")
    arguments = parser.parse_args()
    factory = uvloop.new_event_loop if arguments.loop == "uvloop" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(run(arguments.calls, arguments.seconds))


if __name__ == "__main__":
    main()
