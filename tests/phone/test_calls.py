"""Whole calls as a person lives through them, and which account they are made from."""

import pytest

from offhook.phone import Verdict, state
from offhook.phone.effects import PlaceCall, RingCall, SetTimer
from offhook.phone.events import (
    CallAnswered,
    CallFailed,
    CallGone,
    CallRinging,
    DigitReceived,
    Function,
    Perform,
    Registration,
    RegistrationChanged,
    Timer,
    TimerFired,
)

from .desk import CALLER, Desk, account, reach


def shown(desk: Desk) -> dict:
    return state(desk.phone, desk.now)["screen"]


def test_typed_dialled_answered_and_hung_up_by_the_far_end():
    desk = Desk().press("1", "0", "0", "2")
    assert shown(desk)["lines"] == ["1002"]

    desk.press("OK")
    assert shown(desk)["title"] == "Calling"

    desk.happen(CallRinging("out-1", early_media=False))
    assert shown(desk)["title"] == "Ringing"

    desk.happen(CallAnswered("out-1"))
    desk.press("4", "Pound").happen(DigitReceived("out-1", "7"))
    (call,) = state(desk.phone, desk.now + 65)["calls"]
    assert call["state"] == "talking"
    assert call["digits_received"] == "7"
    assert call["duration"] == pytest.approx(68.0)
    assert call["started"].startswith("2023-11-14T22:13:")
    assert call["started"].endswith("+00:00")
    assert shown(desk)["lines"] == ["1002", "00:03", "4#"]

    desk.happen(CallGone("out-1", "hung up"))
    assert desk.phone.page == "idle"
    assert shown(desk)["lines"][0] == "1002 is gone: hung up"


def test_what_is_played_before_the_answer_is_heard_and_does_not_hear():
    desk = Desk().call("1002").happen(CallRinging("out-1", early_media=True))
    assert (desk.sound.calls, desk.sound.microphone, desk.sound.tone) == ({"out-1"}, False, "none")
    (call,) = state(desk.phone, desk.now)["calls"]
    assert (call["state"], call["early_media"]) == ("calling", True)

    desk.happen(CallRinging("out-1", early_media=False))
    assert desk.sound.tone == "ringback", "no more of it"

    desk.happen(CallRinging("out-1", early_media=True), CallAnswered("out-1"))
    (call,) = state(desk.phone, desk.now)["calls"]
    assert (call["state"], call["early_media"]) == ("talking", False)
    assert (desk.sound.calls, desk.sound.microphone) == ({"out-1"}, True)


@pytest.mark.parametrize(
    ("code", "reason", "notice"),
    [
        (486, "Busy Here", "1002 is busy (486 Busy Here)"),
        (404, "Not Found", "1002 is not a number there (404 Not Found)"),
        (480, "Temporarily Unavailable", "1002 does not answer (480 Temporarily Unavailable)"),
        (603, "Decline", "1002 declined (603 Decline)"),
        (499, "Odd", "1002 could not be called (499 Odd)"),
    ],
)
def test_a_call_that_fails_says_why_until_the_notice_goes(code, reason, notice):
    desk = Desk().call("1002").happen(CallFailed("out-1", code, reason))

    assert desk.phone.page == "idle"
    assert desk.phone.path == "none"
    assert shown(desk)["lines"][0] == notice
    assert desk.timers == (SetTimer(Timer.NOTICE, 6.0),)
    assert notice not in shown(desk.happen(TimerFired(Timer.NOTICE)))["lines"]


def test_a_failed_call_leaves_a_lifted_handset_lifted():
    desk = reach("calling, handset").happen(CallFailed("out-1", 486, "Busy Here"))

    assert (desk.phone.page, desk.phone.path, desk.phone.lifted) == ("offhook", "handset", True)


def test_a_far_end_that_hangs_up_gives_the_sound_back_to_the_lifted_handset():
    desk = reach("talking, handset").press("Speaker").happen(CallGone("out-1", "hung up"))

    assert (desk.phone.page, desk.phone.path, desk.phone.lifted) == ("offhook", "handset", True)


def test_an_arriving_call_rings_and_is_missed_when_its_caller_gives_up():
    desk = Desk().happen(CALLER)
    assert desk.effects == (RingCall("in-1"),)
    assert shown(desk)["lines"] == ["Bob", "sip:1002@pbx.example"]

    desk.happen(CallGone("in-1", "cancelled"))
    assert shown(desk)["lines"][0] == "missed Bob"


def test_what_was_typed_is_still_there_after_a_call_that_was_missed_but_not_after_one_that_was_answered():
    assert Desk().press("1", "2").happen(CALLER, CallGone("in-1", "cancelled")).entry == "12"
    assert Desk().press("1", "2").happen(CALLER).press("OK").entry is None


def test_news_of_a_call_that_is_over_is_old_news():
    desk = reach("talking, hands-free").press("Cancel")

    desk.happen(CallAnswered("out-1"), CallGone("out-1", "late"), CallFailed("out-1", 487, "late"))
    assert desk.phone.page == "idle"
    assert desk.phone.notice is None


