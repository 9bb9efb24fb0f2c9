"""The picture that resvg makes of the drawing."""

import asyncio

import pytest

from offhook.face.draw import draw
from offhook.face.png import NotDrawn, png
from offhook.face.svg import svg
from offhook.face.typeface import REGULAR, SEMIBOLD, covers, width
from offhook.phone.screen import Page, Screen

from .hostile import NAMES
from .pixels import pixels
from .samples import SCREENS


@pytest.mark.parametrize("name", ["idle", "talking-full", "list"])
def test_the_picture_shows_something_of_the_right_size(name):
    rows = pixels(draw(svg(SCREENS[name])))
    assert len(rows) == 272
    assert {len(row) for row in rows} == {480}
    assert len({pixel for row in rows for pixel in row}) > 50
    assert {pixel[3] for row in rows for pixel in row} == {255}


def test_another_screen_is_another_picture():
    assert len({draw(svg(screen)) for screen in SCREENS.values()}) == len(SCREENS)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_hostile_names_are_drawn(name):
    assert draw(svg(Screen(Page.RINGING, name, (name,), (name,), notice=name)))


@pytest.mark.parametrize("size", [16, 20, 34])
@pytest.mark.parametrize("weight", [REGULAR, SEMIBOLD])
@pytest.mark.parametrize(
    "text",
    ["Jürgen Müller 0123456789", "sip:alice@example.org", "Σωκράτης Παπαδόπουλος", "Алиса Иванова, Łódź"],
)
def test_a_text_is_as_wide_as_was_measured(text, size, weight):
    """Here is what keeps texts apart: the file's tables and what resvg draws are of one mind."""
    assert covers(text)
    drawn = draw(
        '<svg xmlns="http://www.w3.org/2000/svg" width="480" height="60">'
        '<rect width="480" height="60" fill="#fff"/>'
        f'<g font-size="{size}" font-weight="{weight}" font-family="Inter">'
        f'<text x="10" y="45">{text}</text></g></svg>'
    )
    inked = [x for row in pixels(drawn) for x, pixel in enumerate(row) if pixel[0] < 128]
    assert max(inked) - 10 == pytest.approx(width(text, size, weight), rel=0.04, abs=2)


def test_it_is_drawn_in_a_process_of_its_own():
    drawing = svg(SCREENS["talking"])
    assert asyncio.run(png(drawing)) == draw(drawing)


def test_what_is_no_drawing_is_refused_in_one_line():
    with pytest.raises(NotDrawn, match=r"^[^\n]+$"):
        asyncio.run(png("no drawing"))
