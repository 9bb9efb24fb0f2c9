"""Every key and every function, page by page: what it answers, where it leads, what it asks for on the wire.

The order is that of the key table in `docs/action-uri.md`.
"""

import pytest

from offhook.phone import Settings
from offhook.phone.audio_path import Path
from offhook.phone.effects import (
    AnswerCall,
    EndCall,
    FetchConfiguration,
    HoldCall,
    PlaceCall,
    RedirectCall,
    RefuseCall,
    Restart,
    ResumeCall,
    SendDigit,
    TransferAttended,
    TransferBlind,
)
from offhook.phone.events import Key, SettingsChanged
from offhook.phone.reply import Verdict

from .desk import SITUATIONS, reach

OK, NO = Verdict.DONE, Verdict.NOT_NOW
NOTHING = ()


def placed(call: str, user: str) -> PlaceCall:
    return PlaceCall(call, 1, f"sip:{user}@pbx.example")


REDIALLED = (placed("out-3", "1003"),)
BOTH_FIVE = (SendDigit("out-1", "5"), SendDigit("out-2", "5"))
BLIND = (TransferBlind("out-1", "sip:3@pbx.example"),)
ATTENDED = (TransferAttended("out-1", "out-2"),)
SEMI = (EndCall("out-2"), TransferBlind("out-1", "sip:3@pbx.example"))

