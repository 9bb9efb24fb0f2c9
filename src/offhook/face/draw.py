"""Drawing an SVG, by resvg: one from the standard input, as a PNG to the standard output."""

import sys

import resvg_py

from .typeface import FAMILY, covers, file


def draw(drawing: str) -> bytes:
    """The PNG of an SVG, in the size that it has. Raises ValueError for what is no SVG."""
    return resvg_py.svg_to_bytes(
        svg_string=drawing,
        # The system's typefaces differ from machine to machine: only for what would else be empty boxes.
        skip_system_fonts=covers(drawing),
        font_files=[str(file())],
        font_family=FAMILY,
        sans_serif_family=FAMILY,
    )


if __name__ == "__main__":
    sys.stdout.buffer.write(draw(sys.stdin.buffer.read().decode()))
