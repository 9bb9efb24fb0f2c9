"""The screen as a drawing, 480 by 272: SVG that stands alone, without script, style sheet or typeface."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from offhook.phone.screen import Icon, Page, Screen

from .legible import legible
from .pictograms import ICONS, LARGE, SMALL, STATES
from .scroll import seen
from .typeface import FAMILY, REGULAR, SEMIBOLD, covers, fit, width

WIDTH, HEIGHT = 480, 272
MARGIN = 16
BAR = 38
KEYS_TOP = 226
NOTICE_TOP = 188
NEAR = 0.8
"""Of the room. DejaVu Sans, the widest that is common, is wider than Inter by less than that leaves."""

FAMILIES = f"{FAMILY}, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

SIZE_AND_ROLE = (
    f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="title said" font-family="{FAMILIES}"'
)

# Each text has a contrast of 4.5 or more against what it stands on (WCAG 2.2, 1.4.3).
PAPER = "#f7f7f3"
WHITE = "#ffffff"
INK = "#1b262c"
QUIET = "#526069"
EDGE = "#c3cac6"
PALE = "#e8ebe6"
GREEN = "#1d6b47"
BLUE = "#1f5a94"
AMBER = "#875100"
ALARM = "#a3262c"
NOTICE, NOTICE_INK = "#fbecc8", "#523a00"

ALARMING = {Icon.UNREGISTERED, Icon.DND}
"""With these no call comes in."""


@dataclass(frozen=True, slots=True)
class Tint:
    bar: str
    ink: str
    accent: str


CALM = Tint(PALE, INK, BLUE)
TINTS = {
    Page.RINGING: Tint(GREEN, WHITE, GREEN),
    Page.CALLING: Tint(BLUE, WHITE, BLUE),
    Page.TALKING: Tint(GREEN, WHITE, GREEN),
    Page.CONFERENCE: Tint(GREEN, WHITE, GREEN),
    Page.HELD: Tint(AMBER, WHITE, AMBER),
}


def svg(screen: Screen) -> str:
    tint = TINTS.get(screen.page, CALM)
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {SIZE_AND_ROLE}>',
            f'<title id="title">{_escaped(screen.title)}</title>',
            f'<desc id="said">{_said(screen)}</desc>',
            _box(0, 0, WIDTH, HEIGHT, PAPER),
            *_bar(screen, tint),
            *PAGES.get(screen.page, _on_call)(screen, tint),
            *_notice(screen),
            *_soft_keys(screen),
            "</svg>\n",
        )
    )


def _said(screen: Screen) -> str:
    """All that the drawing says, for who does not see it."""
    parts = [*screen.icons, *screen.lines, screen.notice or "", *screen.softkeys]
    return "; ".join(_escaped(part) for part in parts if part)


# --- what is on every page


def _bar(screen: Screen, tint: Tint) -> Iterator[str]:
    yield _box(0, 0, WIDTH, BAR, tint.bar)
    left = WIDTH - MARGIN + 6
    for icon in reversed(screen.icons):
        left -= SMALL + 6
        ink = ALARM if tint is CALM and icon in ALARMING else tint.ink
        yield _stroke(ICONS[icon], left, (BAR - SMALL) / 2, ink, 1.7)
    # The idle page has its title in the middle, large.
    title, ink = ("offhook", QUIET) if screen.page is Page.IDLE else (screen.title, tint.ink)
    yield _text(title, MARGIN, 25, left - MARGIN - 12, sizes=(17,), ink=ink, weight=SEMIBOLD)


def _notice(screen: Screen) -> Iterator[str]:
    if screen.notice:
        yield _box(8, NOTICE_TOP, WIDTH - 16, 30, NOTICE, radius=8)
        yield _text(screen.notice, 20, NOTICE_TOP + 20.5, WIDTH - 40, sizes=(16,), ink=NOTICE_INK)


def _soft_keys(screen: Screen) -> Iterator[str]:
    key, gap = 110, 8
    for place, label in enumerate(screen.softkeys[:4]):
        left = 8 + place * (key + gap)
        yield _box(left, KEYS_TOP, key, 38, WHITE, radius=9, edge=EDGE)
        yield _text(
            label, left + key / 2, KEYS_TOP + 25, key - 8, sizes=(16,), ink=INK, weight=SEMIBOLD, centred=True
        )


def _floor(screen: Screen) -> int:
    """Down to where the page's own part reaches."""
    return NOTICE_TOP if screen.notice else KEYS_TOP - 4


