"""What becomes of a call that arrives."""

import pytest

from offhook.phone import Settings, Verdict, state
from offhook.phone.effects import AnswerCall, EndCall, HoldCall, RedirectCall, RefuseCall, RingCall, SetTimer
from offhook.phone.events import (
    CallArrived,
    CallFailed,
    CallGone,
    CallReplaced,
    Diverted,
    Function,
    Key,
    KeyDown,
    MakeCall,
    Perform,
    RemoteChanged,
    Timer,
    TimerFired,
)
from offhook.phone.settings import AutoAnswer, Forwarding

from .desk import CALLER, SECOND, Desk, account, reach


def forward(**rules: str) -> dict[Forwarding, str | None]:
    return {**dict.fromkeys(Forwarding), **{Forwarding(rule): to for rule, to in rules.items()}}


NINE = RedirectCall("in-1", "sip:9@pbx.example")
RINGS = (RingCall("in-1"),)


@pytest.mark.parametrize(
    ("settings", "effects", "missed"),
    [
        (Settings(), RINGS, 0),
        (Settings(dnd=True), (RefuseCall("in-1", 486),), 1),
        (Settings(dnd=True, dnd_code=480), (RefuseCall("in-1", 480),), 1),
        (
            Settings(forward=forward(always="1009")),
            (RedirectCall("in-1", "sip:1009@pbx.example", Forwarding.ALWAYS),),
            0,
        ),
        (
            Settings(forward=forward(always="a@b.example")),
            (RedirectCall("in-1", "sip:a@b.example", Forwarding.ALWAYS),),
            0,
        ),
        (
            Settings(dnd=True, forward=forward(always="9")),
            (RedirectCall("in-1", "sip:9@pbx.example", Forwarding.ALWAYS),),
            0,
        ),
        (Settings(forward=forward(busy="1009", no_answer="1008")), RINGS, 0),
        (Settings(auto_answer=AutoAnswer.ALWAYS), (RingCall("in-1"), AnswerCall("in-1")), 0),
    ],
)
def test_a_call_to_an_idle_phone(settings, effects, missed):
    desk = Desk(settings=settings).happen(CALLER)

    assert desk.effects == effects
    assert desk.phone.log.unseen == missed


@pytest.mark.parametrize(
    ("settings", "effects"),
    [
        (Settings(), (RingCall("in-1"),)),
        (Settings(call_waiting=False), (RefuseCall("in-1", 486),)),
        (
            Settings(call_waiting=False, forward=forward(busy="9")),
            (RedirectCall("in-1", "sip:9@pbx.example", Forwarding.BUSY),),
        ),
        (Settings(most_calls=1), (RefuseCall("in-1", 486),)),
        (Settings(auto_answer=AutoAnswer.ALWAYS), (RingCall("in-1"),)),
    ],
)
def test_a_call_to_a_phone_that_talks(settings, effects):
    desk = Desk(settings=settings).call("1002").happen(CALLER)

    assert desk.effects == effects


def test_who_does_not_say_who_it_is():
    nobody = CallArrived("in-1", 1, "sip:anonymous@anonymous.invalid", "Anonymous", anonymous=True)
    desk = Desk(settings=Settings(reject_anonymous=True)).happen(nobody)
    assert desk.effects == (RefuseCall("in-1", 433),)
    (missed,) = desk.phone.log.missed
    assert (missed.remote, missed.who) == ("", "Anonymous"), "nobody who could be called back"

    desk = Desk(settings=Settings(reject_anonymous=True)).happen(CALLER)
    assert desk.effects == RINGS

    (call,) = state(Desk().happen(nobody).phone, 0.0)["calls"]
    assert (call["remote_name"], call["anonymous"]) == ("Anonymous", True)


