"""Draw all samples anew, after a change that was meant: python -m tests.face.redraw"""

from pathlib import Path

from offhook.face.draw import draw
from offhook.face.svg import HEIGHT, WIDTH, svg
from offhook.face.text import text

from .samples import SCREENS

GOLDEN = Path(__file__).parent / "golden"
SHEET = Path(__file__).parents[2] / "docs" / "screens.png"

ACROSS = 3
GAP = 16


def golden(name: str) -> Path:
    return GOLDEN / f"{name}.txt"


def sheet() -> str:
    """The samples on one drawing, but for the one that looks different with every machine's typefaces."""
    shown = [screen for name, screen in SCREENS.items() if name != "scripts"]
    down = -(-len(shown) // ACROSS)
    wide, high = ACROSS * (WIDTH + GAP) + GAP, down * (HEIGHT + GAP) + GAP
    drawn = []
    for number, screen in enumerate(shown):
        row, column = divmod(number, ACROSS)
        place = f'x="{GAP + column * (WIDTH + GAP)}" y="{GAP + row * (HEIGHT + GAP)}"'
        drawn.append(svg(screen).replace("<svg ", f"<svg {place} ", 1))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}">'
        f'<rect width="{wide}" height="{high}" fill="#8b9494"/>{"".join(drawn)}</svg>'
    )


if __name__ == "__main__":
    for name, screen in SCREENS.items():
        golden(name).write_text(text(screen), encoding="utf-8")
    SHEET.write_bytes(draw(sheet()))
