"""The drawing: well-formed whatever the network sends, nothing over anything else, legible."""

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest

from offhook.face import svg as drawing
from offhook.face.svg import svg
from offhook.face.typeface import width
from offhook.phone.screen import Icon, Page, Screen

from .hostile import NAMES
from .samples import SCREENS

SVG = "{http://www.w3.org/2000/svg}"
HARD = {
    f"{page} {name}": Screen(page, text, (text,) * 12, (text,) * 6, tuple(Icon), 7, text, cursor=2)
    for page in Page
    for name, text in NAMES.items()
}
ALL = {**SCREENS, **HARD}


@pytest.mark.parametrize("screen", ALL.values(), ids=ALL)
def test_it_is_svg_and_only_that(screen):
    root = ElementTree.fromstring(svg(screen).encode())
    assert (root.tag, root.get("width"), root.get("height"), root.get("role")) == (
        f"{SVG}svg",
        "480",
        "272",
        "img",
    )
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "desc", "rect", "circle", "path", "text"
    }  # fmt: skip
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not {name for name in attributes if "href" in name or name.startswith("on") or name == "style"}


@pytest.mark.parametrize("screen", ALL.values(), ids=ALL)
def test_no_text_lies_on_another_or_leaves_the_screen(screen):
    boxes = [box for box in map(_box, _texts(screen)) if box]
    for left, top, right, bottom in boxes:
        assert -0.5 <= left <= right <= 480.5
        assert 0 <= top <= bottom <= 272
    for one, other in combinations(boxes, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)


@pytest.mark.parametrize("name", SCREENS)
def test_who_does_not_see_it_is_told_all_of_it(name):
    screen = SCREENS[name]
    root = ElementTree.fromstring(svg(screen).encode())
    said = root.findtext(f"{SVG}desc") or ""
    assert root.findtext(f"{SVG}title")
    assert all(label in said for label in screen.softkeys)
    assert len(said.split("; ")) == len(
        [part for part in (*screen.icons, *screen.lines, screen.notice, *screen.softkeys) if part]
    )


def test_a_name_that_would_be_markup_is_shown_as_it_is():
    assert "</text><script>alert(1)</script>" in "".join(
        element.text or "" for element in _texts(Screen(Page.IDLE, NAMES["markup"][:32], (), ()))
    )


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        (drawing.INK, drawing.PAPER),
        (drawing.QUIET, drawing.PAPER),
        (drawing.QUIET, drawing.PALE),
        (drawing.INK, drawing.WHITE),
        (drawing.ALARM, drawing.PALE),
        (drawing.NOTICE_INK, drawing.NOTICE),
        *((tint.ink, tint.bar) for tint in (drawing.CALM, *drawing.TINTS.values())),
        *((drawing.WHITE, tint.accent) for tint in (drawing.CALM, *drawing.TINTS.values())),
    ],
)
def test_contrast(ink, ground):
    light, dark = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def _texts(screen: Screen) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg(screen).encode()).iter(f"{SVG}text"))


def _box(element: ElementTree.Element) -> tuple[float, float, float, float] | None:
    text, size = element.text or "", float(element.get("font-size", 0))
    if not text:
        return None
    wide = float(element.get("textLength") or width(text, size, int(element.get("font-weight", 400))))
    left = float(element.get("x", 0)) - (wide / 2 if element.get("text-anchor") == "middle" else 0)
    base = float(element.get("y", 0))
    # From the top of a capital to the foot of a p, in Inter.
    return left, base - 0.73 * size, left + wide, base + 0.22 * size


def _luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(part, 16) / 255 for part in re.findall("[0-9a-f]{2}", colour)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
