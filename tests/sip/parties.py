"""Phones that behave: they answer, follow a REFER and let themselves be replaced, unless told otherwise."""

import random
from collections.abc import Callable

from offhook.sip import Account, Hop, LocalMedia, UserAgent
from offhook.sip.events import (
    Incoming,
    MediaChanged,
    PeerHold,
    ReferDone,
    ReferReceived,
    Replacing,
    UserAgentEvent,
)
from offhook.sip.media import Direction

from .virtual_network import VirtualNetwork


class Party:
    """`calls` are the names of its calls, oldest first."""

    def __init__(self, network: VirtualNetwork, number: int, name: str) -> None:
        self.network = network
        self.name = name
        self.hop = Hop("UDP", f"192.0.2.{number}", 5060)
        self.sound = LocalMedia(self.hop.host, 40000)
        self.agent = network.add(UserAgent(self.hop, name, random.Random(number)), self._on_event)
        self.account = Account(1, name, self.hop.host)
        self.agent.add_account(self.account)
        self.uri = f"sip:{name}@{self.hop.host}"
        self.calls: list[str] = []
        self.replaced: list[str] = []
        self.on_incoming: Callable[[str], None] = self.answer
        self.on_refer: Callable[[str], None] = self.follow
        self.leaves_when_done = True
        """A transferor hangs up on a final NOTIFY of 2xx (RFC 5589 §6)."""

    @property
    def now(self) -> float:
        return self.network.now

    def _on_event(self, event: UserAgentEvent) -> None:
        match event:
            case Incoming(call):
                self.calls.append(call)
                self.on_incoming(call)
            case Replacing(call, replaced):
                self.calls.append(call)
                self.replaced.append(replaced)
                self.answer(call)
                self.agent.hang_up(replaced, self.now)
            case ReferReceived(call):
                self.on_refer(call)
            case ReferDone(call) if self.leaves_when_done and call in self.agent.calls:
                self.agent.hang_up(call, self.now)
            case _:
                pass

    def call(self, other: "Party | str") -> str:
        name = f"{self.name}-{len(self.calls) + 1}"
        target = other if isinstance(other, str) else other.uri
        self.agent.invite(name, self.account, target, self.sound, self.now)
        self.calls.append(name)
        self.network.run(1)
        return name

    def answer(self, call: str) -> None:
        self.agent.answer(call, self.sound, self.now)

    def ring(self, call: str) -> None:
        self.agent.ring(call, self.now)

    def refuse_with(self, code: int) -> Callable[[str], None]:
        return lambda call: self.agent.refuse(call, code, self.now)

    def follow(self, call: str) -> None:
        name = f"{self.name}-{len(self.calls) + 1}"
        self.calls.append(name)
        self.agent.accept_refer(call, name, self.account, self.sound, self.now)

    def hold(self, call: str) -> None:
        self.agent.hold(call, self.now)
        self.network.run(1)

    def resume(self, call: str) -> None:
        self.agent.resume(call, self.now)
        self.network.run(1)

    def hang_up(self, call: str) -> None:
        self.agent.hang_up(call, self.now)
        self.network.run(1)

    def direction(self, call: str) -> Direction | None:
        flow = self.agent.calls[call].flow
        return None if flow is None else flow.direction

    @property
    def told(self) -> list[UserAgentEvent]:
        """What it was told, sound left out."""
        return [event for event in self.network.events[self.hop] if not isinstance(event, MediaChanged)]

    def of(self, *kinds: type[UserAgentEvent]) -> list[UserAgentEvent]:
        return [event for event in self.told if isinstance(event, kinds)]

    @property
    def held(self) -> list[bool]:
        return [event.held for event in self.told if isinstance(event, PeerHold)]


class Parties:
    def __init__(self, **network: object) -> None:
        self.network = VirtualNetwork(**network)  # type: ignore[arg-type]
        self.alice, self.bob, self.carol = self.everybody = [
            Party(self.network, number, name) for number, name in ((1, "alice"), (2, "bob"), (3, "carol"))
        ]

    def between(self, one: Party, other: Party) -> list[str]:
        """The ladder of what went between two; what the other said has a `<`."""
        ladder = []
        for (source, target, _), line in zip(self.network.log, self.network.ladder(), strict=True):
            if (source, target) == (one.hop, other.hop):
                ladder.append(line)
            elif (source, target) == (other.hop, one.hop):
                ladder.append(f"<{line}")
        return ladder

    def sent(self, by: Party, method: str) -> list[str]:
        return [
            data.decode()
            for source, _, data in self.network.log
            if source == by.hop and data.startswith(f"{method} ".encode())
        ]

    def assert_nothing_is_left(self) -> None:
        for party in self.everybody:
            assert not party.agent.calls, party.name
            assert not party.agent.busy, party.name
        self.network.run(70)
        for party in self.everybody:
            assert party.agent.layer.idle, party.name
            assert party.agent.deadline is None, party.name
            assert not party.agent.dialogs, party.name
