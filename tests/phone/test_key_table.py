"""Every key that this phone has, on every page: what it answers, where it leads, what it asks for."""

import pytest

from offhook.phone.audio_path import Path
from offhook.phone.effects import AnswerCall, EndCall, PlaceCall, RefuseCall, SendDigit
from offhook.phone.reply import Verdict

from .desk import reach

DONE, REFUSED, LATER = Verdict.DONE, Verdict.NOT_NOW, Verdict.NOT_BUILT
NOTHING = ()

# situation, key, verdict, page, path, handset lifted, effects
TABLE = [
    ("idle", "5", DONE, "entry", "none", False, NOTHING),
    ("idle", "Pound", DONE, "entry", "none", False, NOTHING),
    ("idle", "OK", LATER, "idle", "none", False, NOTHING),
    ("idle", "Cancel", REFUSED, "idle", "none", False, NOTHING),
    ("idle", "Speaker", DONE, "offhook", "handsfree", False, NOTHING),
    ("idle", "Hook", DONE, "offhook", "handset", True, NOTHING),
    ("idle", "^Hook", DONE, "idle", "none", False, NOTHING),
    ("idle", "Home", DONE, "idle", "none", False, NOTHING),
    ("idle", "F1", REFUSED, "idle", "none", False, NOTHING),
    ("idle", "=CallEnd", REFUSED, "idle", "none", False, NOTHING),
    ("idle", "=Back", DONE, "idle", "none", False, NOTHING),
    ("idle", "=Answer", REFUSED, "idle", "none", False, NOTHING),
    ("idle", "=Hold", REFUSED, "idle", "none", False, NOTHING),
    ("idle", "=Reboot", LATER, "idle", "none", False, NOTHING),
    ("entry", "3", DONE, "entry", "none", False, NOTHING),
    ("entry", "OK", DONE, "calling", "handsfree", False, (PlaceCall("out-1", 1, "sip:12@pbx.example"),)),
    ("entry", "F1", DONE, "calling", "handsfree", False, (PlaceCall("out-1", 1, "sip:12@pbx.example"),)),
    ("entry", "F2", DONE, "entry", "none", False, NOTHING),
    ("entry", "F3", DONE, "idle", "none", False, NOTHING),
    ("entry", "F4", REFUSED, "entry", "none", False, NOTHING),
    ("entry", "Cancel", DONE, "idle", "none", False, NOTHING),
    ("entry", "Speaker", DONE, "calling", "handsfree", False, (PlaceCall("out-1", 1, "sip:12@pbx.example"),)),
    ("entry", "Hook", DONE, "calling", "handset", True, (PlaceCall("out-1", 1, "sip:12@pbx.example"),)),
    ("entry", "^Hook", DONE, "entry", "none", False, NOTHING),
    ("entry", "Home", DONE, "idle", "none", False, NOTHING),
    ("entry", "=CallEnd", DONE, "idle", "none", False, NOTHING),
    ("entry", "=Back", DONE, "idle", "none", False, NOTHING),
    ("entry lifted", "OK", DONE, "calling", "handset", True, (PlaceCall("out-1", 1, "sip:12@pbx.example"),)),
    ("entry lifted", "Hook", DONE, "entry", "handset", True, NOTHING),
    ("entry lifted", "^Hook", DONE, "idle", "none", False, NOTHING),
    ("entry lifted", "Cancel", DONE, "offhook", "handset", True, NOTHING),
    ("offhook lifted", "5", DONE, "entry", "handset", True, NOTHING),
    ("offhook lifted", "OK", REFUSED, "offhook", "handset", True, NOTHING),
    ("offhook lifted", "Cancel", DONE, "idle", "none", False, NOTHING),
    ("offhook lifted", "Speaker", DONE, "offhook", "handsfree", True, NOTHING),
    ("offhook lifted", "Hook", DONE, "offhook", "handset", True, NOTHING),
    ("offhook lifted", "^Hook", DONE, "idle", "none", False, NOTHING),
    ("offhook lifted", "Home", DONE, "idle", "none", False, NOTHING),
    ("offhook lifted", "=CallEnd", DONE, "idle", "none", False, NOTHING),
    ("offhook handsfree", "Speaker", DONE, "idle", "none", False, NOTHING),
    ("offhook handsfree", "Hook", DONE, "offhook", "handset", True, NOTHING),
    ("offhook handsfree", "^Hook", DONE, "offhook", "handsfree", False, NOTHING),
    ("offhook handsfree", "=Back", DONE, "idle", "none", False, NOTHING),
    ("offhook lifted handsfree", "^Hook", DONE, "offhook", "handsfree", False, NOTHING),
    ("offhook lifted handsfree", "Hook", DONE, "offhook", "handset", True, NOTHING),
    ("ringing", "5", REFUSED, "ringing", "none", False, NOTHING),
    ("ringing", "OK", DONE, "talking", "handsfree", False, (AnswerCall("in-1"),)),
    ("ringing", "Speaker", DONE, "talking", "handsfree", False, (AnswerCall("in-1"),)),
    ("ringing", "Hook", DONE, "talking", "handset", True, (AnswerCall("in-1"),)),
    ("ringing", "^Hook", DONE, "ringing", "none", False, NOTHING),
    ("ringing", "Cancel", DONE, "idle", "none", False, (RefuseCall("in-1", 486),)),
    ("ringing", "F1", DONE, "talking", "handsfree", False, (AnswerCall("in-1"),)),
    ("ringing", "F2", DONE, "idle", "none", False, (RefuseCall("in-1", 486),)),
    ("ringing", "=CallEnd", DONE, "idle", "none", False, (RefuseCall("in-1", 486),)),
    ("ringing", "=Reject", DONE, "idle", "none", False, (RefuseCall("in-1", 486),)),
    ("ringing", "=Answer", DONE, "talking", "handsfree", False, (AnswerCall("in-1"),)),
    ("ringing", "=Back", DONE, "ringing", "none", False, NOTHING),
    ("ringing lifted", "Hook", DONE, "talking", "handset", True, (AnswerCall("in-1"),)),
    ("ringing lifted", "OK", DONE, "talking", "handset", True, (AnswerCall("in-1"),)),
    ("ringing lifted", "^Hook", DONE, "ringing", "none", False, NOTHING),
    ("ringing lifted", "Cancel", DONE, "offhook", "handset", True, (RefuseCall("in-1", 486),)),
    ("calling handsfree", "5", REFUSED, "calling", "handsfree", False, NOTHING),
    ("calling handsfree", "OK", REFUSED, "calling", "handsfree", False, NOTHING),
    ("calling handsfree", "Cancel", DONE, "idle", "none", False, (EndCall("out-1"),)),
    ("calling handsfree", "Speaker", DONE, "idle", "none", False, (EndCall("out-1"),)),
    ("calling handsfree", "Hook", DONE, "calling", "handset", True, NOTHING),
    ("calling handsfree", "^Hook", DONE, "calling", "handsfree", False, NOTHING),
    ("calling handsfree", "=CallEnd", DONE, "idle", "none", False, (EndCall("out-1"),)),
    ("calling handsfree", "=Back", DONE, "calling", "handsfree", False, NOTHING),
    ("calling handsfree", "=Answer", REFUSED, "calling", "handsfree", False, NOTHING),
    ("calling lifted", "Speaker", DONE, "calling", "handsfree", True, NOTHING),
    ("calling lifted", "^Hook", DONE, "idle", "none", False, (EndCall("out-1"),)),
    ("calling lifted", "Cancel", DONE, "idle", "none", False, (EndCall("out-1"),)),
    ("talking handsfree", "5", DONE, "talking", "handsfree", False, (SendDigit("out-1", "5"),)),
    ("talking handsfree", "*", DONE, "talking", "handsfree", False, (SendDigit("out-1", "*"),)),
    ("talking handsfree", "Pound", DONE, "talking", "handsfree", False, (SendDigit("out-1", "#"),)),
    ("talking handsfree", "OK", REFUSED, "talking", "handsfree", False, NOTHING),
    ("talking handsfree", "Cancel", DONE, "idle", "none", False, (EndCall("out-1"),)),
    ("talking handsfree", "Speaker", DONE, "idle", "none", False, (EndCall("out-1"),)),
    ("talking handsfree", "Hook", DONE, "talking", "handset", True, NOTHING),
    ("talking handsfree", "^Hook", DONE, "talking", "handsfree", False, NOTHING),
    ("talking handsfree", "F1", DONE, "idle", "none", False, (EndCall("out-1"),)),
    ("talking handsfree", "=CallEnd", DONE, "idle", "none", False, (EndCall("out-1"),)),
    ("talking handsfree", "=Back", DONE, "talking", "handsfree", False, NOTHING),
    ("talking handsfree", "=Reject", REFUSED, "talking", "handsfree", False, NOTHING),
    ("talking handsfree", "=Hold", LATER, "talking", "handsfree", False, NOTHING),
    ("talking lifted", "Speaker", DONE, "talking", "handsfree", True, NOTHING),
    ("talking lifted", "Hook", DONE, "talking", "handset", True, NOTHING),
    ("talking lifted", "^Hook", DONE, "idle", "none", False, (EndCall("out-1"),)),
]


@pytest.mark.parametrize(
    ("situation", "key", "verdict", "page", "path", "lifted", "effects"),
    TABLE,
    ids=[f"{situation}-{key}" for situation, key, *_ in TABLE],
)
def test_key(situation, key, verdict, page, path, lifted, effects):
    desk = reach(situation).press(key)

    assert desk.reply.verdict is verdict
    assert desk.reply.text
    assert (desk.phone.page, desk.phone.path, desk.phone.lifted) == (page, Path(path), lifted)
    assert desk.effects == effects


@pytest.mark.parametrize(
    "key",
    [
        "Forward",
        "VolumeUp",
        "VolumeDown",
        "Mute",
        "Headset",
        "Redial",
        "Message",
        "Up",
        "Down",
        "Left",
        "Right",
    ],
)
@pytest.mark.parametrize("situation", ["idle", "entry", "ringing", "calling handsfree", "talking lifted"])
def test_a_key_that_is_not_built_says_so(situation, key):
    desk = reach(situation).press(key)

    assert desk.reply.verdict is Verdict.NOT_BUILT
    assert key in desk.reply.text
