"""/screen.txt, /screen.svg and /screen.png."""

import asyncio

import pytest

from offhook.face.draw import draw
from offhook.face.svg import svg
from offhook.face.text import text
from offhook.web.picture import Picture

from ..face.samples import SCREENS
from .browser import Browser, a_phone

SHOWN = SCREENS["talking"]


@pytest.mark.parametrize(
    ("path", "kind", "face"),
    [
        ("/screen.txt", "text/plain; charset=utf-8", lambda screen: text(screen).encode()),
        ("/screen.svg", "image/svg+xml", lambda screen: svg(screen).encode()),
        ("/screen.png", "image/png", lambda screen: draw(svg(screen))),
    ],
)
def test_each_face_has_its_page(tmp_path, monkeypatch, path, kind, face):
    async def run() -> None:
        async with a_phone(tmp_path) as station:
            monkeypatch.setattr(station, "screen", lambda: SHOWN)
            shown = await Browser(station).get(path)
            assert shown.status == 200
            assert shown.headers["content-type"] == kind
            assert shown.headers["cache-control"] == "no-store"
            assert shown.headers["x-content-type-options"] == "nosniff"
            assert shown.body == face(SHOWN)

    asyncio.run(run())


def test_many_who_ask_for_one_screen_have_it_drawn_once():
    async def ask():
        picture = Picture()
        drawn = await asyncio.gather(*(picture.of(SHOWN) for _ in range(20)))
        assert all(each is drawn[0] for each in drawn)
        assert await picture.of(SCREENS["idle"]) != drawn[0]

    asyncio.run(ask())
