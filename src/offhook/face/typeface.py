"""Inter, the typeface of the picture: where its file is, and how wide a text set in it is.

Of the file are read the tables of OpenType that say so: `head`, `hhea`, `hmtx`, and the `cmap` of format 12.
They hold for the regular weight at the smallest optical size; the others follow from them nearly enough.
"""

import struct
import unicodedata
from functools import cache
from pathlib import Path

FAMILY = "Inter"
REGULAR, SEMIBOLD = 400, 600

SMALLEST, LARGEST = 14, 32
"""Optical sizes: a small text is set wider than a large one."""

# How wide running text is, of what the tables say: at the smallest and the largest optical size.
SET = {REGULAR: (1.0, 0.922), SEMIBOLD: (1.023, 0.957)}

# In em, of what Inter has no glyph for and the viewer's own typefaces may have: rather too much.
UNKNOWN_LETTER = 1.1
UNKNOWN_SYMBOL = 1.5

ELLIPSIS = "…"


def file() -> Path:
    import fontpkg  # type: ignore[import-untyped]  # noqa: PLC0415

    return Path(fontpkg.path(FAMILY))


def covers(text: str) -> bool:
    """Whether Inter has a glyph for each character."""
    return all(character.isspace() or ord(character) in _advances() for character in text)


def width(text: str, size: float, weight: int = REGULAR) -> float:
    """In the unit of `size`; right to some 3 % where Inter covers the text, rather too much elsewhere."""
    small, large = SET[weight]
    optical = (min(max(size, SMALLEST), LARGEST) - SMALLEST) / (LARGEST - SMALLEST)
    return sum(map(_em, text)) * size * (small + (large - small) * optical)


def fit(text: str, room: float, size: float, weight: int = REGULAR) -> str:
    """As much of `text` as is at most `room` wide, with an ellipsis for what is left out."""
    if width(text, size, weight) <= room:
        return text
    while text and width(text + ELLIPSIS, size, weight) > room:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def _em(character: str) -> float:
    known = _advances().get(ord(character))
    if known is not None:
        return known
    category = unicodedata.category(character)
    if category in {"Mn", "Me"}:
        return 0
    return UNKNOWN_SYMBOL if category == "So" else UNKNOWN_LETTER


@cache
def _advances() -> dict[int, float]:
    """Each character's advance width in em."""
    font = file().read_bytes()
    (count,) = struct.unpack_from(">H", font, 4)
    tables = {tag: offset for tag, _, offset, _ in struct.iter_unpack(">4sIII", font[12 : 12 + 16 * count])}
    (per_em,) = struct.unpack_from(">H", font, tables[b"head"] + 18)
    (measured,) = struct.unpack_from(">H", font, tables[b"hhea"] + 34)
    advances = [
        advance / per_em for advance, _ in struct.iter_unpack(">Hh", font[tables[b"hmtx"] :][: 4 * measured])
    ]
    return {
        character: advances[min(first_glyph + character - first, measured - 1)]
        for first, last, first_glyph in _groups(font, tables[b"cmap"])
        for character in range(first, last + 1)
    }


def _groups(font: bytes, cmap: int) -> list[tuple[int, int, int]]:
    """First and last character, and the first one's glyph, of each run."""
    (count,) = struct.unpack_from(">H", font, cmap + 2)
    for _, _, offset in struct.iter_unpack(">HHI", font[cmap + 4 : cmap + 4 + 8 * count]):
        kind, _, _, _, groups = struct.unpack_from(">HHIII", font, cmap + offset)
        if kind == 12:
            start = cmap + offset + 16
            return list(struct.iter_unpack(">III", font[start : start + 12 * groups]))
    raise ValueError(f"{FAMILY} has no character map of format 12")