# situation, key, verdict, page, path, handset lifted, effects
TABLE = [
    # digits
    ("idle", "5", OK, "entry", "none", False, NOTHING),
    ("idle", "Pound", OK, "entry", "none", False, NOTHING),
    ("entry", "3", OK, "entry", "none", False, NOTHING),
    ("offhook, handset", "5", OK, "entry", "handset", True, NOTHING),
    ("ringing", "5", NO, "ringing", "none", False, NOTHING),
    ("waiting", "5", OK, "ringing", "handsfree", False, (SendDigit("out-1", "5"),)),
    ("calling, hands-free", "5", NO, "calling", "handsfree", False, NOTHING),
    ("talking, hands-free", "5", OK, "talking", "handsfree", False, (SendDigit("out-1", "5"),)),
    ("talking, hands-free", "*", OK, "talking", "handsfree", False, (SendDigit("out-1", "*"),)),
    ("talking, hands-free", "Pound", OK, "talking", "handsfree", False, (SendDigit("out-1", "#"),)),
    (
        "conference",
        "5",
        OK,
        "conference",
        "handsfree",
        False,
        (SendDigit("out-1", "5"), SendDigit("out-2", "5")),
    ),
    ("held, hands-free", "5", OK, "entry", "handsfree", False, NOTHING),
    ("menu", "3", OK, "menu", "none", False, NOTHING),
    ("menu", "5", OK, "menu", "none", False, NOTHING),
    ("phone book", "2", OK, "calling", "handsfree", False, (placed("out-1", "1003"),)),
    ("phone book", "3", OK, "menu", "none", False, NOTHING),
    ("contact", "2", OK, "calling", "handsfree", False, (placed("out-1", "1005"),)),
    ("menu", "0", NO, "menu", "none", False, NOTHING),
    ("menu", "9", NO, "menu", "none", False, NOTHING),
    ("dialled list", "2", OK, "calling", "handsfree", False, (placed("out-3", "1002"),)),
    ("home over a call", "5", OK, "entry", "handsfree", False, NOTHING),
    # OK
    ("idle", "OK", OK, "menu", "none", False, NOTHING),
    ("entry", "OK", OK, "calling", "handsfree", False, (placed("out-1", "12"),)),
    ("entry, handset lifted", "OK", OK, "calling", "handset", True, (placed("out-1", "12"),)),
    ("offhook, handset", "OK", NO, "offhook", "handset", True, NOTHING),
    ("ringing", "OK", OK, "talking", "handsfree", False, (AnswerCall("in-1"),)),
    ("ringing, handset lifted", "OK", OK, "talking", "handset", True, (AnswerCall("in-1"),)),
    ("waiting", "OK", OK, "talking", "handsfree", False, (HoldCall("out-1"), AnswerCall("in-2"))),
    ("calling, hands-free", "OK", NO, "calling", "handsfree", False, NOTHING),
    ("talking, hands-free", "OK", NO, "talking", "handsfree", False, NOTHING),
    ("held, hands-free", "OK", OK, "talking", "handsfree", False, (ResumeCall("out-1"),)),
    ("menu", "OK", NO, "menu", "none", False, NOTHING),
    ("dialled list", "OK", OK, "calling", "handsfree", False, REDIALLED),
    ("forwarding", "OK", OK, "entry", "none", False, NOTHING),
    ("phone book", "OK", OK, "calling", "handsfree", False, (placed("out-1", "1002"),)),
    ("phone book", "Down", OK, "menu", "none", False, NOTHING),
    ("contact", "OK", OK, "calling", "handsfree", False, (placed("out-1", "1004"),)),
    ("contact", "Cancel", OK, "menu", "none", False, NOTHING),
    ("home over a call", "OK", OK, "talking", "handsfree", False, NOTHING),
    ("home over ringing", "OK", OK, "ringing", "none", False, NOTHING),
    ("transfer entry", "OK", OK, "calling", "handsfree", False, (placed("out-2", "3"),)),
    ("conference entry", "OK", OK, "calling", "handsfree", False, (placed("out-2", "3"),)),
    ("deflection entry", "OK", OK, "idle", "none", False, (RedirectCall("in-1", "sip:3@pbx.example"),)),
    # Cancel
    ("idle", "Cancel", NO, "idle", "none", False, NOTHING),
    ("entry", "Cancel", OK, "idle", "none", False, NOTHING),
    ("entry, handset lifted", "Cancel", OK, "offhook", "handset", True, NOTHING),
    ("offhook, handset", "Cancel", OK, "idle", "none", False, NOTHING),
    ("ringing", "Cancel", OK, "idle", "none", False, (RefuseCall("in-1", 486),)),
    ("ringing, handset lifted", "Cancel", OK, "offhook", "handset", True, (RefuseCall("in-1", 486),)),
    ("waiting", "Cancel", OK, "talking", "handsfree", False, (RefuseCall("in-2", 486),)),
    ("calling, hands-free", "Cancel", OK, "idle", "none", False, (EndCall("out-1"),)),
    ("calling, handset", "Cancel", OK, "idle", "none", False, (EndCall("out-1"),)),
    ("talking, handset", "Cancel", OK, "idle", "none", False, (EndCall("out-1"),)),
    ("held, hands-free", "Cancel", OK, "idle", "none", False, (EndCall("out-1"),)),
    ("menu", "Cancel", OK, "idle", "none", False, NOTHING),
    ("home over a call", "Cancel", OK, "idle", "none", False, (EndCall("out-1"),)),
    ("transfer entry", "Cancel", OK, "talking", "handsfree", False, (ResumeCall("out-1"),)),
    ("conference entry", "Cancel", OK, "talking", "handsfree", False, (ResumeCall("out-1"),)),
    ("deflection entry", "Cancel", OK, "ringing", "none", False, NOTHING),
    ("consulting", "Cancel", OK, "held", "handsfree", False, (EndCall("out-2"),)),
    ("consulted", "Cancel", OK, "held", "handsfree", False, (EndCall("out-2"),)),
    ("conference", "Cancel", OK, "idle", "none", False, (EndCall("out-1"), EndCall("out-2"))),
    # Speaker
    ("idle", "Speaker", OK, "offhook", "handsfree", False, NOTHING),
    ("entry", "Speaker", OK, "calling", "handsfree", False, (placed("out-1", "12"),)),
    ("offhook, hands-free", "Speaker", OK, "idle", "none", False, NOTHING),
    ("offhook, handset", "Speaker", OK, "offhook", "handsfree", True, NOTHING),
    ("ringing", "Speaker", OK, "talking", "handsfree", False, (AnswerCall("in-1"),)),
    ("calling, hands-free", "Speaker", OK, "idle", "none", False, (EndCall("out-1"),)),
    ("calling, handset", "Speaker", OK, "calling", "handsfree", True, NOTHING),
    ("talking, hands-free", "Speaker", OK, "idle", "none", False, (EndCall("out-1"),)),
    ("talking, handset", "Speaker", OK, "talking", "handsfree", True, NOTHING),
    ("held, hands-free", "Speaker", OK, "idle", "none", False, (EndCall("out-1"),)),
    ("held, handset", "Speaker", OK, "held", "handsfree", True, NOTHING),
    ("menu", "Speaker", OK, "offhook", "handsfree", False, NOTHING),
    ("home over a call", "Speaker", OK, "idle", "none", False, (EndCall("out-1"),)),
    # Hook, down
    ("idle", "Hook", OK, "offhook", "handset", True, NOTHING),
    ("entry", "Hook", OK, "calling", "handset", True, (placed("out-1", "12"),)),
    ("entry, handset lifted", "Hook", OK, "entry", "handset", True, NOTHING),
    ("offhook, handset", "Hook", OK, "offhook", "handset", True, NOTHING),
    ("offhook, hands-free", "Hook", OK, "offhook", "handset", True, NOTHING),
    ("offhook, hands-free, handset lifted", "Hook", OK, "offhook", "handset", True, NOTHING),
    ("ringing", "Hook", OK, "talking", "handset", True, (AnswerCall("in-1"),)),
    ("ringing, handset lifted", "Hook", OK, "talking", "handset", True, (AnswerCall("in-1"),)),
    ("waiting", "Hook", OK, "talking", "handset", True, (HoldCall("out-1"), AnswerCall("in-2"))),
    ("calling, hands-free", "Hook", OK, "calling", "handset", True, NOTHING),
    ("talking, hands-free", "Hook", OK, "talking", "handset", True, NOTHING),
    ("talking, handset", "Hook", OK, "talking", "handset", True, NOTHING),
    ("held, hands-free", "Hook", OK, "talking", "handset", True, (ResumeCall("out-1"),)),
    ("menu", "Hook", OK, "offhook", "handset", True, NOTHING),
    ("home over a call", "Hook", OK, "idle", "handset", True, NOTHING),
    # Hook, up
    ("idle", "^Hook", OK, "idle", "none", False, NOTHING),
    ("entry", "^Hook", OK, "entry", "none", False, NOTHING),
    ("entry, handset lifted", "^Hook", OK, "idle", "none", False, NOTHING),
    ("offhook, handset", "^Hook", OK, "idle", "none", False, NOTHING),
    ("offhook, hands-free", "^Hook", OK, "offhook", "handsfree", False, NOTHING),
    ("offhook, hands-free, handset lifted", "^Hook", OK, "offhook", "handsfree", False, NOTHING),
    ("ringing", "^Hook", OK, "ringing", "none", False, NOTHING),
    ("ringing, handset lifted", "^Hook", OK, "ringing", "none", False, NOTHING),
    ("calling, handset", "^Hook", OK, "idle", "none", False, (EndCall("out-1"),)),
    ("calling, hands-free", "^Hook", OK, "calling", "handsfree", False, NOTHING),
    ("talking, handset", "^Hook", OK, "idle", "none", False, (EndCall("out-1"),)),
    ("talking, hands-free", "^Hook", OK, "talking", "handsfree", False, NOTHING),
    ("held, handset", "^Hook", OK, "idle", "none", False, (EndCall("out-1"),)),
    ("held, hands-free", "^Hook", OK, "held", "handsfree", False, NOTHING),
    ("menu", "^Hook", OK, "menu", "none", False, NOTHING),
    # Headset
    ("idle", "Headset", OK, "offhook", "headset", False, NOTHING),
    ("entry", "Headset", OK, "calling", "headset", False, (placed("out-1", "12"),)),
    ("offhook, handset", "Headset", OK, "offhook", "headset", True, NOTHING),
    ("offhook, headset", "Headset", OK, "idle", "none", False, NOTHING),
    ("ringing", "Headset", OK, "talking", "headset", False, (AnswerCall("in-1"),)),
    ("calling, hands-free", "Headset", OK, "calling", "headset", False, NOTHING),
    ("talking, handset", "Headset", OK, "talking", "headset", True, NOTHING),
    ("talking, headset", "Headset", OK, "talking", "handsfree", False, NOTHING),
    ("held, hands-free", "Headset", OK, "held", "headset", False, NOTHING),
    ("menu", "Headset", OK, "offhook", "headset", False, NOTHING),
    # Redial
    ("idle", "Redial", NO, "idle", "none", False, NOTHING),
    ("dialled list", "Redial", OK, "calling", "handsfree", False, REDIALLED),
    ("ringing", "Redial", NO, "ringing", "none", False, NOTHING),
    ("calling, hands-free", "Redial", NO, "calling", "handsfree", False, NOTHING),
    ("talking, hands-free", "Redial", NO, "talking", "handsfree", False, NOTHING),
    ("held, hands-free", "Redial", OK, "calling", "handsfree", False, (placed("out-2", "1002"),)),
    # Message, without a voicemail number
    ("idle", "Message", NO, "idle", "none", False, NOTHING),
    ("talking, hands-free", "Message", NO, "talking", "handsfree", False, NOTHING),
    # Forward
    ("idle", "Forward", OK, "menu", "none", False, NOTHING),
    ("entry", "Forward", OK, "entry", "none", False, NOTHING),
    ("offhook, handset", "Forward", OK, "menu", "handset", True, NOTHING),
    ("offhook, hands-free", "Forward", OK, "menu", "none", False, NOTHING),
    ("ringing", "Forward", OK, "entry", "none", False, NOTHING),
    ("calling, hands-free", "Forward", NO, "calling", "handsfree", False, NOTHING),
    ("talking, hands-free", "Forward", OK, "transfer", "handsfree", False, (HoldCall("out-1"),)),
    ("held, hands-free", "Forward", OK, "transfer", "handsfree", False, NOTHING),
    ("transfer entry", "Forward", OK, "held", "handsfree", False, BLIND),
    ("menu", "Forward", OK, "menu", "none", False, NOTHING),
    # Home
    ("idle", "Home", OK, "idle", "none", False, NOTHING),
    ("entry", "Home", OK, "idle", "none", False, NOTHING),
    ("offhook, handset", "Home", OK, "idle", "none", False, NOTHING),
    ("ringing", "Home", OK, "idle", "none", False, NOTHING),
    ("calling, hands-free", "Home", OK, "idle", "handsfree", False, NOTHING),
    ("talking, hands-free", "Home", OK, "idle", "handsfree", False, NOTHING),
    ("held, hands-free", "Home", OK, "idle", "handsfree", False, NOTHING),
    ("menu", "Home", OK, "idle", "none", False, NOTHING),
    ("home over a call", "Home", OK, "talking", "handsfree", False, NOTHING),
    # arrows and soft keys
    ("idle", "Up", NO, "idle", "none", False, NOTHING),
    ("menu", "Down", OK, "menu", "none", False, NOTHING),
    ("entry", "Left", OK, "entry", "none", False, NOTHING),
    ("talking, hands-free", "Down", NO, "talking", "handsfree", False, NOTHING),
    ("consulted", "Down", OK, "held", "handsfree", False, (HoldCall("out-2"),)),
    ("idle", "F3", OK, "idle", "none", False, NOTHING),
    ("idle", "F4", OK, "menu", "none", False, NOTHING),
    ("entry", "F1", OK, "calling", "handsfree", False, (placed("out-1", "12"),)),
    ("entry", "F4", NO, "entry", "none", False, NOTHING),
    ("ringing", "F1", OK, "talking", "handsfree", False, (AnswerCall("in-1"),)),
    ("ringing", "F2", OK, "idle", "none", False, (RefuseCall("in-1", 486),)),
    ("ringing", "F3", OK, "entry", "none", False, NOTHING),
    ("ringing", "F4", OK, "ringing", "none", False, NOTHING),
    ("talking, hands-free", "F1", OK, "held", "handsfree", False, (HoldCall("out-1"),)),
    ("talking, hands-free", "F2", OK, "transfer", "handsfree", False, (HoldCall("out-1"),)),
    ("talking, hands-free", "F3", OK, "entry", "handsfree", False, (HoldCall("out-1"),)),
    ("talking, hands-free", "F4", OK, "idle", "none", False, (EndCall("out-1"),)),
    ("held, hands-free", "F1", OK, "talking", "handsfree", False, (ResumeCall("out-1"),)),
    ("transfer entry", "F1", OK, "held", "handsfree", False, BLIND),
    ("transfer entry", "F2", OK, "calling", "handsfree", False, (placed("out-2", "3"),)),
    ("consulting", "F1", OK, "held", "handsfree", False, SEMI),
    # functions
    ("idle", "=CallEnd", NO, "idle", "none", False, NOTHING),
    ("entry", "=CallEnd", OK, "idle", "none", False, NOTHING),
    ("offhook, handset", "=CallEnd", OK, "idle", "none", False, NOTHING),
    ("ringing", "=CallEnd", OK, "idle", "none", False, (RefuseCall("in-1", 486),)),
    ("waiting", "=CallEnd", OK, "ringing", "none", False, (EndCall("out-1"),)),
    ("calling, hands-free", "=CallEnd", OK, "idle", "none", False, (EndCall("out-1"),)),
    ("talking, handset", "=CallEnd", OK, "idle", "none", False, (EndCall("out-1"),)),
    ("conference", "=CallEnd", OK, "idle", "none", False, (EndCall("out-1"), EndCall("out-2"))),
    ("idle", "=Hold", NO, "idle", "none", False, NOTHING),
    ("ringing", "=Hold", NO, "ringing", "none", False, NOTHING),
    ("talking, hands-free", "=Hold", OK, "held", "handsfree", False, (HoldCall("out-1"),)),
    ("held, hands-free", "=Hold", OK, "held", "handsfree", False, NOTHING),
    ("conference", "=Hold", OK, "conference", "handsfree", False, (HoldCall("out-1"), HoldCall("out-2"))),
    ("idle", "=UnHold", NO, "idle", "none", False, NOTHING),
    ("talking, hands-free", "=UnHold", OK, "talking", "handsfree", False, NOTHING),
    ("held, hands-free", "=UnHold", OK, "talking", "handsfree", False, (ResumeCall("out-1"),)),
    ("home over a call", "=UnHold", OK, "talking", "handsfree", False, NOTHING),
    ("idle", "=Transfer", NO, "idle", "none", False, NOTHING),
    ("ringing", "=Transfer", NO, "ringing", "none", False, NOTHING),
    ("calling, hands-free", "=Transfer", NO, "calling", "handsfree", False, NOTHING),
    ("talking, hands-free", "=Transfer", OK, "transfer", "handsfree", False, (HoldCall("out-1"),)),
    ("held, hands-free", "=Transfer", OK, "transfer", "handsfree", False, NOTHING),
    ("transfer entry", "=Transfer", OK, "held", "handsfree", False, BLIND),
    ("consulting", "=Transfer", OK, "held", "handsfree", False, SEMI),
    ("consulted", "=Transfer", OK, "talking", "handsfree", False, ATTENDED),
    ("conference", "=Transfer", NO, "conference", "handsfree", False, NOTHING),
    ("idle", "=Conference", NO, "idle", "none", False, NOTHING),
    ("ringing", "=Conference", NO, "ringing", "none", False, NOTHING),
    ("talking, hands-free", "=Conference", OK, "entry", "handsfree", False, (HoldCall("out-1"),)),
    ("conferring", "=Conference", OK, "conference", "handsfree", False, (ResumeCall("out-1"),)),
    ("conference", "=Conference", OK, "entry", "handsfree", False, (HoldCall("out-1"), HoldCall("out-2"))),
    ("idle", "=Back", OK, "idle", "none", False, NOTHING),
    ("entry", "=Back", OK, "idle", "none", False, NOTHING),
    ("offhook, hands-free", "=Back", OK, "idle", "none", False, NOTHING),
    ("ringing", "=Back", OK, "ringing", "none", False, NOTHING),
    ("talking, hands-free", "=Back", OK, "talking", "handsfree", False, NOTHING),
    ("menu", "=Back", OK, "idle", "none", False, NOTHING),
    ("transfer entry", "=Back", OK, "talking", "handsfree", False, (ResumeCall("out-1"),)),
    ("idle", "=Answer", NO, "idle", "none", False, NOTHING),
    ("ringing", "=Answer", OK, "talking", "handsfree", False, (AnswerCall("in-1"),)),
    ("talking, hands-free", "=Answer", NO, "talking", "handsfree", False, NOTHING),
    ("ringing", "=Reject", OK, "idle", "none", False, (RefuseCall("in-1", 486),)),
    ("talking, hands-free", "=Reject", NO, "talking", "handsfree", False, NOTHING),
    ("idle", "=DNDOn", OK, "idle", "none", False, NOTHING),
    ("idle", "=DNDOff", OK, "idle", "none", False, NOTHING),
]


