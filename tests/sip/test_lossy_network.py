"""Two user agents over a network that loses, repeats and reorders: every call ends right at both ends."""

import random

from hypothesis import given
from hypothesis import strategies as st

from offhook.sip import Hop, LocalMedia, UserAgent
from offhook.sip.events import Answered, Ended, Failed, Incoming, UserAgentEvent

from .virtual_network import VirtualNetwork

ALICE = Hop("UDP", "192.0.2.101", 5060)
BOB = Hop("UDP", "192.0.2.201", 5060)

PLANS = ("answer", "ring and answer", "refuse", "answer and hang up", "nothing")


class Calls:
    """One call. Bob does as planned, and hangs up after `patience` seconds where that is the plan; Alice
    hangs up two seconds later what is still there."""

    def __init__(self, seed: int, loss: float, duplication: float, plan: str, patience: float) -> None:
        self.network = VirtualNetwork(
            rng=random.Random(seed), loss=loss, duplication=duplication, delay=0.02, jitter=0.2
        )
        self.plan = plan
        self.alice = self.network.add(UserAgent(ALICE, "alice", random.Random(seed + 1)))
        self.bob = self.network.add(UserAgent(BOB, "bob", random.Random(seed + 2)), self.at_bob)
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
)
def test_every_call_ends_right_at_both_ends(
    seed: int, loss: float, duplication: float, plan: str, patience: float
) -> None:
    calls = Calls(seed, loss, duplication, plan, patience)
    for agent in (calls.alice, calls.bob):
        assert not agent.calls
        assert not agent.busy
        assert not agent._dialogs
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
