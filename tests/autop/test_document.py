"""The list of names in the documentation, held against the names that are understood.

`python -m tests.autop.test_document` writes it anew.
"""

import re
from pathlib import Path

from offhook.autop.names import TABLE, Known

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "autop.md"
NAMES = re.compile(r"<!-- names -->\n.*?<!-- end -->", re.DOTALL)


def row(known: Known) -> str:
    setting = f"`{known.setting}`".replace("{N}", "N") if known.setting else "no effect"
    values = ", ".join(f"{text}: {meant or 'empty'}" for text, meant in (known.values or {}).items())
    meaning = "; ".join(filter(None, (setting, known.half and f"its {known.half}", values, known.note)))
    return f"| `{known.name.replace('{N}', 'N')}` | {meaning} | {known.source} |"


def table() -> str:
    lines = ["| name | sets | known from |", "|---|---|---|", *map(row, TABLE)]
    return "<!-- names -->\n" + "\n".join(lines) + "\n<!-- end -->"


def test_the_document_lists_every_name():
    written = NAMES.search(DOCUMENT.read_text("utf-8"))
    assert written is not None
    assert written[0] == table()


if __name__ == "__main__":
    DOCUMENT.write_text(NAMES.sub(lambda _: table(), DOCUMENT.read_text("utf-8")), "utf-8")
