"""docs/interop.md: the matrix as a table, with notes on the cells that need one."""

import platform
import subprocess
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from .outcome import ByCell, Outcome
from .peer import Fault, Peer
from .rows import ROWS
from .table import PEERS

PATH = Path(__file__).parents[3] / "docs" / "interop.md"

HEAD = """\
# Who it gets along with

Written by `make interop`, which tries every cell; do not edit. `make proof` tries them all too, and
`make test` one row of each peer. All is tried over loopback, with phones of ours as a person runs them and
each peer in a process of its own.

✓ passed (with a note: not every time) · ✗ failed, and the note says what was seen, and whose fault it is by
which document · – the peer cannot, and the note says why. The phone is `offhook run`; "the peer" is whoever
heads the column.

"""


def version(made_by: str) -> str:
    where, _, package = made_by.partition(":")
    if where == "pypi":
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            return f"not to be had for Python {platform.python_version()}"
    command = ["dpkg-query", "--show", "--showformat=${Version}", package]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout or "not installed"


def written(outcomes: ByCell) -> str:
    notes: dict[str, int] = {}
    rows = [f"| {row} | {' | '.join(cell(peer, row, outcomes, notes) for peer in PEERS)} |\n" for row in ROWS]
    return "".join([HEAD, *peers(), "\n", *table(rows), "\n", *listed(notes)])


def peers() -> Iterator[str]:
    yield "| peer | package | version | how it takes part |\n|---|---|---|---|\n"
    for peer in PEERS:
        where, _, package = peer.made_by.partition(":")
        where = {"debian": "Debian", "pypi": "PyPI"}[where]
        yield f"| {peer.name} | {where}: `{package}` | {version(peer.made_by)} | {peer.how} |\n"


def table(rows: list[str]) -> Iterator[str]:
    yield f"| | {' | '.join(peer.name for peer in PEERS)} |\n|---{'|:---:' * len(PEERS)}|\n"
    yield from rows


def cell(peer: type[Peer], row: str, outcomes: ByCell, notes: dict[str, int]) -> str:
    if row in peer.cannot:
        return f"–{noted(peer.cannot[row], notes)}"
    came = outcomes.get((peer.name, row), Outcome("failed", "it was not tried"))
    match came.result:
        case "passed":
            return f"✓{noted(text_of(peer.faults[row]), notes)}" if row in peer.faults else "✓"
        case "known":
            return f"✗{noted(text_of(peer.faults[row]), notes)}"
        case "not here":
            return f"–{noted(came.seen, notes)}"
        case "failed":
            return f"✗{noted(came.seen, notes)}"


def text_of(fault: Fault) -> str:
    return f"{fault.seen}. {fault.whose[:1].upper()}{fault.whose[1:]}"


def noted(text: str, notes: dict[str, int]) -> str:
    """A reference to the note of this text, which stands there once."""
    number = notes.setdefault(text, len(notes) + 1)
    return f" [{number}](#notes)"


def listed(notes: Mapping[str, int]) -> Iterator[str]:
    yield "## Notes\n\n"
    for text, number in notes.items():
        yield f"{number}. {text[:1].upper()}{text[1:]}.\n"
