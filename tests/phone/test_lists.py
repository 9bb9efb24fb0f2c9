"""The lists on the screen, the names in them, and what waits on the idle page."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from offhook.phone import Settings, screen, state
from offhook.phone.display import LINES_SHOWN
from offhook.phone.effects import PlaceCall
from offhook.phone.events import (
    CallArrived,
    CallGone,
    Event,
    MakeCall,
    MessagesWaiting,
    PhoneBookChanged,
    RemoteChanged,
    SettingsChanged,
)
from offhook.phone.local_time import shown
from offhook.phone.phone_book import PhoneBook, contact

from .desk import CALLER, SECOND, Desk

BOOK = PhoneBook(
    [
        contact("Ada", [("1002", "")]),
        contact("Zoe", [("1003", "work"), ("0171 555", "mobile"), ("zoe@home.example", "")]),
    ]
)


def lines(desk: Desk) -> list[str]:
    return state(desk.phone, desk.now)["screen"]["lines"]


def named(*events: Event) -> Desk:
    return Desk().happen(PhoneBookChanged(BOOK), *events)


def test_a_caller_is_shown_by_the_name_in_the_book():
    desk = named(CALLER)
    assert lines(desk)[:2] == ["Ada", "sip:1002@pbx.example"]
    [call] = state(desk.phone, desk.now)["calls"]
    assert (call["name"], call["name_from"], call["remote_name"]) == ("Ada", "phone book", "Bob")


@pytest.mark.parametrize(("name", "source"), [("Bob", "network"), ("", None)])
def test_without_the_book_it_is_the_network_who_names(name, source):
    desk = Desk().happen(CallArrived("in-1", 1, "sip:1002@pbx.example", name))
    [call] = state(desk.phone, desk.now)["calls"]
    assert (call["name"], call["name_from"], call["remote_name"]) == (name, source, name)


def test_whom_one_calls_has_a_name_too():
    desk = named(MakeCall("1002"))
    assert desk.reply.text == "calling Ada (1002) from 1001"
    assert lines(desk)[:2] == ["Ada", "sip:1002@pbx.example"]


def test_a_book_that_comes_in_the_middle_of_a_call_names_it():
    desk = Desk().happen(CALLER)
    assert lines(desk)[0] == "Bob"
    desk.happen(PhoneBookChanged(BOOK))
    assert lines(desk)[0] == "Ada"
    desk.happen(PhoneBookChanged(PhoneBook()))
    assert lines(desk)[0] == "Bob"


def test_the_lists_of_calls():
    desk = named(CALLER, CallGone("in-1", "gone"), SECOND).press("Cancel").call("1002").press("Cancel")
    desk.press("Forward", "1", "5", "OK", "Home")
    desk.happen(CallArrived("in-3", 1, "sip:1009@pbx.example", "Nina"))
    desk.press("Home", "OK")
    assert lines(desk)[-8:] == [
        "Dialled calls",
        "Missed calls (1)",
        "Received calls",
        "Forwarded calls",
        "Phone book",
        "Forwarding",
        "Do not disturb: off",
        "Accounts",
    ]
    for item, title, line in [
        ("1", "Dialled calls", "Ada, 14 Nov 22:13"),
        ("2", "Missed calls", "Ada, 14 Nov 22:13"),
        ("3", "Received calls", "Zoe, 14 Nov 22:13"),
        ("4", "Forwarded calls", "Nina, 14 Nov 22:13"),
    ]:
        desk.press("Home", "OK", item)
        assert screen(desk.phone, desk.now).title == title
        assert lines(desk)[-1] == line
    desk.press("Home", "OK", "3", "OK")
    assert desk.effects == (PlaceCall("out-2", 1, "sip:1003@pbx.example"),)


def test_the_phone_book_calls():
    desk = named().press("OK", "5")
    assert lines(desk) == ["Ada", "Zoe"]
    assert desk.press("OK").effects == (PlaceCall("out-1", 1, "sip:1002@pbx.example"),)

    desk = named().press("OK", "5", "Down", "OK")
    assert screen(desk.phone, desk.now).title == "Zoe"
    assert lines(desk) == ["work: 1003", "mobile: 0171555", "zoe@home.example"]
    desk.press("Cancel")
    assert (lines(desk), screen(desk.phone, desk.now).selected) == (["Ada", "Zoe"], 1)
    assert desk.press("OK", "3").effects == (PlaceCall("out-1", 1, "sip:zoe@home.example"),)


def test_a_book_that_changes_under_the_eye():
    desk = named().press("OK", "5", "2").happen(PhoneBookChanged(PhoneBook()))
    assert screen(desk.phone, desk.now).title == "Phone book"
    assert lines(desk) == ["nothing here"]
    assert "has 0 items" in desk.press("OK").reply.text


def test_of_a_long_book_one_part_is_sent():
    book = PhoneBook(contact(f"c{number:04}", [(str(number), "")]) for number in range(250))
    desk = Desk().happen(PhoneBookChanged(book)).press("OK", "5", "Up")
    seen = screen(desk.phone, desk.now)
    assert len(seen.lines) == 250 % LINES_SHOWN
    assert seen.lines[seen.selected] == "c0249"
    desk.press("Down")
    seen = screen(desk.phone, desk.now)
    assert (len(seen.lines), seen.lines[seen.selected]) == (LINES_SHOWN, "c0000")


def test_what_waits_is_on_the_idle_page():
    desk = named()
    assert lines(desk) == ["1001: registered"]
    desk.happen(CALLER, CallGone("in-1", "gone"), SECOND, CallGone("in-2", "gone"), MessagesWaiting(1, 1))
    assert lines(desk)[-2:] == ["2 missed calls", "1 new message"]
    desk.press("OK", "2", "Home")
    assert lines(desk)[-1] == "1 new message"


@pytest.mark.parametrize(
    ("hour", "hours_24", "clock"),
    [
        (0, True, "00:05"),
        (0, False, "12:05 am"),
        (12, False, "12:05 pm"),
        (13, False, "1:05 pm"),
        (23, True, "23:05"),
    ],
)
def test_the_time_as_it_is_liked(hour, hours_24, clock):
    assert shown(datetime(2026, 2, 3, hour, 5, tzinfo=UTC), hours_24=hours_24) == f"3 Feb {clock}"


def test_times_are_those_of_the_wall():
    east = timezone(timedelta(hours=3))
    settings = Settings(hours_24=False, local_time=lambda seconds: datetime.fromtimestamp(seconds, east))
    desk = Desk().call("1002").press("Cancel", "Redial")
    assert lines(desk)[-1] == "1002, 14 Nov 22:13"
    assert lines(desk.happen(SettingsChanged(settings)))[-1] == "1002, 15 Nov 1:13 am"


def test_whoever_does_not_want_to_be_known_is_not_named():
    desk = named(CallArrived("in-1", 1, "sip:1002@pbx.example", "Anonymous", anonymous=True))
    [call] = state(desk.phone, desk.now)["calls"]
    assert (call["name"], call["name_from"]) == ("Anonymous", "network")
    desk.happen(RemoteChanged("in-1", "sip:1003@pbx.example", ""))
    [call] = state(desk.phone, desk.now)["calls"]
    assert (call["name"], call["name_from"]) == ("Zoe", "phone book")
