"""Hold, transfer, conference and being transferred, as the phone lives through them."""

from dataclasses import replace

import pytest

from offhook.phone import Settings, Verdict
from offhook.phone.effects import (
    EndCall,
    FollowRefer,
    HoldCall,
    RefuseRefer,
    ResumeCall,
    SetTimer,
    TransferAttended,
)
from offhook.phone.events import (
    CallAnswered,
    CallArrived,
    CallFailed,
    CallGone,
    Function,
    HeldByPeer,
    HoldRefused,
    Perform,
    ReferAsked,
    Timer,
    TimerFired,
    TransferAccepted,
    TransferDone,
    TransferFailed,
)
from offhook.phone.settings import ReferPolicy

from .desk import Desk, reach


def states(desk: Desk) -> dict[str, str]:
    return {call.id: call.state.value for call in desk.phone.calls.values()}


def test_a_blind_transfer_ends_with_our_bye_once_the_target_has_the_call():
    desk = reach("transfer entry").press("=Transfer")
    assert states(desk) == {"out-1": "held"}

    desk.happen(TransferAccepted("out-1"))
    assert desk.timers == (SetTimer(Timer.TRANSFER, 32.0, "out-1"),)

    desk.happen(TransferDone("out-1"))
    assert desk.effects == (EndCall("out-1"),)
    assert desk.phone.notice == "transferred 1002 to 3"
    assert desk.phone.page == "idle"


def test_a_transfer_that_is_not_heard_of_again_ends_all_the_same():
    desk = reach("transfer entry").press("=Transfer").happen(TransferAccepted("out-1"))

    assert desk.happen(TimerFired(Timer.TRANSFER, "out-1")).effects == (EndCall("out-1"),)


@pytest.mark.parametrize(
    ("code", "reason"),
    [(486, "Busy Here"), (603, "Decline"), (405, "Method Not Allowed"), (408, "Request Timeout")],
)
def test_a_transfer_that_fails_brings_the_call_back_held_with_the_reason(code, reason):
    desk = reach("transfer entry").press("=Transfer").happen(TransferFailed("out-1", code, reason))

    assert desk.phone.page == "held"
    assert desk.phone.notice == f"1002 was not transferred to 3: {code} {reason}"
    assert desk.press("OK").phone.page == "talking"


def test_an_attended_transfer_that_fails_brings_the_first_call_back_and_holds_the_other():
    desk = reach("consulted").press("=Transfer").happen(TransferFailed("out-1", 603, "Decline"))

    assert desk.effects == (HoldCall("out-2"),)
    assert states(desk) == {"out-1": "held", "out-2": "held"}
    assert desk.phone.focused.id == "out-1"


def test_an_attended_transfer_ends_both_calls():
    desk = reach("consulted").press("=Transfer").happen(TransferAccepted("out-1"), TransferDone("out-1"))

    assert desk.effects == (EndCall("out-1"), EndCall("out-2"))
    assert desk.phone.page == "idle"


def test_a_consultation_that_fails_leads_back_to_the_held_call():
    desk = reach("consulting").happen(CallFailed("out-2", 486, "Busy Here"))

    assert desk.phone.page == "held"
    assert desk.phone.notice == "3 is busy (486 Busy Here)"


def test_two_calls_that_this_phone_joins_by_transfer_need_no_number():
    desk = reach("talking, hands-free").call("1003").happen(CallAnswered("out-2")).press("=Transfer")

    assert desk.effects == (TransferAttended("out-1", "out-2"),)


def test_a_call_that_is_being_transferred_cannot_be_taken_back_meanwhile():
    desk = reach("transfer entry").press("=Transfer", "=UnHold")

    assert desk.reply.verdict is Verdict.NOT_NOW
    assert "being transferred to 3" in desk.reply.text


def test_the_far_end_that_leaves_in_a_transfer_has_left():
    desk = reach("transfer entry").press("=Transfer").happen(CallGone("out-1", "hung up"))

    assert desk.phone.notice == "1002 hung up before the transfer to 3 was confirmed"
    assert desk.phone.page == "idle"


def test_a_transfer_that_fails_leaves_another_conversation_alone():
    desk = reach("transfer entry").press("=Transfer").call("1009").happen(CallAnswered("out-2"))
    desk.happen(TransferFailed("out-1", 603, "Decline"))

    assert desk.effects == ()
    assert states(desk) == {"out-1": "held", "out-2": "talking"}
    assert desk.phone.focused.id == "out-2"
    assert desk.phone.notice == "1002 was not transferred to 3: 603 Decline"


def test_a_hold_that_is_refused_shows_and_talks_on():
    desk = reach("held, hands-free").happen(HoldRefused("out-1", 488, "Not Acceptable Here"))

    assert desk.phone.page == "talking"
    assert desk.sound.calls == {"out-1"}
    assert desk.phone.notice == "1002 cannot be held (488 Not Acceptable Here)"


def test_the_far_ends_hold_shows():
    desk = reach("talking, hands-free").happen(HeldByPeer("out-1", held=True))
    assert desk.phone.calls["out-1"].held_by_peer
    assert desk.phone.page == "talking"
    assert not desk.happen(HeldByPeer("out-1", held=False)).phone.calls["out-1"].held_by_peer


def test_a_named_call_is_resumed_and_the_other_held():
    desk = reach("waiting").press("OK").happen(Perform(Function.UNHOLD, "out-1"))

    assert desk.effects == (HoldCall("in-2"), ResumeCall("out-1"))
    assert states(desk) == {"out-1": "talking", "in-2": "held"}


def test_switching_between_two_calls_with_keys_alone():
    desk = reach("waiting").press("OK", "Down", "OK")

    assert states(desk) == {"out-1": "talking", "in-2": "held"}
    assert desk.phone.focused.id == "out-1"