@pytest.mark.parametrize(
    ("situation", "key", "verdict", "page", "path", "lifted", "effects"),
    TABLE,
    ids=[f"{situation}: {key}" for situation, key, *_ in TABLE],
)
def test_key(situation, key, verdict, page, path, lifted, effects):
    desk = reach(situation).press(key)

    assert desk.reply.verdict is verdict
    assert desk.reply.text
    assert (desk.phone.page, desk.phone.path, desk.phone.lifted) == (page, Path(path), lifted)
    assert desk.effects == effects


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("key", Key)
def test_every_key_has_a_meaning_on_every_page(situation, key):
    assert reach(situation).press(key.value).reply.verdict in {Verdict.DONE, Verdict.NOT_NOW, Verdict.INVALID}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize(
    ("function", "asked"),
    [("Reboot", Restart(reset=False)), ("Reset", Restart(reset=True)), ("AutoPNow", FetchConfiguration())],
)
def test_what_the_house_does_is_asked_of_it_on_every_page(situation, function, asked):
    desk = reach(situation)
    desk.happen(SettingsChanged(Settings(autop=True)))
    assert desk.press(f"={function}").reply.verdict is Verdict.DONE
    assert desk.asked == (asked,)


def test_there_is_nothing_to_fetch_from_nowhere():
    desk = reach("idle").press("=AutoPNow")
    assert desk.reply.verdict is Verdict.NOT_NOW
    assert desk.asked == ()


