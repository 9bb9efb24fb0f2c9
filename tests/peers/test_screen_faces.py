"""The three faces of a running phone's screen."""

import struct
import urllib.request
from xml.etree import ElementTree as ET

import pytest

from .offhook_phone import OPENER, Phone
from .waiting import PATIENCE

pytestmark = pytest.mark.peer

WIDTH, HEIGHT = 480, 272
TYPES = {"txt": "text/plain", "svg": "image/svg+xml", "png": "image/png"}


def faces(phone: Phone) -> dict[str, bytes]:
    """What each looks like now."""
    looks = {}
    for face, kind in TYPES.items():
        request = urllib.request.Request(f"{phone.web}/screen.{face}")
        with OPENER.open(request, timeout=PATIENCE) as answer:
            assert answer.status == 200
            assert answer.headers.get_content_type() == kind
            assert answer.headers["Cache-Control"] == "no-store"
            looks[face] = answer.read()
    return looks


def test_each_face_shows_the_page_that_the_phone_is_on(phone: Phone) -> None:
    idle = faces(phone)
    phone.do("keydown=OK")
    menu = faces(phone)
    phone.do("keydown=Home")
    phone.do("keydown=4")
    typed = faces(phone)
    phone.do("keydown=Cancel")
    for looks, words in (
        (idle, ("1001", "Redial")),
        (menu, ("Forwarding", "Accounts")),
        (typed, ("Dial", "4")),
    ):
        for word in words:
            assert word in looks["txt"].decode()
        drawn = ET.fromstring(looks["svg"])
        assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
        assert (drawn.get("width"), drawn.get("height")) == (str(WIDTH), str(HEIGHT))
        assert looks["png"].startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack("!II", looks["png"][16:24]) == (WIDTH, HEIGHT)
    for face in TYPES:
        assert len({idle[face], menu[face], typed[face]}) == 3
    assert faces(phone) == idle
