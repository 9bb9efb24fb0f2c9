"""Whatever registrars, NATs and networks do: nobody is told of a binding that has run out, and no registrar
is asked again and again."""

import random
import re

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from offhook.sip import Account, Hop, UserAgent
from offhook.sip.events import Binding, BindingChanged

from .message_text import response
from .virtual_network import VirtualNetwork

FIRST, SECOND = Hop("UDP", "192.0.2.1", 5060), Hop("UDP", "192.0.2.2", 5060)
HOME = Hop("UDP", "10.0.0.5", 5060)
MOST_PER_MINUTE = 45
"""Requests to one registrar: one every two seconds of a binding that lasts a second, and more that answer."""

ANSWERS = {
    "silent": None,
    "binds": (200, {}),
    "binds shortly": (200, {"Expires": "3"}),
    "binds for a second": (200, {"Expires": "1"}),
    "takes it away": (200, {"Expires": "0"}),
    "challenges": (401, {"WWW-Authenticate": 'Digest realm="r{n}", nonce="{n}", qop="auth"'}),
    "wants longer": (423, {"Min-Expires": "{n}00"}),
    "forbids": (403, {}),
    "sends elsewhere": (302, {"Contact": "<sip:192.0.2.3>"}),
    "is busy": (503, {"Retry-After": "7"}),
    "wants no flows": (439, {}),
    "routes": (200, {"Service-Route": "<sip:192.0.2.9;lr>", "Expires": "100"}),
    "routes nonsense": (200, {"Service-Route": "<<>>", "Flow-Timer": "0", "Expires": "100"}),
    "wants signs of life": (200, {"Flow-Timer": "20", "Expires": "100", "Require": "outbound"}),
}
answers = st.sampled_from(sorted(ANSWERS))


class Walk(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.network = VirtualNetwork()
        self.agent = UserAgent(HOME, "bob", random.Random(1), instance="urn:uuid:0")
        self.network.add(self.agent)
        self.behaviour = {FIRST: "binds", SECOND: "binds"}
        self.bound_until = {FIRST: 0.0, SECOND: 0.0}
        self.asked: dict[Hop, dict[bytes, float]] = {FIRST: {}, SECOND: {}}
        self.numbers = iter(range(1, 10**9))
        self.port: int | None = None
        self.every_time_another = False
        for hop in (FIRST, SECOND):
            self.network.add_peer(hop, lambda data, source, hop=hop: self._receive(hop, data, source))

    @initialize(keepalive=st.sampled_from([None, 0, 5]), ping=st.sampled_from(["crlf", "options"]))
    def begin(self, keepalive: int | None, ping: str) -> None:
        self.agent.add_account(
            Account(
                1,
                "bob",
                FIRST.host,
                password="x",
                backup=(SECOND.host, None),
                keepalive=keepalive,
                ping=ping,  # type: ignore[arg-type]
            )
        )
        self.agent.register(1, self.network.now)

    def _receive(self, hop: Hop, data: bytes, source: Hop) -> None:
        if not data.startswith(b"REGISTER"):
            return
        branch = data.partition(b"branch=")[2].partition(b";")[0]
        self.asked[hop].setdefault(branch, self.network.now)
        answer = ANSWERS[self.behaviour[hop]]
        if answer is None:
            return
        code, headers = answer
        if self.port is not None:
            port = self.port + (next(self.numbers) % 1000 if self.every_time_another else 0)
            data = data.replace(b";rport\r\n", b";received=198.51.100.1;rport=%d\r\n" % port, 1)
        number = str(next(self.numbers))
        headers = {name: value.replace("{n}", number) for name, value in headers.items()}
        if code == 200:
            asked = int(re.search(rb"\r\nExpires: (\d+)", data)[1])  # type: ignore[index]
            lasting = int(headers.get("Expires", asked)) if asked else 0
            self.bound_until[hop] = self.network.now + lasting
        self.network.send(response(data, code, "Because", tag="r", headers=headers), hop, source)

    @rule(who=st.sampled_from([FIRST, SECOND]), behaviour=answers)
    def behave(self, who: Hop, behaviour: str) -> None:
        self.behaviour[who] = behaviour

    @rule(port=st.sampled_from([None, 40000, 41000]), every_time_another=st.booleans())
    def stand_behind_a_nat(self, port: int | None, every_time_another: bool) -> None:
        self.port, self.every_time_another = port, every_time_another

    @rule(seconds=st.sampled_from([0.1, 1.0, 3.0, 10.0, 33.0, 400.0, 2000.0]))
    def wait(self, seconds: float) -> None:
        self.network.run(seconds)

    @rule(who=st.sampled_from([FIRST, SECOND]))
    def lose_the_flow(self, who: Hop) -> None:
        self.agent.flow_lost(who, "connection closed", self.network.now)

    @rule(port=st.sampled_from([5060, 5070]))
    def move(self, port: int) -> None:
        self.network.flush()
        self.agent.moved(Hop("UDP", HOME.host, port), self.network.now)

    @rule(loss=st.sampled_from([0.0, 0.5]))
    def lose(self, loss: float) -> None:
        self.network.loss = loss

    @rule()
    def start_anew(self) -> None:
        self.agent.register(1, self.network.now)

    @invariant()
    def a_binding_that_is_told_of_is_there(self) -> None:
        self.network.flush()
        told = [each for each in self.network.events[HOME] if isinstance(each, BindingChanged)]
        if told and told[-1].state is Binding.REGISTERED:
            assert self.network.now <= max(self.bound_until.values()) + 0.1

    @invariant()
    def nobody_is_pestered(self) -> None:
        for asked in self.asked.values():
            times = sorted(asked.values())
            for first, last in zip(times, times[MOST_PER_MINUTE:], strict=False):
                assert last - first > 60

    def teardown(self) -> None:
        self.agent.unregister(1, self.network.now)
        self.network.run(100)
        assert self.agent.deadline is None
        assert self.agent.layer.idle


Walk.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
test_walk = Walk.TestCase
