"""User agents and scripted peers on a network without sockets, in a time of its own."""

import heapq
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from offhook.sip.destination import DEFAULT_PORT, Destination
from offhook.sip.events import UserAgentEvent
from offhook.sip.hop import Hop
from offhook.sip.user_agent import UserAgent

OnEvent = Callable[[UserAgentEvent], None]


@dataclass
class VirtualNetwork:
    """Delivers after `delay` seconds plus up to `jitter`; `loss` and `duplication` are probabilities.

    It is fair: of one datagram that is sent again and again, it loses no more than `patience`.
    """

    rng: random.Random = field(default_factory=lambda: random.Random(1))
    delay: float = 0.01
    jitter: float = 0.0
    loss: float = 0.0
    duplication: float = 0.0
    patience: int = 5
    now: float = 0.0
    log: list[tuple[Hop, Hop, bytes]] = field(default_factory=list)
    """All that was sent, what was lost included: from, to, data."""
    lose: Callable[[bytes], bool] = lambda _data: False
    names: dict[str, list[Hop]] = field(default_factory=dict)
    """Where the hosts are that have a name; one that is not among them is its own address."""
    refused: set[Hop] = field(default_factory=set)
    """Hops that nobody listens at, by a transport that says so."""

    def __post_init__(self) -> None:
        self._agents: dict[Hop, tuple[UserAgent, OnEvent]] = {}
        self._peers: dict[Hop, Callable[[bytes, Hop], None]] = {}
        self._flying: list[tuple[float, int, Hop, Hop, bytes]] = []
        self._order = 0
        self._losses: Counter[bytes] = Counter()
        self.events: dict[Hop, list[UserAgentEvent]] = {}

    def add(self, agent: UserAgent, on_event: OnEvent = lambda _event: None) -> UserAgent:
        self._agents[agent.contact] = (agent, on_event)
        self.events[agent.contact] = []
        return agent

    def add_peer(self, hop: Hop, receive: Callable[[bytes, Hop], None]) -> None:
        """A peer played by the test; what it says goes through `send`."""
        self._peers[hop] = receive

    def send(self, data: bytes, source: Hop, target: Hop) -> None:
        self.log.append((source, target, data))
        if self.lose(data):
            return
        for _ in range(2 if self.rng.random() < self.duplication else 1):
            if self.rng.random() < self.loss and self._losses[data] < self.patience:
                self._losses[data] += 1
            else:
                self._order += 1
                arrival = self.now + self.delay + self.rng.random() * self.jitter
                heapq.heappush(self._flying, (arrival, self._order, source, target, data))

    def flush(self) -> None:
        """Send what the agents said, and tell their owners what happened, until nothing more comes of it."""
        again = True
        while again:
            again = False
            for hop, (agent, on_event) in self._agents.items():
                while agent.wanted:
                    again = True
                    self._locate(agent, agent.wanted.pop(0))
                while agent.outbox:
                    transmit = agent.outbox.pop(0)
                    target = replace(transmit.hop, domain="")
                    if target in self.refused:
                        again = True
                        agent.transport_failed(transmit, f"connection refused by {target}", self.now)
                    else:
                        self.send(transmit.data, hop, target)
                while agent.events:
                    again = True
                    event = agent.events.pop(0)
                    self.events[hop].append(event)
                    on_event(event)

    def _locate(self, agent: UserAgent, destination: Destination) -> None:
        transport = destination.transport or ("TLS" if destination.secure else "UDP")
        port = destination.port or DEFAULT_PORT[transport]
        hops = self.names.get(destination.host, [Hop(transport, destination.host, port)])
        if hops:
            found = [replace(hop, domain=destination.host) for hop in hops]
            agent.located(destination, found, self.now)
        else:
            agent.not_located(destination, f"no address found for {destination.host}", self.now)

    def run(self, seconds: float) -> None:
        """Let everything happen that happens within `seconds`."""
        end = self.now + seconds
        while True:
            self.flush()
            moments = [agent.deadline for agent, _ in self._agents.values() if agent.deadline is not None]
            if self._flying:
                moments.append(self._flying[0][0])
            if not moments or min(moments) > end:
                self.now = end
                return
            self.now = max(self.now, *(moment for moment in moments if moment == min(moments)))
            while self._flying and self._flying[0][0] <= self.now:
                _, _, source, target, data = heapq.heappop(self._flying)
                if target in self._agents:
                    self._agents[target][0].receive(data, source, self.now)
                elif target in self._peers:
                    self._peers[target](data, source)
            for agent, _ in self._agents.values():
                agent.tick(self.now)

    def told(self, agent: UserAgent) -> list[str]:
        """The names of the events that the owner of `agent` was told, in order."""
        return [type(event).__name__ for event in self.events[agent.contact]]

    def lines(self) -> list[str]:
        """First lines of what was sent, in order: the ladder of a call flow."""
        return [data.partition(b"\r\n")[0].decode() for _, _, data in self.log]

    def ladder(self) -> list[str]:
        """As `lines`, a request by its method and a response by its code."""
        return [line.split()[1] if line.startswith("SIP/2.0") else line.split()[0] for line in self.lines()]
