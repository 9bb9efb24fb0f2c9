"""From `MakeCall` to the INVITE: offhook beside Debian's baresip, both driven by a URL.

    python -m benchmarks.make_call [--rounds 400]

Each round is a new TCP connection; its clock starts before connect() and stops when the INVITE has arrived at
a far end on loopback, which is busy, so that the phones are idle again before the next. The two phones take
turns. `floor` is what the way through this driver and Python costs by itself: no parsing, no guard, no call.
"""

import argparse
import gc
import random
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

from . import phones
from .dialling import FarEnd, dial
from .phones import Phone

WARM_UP = 100
PAUSE = 0.003
"""Seconds between two calls: long enough for every process to be asleep again."""
RESAMPLES = 1000


@dataclass(frozen=True)
class Series:
    name: str
    took: list[float]
    """Microseconds, by round."""

    def percentile(self, percent: int) -> float:
        return statistics.quantiles(self.took, n=100)[percent - 1]


def measure(rounds: int, *start: Callable[[int], AbstractContextManager[Phone]]) -> list[Series]:
    """All of them running, and called one after the other."""
    with ExitStack() as stack:
        far_end = stack.enter_context(FarEnd())
        running = [stack.enter_context(phone(far_end.port)) for phone in start]
        series = [Series(phone.name, []) for phone in running]
        gc.disable()
        for number in range(WARM_UP + rounds):
            for phone, measured in zip(running, series, strict=True):
                time.sleep(PAUSE)
                dialled = dial(phone.port, phone.request, far_end)
                if number >= WARM_UP:
                    measured.took.append(dialled.took)
        gc.enable()
        return series


def ratio(ours: Series, theirs: Series) -> tuple[float, float, float]:
    """Of the medians, with the 95 % interval of a bootstrap over the rounds."""
    rounds = list(zip(ours.took, theirs.took, strict=True))
    rng = random.Random(1)
    ratios = []
    for _ in range(RESAMPLES):
        mine, other = zip(*rng.choices(rounds, k=len(rounds)), strict=True)
        ratios.append(statistics.median(mine) / statistics.median(other))
    cuts = statistics.quantiles(ratios, n=40)
    return statistics.median(ours.took) / statistics.median(theirs.took), cuts[0], cuts[-1]


def report(rounds: int) -> None:
    # By itself, for it would keep the interpreter in the processor's caches for offhook.
    others = measure(rounds, phones.floor)
    try:
        theirs, ours = measure(rounds, phones.baresip, phones.offhook)
        others.append(theirs)
    except FileNotFoundError as error:
        print(f"{error}: offhook is measured alone.")
        (ours,) = measure(rounds, phones.offhook)
    print(f"{'MakeCall to INVITE, µs':24}{'p50':>8}{'p90':>8}{'p99':>8}   offhook is (95 %)")
    for each in (*others, ours):
        figures = "".join(f"{each.percentile(percent):8.0f}" for percent in (50, 90, 99))
        beside = "" if each is ours else "   {:.2f} times that ({:.2f} to {:.2f})".format(*ratio(ours, each))
        print(f"{each.name:24}{figures}{beside}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=400)
    report(parser.parse_args().rounds)


if __name__ == "__main__":
    main()
