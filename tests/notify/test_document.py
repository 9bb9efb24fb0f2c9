"""docs/action-url.md, held against the events and variables there are."""

import re
from pathlib import Path

from offhook.notify.action_event import ActionEvent
from offhook.notify.variables import VARIABLES

DOCUMENT = (Path(__file__).parent.parent.parent / "docs" / "action-url.md").read_text("utf-8")


def first_cells(heading: str) -> str:
    section = DOCUMENT.split(f"## {heading}\n")[1].split("\n## ")[0]
    table = section.split("|---|---|\n")[1].split("\n\n")[0]
    return "\n".join(line for line in table.splitlines())


def test_every_event_has_its_row_once():
    rows = [line.split("|")[1] for line in first_cells("Events").splitlines()]
    assert sorted(name for row in rows for name in re.findall(r"`(\w+)`", row)) == sorted(ActionEvent)


def test_every_variable_is_there():
    assert set(re.findall(r"`\$(\w+)`", first_cells("Variables"))) == set(VARIABLES)
