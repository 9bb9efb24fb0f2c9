"""What of a text can be shown. Names and reasons come from the network."""

import unicodedata

LONGEST = 200
"""Characters; no face has room for more."""

MARKS = 2
"""Combining marks kept on one letter: enough for Hebrew, too few to paint over the lines around it."""

# Controls and line ends part words. Formats, among them the bidirectional overrides that let a name show as
# another, are left out; joiners go with them, and what they would have joined stands side by side.
PARTING = {"Cc", "Zl", "Zp", "Zs"}
LEFT_OUT = {"Cf"}
UNKNOWN = {"Cs", "Co", "Cn"}
COMBINING = {"Mn", "Me"}
EMOJI_SKINS = range(0x1F3FB, 0x1F400)
VARIATION_SELECTORS = range(0xFE00, 0xFE10)


def legible(text: str) -> str:
    """One line of it, composed (NFC), without anything that changes how its neighbours are shown."""
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text[:LONGEST]):
        category = unicodedata.category(character)
        marks = marks + 1 if category in COMBINING else 0
        if category in PARTING:
            kept.append(" ")
        elif category in UNKNOWN:
            kept.append("\N{REPLACEMENT CHARACTER}")
        elif (
            category not in LEFT_OUT
            and marks <= MARKS
            and ord(character) not in EMOJI_SKINS
            and ord(character) not in VARIATION_SELECTORS
        ):
            kept.append(character)
    return " ".join("".join(kept).split())
