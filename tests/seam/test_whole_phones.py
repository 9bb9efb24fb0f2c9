"""Whole phones calling one another over a bad network: what each shows is what is on the wire."""

import random
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offhook.phone.events import Key, KeyDown, KeyUp
from offhook.phone.settings import Forwarding, ReferPolicy

from .desks import Desk, Office

Deed = Callable[[Desk, str], object]


def set_forward(rule: Forwarding) -> Deed:
    def deed(desk: Desk, number: str) -> None:
        rules = desk.phone.settings.forward
        rules[rule] = number if rules[rule] is None else None

    return deed


def function(name: str) -> Deed:
    return lambda desk, _number: desk.do(name)


def key(name: str) -> Deed:
    return lambda desk, _number: desk.happen(KeyDown(Key(name)))


DEEDS: dict[str, Deed] = {
    "call": lambda desk, number: desk.dial(number),
    "call again": lambda desk, number: desk.dial(number),
    "answer": function("Answer"),
    "answer too": function("Answer"),
    "answer and hold": lambda desk, _number: (desk.do("Answer"), desk.do("Hold")),
    "reject": function("Reject"),
    "hold": function("Hold"),
    "unhold": function("UnHold"),
    "hold and unhold": lambda desk, _number: (desk.do("Hold"), desk.do("UnHold")),
    "transfer": function("Transfer"),
    "transfer to that one": function("Transfer"),
    "transfer blind": lambda desk, number: desk.consult("Transfer", number, "F1"),
    "transfer consulting": lambda desk, number: desk.consult("Transfer", number, "OK"),
    "transfer semi": lambda desk, number: (desk.consult("Transfer", number, "OK"), desk.do("Transfer")),
    "conference": function("Conference"),
    "conference with": lambda desk, number: desk.consult("Conference", number, "OK"),
    "end": function("CallEnd"),
    "home": key("Home"),
    "ok": key("OK"),
    "down": key("Down"),
    "digit": key("5"),
    "back": function("Back"),
    "dnd": lambda desk, _number: desk.keys("F3") if desk.phone.page == "idle" else None,
    "forward always": set_forward(Forwarding.ALWAYS),
    "forward when busy": set_forward(Forwarding.BUSY),
    "forward without an answer": set_forward(Forwarding.NO_ANSWER),
    "deflect": lambda desk, number: desk.keys("F3", *number, "OK"),
    "lift": key("Hook"),
    "put down": lambda desk, _number: desk.happen(KeyUp(Key.HOOK)),
    "speaker": key("Speaker"),
}
BEGINNINGS = {
    "nothing": (),
    "a call": ((0, "call", 1), (1, "answer", 1)),
    "two calls": ((0, "call", 1), (1, "answer", 1), (2, "call", 2), (1, "answer", 1)),
    "a consultation": ((0, "call", 1), (1, "answer", 1), (1, "transfer consulting", 1), (2, "answer", 1)),
}
ANY_KEY = st.sampled_from(Key).map(lambda each: f"key {each}")

STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.one_of(st.sampled_from(sorted(DEEDS)), st.sampled_from(sorted(DEEDS)), ANY_KEY),
        st.integers(1, 2),
        st.sampled_from([0.0, 0.0, 0.03, 0.3, 1.0, 5.0, 25.0]),
    ),
    min_size=4,
    max_size=25,
)


def do(office: Office, who: int, what: str, whom: int) -> None:
    desk = office.desks[who]
    number = office.desks[(who + whom) % len(office.desks)].number
    if what.startswith("key "):
        desk.happen(KeyDown(Key(what.removeprefix("key "))))
    else:
        DEEDS[what](desk, number)


@settings(max_examples=5 * settings().max_examples, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.0, 0.1, 0.3]),
    duplication=st.sampled_from([0.0, 0.3]),
    jitter=st.sampled_from([0.0, 0.2, 1.0]),
    refer=st.sampled_from(ReferPolicy),
    eager=st.booleans(),
    legs=st.sampled_from([100, 100, 100, 2]),
    first=st.sampled_from(sorted(BEGINNINGS)),
    steps=STEPS,
)
def test_what_a_phone_shows_is_what_is_on_the_wire(
    seed: int,
    loss: float,
    duplication: float,
    jitter: float,
    refer: ReferPolicy,
    eager: bool,
    legs: int,
    first: str,
    steps: list[tuple[int, str, int, float]],
) -> None:
    with Office(
        legs=legs, rng=random.Random(seed), loss=loss, duplication=duplication, delay=0.02, jitter=jitter
    ) as office:
        for desk in office.desks:
            desk.phone.settings.refer = refer
        for who, what, whom in BEGINNINGS[first]:
            do(office, who, what, whom)
            office.run(3)
        for who, what, whom, pause in steps:
            do(office, who, what, whom)
            office.run(pause)
            for desk in office.desks if eager and pause >= 1 else ():
                desk.do("Answer")
                office.run(0.5)
        office.run(150)
        office.look_at_rest()
        office.clear()
