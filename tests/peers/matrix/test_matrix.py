"""Every cell of the matrix: one quick row for each peer, the others in `make proof`."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from ...authority import Authority
from .bench import Bench, in_ci
from .table import Cell, cells


def marked(cell: Cell) -> object:
    marks = [] if cell.quick else [pytest.mark.proof]
    fault = cell.peer.faults.get(cell.row)
    if fault is not None:
        why = f"{fault.seen} ({fault.whose})"
        marks.append(pytest.mark.xfail(raises=AssertionError, reason=why, strict=not fault.not_always))
    return pytest.param(cell, id=f"{cell.peer.name}: {cell.row}", marks=marks)


@pytest.mark.peer
@pytest.mark.parametrize("cell", [marked(cell) for cell in cells()])
def test_cell(
    cell: Cell,
    tmp_path: Path,
    stack: ExitStack,
    require_peer: Callable[[str], str],
    authority: Authority,
) -> None:
    if not_made := cell.peer.not_made():
        pytest.skip(not_made)
    if missing := cell.peer.missing():
        if in_ci():
            pytest.fail(missing)
        pytest.skip(missing)
    cell.tried(Bench(cell.peer, tmp_path, stack, require_peer, authority))