def test_a_conference_hears_all_and_is_held_and_resumed_as_one():
    desk = reach("conference")
    assert desk.sound.calls == {"out-1", "out-2"}

    desk.press("=Hold")
    assert desk.sound.calls == frozenset()
    assert states(desk) == {"out-1": "held", "out-2": "held"}
    desk.press("=UnHold")
    assert desk.effects == (ResumeCall("out-1"), ResumeCall("out-2"))
    assert desk.phone.page == "conference"


def test_a_conference_grows_to_three_others_and_no_further():
    desk = reach("conference").press("=Conference", "4", "OK").happen(CallAnswered("out-3"))
    desk.press("=Conference")
    assert desk.sound.calls == {"out-1", "out-2", "out-3"}
    assert desk.press("=Conference").reply.verdict is Verdict.NOT_NOW


def test_one_party_that_leaves_a_conference_leaves_the_rest_talking():
    desk = reach("conference").press("=Conference", "4", "OK").happen(CallAnswered("out-3"))
    desk.press("=Conference").happen(CallGone("out-2", "hung up"))
    assert desk.phone.page == "conference"
    assert desk.sound.calls == {"out-1", "out-3"}

    desk.happen(CallGone("out-3", "hung up"))
    assert desk.phone.page == "talking"
    assert desk.sound.calls == {"out-1"}


def test_a_call_with_a_conference_on_hold_joins_it():
    desk = reach("conference").call("1004").happen(CallAnswered("out-3"))
    assert states(desk) == {"out-1": "held", "out-2": "held", "out-3": "talking"}

    desk.press("=Conference")
    assert desk.effects == (ResumeCall("out-1"), ResumeCall("out-2"))
    assert desk.phone.page == "conference"


REFER = ReferAsked("out-1", "sip:1009@pbx.example", "sip:1002@pbx.example")


def test_a_stranger_has_no_account_call_anybody_unless_its_owner_says_so():
    asked = replace(REFER, stranger=True)
    desk = reach("talking, hands-free").happen(asked)
    assert desk.effects == ()
    assert desk.phone.page == "menu"
    assert desk.press("OK").effects[0] == FollowRefer("out-2", 1, "out-1")

    direct = Desk().happen(CallArrived("in-1", None, "sip:192.0.2.1", ""))
    direct.press("OK").happen(CallAnswered("in-1"))
    assert FollowRefer("out-1", None, "in-1") in direct.happen(replace(REFER, call="in-1")).effects


def test_a_refer_is_followed_and_the_call_it_came_in_waits():
    desk = reach("talking, hands-free").happen(REFER)
    assert desk.effects == (FollowRefer("out-2", 1, "out-1"), HoldCall("out-1"))
    assert desk.phone.page == "calling"

    desk.happen(CallAnswered("out-2"), CallGone("out-1", "hung up"))
    assert states(desk) == {"out-2": "talking"}
    assert desk.phone.calls["out-2"].referred_by == "sip:1002@pbx.example"


def test_a_refer_that_leads_nowhere_leads_back():
    desk = reach("talking, hands-free").happen(REFER, CallFailed("out-2", 486, "Busy Here"))

    assert desk.effects == (ResumeCall("out-1"),)
    assert states(desk) == {"out-1": "talking"}
    assert desk.phone.notice == "1009 is busy (486 Busy Here)"


def test_a_refer_that_fails_does_not_take_a_held_call_off_hold():
    desk = reach("held, hands-free").happen(REFER, CallFailed("out-2", 486, "Busy Here"))

    assert desk.effects == ()
    assert states(desk) == {"out-1": "held"}
    assert desk.phone.calls["out-1"].referred_by == ""


def test_one_party_of_a_conference_can_be_named_and_let_go():
    desk = reach("conference").happen(Perform(Function.CALL_END, "out-1"))

    assert desk.effects == (EndCall("out-1"),)
    assert states(desk) == {"out-2": "talking"}


def test_conference_pressed_again_calls_the_number_that_was_typed():
    assert reach("conference entry").press("=Conference").phone.page == "calling"


@pytest.mark.parametrize("key", ["Hook", "Speaker", "Headset"])
def test_a_forwarding_target_is_set_by_ok_alone(key):
    desk = Desk().press("Forward", "1", "9", key)

    assert not any(desk.phone.settings.forward.values())
    assert desk.phone.page == "offhook"
    assert desk.press("2").phone.page == "entry"


def test_a_refer_is_asked_about_or_refused_where_the_setting_says_so():
    refusing = Desk(settings=Settings(refer=ReferPolicy.REFUSE)).call("1002").happen(CallAnswered("out-1"))
    assert refusing.happen(REFER).effects == (RefuseRefer("out-1", 603),)

    asking = Desk(settings=Settings(refer=ReferPolicy.ASK)).call("1002").happen(CallAnswered("out-1"), REFER)
    assert asking.effects == ()
    assert asking.phone.page == "menu"
    assert asking.press("OK").effects == (FollowRefer("out-2", 1, "out-1"), HoldCall("out-1"))

    asking = Desk(settings=Settings(refer=ReferPolicy.ASK)).call("1002").happen(CallAnswered("out-1"), REFER)
    assert asking.press("Cancel").effects == (RefuseRefer("out-1", 603),)
    assert asking.phone.page == "talking"


def test_a_refer_in_a_full_phone_is_refused():
    desk = Desk(settings=Settings(most_calls=1)).call("1002").happen(CallAnswered("out-1"), REFER)

    assert desk.effects == (RefuseRefer("out-1", 603),)
    assert states(desk) == {"out-1": "talking"}
