"""A million cases of everything that reads from the network: `python -m tests.fuzz [CASES]`.

Targets run beside each other, one for each core. What is found is written to `fuzz-TARGET-crash-…`, and
`python -m tests.fuzz TARGET FILE` has it happen again.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .seeds import seeds
from .targets import TARGETS

CASES = 1_000_000
LONGEST = 4096
"""Octets of one case."""
TOO_SLOW = 10
"""Seconds that one case may take, with whatever else the machine does."""


def search(name: str, cases: int, seed: int) -> str | None:
    """None where all went well, else what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder)
        for number, case in enumerate(seeds(name)):
            (corpus / f"seed-{number}").write_bytes(case)
        begun = time.monotonic()
        limits = (f"-runs={cases}", f"-max_len={LONGEST}", f"-timeout={TOO_SLOW}", "-rss_limit_mb=1024")
        how = (f"-seed={seed}", f"-artifact_prefix=fuzz-{name}-", str(corpus))
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.search", name, *limits, *how],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    said = done.stdout.decode("utf-8", "replace")
    how_it_went = "FAILED after" if done.returncode else f"{cases} cases in"
    print(f"{name}: {how_it_went} {time.monotonic() - begun:.0f} s", flush=True)
    return f"{name}:\n{said[-6000:]}" if done.returncode else None


def searches(cases: int) -> Iterator[tuple[str, int, int]]:
    """Each target twice, from two seeds, so that one that takes long does not keep one core alone."""
    for name, (_, share) in TARGETS.items():
        for seed in (1, 2):
            yield name, cases * share // 200, seed


def main(arguments: list[str]) -> int:
    if len(arguments) == 2:
        name, file = arguments
        TARGETS[name][0](Path(file).read_bytes())
        return 0
    cases = int(arguments[0]) if arguments else CASES
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong = [said for said in pool.map(lambda each: search(*each), searches(cases)) if said]
    print("\n".join(wrong))
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
