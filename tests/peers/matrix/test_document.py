"""The form of docs/interop.md: every peer, every row, and no cell without a result."""

import re

from .document import PATH
from .rows import ROWS
from .table import PEERS, cells


def table() -> list[list[str]]:
    text = PATH.read_text("utf-8")
    rows = re.findall(r"(?m)^\| .* \|$", text[text.index("\n| | ") :])
    return [[each.strip() for each in row.strip("|").split("|")] for row in rows]


def test_it_has_every_peer_and_every_row() -> None:
    heads, *rows = table()
    assert heads == ["", *(peer.name for peer in PEERS)]
    assert [row[0] for row in rows] == list(ROWS)


def test_every_cell_says_what_came_of_it_or_why_not() -> None:
    text = PATH.read_text("utf-8")
    notes = re.findall(r"(?m)^(\d+)\. (.+)$", text)
    assert [int(number) for number, _ in notes] == list(range(1, len(notes) + 1))
    for name, *results in table()[1:]:
        assert len(results) == len(PEERS), name
        for peer, result in zip(PEERS, results, strict=True):
            found = re.fullmatch(r"✓|[✓✗–] \[(\d+)\]\(#notes\)", result)
            assert found, (name, peer.name, result)
            assert found[1] is None or int(found[1]) <= len(notes), (name, peer.name)
            assert (name in peer.cannot) <= result.startswith("–"), (name, peer.name)


def test_it_has_the_version_of_every_peer() -> None:
    text = PATH.read_text("utf-8")
    for peer in PEERS:
        said = re.search(rf"(?m)^\| {re.escape(peer.name)} \| \w+: `[^`]+` \| (\S[^|]*) \| [^|]+ \|$", text)
        assert said, peer.name
        assert "not installed" not in said[1], peer.name


def test_what_a_peer_cannot_and_where_it_fails_are_rows_of_the_table() -> None:
    for peer in PEERS:
        for known in (peer.cannot, peer.faults, peer.own):
            assert set(known) <= set(ROWS), peer.name
        assert not set(peer.cannot) & (set(peer.own) | set(peer.faults)), peer.name


def test_each_peer_has_one_quick_row() -> None:
    assert [cell.peer for cell in cells() if cell.quick] == list(PEERS)
