"""What becomes of dialled numbers, on every way out of the phone; and who is not let in."""

import pytest

from offhook.phone import Settings, Verdict
from offhook.phone.block_list import BlockList
from offhook.phone.call_log import Kind
from offhook.phone.dial_rules import DialRules
from offhook.phone.effects import PlaceCall, RedirectCall, RefuseCall, RefuseRefer, TransferBlind
from offhook.phone.events import (
    CallAnswered,
    CallArrived,
    MakeCall,
    ReferAsked,
    SettingsChanged,
    Timer,
    TimerFired,
)
from offhook.phone.number import dialled
from offhook.phone.refusal import Refused
from offhook.phone.settings import Forwarding, ReferPolicy

from .desk import CALLER, Desk

RULES = DialRules.of(["0049=+49", "00=+", "9=", "#=*#", "*="], ["0900", "+1900", "*99"])


@pytest.mark.parametrize(
    ("number", "called"),
    [
        ("004930", "sip:+4930@pbx.example"),
        ("00 44-1632", "sip:+441632@pbx.example"),
        ("91002", "sip:1002@pbx.example"),
        ("99", "sip:9@pbx.example"),
        ("1002", "sip:1002@pbx.example"),
        ("#31", "sip:*%2331@pbx.example"),
        ("alice", "sip:alice@pbx.example"),
        ("9alice", "sip:9alice@pbx.example"),
        ("sip:91002@pbx.example", "sip:91002@pbx.example"),
        ("91002@pbx.example", "sip:91002@pbx.example"),
        ("192.0.2.9", "sip:192.0.2.9"),
    ],
)
def test_the_longest_beginning_is_replaced(number, called):
    target = RULES.applied(dialled(number))
    assert target.target("pbx.example") == called
    assert target.shown == dialled(number).shown


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("0900123", "0900"),
        ("0-900 123", "0900"),
        ("(0)900", "0900"),
        ("%30900123", "0900"),
        ("0900;phone-context=x", "0900"),
        ("0-900;x", "0900"),
        ("0900123@elsewhere.example", "0900"),
        ("sip:0900123@elsewhere.example;transport=tcp", "0900"),
        ("sips:%30-90.0@elsewhere.example", "0900"),
        ("sip:0900;x=y@elsewhere.example", "0900"),
        # by way of a replacement, and in spite of one
        ("001900555", "+1900"),
        ("90900123", "0900"),
        ("*99", "*99"),
    ],
)
def test_what_is_blocked_is_blocked_however_it_is_written(number, rule):
    with pytest.raises(Refused) as refused:
        RULES.applied(dialled(number))
    assert refused.value.text.endswith(f"begins with {rule}")


def test_nothing_may_be_left_of_a_number():
    with pytest.raises(Refused, match="is no number"):
        RULES.applied(dialled("9"))


def desk(**settings: object) -> Desk:
    return Desk(settings=Settings(dial_rules=DialRules.of(["9="], ["0900"]), **settings))


KEYS = ("0", "9", "0", "0", "1")
CALLED_OUT = (MakeCall("1002"), CallAnswered("out-1"))


@pytest.mark.parametrize(
    ("before", "keys", "number"),
    [
        ((), (*KEYS, "OK"), None),
        ((), (*KEYS, "Speaker"), None),
        ((), ("Message",), None),
        ((), (), "09001"),
        ((), (), "sip:09001@192.0.2.1"),
        ((), (*KEYS, "Forward", "OK"), None),
        ((), ("Forward", "2", *KEYS, "OK"), None),
        ((CALLER,), ("Forward", *KEYS, "OK"), None),
        (CALLED_OUT, ("=Transfer", *KEYS, "=Transfer"), None),
        (CALLED_OUT, ("=Transfer", *KEYS, "OK"), None),
        (CALLED_OUT, ("=Conference", *KEYS, "OK"), None),
    ],
)
def test_no_way_out_leads_to_a_blocked_number(before, keys, number):
    blocked = desk(voicemail={1: "09001"}).happen(*before).press(*keys)
    if number:
        blocked.call(number)
    assert blocked.reply.verdict is Verdict.NOT_NOW
    assert "blocks what begins with 0900" in blocked.reply.text
    assert blocked.effects == ()