def test_redial_is_ok_on_an_open_line():
    desk = Desk().call("1002").press("Cancel", "Hook", "OK")

    assert desk.effects == (PlaceCall("out-2", 1, "sip:1002@pbx.example"),)
    assert desk.phone.path == "handset"


def test_an_entry_ends_somewhere():
    desk = Desk().press(*["1"] * 64)
    assert desk.press("1").reply.verdict is Verdict.NOT_NOW
    assert desk.entry == "1" * 64


DOWN = Registration.FAILED


@pytest.mark.parametrize(
    ("accounts", "asked", "placed"),
    [
        ([account(1, "1001"), account(2, "1002")], {}, 1),
        ([account(1, "1001"), account(2, "1002")], {"line_id": 0}, 1),
        ([account(1, "1001", DOWN), account(2, "1002")], {}, 2),
        ([account(1, "1001", DOWN), account(2, "1002", Registration.DIRECT)], {}, 2),
        ([account(1, "1001"), account(2, "1002")], {"line": "1002"}, 2),
        ([account(1, "1001"), account(2, "1002")], {"line": "1002@pbx.example"}, 2),
        ([account(1, "1001"), account(2, "1002")], {"line_id": 2}, 2),
        ([account(1, "1001", DOWN), account(2, "1001")], {"line": "1001"}, 2),
    ],
)
def test_the_account_that_a_call_is_made_from(accounts, asked, placed):
    desk = Desk(*accounts).call("42", **asked)

    assert desk.effects == (PlaceCall("out-1", placed, "sip:42@pbx.example"),)


@pytest.mark.parametrize(
    ("accounts", "number", "asked", "verdict", "words"),
    [
        (
            [account(1, "1001")],
            "42",
            {"line": "1009"},
            Verdict.INVALID,
            "no account has the user name '1009'",
        ),
        ([account(1, "1001")], "42", {"line": "1001@else.example"}, Verdict.INVALID, "accounts: 1001"),
        ([account(1, "1001")], "42", {"line_id": 7}, Verdict.INVALID, "no account number 7"),
        ([account(1, "1001")], "4 2 §", {}, Verdict.INVALID, "cannot be dialled"),
        ([account(1, "1001", DOWN)], "42", {}, Verdict.NOT_NOW, "no account is ready (1001: failed)"),
        ([account(1, "1001", DOWN), account(2, "1002")], "42", {"line": "1001"}, Verdict.NOT_NOW, "failed"),
        ([account(1, "1001", DOWN), account(2, "1002")], "42", {"line_id": 1}, Verdict.NOT_NOW, "failed"),
    ],
)
def test_a_call_that_cannot_be_made_says_why_and_changes_nothing(accounts, number, asked, verdict, words):
    desk = Desk(*accounts)
    before = state(desk.phone, 0)
    desk.call(number, **asked)

    assert desk.reply.verdict is verdict
    assert words in desk.reply.text
    assert desk.effects == ()
    assert state(desk.phone, 0) == before


def test_a_uri_is_called_directly_where_no_account_is_ready():
    desk = Desk(account(1, "1001", DOWN)).call("192.0.2.7")

    assert desk.effects == (PlaceCall("out-1", None, "sip:192.0.2.7"),)


@pytest.mark.parametrize(
    ("situation", "verdict"),
    [
        ("calling, hands-free", Verdict.NOT_NOW),
        ("ringing", Verdict.DONE),
        ("talking, hands-free", Verdict.DONE),
        ("menu", Verdict.DONE),
        ("entry", Verdict.DONE),
        ("offhook, handset", Verdict.DONE),
    ],
)
def test_make_call_in_each_situation(situation, verdict):
    assert reach(situation).call("1003").reply.verdict is verdict


def test_a_function_may_name_its_call():
    desk = reach("ringing")

    assert desk.happen(Perform(Function.CALL_END, "other")).reply.verdict is Verdict.INVALID
    assert "in-1" in desk.reply.text
    assert desk.happen(Perform(Function.ANSWER, "in-1")).reply.verdict is Verdict.DONE
    assert desk.phone.page == "talking"


def test_an_account_shows_what_became_of_its_registration():
    desk = Desk().happen(RegistrationChanged(1, Registration.FAILED, "403 Forbidden"))

    assert shown(desk)["lines"] == ["1001: failed (403 Forbidden)"]
    assert state(desk.phone, 0)["accounts"][0]["reason"] == "403 Forbidden"


def test_the_selected_line_is_the_selected_one_under_a_notice_too():
    desk = Desk().call("77").happen(CallFailed("out-1", 404, "Not Found")).press("OK", "Down")
    screen = shown(desk)

    assert screen["lines"][0] == "77 is not a number there (404 Not Found)"
    assert screen["lines"][screen["selected"]] == "Missed calls (0)"
