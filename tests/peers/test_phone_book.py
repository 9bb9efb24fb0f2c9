"""A phone whose phone book, block list and dial rules were saved before it started, called by SIPp."""

from pathlib import Path

import pytest

from offhook.cli import _run

from . import scripted
from .offhook_phone import OffhookRun, call, lines
from .ports import HOST
from .scripted import Play, Script

pytestmark = pytest.mark.peer

play = scripted.play


def run(directory: Path, *settings: str) -> OffhookRun:
    """`caller` is who SIPp says it is."""
    directory.mkdir()
    table = directory / "book.csv"
    table.write_text("name,number\nPea from the book,caller\nNurse,*43\n")
    data = ["--data", str(directory / "phone" / "data")]
    (directory / "phone").mkdir()
    assert _run(["phone-book", "import", str(table), *data]) == 0
    assert _run(["settings", "set", *settings, *data]) == 0
    return OffhookRun(directory / "phone", "--account", f"sip:1001@{HOST};register=no")


def test_a_caller_is_named_by_the_phone_book(tmp_path: Path, play: Play) -> None:
    with run(tmp_path / "run", "dial.block=0900", "dial.replace=9=*") as offhook:
        phone = offhook.phone
        caller = play(Script.calling().is_refused(486), to=phone.sip, user="1001")
        state = phone.until_page("ringing")
        assert lines(state)[:1] == ["Pea from the book"]
        named = call(state)
        assert (named["name"], named["name_from"]) == ("Pea from the book", "phone book")
        assert named["remote_name"] == "Sip Pea"
        phone.do("keydown=Cancel")
        caller.until_done()
        for key in ("OK", "3"):
            phone.do(f"keydown={key}")
        assert lines(phone.state())[0].startswith("Pea from the book, ")
        phone.do("keydown=Home")
        status, text = phone.get(f"/fcgi/do?action=MakeCall&number=0900@{HOST}")
        assert (status, "0900" in text) == (409, True)
        assert phone.do("action=MakeCall&number=943").startswith("calling Nurse (943)")


def test_a_blocked_caller_is_refused_and_not_missed(tmp_path: Path, play: Play) -> None:
    with run(tmp_path / "run", "calls.blocked=caller", "calls.reject_code=603") as offhook:
        phone = offhook.phone
        play(Script.calling().is_refused(603), to=phone.sip, user="1001").until_done()
        state = phone.state()
        assert (state["calls"], state["missed"]) == ([], 0)
