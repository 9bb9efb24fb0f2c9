"""Reading a PNG of 8-bit RGBA (ISO/IEC 15948), as resvg writes them."""

import struct
import zlib

CHANNELS = 4


def pixels(png: bytes) -> list[list[tuple[int, ...]]]:
    """Rows of (red, green, blue, alpha)."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    wide, high, depth, colour, *_, interlaced = struct.unpack_from(">IIBBBBB", png, 16)
    assert (depth, colour, interlaced) == (8, 6, 0)
    packed, at = b"", 8
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        packed += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    filtered, stride = zlib.decompress(packed), wide * CHANNELS
    rows, above = [], bytes(stride)
    for start in range(0, high * (stride + 1), stride + 1):
        above = _row(filtered[start], filtered[start + 1 : start + 1 + stride], above)
        rows.append([tuple(above[at : at + CHANNELS]) for at in range(0, stride, CHANNELS)])
    return rows


def _row(kind: int, filtered: bytes, above: bytes) -> bytes:
    row = bytearray(filtered)
    for at in range(len(row)):
        left = row[at - CHANNELS] if at >= CHANNELS else 0
        corner = above[at - CHANNELS] if at >= CHANNELS else 0
        guess = (0, left, above[at], (left + above[at]) // 2, _paeth(left, above[at], corner))[kind]
        row[at] = (row[at] + guess) & 0xFF
    return bytes(row)


def _paeth(left: int, above: int, corner: int) -> int:
    estimate = left + above - corner
    return min((left, above, corner), key=lambda each: abs(estimate - each))
