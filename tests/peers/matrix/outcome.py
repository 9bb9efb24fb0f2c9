"""What came of each cell, as pytest reports it."""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

import pytest

Result = Literal["passed", "failed", "known", "not here"]


class Outcome(NamedTuple):
    """`known`: it failed as its peer's faults say. `seen` is what failed, or why it was not tried."""

    result: Result
    seen: str = ""


ByCell = Mapping[tuple[str, str], Outcome]
"""Names of peer and row to what came of it."""


class Outcomes:
    """A plugin of pytest that keeps them."""

    def __init__(self) -> None:
        self.by_cell: dict[tuple[str, str], Outcome] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        named = re.search(r"\[([^:\]]+): ([^\]]+)\]$", report.nodeid)
        if named is None or (report.when != "call" and report.passed):
            return
        self.by_cell[named[1], named[2]] = outcome(report)


def outcome(report: pytest.TestReport) -> Outcome:
    if hasattr(report, "wasxfail"):
        return Outcome("passed" if report.passed else "known")
    if report.passed:
        return Outcome("passed")
    if report.skipped:
        return Outcome("not here", str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else "")
    crash = getattr(report.longrepr, "reprcrash", None)
    return Outcome("failed", first_line(crash.message if crash else str(report.longrepr)))


def first_line(text: str) -> str:
    """Without what was seen last of a state, which is long, and what a table cannot hold."""
    line = text.partition("; last seen:")[0].splitlines()[0]
    return line.removeprefix("AssertionError: ").replace("|", "/")[:200]