def test_who_sent_the_call_on_shows():
    by = Diverted("sip:1000@pbx.example", "Reception", "user-busy")
    desk = Desk().happen(CallArrived("in-1", 1, "sip:1002@pbx.example", "Bob", diverted_by=by))
    shown = state(desk.phone, desk.now)
    assert "forwarded by Reception (busy)" in shown["screen"]["lines"]
    assert shown["calls"][0]["diverted_by"] == {
        "remote": "sip:1000@pbx.example", "remote_name": "Reception", "reason": "user-busy"
    }  # fmt: skip


def test_the_far_end_becomes_somebody_else():
    desk = Desk().happen(MakeCall("1002"), RemoteChanged("out-1", "sip:1003@pbx.example", "Carol"))
    shown = state(desk.phone, desk.now)
    assert shown["screen"]["lines"][:2] == ["Carol", "sip:1003@pbx.example"]
    assert shown["calls"][0]["remote_name"] == "Carol"


def test_where_a_redirection_went_that_is_not_followed():
    desk = Desk().happen(MakeCall("1002"), CallFailed("out-1", 302, "Moved Temporarily", "sip:9@b.example"))
    assert desk.phone.notice == "1002 is at sip:9@b.example now (302 Moved Temporarily)"


@pytest.mark.parametrize(
    ("setting", "page"), [("asked", "talking"), ("always", "talking"), ("off", "ringing")]
)
def test_a_caller_may_ask_to_be_answered_where_the_setting_lets_it(setting, page):
    desk = Desk(settings=Settings(auto_answer=AutoAnswer(setting)))
    desk.happen(CallArrived("in-1", 1, "sip:1002@pbx.example", "Bob", answer_asked=True))

    assert desk.phone.page == page


def arrivals(strangers: int, known: int = 0) -> list[CallArrived]:
    return [
        CallArrived(f"in-{n}", 1, f"sip:{n}@pbx.example", "", stranger=n < strangers)
        for n in range(strangers + known)
    ]


def test_ringing_strangers_leave_a_line_free():
    desk = Desk().happen(*arrivals(4))
    assert desk.effects == (RefuseCall("in-3", 486),)
    assert len(desk.phone.calls) == 3

    assert desk.call("1009").effects[-1].target == "sip:1009@pbx.example"
    assert len(desk.phone.calls) == 4


def test_the_line_that_strangers_leave_free_is_for_a_known_caller_too():
    desk = Desk().happen(*arrivals(3, known=1))
    assert desk.effects == (RingCall("in-3"),)


def test_a_stranger_gets_the_last_line_where_no_other_rings():
    desk = Desk().happen(*arrivals(0, known=3))
    desk.happen(CallArrived("in-9", 1, "sip:9@pbx.example", "", stranger=True))
    assert desk.effects == (RingCall("in-9"),)
    desk = Desk(settings=Settings(most_calls=1)).happen(*arrivals(1))
    assert desk.effects == (RingCall("in-0"),)


def test_a_number_to_forward_to_needs_no_account_to_be_a_direct_call():
    desk = Desk(account(1, "1001"), settings=Settings(forward=forward(always="1009")))
    desk.happen(CallArrived("in-1", None, "sip:192.0.2.1", ""))

    assert desk.effects == (RedirectCall("in-1", "sip:1009@pbx.example", Forwarding.ALWAYS),)


def test_a_call_that_is_not_answered_in_time_is_forwarded():
    desk = Desk(settings=Settings(forward=forward(no_answer="1008"), no_answer_after=15)).happen(CALLER)
    assert SetTimer(Timer.NO_ANSWER, 15, "in-1") in desk.timers

    desk.happen(TimerFired(Timer.NO_ANSWER, "in-1"))
    assert desk.effects == (RedirectCall("in-1", "sip:1008@pbx.example", Forwarding.NO_ANSWER),)
    assert desk.phone.notice == "forwarded Bob to 1008"
    assert desk.phone.log.missed == []


def test_a_call_that_nobody_answers_ends_and_is_missed():
    desk = Desk().happen(CALLER, TimerFired(Timer.RING, "in-1"))

    assert desk.effects == (RefuseCall("in-1", 480),)
    assert desk.phone.log.unseen == 1


