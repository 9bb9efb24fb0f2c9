"""Keys, functions and news at random: what must be true of a phone whatever happens to it."""

import copy
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from offhook.phone import Settings, Verdict, state
from offhook.phone.audio_path import Path
from offhook.phone.block_list import BlockList
from offhook.phone.call import CallState
from offhook.phone.call_log import CallRecord, Kind
from offhook.phone.dial_rules import DialRules
from offhook.phone.effects import (
    AnswerCall,
    EndCall,
    FollowRefer,
    HoldCall,
    Keep,
    LogCall,
    PlaceCall,
    RedirectCall,
    RefuseCall,
    RefuseRefer,
    Restart,
    ResumeCall,
    RingCall,
    SeeMissed,
    SendDigit,
    SetSound,
    SetTimer,
    TransferAttended,
    TransferBlind,
)
from offhook.phone.events import (
    CallAnswered,
    CallArrived,
    CallFailed,
    CallGone,
    CallReplaced,
    CallRinging,
    Event,
    Function,
    HeldByPeer,
    HoldRefused,
    Key,
    KeyDown,
    KeyUp,
    MakeCall,
    MessagesWaiting,
    Perform,
    PhoneBookChanged,
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
from offhook.phone.party import user_part
from offhook.phone.phone_book import PhoneBook, contact
from offhook.phone.screen import Page
from offhook.phone.settings import AutoAnswer, Forwarding, ReferPolicy

from .desk import Desk, account

NEWS = [
    "ringing",
    "early media",
    "answered",
    "held",
    "unheld",
    "hold refused",
    "accepted",
    "done",
    "not done",
]
LAST_NEWS = ["failed", "gone", "elsewhere"]

NUMBERS = ["1002", "1003", "991002", "0900666", "0-900 1", "sip:0900@192.0.2.1", "*43", "no good", ""]
TYPED = [
    ("1", "OK"),
    ("1", "F1"),
    ("1", "F2"),
    ("Down", "OK"),
    ("OK", "6", "1"),
    ("OK", "5", "1"),
    ("OK", "5", "2", "1"),
]
BOOKS = [
    PhoneBook(),
    PhoneBook([contact("Bob", [("1003", "")]), contact("Eve", [("0900666", "work"), ("1009", "home")])]),
    PhoneBook([contact("Carol", [("sip:1004@pbx.example", ""), ("1003", "")])]),
]
RULES = [
    DialRules(),
    DialRules.of(["9=", "99=+49"], ["0900"]),
    DialRules.of(["1=0900"], ["0900", "1009"]),
]
BLOCKED = [BlockList(), BlockList.of(["1003"]), BlockList.of(["1003@elsewhere.example"])]


def picture(desk: Desk) -> dict:
    """All that a phone is, without the time and what is on its way out."""
    hidden = {"now", "_effects", "ids", "log"}
    pictured = {name: value for name, value in vars(desk.phone).items() if name not in hidden}
    return copy.deepcopy({**pictured, "log": list(desk.phone.log)})


class PhoneMachine(RuleBasedStateMachine):
    """`known` is what a user agent would hold: the calls that it was told of and has not seen the end of."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(account(1, "1001"), account(2, "1002"))
        self.known: set[str] = set()
        self.up: set[str] = set()
        self.held: set[str] = set()
        self.over: list[str] = ["never-was"]
        self.timers: set[tuple[Timer, str | None]] = set()
        self.refers: set[str] = set()
        self.sound = SetSound(
            frozenset(), Path.NONE, microphone=True, tone=self.desk.phone.tone, ringing=False
        )
        self.arrivals = 0
        self.logged: dict[str, CallRecord] = {}

    @initialize(
        waiting=st.booleans(),
        refer=st.sampled_from(ReferPolicy),
        auto=st.sampled_from(AutoAnswer),
        forwards=st.dictionaries(st.sampled_from(Forwarding), st.sampled_from(["1009", "sip:x@192.0.2.9"])),
        rules=st.sampled_from(RULES),
        blocked=st.sampled_from(BLOCKED),
        book=st.sampled_from(BOOKS),
    )
    def set_up(
        self,
        waiting: bool,
        refer: ReferPolicy,
        auto: AutoAnswer,
        forwards: dict[Forwarding, str],
        rules: DialRules,
        blocked: BlockList,
        book: PhoneBook,
    ) -> None:
        forward = {**dict.fromkeys(Forwarding), **forwards}
        self.act(
            SettingsChanged(
                Settings(
                    call_waiting=waiting,
                    refer=refer,
                    auto_answer=auto,
                    forward=forward,
                    voicemail={1: "*97"},
                    dial_rules=rules,
                    blocked=blocked,
                )
            )
        )
        self.act(PhoneBookChanged(book))
        self.kept = Keep(dnd=False, forward=dict(forward), volumes=dict(Settings().volumes))

    def act(self, event: Event) -> None:
        before = picture(self.desk)
        self.desk.happen(event)
        assert self.desk.reply is not None
        if self.desk.reply.verdict is not Verdict.DONE:
            assert self.desk.reply.text
            assert picture(self.desk) == before
            assert self.desk.asked == ()
        for effect in self.desk.asked:
            self.carry_out(effect)

    def carry_out(self, effect: object) -> None:
        if isinstance(effect, PlaceCall | RedirectCall | TransferBlind | FollowRefer):
            phone = self.desk.phone
            target = phone.calls[effect.call].remote if isinstance(effect, FollowRefer) else effect.target
            assert not user_part(target).startswith(phone.settings.dial_rules.blocked), effect
        match effect:
            case PlaceCall(call) | FollowRefer(call):
                assert call not in self.known
                self.known.add(call)
                if isinstance(effect, FollowRefer):
                    self.refers.remove(effect.referred)
            case EndCall(call) | RefuseCall(call) | RedirectCall(call):
                if isinstance(effect, RefuseCall | RedirectCall):
                    assert call not in self.up
                self.finish(call)
            case AnswerCall(call):
                assert call in self.known
                assert call not in self.up
                self.up.add(call)
            case HoldCall(call):
                assert call in self.up
                assert call not in self.held
                self.held.add(call)
            case ResumeCall(call):
                assert call in self.held
                self.held.remove(call)
            case TransferAttended(call, other):
                assert {call, other} <= self.up
            case TransferBlind(call) | SendDigit(call):
                assert call in self.known
            case RingCall(call):
                assert call in self.known
            case RefuseRefer(call):
                self.refers.discard(call)
            case SetTimer(timer, seconds, call):
                assert seconds > 0
                assert call is None or call in self.known
                self.timers.add((timer, call))
            case SetSound():
                self.sound = effect
            case Keep():
                self.kept = effect
            case LogCall(record):
                self.logged[record.id] = record
            case SeeMissed():
                self.logged = {call: replace(each, seen=True) for call, each in self.logged.items()}
            case Restart():
                pass
            case _:
                raise AssertionError(effect)

    def finish(self, call: str) -> None:
        self.known.remove(call)
        self.up.discard(call)
        self.held.discard(call)
        self.refers.discard(call)
        self.over.append(call)

    # --- a person, a program

    @rule(key=st.sampled_from(Key))
    def press(self, key: Key) -> None:
        self.act(KeyDown(key))

    @rule(key=st.sampled_from([Key.OK, Key.HOOK, Key.ONE]))
    def release(self, key: Key) -> None:
        self.act(KeyUp(key))

    @rule(function=st.sampled_from(Function), data=st.data())
    def perform(self, function: Function, data: st.DataObject) -> None:
        call = data.draw(st.one_of(st.none(), st.sampled_from([*sorted(self.known), *self.over])))
        self.act(Perform(function, call))

    @rule(
        keys=st.sampled_from(
            [
                ("1", "OK"),
                ("1", "F1"),
                ("1", "F2"),
                ("Down", "OK"),
                ("OK", "6", "1"),
                ("OK", "5", "1"),
                ("OK", "5", "2", "1"),
            ]
        )
    )
    def type_on(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            self.act(KeyDown(Key(key)))

    @rule(
        number=st.sampled_from(NUMBERS),
        line=st.sampled_from([None, None, "1001", "1002@pbx.example", "nobody"]),
        line_id=st.sampled_from([None, None, 0, 1, 2, 3]),
    )
    def make_call(self, number: str, line: str | None, line_id: int | None) -> None:
        self.act(MakeCall(number, line, line_id))

    # --- the network

    @rule(account=st.sampled_from([None, 1, 2]), name=st.sampled_from(["", "Bob"]), asked=st.booleans())
    def arrive(self, account: int | None, name: str, asked: bool) -> None:
        self.arrivals += 1
        call = f"in-{self.arrivals}"
        self.known.add(call)
        self.act(CallArrived(call, account, "sip:1003@pbx.example", name, asked))
        if self.desk.phone.settings.blocked.has("sip:1003@pbx.example"):
            assert call not in self.known
            assert self.logged[call].kind is Kind.RECEIVED

    @precondition(lambda self: self.known)
    @rule(data=st.data(), how=st.sampled_from(NEWS + LAST_NEWS))
    def progress(self, data: st.DataObject, how: str) -> None:
        call = data.draw(st.sampled_from(sorted(self.known)))
        if how == "answered" and call.startswith("in-") and call not in self.up:
            return
        if how == "answered":
            self.up.add(call)
        if how in LAST_NEWS:
            self.finish(call)
        if how == "hold refused" and call not in self.up:
            return
        self.act(self.news(how, call))
        if how == "hold refused":
            # The far end's refusal decides what it believes; what the phone shows may follow it or not.
            self.held.discard(call)
            if call in self.desk.phone.calls and self.desk.phone.calls[call].state is CallState.HELD:
                self.held.add(call)

    @precondition(lambda self: self.up)
    @rule(data=st.data())
    def refer(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(sorted(self.up)))
        if call in self.refers:
            return
        self.refers.add(call)
        self.act(ReferAsked(call, "sip:1009@pbx.example", "sip:boss@pbx.example"))

    @precondition(lambda self: self.up)
    @rule(data=st.data())
    def replace(self, data: st.DataObject) -> None:
        replaced = data.draw(st.sampled_from(sorted(self.up)))
        self.arrivals += 1
        call = f"in-{self.arrivals}"
        self.known.add(call)
        self.act(CallReplaced(call, replaced, "sip:1004@pbx.example", "Carol"))

    @rule(data=st.data(), how=st.sampled_from(NEWS + LAST_NEWS))
    def late(self, data: st.DataObject, how: str) -> None:
        before = picture(self.desk)
        self.act(self.news(how, data.draw(st.sampled_from(self.over))))
        assert picture(self.desk) == before

    @staticmethod
    def news(how: str, call: str) -> Event:
        return {
            "ringing": CallRinging(call, early_media=False),
            "early media": CallRinging(call, early_media=True),
            "answered": CallAnswered(call),
            "held": HeldByPeer(call, held=True),
            "unheld": HeldByPeer(call, held=False),
            "hold refused": HoldRefused(call, 500, "Server Internal Error"),
            "accepted": TransferAccepted(call),
            "done": TransferDone(call),
            "not done": TransferFailed(call, 486, "Busy Here"),
            "failed": CallFailed(call, 486, "Busy Here"),
            "gone": CallGone(call, "hung up"),
            "elsewhere": CallGone(call, "answered elsewhere", elsewhere=True),
        }[how]

    @rule(number=st.sampled_from([1, 2]), state=st.sampled_from(Registration))
    def registration(self, number: int, state: Registration) -> None:
        self.act(RegistrationChanged(number, state))

    @rule(book=st.sampled_from(BOOKS))
    def change_book(self, book: PhoneBook) -> None:
        self.act(PhoneBookChanged(book))

    @rule(rules=st.sampled_from(RULES), blocked=st.sampled_from(BLOCKED))
    def change_rules(self, rules: DialRules, blocked: BlockList) -> None:
        phone = self.desk.phone
        settings = replace(
            phone.settings,
            forward=dict(phone.settings.forward),
            volumes=dict(phone.volumes.levels),
            dial_rules=rules,
            blocked=blocked,
        )
        self.act(SettingsChanged(settings))

    @rule(number=st.sampled_from([1, 2]), new=st.integers(0, 3))
    def messages(self, number: int, new: int) -> None:
        self.act(MessagesWaiting(number, new))

    @precondition(lambda self: self.timers)
    @rule(data=st.data())
    def timer(self, data: st.DataObject) -> None:
        timer, call = data.draw(st.sampled_from(sorted(self.timers, key=str)))
        self.timers.remove((timer, call))
        self.act(TimerFired(timer, call))

    # --- what must be true

    @invariant()
    def calls_are_named_by_the_phone_book(self) -> None:
        phone = self.desk.phone
        for call in phone.calls.values():
            assert call.book_name == ("" if call.anonymous else phone.book.name_of(call.remote))

    @invariant()
    def the_calls_are_those_of_the_user_agent(self) -> None:
        phone = self.desk.phone
        assert set(phone.calls) == self.known
        for call in phone.calls.values():
            assert (call.id in self.up) == call.up, call
            assert (call.id in self.held) == (call.state is CallState.HELD), call

    @invariant()
    def one_conversation_talks_and_it_has_a_path(self) -> None:
        phone = self.desk.phone
        talking = [call for call in phone.calls.values() if call.state is CallState.TALKING]
        assert len(talking) <= 1 or all(call.conference for call in talking)
        assert len(phone.conference) != 1
        assert len(phone.conference) <= 3
        assert len({call.state for call in phone.conference}) <= 1
        if talking:
            assert phone.path is not Path.NONE
            assert phone.focused in talking

    @invariant()
    def the_microphone_goes_to_talking_calls_alone(self) -> None:
        phone = self.desk.phone
        talking = {call.id for call in phone.calls.values() if call.state is CallState.TALKING}
        if phone.focused and phone.focused.plays_early:
            assert self.sound.calls == {phone.focus}
            assert not self.sound.microphone, "what comes before the answer is heard, and hears nothing"
        else:
            assert self.sound.calls == talking
            assert self.sound.microphone is not phone.muted
        assert self.sound.path is phone.path

    @invariant()
    def a_lifted_handset_has_an_open_path(self) -> None:
        phone = self.desk.phone
        assert not (phone.lifted and phone.path is Path.NONE)
        assert not (phone.path is Path.HANDSET and not phone.lifted)

    @invariant()
    def what_lies_over_a_call_goes_with_it(self) -> None:
        phone = self.desk.phone
        for view in phone.views:
            assert view.call is None or view.call in phone.calls

    @invariant()
    def a_power_cut_would_lose_nothing(self) -> None:
        phone = self.desk.phone
        assert phone.settings.dnd is self.kept.dnd
        assert phone.settings.forward == self.kept.forward
        assert phone.volumes.levels == self.kept.volumes
        log = list(phone.log)
        assert log == [self.logged[record.id] for record in log]
        for record in log:
            assert (record.duration is None) == (record.id in phone.calls)
        dialled = {call.id for call in phone.calls.values() if call.direction == "out"}
        assert dialled <= set(self.logged)

    @rule()
    def power_off(self) -> None:
        self.act(PoweredOff())
        assert not self.desk.phone.calls

    @invariant()
    def the_state_shows_the_page_and_one_focused_call(self) -> None:
        shown = state(self.desk.phone, self.desk.now)
        assert shown["screen"]["page"] == self.desk.phone.page
        assert [call["focused"] for call in shown["calls"]].count(True) == (1 if shown["calls"] else 0)
        assert not (self.desk.phone.muted and not shown["calls"])

    def teardown(self) -> None:
        """Whatever happened, `Home` and enough `CallEnd` lead to an idle phone."""
        self.act(KeyDown(Key.HOME))
        for _ in range(6):
            self.act(Perform(Function.CALL_END))
        self.act(KeyDown(Key.HOME))
        assert self.desk.phone.page is Page.IDLE
        assert self.known == set()
        assert self.desk.phone.path is Path.NONE
        assert self.sound.calls == frozenset()


PhoneMachine.TestCase.settings = settings(max_examples=4 * settings().max_examples, stateful_step_count=50)
TestPhoneMachine = PhoneMachine.TestCase