@pytest.mark.parametrize(
    ("situation", "changed"),
    [
        ("idle", "ringer"), ("entry", "ringer"), ("offhook, handset", "handset"), ("ringing", "ringer"),
        ("waiting", "ringer"), ("calling, hands-free", "handsfree"), ("talking, handset", "handset"),
        ("talking, headset", "headset"), ("held, hands-free", "handsfree"), ("menu", "ringer"),
        ("home over a call", "handsfree"), ("home over ringing", "ringer"),
    ],
)  # fmt: skip
def test_volume_keys(situation, changed):
    desk = reach(situation).press("VolumeUp")
    assert {name for name, level in desk.phone.volumes.levels.items() if level == 9} == {changed}

    desk.press(*["VolumeUp"] * 20)
    assert desk.reply.verdict is Verdict.DONE
    assert desk.phone.volumes.levels[changed] == 15
    desk.press(*["VolumeDown"] * 20)
    assert desk.phone.volumes.levels[changed] == 0


@pytest.mark.parametrize(
    ("situation", "muted", "ringer", "silenced"),
    [
        ("idle", False, True, False), ("entry", False, True, False), ("offhook, handset", False, True, False),
        ("menu", False, True, False), ("ringing", False, False, True), ("waiting", False, False, True),
        ("calling, hands-free", True, False, False), ("talking, handset", True, False, False),
        ("held, hands-free", True, False, False), ("home over a call", True, False, False),
    ],
)  # fmt: skip
def test_mute(situation, muted, ringer, silenced):
    desk = reach(situation).press("Mute")
    is_silenced = any(call.silenced for call in desk.phone.calls.values())
    assert (desk.phone.muted, desk.phone.ringer_muted, is_silenced) == (muted, ringer, silenced)

    desk.press("Mute")
    assert not desk.phone.muted
    assert not desk.phone.ringer_muted
    for wish in ("=Mute", "=Mute"):
        desk.press(wish)
        assert desk.reply.verdict is Verdict.DONE
    is_silenced = any(call.silenced for call in desk.phone.calls.values())
    assert (desk.phone.muted, desk.phone.ringer_muted, is_silenced) == (muted, ringer, silenced)
