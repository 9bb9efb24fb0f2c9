"""One target under the coverage-guided fuzzer: `python -m tests.fuzz.search TARGET [LIBFUZZER ARGUMENTS]`."""

import resource
import sys

import atheris

with atheris.instrument_imports(include=["offhook", "sipmessage"]):
    from .targets import TARGETS, Target

SETTLED = 5000
"""Cases after which the caches are full."""
GROWTH = 1.5
"""How much larger the process may be at the end than it was then; the corpus of what was found is in it."""


def watched(target: Target) -> Target:
    cases = 0
    at_first = 0

    def one(data: bytes) -> None:
        nonlocal cases, at_first
        target(data)
        cases += 1
        if cases == SETTLED:
            at_first = _resident()
        elif cases % SETTLED == 0 and _resident() > GROWTH * at_first + 64 * 1024:
            raise AssertionError(
                f"memory grows: {at_first} kB after {SETTLED} cases, {_resident()} after {cases}"
            )

    return one


def _resident() -> int:
    """In kB, at its highest."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, watched(TARGETS[name][0]))
    atheris.Fuzz()
