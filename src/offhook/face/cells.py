"""How much room a text takes in a terminal, in cells."""

import unicodedata

WIDE = {"W", "F"}
ELLIPSIS = "…"


def cells(text: str) -> int:
    return sum(map(_cells, text))


def fit(text: str, room: int) -> str:
    """`text` in at most `room` cells, with an ellipsis for what is left out."""
    if cells(text) <= room:
        return text
    left = room - cells(ELLIPSIS)
    kept = ""
    for character in text:
        left -= _cells(character)
        if left < 0:
            break
        kept += character
    return kept.rstrip() + ELLIPSIS


def padded(text: str, room: int) -> str:
    text = fit(text, room)
    return text + " " * (room - cells(text))


def centred(text: str, room: int) -> str:
    text = fit(text, room)
    spare = room - cells(text)
    return " " * (spare // 2) + text + " " * (spare - spare // 2)


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in WIDE else 1
