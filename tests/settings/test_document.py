"""The list of settings in the documentation, held against the settings there are.

`python -m tests.settings.test_document` writes it anew.
"""

import re
from pathlib import Path

from offhook.settings.phone_settings import NAMES, PhoneSettings, describe, values_of
from offhook.settings.sections import AccountSettings

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "settings.md"
TABLE = re.compile(r"<!-- settings -->\n.*?<!-- end -->", re.DOTALL)


def table() -> str:
    built_in = values_of(PhoneSettings(accounts={1: AccountSettings()}))
    lines = ["| name | built in | |", "|---|---|---|"]
    for name in NAMES:
        described = describe(name)
        value = built_in.get(name)
        if isinstance(value, bool):
            shown = "yes" if value else "no"
        else:
            shown = "" if value in (None, "", []) else str(value)
        text = ". ".join(filter(None, (described.field.title, described.field.description)))
        shown_name = name.replace("accounts.1.", "accounts.N.")
        lines.append(f"| `{shown_name}` | {shown} | {text.rstrip('.')}. |".replace("  ", " "))
    return "<!-- settings -->\n" + "\n".join(lines) + "\n<!-- end -->"


def test_the_document_lists_every_setting():
    written = TABLE.search(DOCUMENT.read_text("utf-8"))
    assert written is not None
    assert written[0] == table()


if __name__ == "__main__":
    DOCUMENT.write_text(TABLE.sub(lambda _: table(), DOCUMENT.read_text("utf-8")), "utf-8")
