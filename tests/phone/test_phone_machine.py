"""Keys, functions and news at random: what must be true of a phone whatever happens to it."""

import copy

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from offhook.phone import Verdict, state
from offhook.phone.audio_path import Path
from offhook.phone.effects import AnswerCall, EndCall, PlaceCall, RefuseCall, RingCall, SendDigit
from offhook.phone.events import (
    CallAnswered,
    CallArrived,
    CallFailed,
    CallGone,
    CallRinging,
    Event,
    Function,
    Key,
    KeyDown,
    KeyUp,
    MakeCall,
    Perform,
    Registration,
    RegistrationChanged,
    Timer,
    TimerFired,
)

from .desk import Desk, account


def picture(desk: Desk) -> dict:
    kept = {name: value for name, value in vars(desk.phone).items() if name not in {"now", "_effects", "ids"}}
    return copy.deepcopy(kept)


class PhoneMachine(RuleBasedStateMachine):
    """`known` is what a user agent would hold: the calls that it was told of and has not seen the end of."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(account(1, "1001"), account(2, "1002"))
        self.known: set[str] = set()
        self.over: list[str] = ["never-was"]
        self.arrivals = 0

    def act(self, event: Event) -> None:
        before = picture(self.desk)
        self.desk.happen(event)
        assert self.desk.reply is not None
        if self.desk.reply.verdict is not Verdict.DONE:
            assert picture(self.desk) == before
            assert self.desk.effects == ()
        for effect in self.desk.effects:
            match effect:
                case PlaceCall(call):
                    assert call not in self.known
                    self.known.add(call)
                case EndCall(call) | RefuseCall(call):
                    self.known.remove(call)
                    self.over.append(call)
                case AnswerCall(call) | RingCall(call) | SendDigit(call):
                    assert call in self.known

    @rule(key=st.sampled_from(Key))
    def press(self, key: Key) -> None:
        self.act(KeyDown(key))

    @rule(key=st.sampled_from(Key))
    def release(self, key: Key) -> None:
        self.act(KeyUp(key))

    @rule(function=st.sampled_from(Function), data=st.data())
    def perform(self, function: Function, data: st.DataObject) -> None:
        call = data.draw(st.one_of(st.none(), st.sampled_from([*sorted(self.known), *self.over])))
        self.act(Perform(function, call))

    @rule(
        number=st.sampled_from(["1002", "*43", "sip:a@192.0.2.1", "no good", ""]),
        line=st.sampled_from([None, "1001", "1002@pbx.example", "nobody"]),
        line_id=st.sampled_from([None, 0, 1, 2, 3]),
    )
    def make_call(self, number: str, line: str | None, line_id: int | None) -> None:
        self.act(MakeCall(number, line, line_id))

    @rule(account=st.sampled_from([None, 1, 2]), name=st.sampled_from(["", "Bob"]))
    def arrive(self, account: int | None, name: str) -> None:
        self.arrivals += 1
        call = f"in-{self.arrivals}"
        self.known.add(call)
        self.act(CallArrived(call, account, "sip:1003@pbx.example", name))

    @precondition(lambda self: self.known)
    @rule(data=st.data(), how=st.sampled_from(["ringing", "answered", "failed", "gone"]))
    def progress(self, data: st.DataObject, how: str) -> None:
        call = data.draw(st.sampled_from(sorted(self.known)))
        if how in {"failed", "gone"}:
            self.known.remove(call)
            self.over.append(call)
        self.act(self.news(how, call))

    @rule(data=st.data(), how=st.sampled_from(["ringing", "answered", "failed", "gone"]))
    def late(self, data: st.DataObject, how: str) -> None:
        before = picture(self.desk)
        self.act(self.news(how, data.draw(st.sampled_from(self.over))))
        assert picture(self.desk) == before

    @staticmethod
    def news(how: str, call: str) -> Event:
        match how:
            case "ringing":
                return CallRinging(call, early_media=False)
            case "answered":
                return CallAnswered(call)
            case "failed":
                return CallFailed(call, 486, "Busy Here")
            case _:
                return CallGone(call, "hung up")

    @rule(number=st.sampled_from([1, 2]), state=st.sampled_from(Registration))
    def registration(self, number: int, state: Registration) -> None:
        self.act(RegistrationChanged(number, state))

    @rule()
    def notice_goes(self) -> None:
        self.act(TimerFired(Timer.NOTICE))
        assert self.desk.phone.notice is None

    @invariant()
    def the_calls_are_those_of_the_user_agent(self) -> None:
        assert set(self.desk.phone.calls) == self.known

    @invariant()
    def at_most_one_call_talks_and_it_has_a_path(self) -> None:
        talking = [call for call in self.desk.phone.calls.values() if call.state == "talking"]
        assert len(talking) <= 1
        if talking:
            assert self.desk.phone.path is not Path.NONE

    @invariant()
    def a_lifted_handset_has_an_open_path(self) -> None:
        assert not (self.desk.phone.lifted and self.desk.phone.path is Path.NONE)
        assert not (self.desk.phone.path is Path.HANDSET and not self.desk.phone.lifted)

    @invariant()
    def the_state_shows_the_page_and_one_focused_call(self) -> None:
        shown = state(self.desk.phone, self.desk.now)
        assert shown["screen"]["page"] == self.desk.phone.page
        assert [call["focused"] for call in shown["calls"]].count(True) == (1 if shown["calls"] else 0)

    def teardown(self) -> None:
        for _ in range(3):
            self.act(Perform(Function.CALL_END))
        assert self.desk.phone.page == "idle"
        assert self.known == set()


PhoneMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestPhoneMachine = PhoneMachine.TestCase
