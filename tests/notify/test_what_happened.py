"""What others are told, event by event: every way in which it can come about, once each, in order."""

import random
from collections import Counter

import pytest
from tests.notify.told import ToldDesk
from tests.phone.desk import CALLER, SECOND, account

from offhook.notify.action_event import ActionEvent
from offhook.phone import Settings
from offhook.phone.events import (
    AccountsChanged,
    CallAnswered,
    CallArrived,
    CallFailed,
    CallGone,
    CallReplaced,
    Event,
    Function,
    HeldByPeer,
    HoldRefused,
    Key,
    KeyDown,
    KeyUp,
    MakeCall,
    Perform,
    PoweredOff,
    ReferAsked,
    Registration,
    RegistrationChanged,
    SettingsChanged,
    Timer,
    TimerFired,
    TransferAccepted,
    TransferDone,
    TransferFailed,
)
from offhook.phone.settings import AutoAnswer, Forwarding

BYE = CallGone("in-1", "BYE")
OUT_1, OUT_2 = CallAnswered("out-1"), CallAnswered("out-2")
UP = (MakeCall("1002"), OUT_1)

BEGIN_OUT = ["off_hook", "outgoing_call", "idle_to_busy"]
ANSWER = ["answer_new_in_call", "established"]
END = ["terminated", "busy_to_idle", "on_hook"]
CALLED = ["incoming_call", "idle_to_busy"]


def forwarding(rule: Forwarding) -> Settings:
    settings = Settings()
    settings.forward[rule] = "1009"
    return settings


