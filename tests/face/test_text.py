"""The text face against the screens in golden/."""

import unicodedata

import pytest

from offhook.face.cells import cells
from offhook.face.scroll import seen
from offhook.face.text import text
from offhook.phone.screen import Icon, Page, Screen

from .hostile import NAMES
from .redraw import golden
from .samples import SCREENS


@pytest.mark.parametrize("name", SCREENS)
def test_the_face_of_each_sample(name):
    assert text(SCREENS[name]) == golden(name).read_text(encoding="utf-8")


def test_every_page_and_every_icon_has_a_sample():
    assert {screen.page for screen in SCREENS.values()} == set(Page)
    assert {icon for screen in SCREENS.values() for icon in screen.icons} == set(Icon)


@pytest.mark.parametrize("page", Page)
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_nothing_breaks_the_frame(page, name):
    shown = text(Screen(page, name, (name,) * 12, (name,) * 6, tuple(Icon), 7, name, cursor=2))
    lines = shown.split("\n")
    assert lines.pop() == ""
    assert len(lines) == 15
    assert {cells(line) for line in lines} == {61}
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in "".join(lines))
    shown.encode()


@pytest.mark.parametrize(
    ("count", "selected", "room", "expected"),
    [
        (3, 1, 5, range(3)),
        (0, None, 5, range(0)),
        (9, None, 5, range(5)),
        (9, 0, 5, range(5)),
        (9, 4, 5, range(2, 7)),
        (9, 8, 5, range(4, 9)),
    ],
)
def test_a_list_scrolls_to_what_is_selected(count, selected, room, expected):
    assert seen(count, selected, room) == expected
