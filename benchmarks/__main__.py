"""All of them, one after the other: what `make bench` runs."""

import platform

import uvloop

from . import make_call, media_legs, where_time_goes

ROUNDS = 400


def main() -> None:
    print(f"Python {platform.python_version()} on {platform.machine()}; ratios count, not figures\n")
    make_call.report(ROUNDS)
    print()
    where_time_goes.report(ROUNDS)
    print()
    uvloop.run(media_legs.run(calls=100, seconds=3.0))


if __name__ == "__main__":
    main()