# fmt: off
SCENARIOS: dict[str, tuple[Settings | None, tuple[str | Event, ...], list[str]]] = {
    "a call that is answered, held, and ended by the far end": (
        None, (CALLER, "Speaker", "=Hold", "=UnHold", BYE),
        [*CALLED, "off_hook", *ANSWER, "hold", "unhold", *END]),
    "on the handset the far end's hang-up leaves the phone off-hook": (
        None, (CALLER, "Hook", BYE, "^Hook"),
        [*CALLED, "off_hook", *ANSWER, "terminated", "busy_to_idle", "on_hook"]),
    "a handset lifted and put down": (None, ("Hook", "^Hook"), ["off_hook", "on_hook"]),
    "a handset lifted while the sound is hands-free": (None, ("Speaker", "Hook", "^Hook"), ["off_hook", "on_hook"]),
    "answered at once by the setting": (
        Settings(auto_answer=AutoAnswer.ALWAYS), (CALLER,), ["off_hook", *CALLED, *ANSWER]),
    "rejected by a key": (
        None, (CALLER, "Cancel"), [*CALLED, "reject_incoming_call", "terminated", "busy_to_idle"]),
    "rejected by URL": (
        None, (CALLER, "=Reject"), [*CALLED, "reject_incoming_call", "terminated", "busy_to_idle"]),
    "the caller gives up": (
        None, (CALLER, BYE), [*CALLED, "missed_call", "terminated", "busy_to_idle"]),
    "answered elsewhere": (
        None, (CALLER, CallGone("in-1", "Cancelled", elsewhere=True)), [*CALLED, "terminated", "busy_to_idle"]),
    "nobody answers": (
        None, (CALLER, TimerFired(Timer.RING, "in-1")), [*CALLED, "missed_call", "terminated", "busy_to_idle"]),
    "Do Not Disturb": (
        None, ("=DNDOn", "=DNDOn", CALLER, "=DNDOff"), ["dnd_on", "reject_incoming_call", "missed_call", "dnd_off"]),
    "call waiting off": (
        Settings(call_waiting=False), (*UP, SECOND), [*BEGIN_OUT, "established", "reject_incoming_call", "missed_call"]),
    "always forwarded": (forwarding(Forwarding.ALWAYS), (CALLER,), ["forward_incoming_call"]),
    "forwarded when busy": (
        Settings(call_waiting=False, forward={**dict.fromkeys(Forwarding), Forwarding.BUSY: "1009"}), (*UP, SECOND),
        [*BEGIN_OUT, "established", "forward_incoming_call"]),
    "forwarded without an answer": (
        forwarding(Forwarding.NO_ANSWER), (CALLER, TimerFired(Timer.NO_ANSWER, "in-1")),
        [*CALLED, "forward_incoming_call", "terminated", "busy_to_idle"]),
    "deflected by hand": (
        None, (CALLER, "Forward", "3", "OK"), [*CALLED, "forward_incoming_call", "terminated", "busy_to_idle"]),
    "forwarding by keys": (
        None, ("1", "2", "Forward", "OK", "Forward", "OK"), ["always_forward_on", "always_forward_off"]),
    "settings from outside": (
        None,
        (SettingsChanged(Settings(dnd=True, forward=dict.fromkeys(Forwarding, "1"))),
         SettingsChanged(Settings(dnd=True, forward=dict.fromkeys(Forwarding, "2"))),
         SettingsChanged(Settings())),
        ["dnd_on", "always_forward_on", "busy_forward_on", "no_answer_forward_on",
         "dnd_off", "always_forward_off", "busy_forward_off", "no_answer_forward_off"]),
    "a call out that is muted, and whose mute ends with it": (
        None, (*UP, "Mute", "Mute", "=Mute", "=Mute", "=CallEnd"),
        [*BEGIN_OUT, "established", "mute", "unmute", "mute", "terminated", "unmute", "busy_to_idle", "on_hook"]),
    "the ringer is no microphone": (None, ("Mute", "Mute", CALLER, "Mute"), CALLED),
    "a call out that fails": (
        None, (MakeCall("1002"), CallFailed("out-1", 404, "Not Found")), [*BEGIN_OUT, *END]),
    "a call out that is given up": (None, (MakeCall("1002"), "Cancel"), [*BEGIN_OUT, *END]),
    "a call out that nobody answers": (
        None, (MakeCall("1002"), TimerFired(Timer.CALL, "out-1")), [*BEGIN_OUT, *END]),
    "a second call is answered": (
        None, (*UP, SECOND, "OK", "=CallEnd", "=CallEnd"),
        [*BEGIN_OUT, "established", "incoming_call", "hold", *ANSWER, "terminated", *END]),
    "two calls change places": (
        None, (*UP, SECOND, "OK", "Up", "OK"),
        [*BEGIN_OUT, "established", "incoming_call", "hold", *ANSWER, "hold", "unhold"]),
    "the far end's hold is its own": (None, (*UP, HeldByPeer("out-1", held=True)), [*BEGIN_OUT, "established"]),
    "a hold that the far end refuses": (
        None, (*UP, "=Hold", HoldRefused("out-1", 488, "No")), [*BEGIN_OUT, "established", "hold", "unhold"]),
    "a blind transfer": (
        None, (*UP, "=Transfer", "3", "=Transfer", TransferAccepted("out-1"), TransferDone("out-1")),
        [*BEGIN_OUT, "established", "hold", "transfer_call", "blind_transfer", "transfer_finished", *END]),
    "a transfer that is not heard of again counts as done": (
        None, (*UP, "=Transfer", "3", "=Transfer", TransferAccepted("out-1"), TimerFired(Timer.TRANSFER, "out-1")),
        [*BEGIN_OUT, "established", "hold", "transfer_call", "blind_transfer", "transfer_finished", *END]),
    "a blind transfer that fails": (
        None, (*UP, "=Transfer", "3", "=Transfer", TransferFailed("out-1", 404, "Not Found")),
        [*BEGIN_OUT, "established", "hold", "transfer_call", "blind_transfer", "transfer_failed"]),
    "a transfer that is given up": (
        None, (*UP, "=Transfer", "3", "=Transfer", "=CallEnd"),
        [*BEGIN_OUT, "established", "hold", "transfer_call", "blind_transfer", "transfer_failed", *END]),
    "an attended transfer": (
        None, (*UP, "=Transfer", "3", "OK", OUT_2, "=Transfer", TransferAccepted("out-1"), TransferDone("out-1")),
        [*BEGIN_OUT, "established", "hold", "outgoing_call", "established", "transfer_call", "attended_transfer",
         "transfer_finished", "terminated", *END]),
    "a semi-attended transfer": (
        None, (*UP, "=Transfer", "3", "OK", "=Transfer", TransferDone("out-1")),
        [*BEGIN_OUT, "established", "hold", "outgoing_call", "transfer_call", "attended_transfer", "terminated",
         "transfer_finished", *END]),
    "a conference": (
        None, (*UP, "=Conference", "3", "OK", OUT_2, "=Conference", "=Hold", "=UnHold", "=CallEnd"),
        [*BEGIN_OUT, "established", "hold", "outgoing_call", "established", "unhold", "hold", "hold", "unhold",
         "unhold", "terminated", *END]),
    "asked to call somebody else": (
        None, (*UP, ReferAsked("out-1", "sip:1005@pbx.example", "sip:1002@pbx.example"), OUT_2, CallGone("out-1", "BYE")),
        [*BEGIN_OUT, "established", "outgoing_call", "hold", "established", "terminated"]),
    "a call takes the place of another": (
        None, (*UP, CallReplaced("in-9", "out-1", "sip:1007@pbx.example", "Gail")),
        [*BEGIN_OUT, "established", "incoming_call", *ANSWER, "terminated"]),
    "registered, tried again, lost, found, given up": (
        None,
        (RegistrationChanged(1, Registration.REGISTERING), RegistrationChanged(1, Registration.REGISTERED),
         RegistrationChanged(1, Registration.FAILED, "503"), RegistrationChanged(1, Registration.REGISTERING),
         RegistrationChanged(1, Registration.FAILED, "503"), RegistrationChanged(1, Registration.REGISTERED),
         RegistrationChanged(1, Registration.DISABLED)),
        ["register_failed", "registered", "unregistered"]),
    "an account that goes, and one that comes": (
        None,
        (AccountsChanged((account(1, "2001"),)),
         AccountsChanged((account(1, "2001", Registration.REGISTERING),)), AccountsChanged(())),
        ["unregistered", "registered", "unregistered"]),
    "power off": (None, (*UP, SECOND, PoweredOff()),
        [*BEGIN_OUT, "established", "incoming_call", "terminated", "reject_incoming_call", *END]),
    "a wish that is refused": (None, ("Cancel", "=Hold", "=CallEnd"), []),
}
# fmt: on


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_is_told(name):
    settings, steps, told = SCENARIOS[name]
    assert ToldDesk(settings=settings).take(*steps).events == told