# --- the pages


def _idle(screen: Screen, _tint: Tint) -> Iterator[str]:
    step = 27
    lines = _that_fit(screen.lines, (_floor(screen) - BAR - 76) // step + 1)
    top = (BAR + _floor(screen) - 40 - step * len(lines)) / 2
    room = WIDTH - 2 * MARGIN
    yield _text(
        screen.title, WIDTH / 2, top + 34, room, sizes=(38, 32, 26), ink=INK, weight=SEMIBOLD, centred=True
    )
    for row, line in enumerate(lines, 1):
        yield _text(line, WIDTH / 2, top + 40 + row * step - 4, room, sizes=(20, 17), ink=QUIET, centred=True)


def _on_call(screen: Screen, tint: Tint) -> Iterator[str]:
    first, *others = screen.lines or ("",)
    step = 27
    lines = _that_fit(tuple(others), (_floor(screen) - BAR - 60) // step + 1)
    middle = (BAR + _floor(screen)) / 2
    yield _state(screen.page, middle, tint)
    left, room = 116, WIDTH - 116 - MARGIN
    top = middle - (38 + step * len(lines)) / 2
    yield _text(first, left, top + 31, room, sizes=(34, 29, 24), ink=INK, weight=SEMIBOLD)
    for row, line in enumerate(lines, 1):
        yield _text(line, left, top + 38 + row * step - 5, room, sizes=(20, 17), ink=QUIET)


def _conference(screen: Screen, tint: Tint) -> Iterator[str]:
    step = 33
    lines = _that_fit(screen.lines, (_floor(screen) - BAR - 8) // step)
    middle = (BAR + _floor(screen)) / 2
    yield _state(screen.page, middle, tint)
    top = middle - step * len(lines) / 2
    for row, line in enumerate(lines):
        yield _text(
            line, 116, top + row * step + 24, WIDTH - 116 - MARGIN, sizes=(23, 20), ink=INK, weight=SEMIBOLD
        )


def _entry(screen: Screen, tint: Tint) -> Iterator[str]:
    typed, *others = screen.lines or ("",)
    top, height = BAR + 24, 68
    room = WIDTH - 2 * MARGIN - 32
    yield _box(MARGIN, top, WIDTH - 2 * MARGIN, height, WHITE, radius=10, edge=EDGE)
    typed_to = len(typed) if screen.cursor is None else screen.cursor
    before, after = legible(typed[:typed_to]), legible(typed[typed_to:])
    size = next((size for size in (40, 34, 28) if width(before + after, size) <= room), 28)
    # What was typed last stays in sight: what is too long goes at the left before it goes at the right.
    ahead = min(width(after, size), room / 3)
    before = fit(before[::-1], room - ahead, size)[::-1]
    left, base, long = MARGIN + 16, top + 34 + round(size * 0.36), width(before, size)
    after = fit(after, room - long, size)
    # Both say how long they are, so that the cursor stands between them in every typeface.
    yield _line(before, left, base, size=size, ink=INK, length=long)
    yield _line(after, left + long + 3, base, size=size, ink=INK, length=width(after, size))
    if screen.cursor is not None:
        yield _box(left + long, top + 34 - size * 0.55, 2, size * 1.1, tint.accent)
    for row, line in enumerate(_that_fit(tuple(others), (_floor(screen) - top - height - 8) // 26)):
        yield _text(line, MARGIN + 4, top + height + 28 + row * 26, room, sizes=(19, 16), ink=QUIET)


def _menu(screen: Screen, tint: Tint) -> Iterator[str]:
    step = 35
    rows = seen(len(screen.lines), screen.selected, (_floor(screen) - BAR - 6) // step)
    scrolls = len(rows) < len(screen.lines)
    right = WIDTH - 8 - (14 if scrolls else 0)
    top = BAR + 6
    for place, row in enumerate(rows):
        chosen = row == screen.selected
        base = top + place * step + 23.5
        if chosen:
            yield _box(8, top + place * step, right - 8, step - 2, tint.accent, radius=8)
        if row < 9:
            yield _text(str(row + 1), 27, base, 16, sizes=(15,), ink=WHITE if chosen else QUIET, centred=True)
        yield _text(
            screen.lines[row], 46, base, right - 46 - 12, sizes=(19, 17), ink=WHITE if chosen else INK
        )
    if scrolls:
        track = step * len(rows) - 2
        part = track / len(screen.lines)
        yield _box(WIDTH - 14, top, 6, track, PALE, radius=3)
        yield _box(WIDTH - 14, top + part * rows[0], 6, part * len(rows), QUIET, radius=3)


PAGES = {
    Page.IDLE: _idle,
    Page.ENTRY: _entry,
    Page.TRANSFER: _entry,
    Page.CONFERENCE: _conference,
    Page.MENU: _menu,
}


# --- strokes of the pen


def _that_fit(lines: tuple[str, ...], room: int) -> tuple[str, ...]:
    if len(lines) <= room:
        return lines
    return (*lines[: room - 1], f"and {len(lines) - room + 1} more")


def _text(
    text: str,
    x: float,
    y: float,
    room: float,
    *,
    sizes: tuple[int, ...],
    ink: str,
    weight: int = REGULAR,
    centred: bool = False,
) -> str:
    """A line in the largest of `sizes` that takes no more than `room`, cut where none does."""
    text = legible(text)
    size = next((size for size in sizes if width(text, size, weight) <= room), sizes[-1])
    text = fit(text, room, size, weight)
    wide = width(text, size, weight)
    # A viewer without the typeface that was measured takes another, and may find the line too wide.
    length = None if wide < room * NEAR else min(wide, room)
    return _line(text, x, y, size=size, ink=ink, weight=weight, centred=centred, length=length)


def _line(
    text: str,
    x: float,
    y: float,
    *,
    size: int,
    ink: str,
    weight: int = REGULAR,
    centred: bool = False,
    length: float | None,
) -> str:
    """`length` is what it is drawn in, where Inter covers the text and so knows."""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{ink}"'
        + (f' font-weight="{weight}"' if weight != REGULAR else "")
        + (' text-anchor="middle"' if centred else "")
        + (f' textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs"' if length and covers(text) else "")
        + f">{escape(text)}</text>"
    )


def _box(
    x: float, y: float, wide: float, high: float, fill: str, *, radius: float = 0, edge: str | None = None
) -> str:
    if edge:
        # On half pixels, so that the line is one pixel wide.
        x, y, wide, high = x + 0.5, y + 0.5, wide - 1, high - 1
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}" fill="{fill}"'
        + (f' rx="{radius:g}"' if radius else "")
        + (f' stroke="{edge}"' if edge else "")
        + "/>"
    )


def _stroke(path: str, x: float, y: float, ink: str, thick: float) -> str:
    return (
        f'<path transform="translate({x:g} {y:g})" d="{path}" fill="none" stroke="{ink}"'
        f' stroke-width="{thick:g}" stroke-linecap="round" stroke-linejoin="round"/>'
    )


def _state(page: Page, middle: float, tint: Tint) -> str:
    radius = 38
    return (
        f'<circle cx="{MARGIN + 4 + radius}" cy="{middle:g}" r="{radius}" fill="{tint.accent}"/>'
        + _stroke(STATES[page], MARGIN + 4 + radius - LARGE / 2, middle - LARGE / 2, WHITE, 2.8)
    )


def _escaped(text: str) -> str:
    return escape(legible(text))
