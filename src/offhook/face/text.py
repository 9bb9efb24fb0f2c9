"""The screen for a terminal: 61 columns, 15 lines."""

from offhook.phone.screen import Icon, Page, Screen

from .cells import cells, centred, fit, padded
from .legible import legible
from .scroll import seen

KEYS = 4
KEY = 14
INSIDE = KEYS * KEY + KEYS - 1
ROOM = INSIDE - 2
BODY = 9
CURSOR = "|"

MARKS = {
    Icon.REGISTERED: "REG",
    Icon.UNREGISTERED: "NO REG",
    Icon.DND: "DND",
    Icon.FORWARD: "FWD",
    Icon.MUTED: "MUTED",
    Icon.RINGER_MUTED: "SILENT",
    Icon.MISSED: "MISSED",
    Icon.MESSAGE: "MSG",
    Icon.ENCRYPTED: "SECURE",
}


def text(screen: Screen) -> str:
    """The screen as lines of equal width, each ended."""
    marks = " ".join(MARKS[icon] for icon in screen.icons)
    title = padded(legible(screen.title), ROOM - cells(marks) - 1)
    labels = [legible(label) for label in screen.softkeys[:KEYS]]
    keys = [centred(label, KEY) for label in labels + [""] * (KEYS - len(labels))]
    drawn = [
        "┌" + "─" * INSIDE + "┐",
        f"│ {title} {marks} │",
        "├" + "─" * INSIDE + "┤",
        *(f"│ {padded(line, ROOM)} │" for line in _body(screen)),
        "├" + "┬".join(["─" * KEY] * KEYS) + "┤",
        "│" + "│".join(keys) + "│",
        "└" + "┴".join(["─" * KEY] * KEYS) + "┘",
    ]
    return "".join(line + "\n" for line in drawn)


def _body(screen: Screen) -> list[str]:
    shown = _list(screen) if screen.page is Page.MENU else _lines(screen)
    shown += [""] * (BODY - len(shown))
    if screen.notice:
        shown[-1] = f"! {legible(screen.notice)}"
    return shown


def _lines(screen: Screen) -> list[str]:
    room = BODY - 3 if screen.notice else BODY - 1
    lines = [legible(line) for line in screen.lines]
    if screen.cursor is not None and lines:
        lines[0] = _with_cursor(screen.lines[0], screen.cursor)
    if len(lines) > room:
        lines[room - 1 :] = [f"and {len(lines) - room + 1} more"]
    return ["", *(f"  {line}" for line in lines)]


def _with_cursor(typed: str, cursor: int) -> str:
    """What was typed last stays in sight: what is too long goes at the left before it goes at the right."""
    before, after = legible(typed[:cursor]) + CURSOR, legible(typed[cursor:])
    return fit(before[::-1], ROOM - 2 - min(cells(after), ROOM // 3))[::-1] + after


def _list(screen: Screen) -> list[str]:
    rows = seen(len(screen.lines), screen.selected, BODY - 2 if screen.notice else BODY)
    return [
        f"{'>' if row == screen.selected else ' '} {_key(row)} "
        + padded(legible(screen.lines[row]), ROOM - 6)
        + (" ^" if row == rows[0] > 0 else " v" if row == rows[-1] < len(screen.lines) - 1 else "")
        for row in rows
    ]


def _key(row: int) -> str:
    """The key that picks it."""
    return str(row + 1) if row < 9 else " "