def test_a_call_answered_elsewhere_is_not_missed():
    desk = Desk().happen(CALLER, CallGone("in-1", "answered elsewhere", elsewhere=True))

    assert desk.phone.log.missed == []
    assert desk.phone.notice == "Bob was answered elsewhere"


def test_the_missed_list_calls_back_and_seeing_it_puts_the_icon_out():
    desk = Desk().happen(CALLER, CallGone("in-1", "cancelled"))
    assert desk.phone.log.unseen == 1

    desk.press("OK", "2")
    assert desk.phone.log.unseen == 0
    assert desk.press("OK").phone.page == "calling"
    assert desk.effects[0].target == "sip:1002@pbx.example"


def test_a_waiting_call_takes_the_screen_and_leaves_the_sound_where_it_is():
    desk = reach("waiting")

    assert desk.phone.page == "ringing"
    assert desk.phone.focused.id == "out-1"
    assert desk.sound.calls == {"out-1"}
    assert desk.sound.ringing


def test_the_waiting_call_is_the_one_that_keys_and_names_mean():
    desk = reach("waiting").happen(Perform(Function.REJECT))
    assert desk.effects == (RefuseCall("in-2", 486),)

    desk = reach("waiting").happen(Perform(Function.CALL_END, "in-2"))
    assert desk.effects == (RefuseCall("in-2", 486),)
    assert desk.phone.page == "talking"


def test_deflecting_the_waiting_call_keeps_the_talking_one():
    desk = reach("waiting").press("Forward", "9", "OK")

    assert desk.effects == (RedirectCall("in-2", "sip:9@pbx.example"),)
    assert desk.phone.page == "talking"


def test_up_to_four_calls():
    desk = reach("waiting").press("OK")
    for number in (3, 4):
        desk.happen(CallArrived(f"in-{number}", 1, f"sip:{number}@pbx.example", "")).press("OK")
    assert [call.state for call in desk.phone.calls.values()] == ["held", "held", "held", "talking"]

    desk.happen(CallArrived("in-5", 1, "sip:5@pbx.example", ""))
    assert desk.effects == (RefuseCall("in-5", 486),)
    assert desk.call("1009").reply.verdict is Verdict.NOT_NOW


def test_a_call_that_takes_the_place_of_another_goes_on_where_that_was():
    desk = reach("talking, handset").happen(CallReplaced("in-9", "out-1", "sip:1009@pbx.example", "Zoe"))

    assert desk.effects == (AnswerCall("in-9"), EndCall("out-1"))
    assert desk.phone.page == "talking"
    assert desk.sound.calls == {"in-9"}

    desk = reach("held, hands-free").happen(CallReplaced("in-9", "out-1", "sip:1009@pbx.example", "Zoe"))
    assert desk.effects == (AnswerCall("in-9"), EndCall("out-1"), HoldCall("in-9"))
    assert desk.phone.page == "held"


def test_a_call_over_the_home_page_shows_itself():
    assert Desk().happen(CALLER, KeyDown(Key.HOME), SECOND).phone.page == "ringing"


def test_a_phone_that_is_put_off_hook_and_forgotten_sounds_busy():
    desk = Desk().press("Hook")
    assert desk.timers == (SetTimer(Timer.DIAL, 30.0),)
    assert desk.sound.tone == "dial"

    desk.happen(TimerFired(Timer.DIAL))
    assert desk.sound.tone == "busy"
    assert desk.press("5").sound.tone == "none"
    assert desk.press("Cancel").sound.tone == "dial"


def test_a_call_that_nobody_answers_there_is_given_up():
    desk = reach("calling, handset").happen(TimerFired(Timer.CALL, "out-1"))

    assert desk.effects == (EndCall("out-1"),)
    assert desk.phone.notice == "12 does not answer"
    assert desk.sound.tone == "busy"
