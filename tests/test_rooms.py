"""The table of rooms in the architecture's document, held against what the code imports."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent / "src" / "offhook"
DOCUMENT = Path(__file__).parent.parent / "docs" / "architecture.md"
NAME = re.compile(r"`([a-z_]+)(?:\.py|/)?`")
# The package itself: its version, and the way in.
LOBBY = {"__init__", "__main__"}


def rows() -> Iterator[tuple[set[str], set[str]]]:
    """For each row: the rooms that it is about, and those that they may import."""
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        cells = line.split("|")
        if len(cells) == 5 and cells[1].strip().startswith("`"):
            yield set(NAME.findall(cells[1])), set(NAME.findall(cells[3]))


def room_of(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Rooms of the house that a file imports, also where only a type checker sees it."""
    inside = path.relative_to(HOUSE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = ["offhook", *inside][: len(inside) + 2 - node.level] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            names = [module] if module.count(".") else [f"{module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "offhook" and len(parts) > 1 and parts[1] != "__version__":
                yield parts[1]


FILES = [path for path in sorted(HOUSE.rglob("*.py")) if room_of(path) not in LOBBY]


def test_every_room_stands_in_the_table_once():
    listed = [room for about, _ in rows() for room in about]
    assert sorted(listed) == sorted({room_of(path) for path in FILES})


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_a_room_imports_what_the_table_lets_it(path):
    about, may = next((about, may) for about, may in rows() if room_of(path) in about)
    assert set(imported(path)) <= about | may
