"""/screen.txt, /screen.svg and /screen.png."""

import asyncio

import pytest

from offhook.face.draw import draw
from offhook.face.svg import svg
from offhook.face.text import text
from offhook.web.app import app
from offhook.web.picture import Picture

from .samples import SCREENS

SHOWN = SCREENS["talking"]


class Showing:
    """All that these pages ask of a device."""

    def screen(self):
        return SHOWN


async def get(path: str) -> tuple[int, dict[bytes, bytes], bytes]:
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    await app(Showing())(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], dict(sent[0]["headers"]), body


@pytest.mark.parametrize(
    ("path", "kind", "face"),
    [
        ("/screen.txt", b"text/plain; charset=utf-8", lambda screen: text(screen).encode()),
        ("/screen.svg", b"image/svg+xml", lambda screen: svg(screen).encode()),
        ("/screen.png", b"image/png", lambda screen: draw(svg(screen))),
    ],
)
def test_each_face_has_its_page(path, kind, face):
    status, headers, body = asyncio.run(get(path))
    assert status == 200
    assert headers[b"content-type"] == kind
    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert body == face(SHOWN)


def test_many_who_ask_for_one_screen_have_it_drawn_once():
    async def ask():
        picture = Picture()
        drawn = await asyncio.gather(*(picture.of(SHOWN) for _ in range(20)))
        assert all(each is drawn[0] for each in drawn)
        assert await picture.of(SCREENS["idle"]) != drawn[0]

    asyncio.run(ask())