def test_every_way_out_goes_by_the_replacements():
    keys = ("9", "5")
    assert desk().press(*keys, "OK").effects == (PlaceCall("out-1", 1, "sip:5@pbx.example"),)
    assert desk().call("95").effects == (PlaceCall("out-1", 1, "sip:5@pbx.example"),)
    deflected = desk().happen(CALLER).press("Forward", *keys, "OK")
    assert deflected.effects == (RedirectCall("in-1", "sip:5@pbx.example"),)
    transferred = desk().happen(*CALLED_OUT).press("=Transfer", *keys, "=Transfer")
    assert transferred.effects == (TransferBlind("out-1", "sip:5@pbx.example"),)
    forwarded = desk().press(*keys, "Forward", "OK").happen(CALLER)
    assert forwarded.effects == (RedirectCall("in-1", "sip:5@pbx.example", Forwarding.ALWAYS),)
    assert forwarded.phone.settings.forward[Forwarding.ALWAYS] == "95"


def test_redial_dials_what_was_dialled_and_rewrites_it_once():
    again = desk().call("995").press("Cancel").press("Redial", "OK")
    assert again.effects == (PlaceCall("out-2", 1, "sip:95@pbx.example"),)


@pytest.mark.parametrize("rule", [Forwarding.ALWAYS, Forwarding.NO_ANSWER])
def test_a_forward_to_a_blocked_number_rings_here_and_says_so(rule):
    forward = {**dict.fromkeys(Forwarding), rule: "09001"}
    rung = desk(forward=forward).happen(CALLER)
    if rule is Forwarding.NO_ANSWER:
        rung.happen(TimerFired(Timer.NO_ANSWER, "in-1"))
    assert not [effect for effect in rung.effects if isinstance(effect, RedirectCall)]
    assert rung.phone.page == "ringing"
    assert rung.phone.notice == (
        "Bob is not forwarded: 09001 is not called: a dial rule blocks what begins with 0900"
    )


@pytest.mark.parametrize("target", ["sip:0900@pbx.example", "sip:%30900@x?Replaces=1", "tel:0-900"])
@pytest.mark.parametrize("policy", [ReferPolicy.FOLLOW, ReferPolicy.ASK])
def test_a_far_end_cannot_have_a_blocked_number_called(target, policy):
    asked = desk(refer=policy).happen(*CALLED_OUT, ReferAsked("out-1", target, ""))
    assert asked.effects == (RefuseRefer("out-1", 603),)
    assert "0900" in asked.phone.notice


def test_what_was_asked_before_the_rule_came_is_not_followed_after_it():
    asked = Desk(settings=Settings(refer=ReferPolicy.ASK))
    asked.happen(*CALLED_OUT, ReferAsked("out-1", "sip:0900@pbx.example", ""))
    asked.happen(SettingsChanged(desk().phone.settings)).press("OK")
    assert asked.reply.verdict is Verdict.NOT_NOW
    assert asked.effects == ()


@pytest.mark.parametrize(
    ("entry", "caller", "refused"),
    [
        ("1002", "sip:1002@pbx.example", True),
        ("1002", "sip:1002@elsewhere.example:5070", True),
        ("1002", "sip:%31002@pbx.example", True),
        ("1002", "sip:10021@pbx.example", False),
        ("+49 30 12345678", "sip:00493012345678@pbx.example", True),
        ("0049 30 12345678", "sip:+493012345678@pbx.example", True),
        ("030 12345678", "sip:+493012345678@pbx.example", False),
        ("mallory@evil.example", "sip:mallory@evil.example", True),
        ("sip:mallory@EVIL.example", "sips:mallory@evil.example;transport=tls", True),
        ("mallory@evil.example", "sip:mallory@pbx.example", False),
        ("anonymous", "sip:anonymous@anonymous.invalid", True),
        ("192.0.2.7", "sip:192.0.2.7:5062", True),
    ],
)
def test_blocked_callers_are_refused(entry, caller, refused):
    settings = Settings(blocked=BlockList.of([entry]), reject_code=603, forward={Forwarding.ALWAYS: "1"})
    arrived = Desk(settings=settings).happen(CallArrived("in-1", 1, caller, "Mallory"))
    if not refused:
        assert arrived.effects == (RedirectCall("in-1", "sip:1@pbx.example", Forwarding.ALWAYS),)
        return
    assert arrived.effects == (RefuseCall("in-1", 603),)
    assert (arrived.phone.notice, arrived.phone.log.unseen) == (None, 0)
    assert [record.kind for record in arrived.phone.log] == [Kind.RECEIVED]
