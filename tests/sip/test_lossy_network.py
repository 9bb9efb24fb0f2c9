"""Two user agents over a network that loses, repeats and reorders: every call ends right at both ends."""

import random

from hypothesis import given
from hypothesis import strategies as st

from offhook.sip import Direction, Hop, LocalMedia, UserAgent
from offhook.sip.events import Answered, Ended, Failed, Incoming, UserAgentEvent
from offhook.sip.outgoing_call import OutgoingCall
from offhook.sip.target import target_of

from .parties import Parties, Party
from .virtual_network import VirtualNetwork

ALICE = Hop("UDP", "192.0.2.101", 5060)
BOB = Hop("UDP", "192.0.2.201", 5060)

PLANS = ("answer", "ring and answer", "refuse", "answer and hang up", "nothing")


class Calls:
    """One call. Bob does as planned, and hangs up after `patience` seconds where that is the plan; Alice
    hangs up two seconds later what is still there. `reliable`: she requires PRACK."""

    def __init__(
        self, seed: int, loss: float, duplication: float, plan: str, patience: float, reliable: bool
    ) -> None:
        self.network = VirtualNetwork(
            rng=random.Random(seed), loss=loss, duplication=duplication, delay=0.02, jitter=0.2
        )
        self.plan = plan
        self.alice = self.network.add(UserAgent(ALICE, "alice", random.Random(seed + 1)))
        self.bob = self.network.add(UserAgent(BOB, "bob", random.Random(seed + 2)), self.at_bob)
        if reliable:
            calls = self.alice._calls
            call = OutgoingCall(calls, "1", None)
            calls.placed(call)
            target, sound = target_of("sip:192.0.2.201", None), LocalMedia(ALICE.host, 4000)
            call.invite(target, sound, 0.0, {"Require": "100rel"})
        else:
            self.alice.invite("1", None, "sip:192.0.2.201", LocalMedia(ALICE.host, 4000), 0.0)
        self.network.run(patience)
        for call in list(self.bob.calls):
            if plan == "answer and hang up":
                self.bob.hang_up(call, self.network.now)
        self.network.run(2)
        if "1" in self.alice.calls:
            self.alice.hang_up("1", self.network.now)
        self.network.run(400)

    def at_bob(self, event: UserAgentEvent) -> None:
        now = self.network.now
        if isinstance(event, Incoming):
            if self.plan == "refuse":
                self.bob.refuse(event.call, 486, now)
            elif self.plan != "nothing":
                if self.plan == "ring and answer":
                    self.bob.ring(event.call, now)
                self.bob.answer(event.call, LocalMedia(BOB.host, 4002), now)
            else:
                self.bob.ring(event.call, now)


@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.1, 0.3, 0.5]),
    duplication=st.sampled_from([0.0, 0.3]),
    plan=st.sampled_from(PLANS),
    patience=st.sampled_from([0.0, 0.1, 0.5, 3.0, 20.0]),
    reliable=st.booleans(),
)
def test_every_call_ends_right_at_both_ends(
    seed: int, loss: float, duplication: float, plan: str, patience: float, reliable: bool
) -> None:
    calls = Calls(seed, loss, duplication, plan, patience, reliable)
    for agent in (calls.alice, calls.bob):
        assert not agent.calls
        assert not agent.busy
        assert not agent.dialogs
        assert agent.layer.idle
        assert agent.deadline is None

    at_bob = calls.network.events[BOB]
    at_alice = calls.network.events[ALICE]
    assert sum(isinstance(event, Incoming) for event in at_bob) <= 1, "one INVITE is one call"
    for events in (at_alice, at_bob):
        names = [type(event) for event in events]
        assert names.count(Answered) <= 1
        assert names.count(Ended) + names.count(Failed) <= 1
        for last in (Ended, Failed):
            assert last not in names[:-1], "the end is the last that is told"
    if plan == "refuse" and not loss and patience > 1:
        assert isinstance(at_alice[-1], Failed)
        assert at_alice[-1].code == 486
    if plan in {"answer", "ring and answer"} and not loss and patience > 1:
        assert any(isinstance(event, Answered) for event in at_alice)
        assert any(isinstance(event, Answered) for event in at_bob)
        assert isinstance(at_bob[-1], Ended)
    if plan == "answer and hang up" and not loss and patience > 1:
        assert isinstance(at_alice[-1], Ended)


MIRRORED = {
    Direction.SENDRECV: Direction.SENDRECV,
    Direction.SENDONLY: Direction.RECVONLY,
    Direction.RECVONLY: Direction.SENDONLY,
    Direction.INACTIVE: Direction.INACTIVE,
}


def mutual(one: Party, other: Party) -> list[tuple[str, str]]:
    """The calls that both have with each other, by their names at either."""
    theirs = {
        (call, local, remote): session for (call, local, remote), (session, _) in other.agent.dialogs.items()
    }
    return [
        (session.call, theirs[call, remote, local].call)
        for (call, local, remote), (session, _) in one.agent.dialogs.items()
        if (call, remote, local) in theirs
    ]


@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.1, 0.3, 0.5]),
    duplication=st.sampled_from([0.0, 0.3]),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["hold", "hold", "resume", "resume", "refer", "replace", "digit", "hang up"]),
            st.integers(0, 2),
            st.integers(0, 3),
            # A refresh is due after 900 s.
            st.sampled_from([0.0, 0.0, 0.05, 0.5, 5.0, 857.0, 899.9]),
        ),
        max_size=10,
    ),
)
def test_whatever_is_asked_for_within_calls_both_ends_agree_and_nothing_is_left(
    seed: int, loss: float, duplication: float, steps: list[tuple[str, int, int, float]]
) -> None:
    parties = Parties(rng=random.Random(seed), loss=loss, duplication=duplication, delay=0.02, jitter=0.2)
    network = parties.network
    parties.alice.call(parties.bob)
    parties.carol.call(parties.bob)
    network.run(40)
    for what, who, which, pause in steps:
        party = parties.everybody[who]
        up = [name for name, session in party.agent.calls.items() if session.confirmed and not session.over]
        if not up:
            continue
        call, other = up[which % len(up)], up[(which + 1) % len(up)]
        match what:
            case "hold":
                party.agent.hold(call, network.now)
            case "resume":
                party.agent.resume(call, network.now)
            case "refer":
                party.agent.refer(call, parties.everybody[(who + 1) % 3].uri, network.now)
            case "replace":
                party.agent.refer_replacing(call, other, network.now)
            case "digit":
                party.agent.send_digit_info(call, "1", network.now)
            case _:
                party.agent.hang_up(call, network.now)
        network.run(pause)
    network.run(120)

    for one, other in ((0, 1), (1, 2), (2, 0)):
        here, there = parties.everybody[one], parties.everybody[other]
        for ours, theirs in mutual(here, there):
            direction = here.direction(ours)
            assert direction is not None
            assert there.direction(theirs) is MIRRORED[direction]
            sessions = here.agent.calls[ours], there.agent.calls[theirs]
            for session, far in (sessions, sessions[::-1]):
                assert session.hold.there is far.hold.here, "each knows whether the other holds"
    for party in parties.everybody:
        dialogs = {session.call for session, _ in party.agent.dialogs.values()}
        assert dialogs == set(party.agent.calls)
        party.agent.hang_up_all(network.now)
    network.run(400)
    parties.assert_nothing_is_left()