def test_the_scenarios_have_every_event_but_those_of_the_house():
    seen = {event for _, _, told in SCENARIOS.values() for event in told}
    assert set(ActionEvent) - seen == {ActionEvent.SETUP_COMPLETED, ActionEvent.IP_CHANGED}


def test_each_is_about_its_call_and_account():
    desk = ToldDesk(account(1, "1001"), account(2, "2001"))
    desk.take(CallArrived("in-1", 2, "sip:1002@pbx.example", "Bob"), "Speaker", "=CallEnd")
    for each in desk.told:
        assert (each.account.id, each.call.id) == (2, "in-1"), each
    desk.told.clear()
    desk.take("=DNDOn", CallArrived("in-2", None, "sip:x@198.51.100.1", ""))
    assert [(each.account and each.account.id, each.call and each.call.id) for each in desk.told] == [
        (1, None),
        (None, "in-2"),
        (None, "in-2"),
    ]


def random_event(desk: ToldDesk, dice: random.Random, number: int) -> Event:
    calls = [*desk.phone.calls, "gone"]
    call = dice.choice(calls)
    return dice.choice(
        [
            KeyDown(dice.choice(list(Key))),
            KeyDown(dice.choice(list(Key))),
            KeyUp(Key.HOOK),
            Perform(dice.choice([each for each in Function if each is not Function.AUTOP_NOW])),
            MakeCall("1002"),
            CallArrived(f"in-{number}", dice.choice([1, None]), "sip:1002@pbx.example", "Bob"),
            CallReplaced(f"in-{number}", call, "sip:1007@pbx.example", "Gail"),
            CallAnswered(call),
            CallFailed(call, 486, "Busy"),
            CallGone(call, "BYE", elsewhere=dice.random() < 0.3),
            HoldRefused(call, 488, "No"),
            ReferAsked(call, "sip:1005@pbx.example", ""),
            TransferAccepted(call),
            TransferDone(call),
            TransferFailed(call, 404, "No"),
            TimerFired(dice.choice(list(Timer)), call if call in desk.phone.calls else None),
            RegistrationChanged(1, dice.choice(list(Registration))),
            SettingsChanged(Settings(dnd=dice.random() < 0.2)),
        ]
    )


@pytest.mark.parametrize("seed", range(30))
def test_whatever_happens_what_begins_ends_once(seed):
    """Each pair alternates, each call begins, is answered and ends once, each transfer comes to one end."""
    dice = random.Random(seed)
    desk = ToldDesk()
    for number in range(300):
        desk.happen(random_event(desk, dice, number))
    desk.happen(PoweredOff())
    told = desk.told
    pairs = [
        ("off_hook", "on_hook"), ("idle_to_busy", "busy_to_idle"), ("mute", "unmute"), ("dnd_on", "dnd_off"),
        ("always_forward_on", "always_forward_off"),
    ]  # fmt: skip
    for pair in pairs:
        line = [each.event.value for each in told if each.event in pair]
        assert line == [pair[index % 2] for index in range(len(line))]
    count = Counter((each.event.value, each.call.id) for each in told if each.call)
    for each in told:
        call = each.call and each.call.id
        if each.event in {"incoming_call", "outgoing_call", "established", "terminated", "missed_call"}:
            assert count[each.event.value, call] == 1
        if each.event in {"incoming_call", "outgoing_call"}:
            assert count["terminated", call] == 1
        if each.event in {"blind_transfer", "attended_transfer", "transfer_call"}:
            over = count["transfer_finished", call] + count["transfer_failed", call]
            assert over == count["transfer_call", call]
            assert over == count["blind_transfer", call] + count["attended_transfer", call]
