"""Tries the whole matrix and writes docs/interop.md from what came of it: `make interop`."""

import sys

import pytest

from .document import PATH, written
from .outcome import Outcomes


def main() -> int:
    outcomes = Outcomes()
    # What a peer does wrong and is known for is expected to fail: it stands in the table as that.
    arguments = ["-q", "-m", "", "--tb=line", "--numprocesses=auto", "tests/peers/matrix/test_matrix.py"]
    status = pytest.main(arguments, [outcomes])
    if status not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        return int(status)
    PATH.write_text(written(outcomes.by_cell), "utf-8")
    print(f"written: {PATH}")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
