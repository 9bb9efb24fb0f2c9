"""Whole phones without sockets: `Device` as it is, with legs and timers in a time of their own."""

import itertools
import logging
import random
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

from tests.sip.virtual_network import OnEvent, VirtualNetwork

from offhook.device import Device
from offhook.performer import Performer
from offhook.phone import Reply
from offhook.phone.call import Call, CallState
from offhook.phone.events import Event, Function, Key, KeyDown, MakeCall, Perform, Timer, TimerFired
from offhook.sip import Account, Hop, LocalMedia, UserAgent
from offhook.sip.events import ChangeRefused
from offhook.sip.incoming_call import IncomingCall
from offhook.sip.invite_session import InviteSession
from offhook.sip.media import Codec, Direction
from offhook.sip.outgoing_call import OutgoingCall

MIRRORED = {
    Direction.SENDRECV: Direction.SENDRECV,
    Direction.SENDONLY: Direction.RECVONLY,
    Direction.RECVONLY: Direction.SENDONLY,
    Direction.INACTIVE: Direction.INACTIVE,
}


class Wire(VirtualNetwork):
    """As an endpoint does it: what a datagram or a tick leads to is taken in before the next,
    and a flush from within what a flush tells leaves the work to that one."""

    _flushing = False

    def add(self, agent: UserAgent, on_event: OnEvent = lambda _event: None) -> UserAgent:
        receive, tick = agent.receive, agent.tick

        def received(data: bytes, source: Hop, now: float) -> None:
            receive(data, source, now)
            self.flush()

        def ticked(now: float) -> None:
            tick(now)
            self.flush()

        agent.receive, agent.tick = received, ticked  # type: ignore[method-assign]
        return super().add(agent, on_event)

    def flush(self) -> None:
        if self._flushing:
            return
        self._flushing = True
        try:
            super().flush()
        finally:
            self._flushing = False
        self.look()

    def look(self) -> None:
        """What is looked at whenever all that happened has been taken in."""


class Edge:
    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def now(self) -> float:
        return self.wire.now

    def flush(self) -> None:
        self.wire.flush()


class StillLeg:
    """A leg that knows its port and what it was told to do, and does none of it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.sending = self.receiving = False
        self.telephone_event: int | None = None

    def start(self, *, sending: bool, receiving: bool, telephone_event: int | None, **_: object) -> None:
        self.sending, self.receiving, self.telephone_event = sending, receiving, telephone_event

    def send_digit(self, digit: str) -> bool:
        return self.telephone_event is not None


class StillLegs:
    """`most` of them, as of a range of ports."""

    def __init__(self, address: str, most: int) -> None:
        self.by_call: dict[str, StillLeg] = {}
        self._address = address
        self._most = most
        self._ports = itertools.count(40000, 2)

    def open(self, call: str) -> None:
        if call in self.by_call:
            return
        if len(self.by_call) >= self._most:
            raise OSError(98, "no ports are left")
        self.by_call[call] = StillLeg(next(self._ports))

    def media(self, call: str, codecs: tuple[Codec, ...]) -> LocalMedia:
        return LocalMedia(self._address, self.by_call[call].port, codecs)

    def quality(self, call: str) -> None:
        """Nothing is ever heard."""

    def of(self, calls: Iterable[str]) -> dict[str, StillLeg]:
        return {call: self.by_call[call] for call in calls if call in self.by_call}

    def release(self, call: str) -> None:
        self.by_call.pop(call, None)


class StillSound:
    """`heard` are the calls that hear and are heard."""

    heard: frozenset[str] = frozenset()

    def apply(self, calls: dict[str, StillLeg], path: str, microphone: bool, tone: str) -> None:
        self.heard = frozenset(calls)


class WireTimers:
    def __init__(self, wire: Wire) -> None:
        self.running: dict[tuple[Timer, str | None], float] = {}
        self._wire = wire

    def set(self, timer: Timer, seconds: float, call: str | None) -> None:
        self.running[timer, call] = self._wire.now + seconds

    def forget(self, call: str) -> None:
        self.running = {key: due for key, due in self.running.items() if key[1] != call}


class AtOnce:
    """What is to be sent is on the wire at once."""

    def __contains__(self, call: str) -> bool:
        return False

    def expect(self, call: str) -> None: ...

    def settle(self, call: str) -> None: ...


class Desk(Device):
    """Extension `1000 + number` at an exchange that is nothing but a directory."""

    def __init__(self, wire: Wire, number: int, directory: dict[str, str], legs: int = 100) -> None:
        self.number = str(1000 + number)
        self.hop = Hop("UDP", f"192.0.2.{number}", 5060)
        account = Account(1, self.number, "pbx.test", register=False)
        anything: Any = None
        super().__init__(
            (account,), clock=anything, ports=anything, address=self.hop.host, directory=directory
        )
        self.phone.ids = _names(self.number)
        self._agent = wire.add(UserAgent(self.hop, self.number, random.Random(number)), self._hear)
        self._agent.add_account(account)
        parts: dict[str, Any] = {
            "legs": StillLegs(self.hop.host, legs),
            "sound": StillSound(),
            "timers": WireTimers(wire),
            "on_their_way": AtOnce(),
        }
        edge: Any = Edge(wire)
        self._endpoint, self.legs, self._sound = edge, parts["legs"], parts["sound"]
        self._timers, self._on_their_way = parts["timers"], parts["on_their_way"]
        self._performer = Performer(self._agent, accounts=self.accounts, directory=directory, **parts)
        self._up = True

    @property
    def agent(self) -> UserAgent:
        return self._agent

    @property
    def running(self) -> dict[tuple[Timer, str | None], float]:
        timers: Any = self._timers
        return timers.running

    @property
    def heard(self) -> frozenset[str]:
        sound: Any = self._sound
        return sound.heard

    @property
    def in_the_middle(self) -> bool:
        """An event is being dealt with, or waits to be."""
        return self._handling or bool(self._inbox)

    def fire(self, timer: Timer, call: str | None) -> None:
        del self.running[timer, call]
        self._take(TimerFired(timer, call))

    # --- what a test does with it

    def happen(self, *events: Event) -> Reply:
        for event in events:
            reply = self.press(event)
            assert isinstance(reply, Reply)
            self._endpoint.flush()
        return reply

    def keys(self, *names: str) -> Reply:
        return self.happen(*(KeyDown(Key(name)) for name in names))

    def do(self, name: str, call: str | None = None) -> Reply:
        return self.happen(Perform(Function(name), call))

    def dial(self, number: str) -> Reply:
        return self.happen(MakeCall(number))

    def consult(self, what: str, number: str, last: str) -> Reply:
        """`Transfer` or `Conference`, whom with, and the key that says so."""
        self.do(what)
        return self.keys(*number, last)

    def with_(self, other: "Desk") -> Call:
        """The one call with that phone."""
        (call,) = [call for call in self.phone.calls.values() if _is_at(self.agent.calls[call.id], other)]
        return call

    def direction(self, call: str) -> Direction | None:
        flow = self.agent.calls[call].flow
        return None if flow is None else flow.direction


def _names(number: str) -> Iterator[str]:
    return (f"{number}-{count}" for count in itertools.count(1))


def _is_at(session: InviteSession, desk: Desk) -> bool:
    dialog = session._dialog
    return dialog is not None and any(
        (dialog.call_id, dialog.remote_tag, dialog.local_tag) == name for name in desk.agent.dialogs
    )


class Office(logging.Handler):
    """Phones that share a wire. What must be true of them at any time is looked at at every time.

    As a context manager it listens for errors that are logged.
    """

    def __init__(self, count: int = 3, legs: int = 100, **wire: object) -> None:
        super().__init__(logging.ERROR)
        self.wire = Wire(**wire)  # type: ignore[arg-type]
        directory = {
            f"sip:{1000 + number}@pbx.test": f"sip:{1000 + number}@192.0.2.{number}"
            for number in range(1, count + 1)
        }
        self.desks = [Desk(self.wire, number, directory, legs) for number in range(1, count + 1)]
        self.wire.look = self.look  # type: ignore[method-assign]

    def __enter__(self) -> "Office":
        logging.getLogger("offhook").addHandler(self)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        logging.getLogger("offhook").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        cause = record.exc_info[1] if record.exc_info else None
        raise AssertionError(f"logged as an error: {record.getMessage()}") from cause

    def run(self, seconds: float) -> None:
        end = self.wire.now + seconds
        while True:
            due = [
                (when, desk, timer, call)
                for desk in self.desks
                for (timer, call), when in desk.running.items()
                if when <= end
            ]
            if not due:
                self.wire.run(end - self.wire.now)
                return
            when, desk, timer, call = min(due, key=lambda each: each[0])
            if when > self.wire.now:
                # Until then other timers may have been set.
                self.wire.run(min(when - self.wire.now, 1.0))
            elif desk.running.get((timer, call)) == when:
                desk.fire(timer, call)
                self.wire.flush()

    # --- what must be true

    def look(self) -> None:
        if any(desk.in_the_middle for desk in self.desks):
            return
        for desk in self.desks:
            calls, sessions = desk.phone.calls, desk.agent.calls
            live = {call for call, session in sessions.items() if not session._silent and not session.over}
            assert set(calls) == live, f"{desk.number}: calls of the phone, calls of its user agent"
            for call in calls.values():
                _look_at(call, sessions[call.id])
            assert set(desk.legs.by_call) == set(calls), f"{desk.number}: each call has its leg"
            assert desk.heard == {call.id for call in calls.values() if call.state is CallState.TALKING}
            timed = {call for _, call in desk.running if call is not None}
            assert timed <= set(calls), f"{desk.number}: timers of calls that are over"

    def look_at_rest(self) -> None:
        """When all has gone quiet both ends agree, and so do the phone and the user agent of each."""
        for desk in self.desks:
            for call in desk.phone.calls.values():
                if call.up:
                    self._look_at_agreement(desk, call)

    def _look_at_agreement(self, desk: Desk, call: Call) -> None:
        session = desk.agent.calls[call.id]
        assert session.confirmed
        held = session.hold.here
        if not (call.state is CallState.HELD and self._was_refused(desk, call)):
            assert (call.state is CallState.HELD) is held, f"{call.id} is {call.state}, on the wire it is not"
        assert session.hold.there is call.held_by_peer, f"{call.id}: held by the other end"
        (there,) = [other for other in self.desks if _is_at(session, other)]
        dialog = session._dialog
        assert dialog is not None
        far, _ = there.agent.dialogs[dialog.call_id, dialog.remote_tag, dialog.local_tag]
        theirs = there.phone.calls[far.call]
        assert theirs.up
        assert theirs.held_by_peer is held, f"{theirs.id} knows whether {call.id} is held"
        direction = desk.direction(call.id)
        assert direction is not None
        assert there.direction(far.call) is MIRRORED[direction]
        sent = direction in {Direction.SENDRECV, Direction.SENDONLY}
        legs: Any = desk.legs
        assert legs.by_call[call.id].sending is sent
        assert direction is _direction(held, call.held_by_peer)

    def _was_refused(self, desk: Desk, call: Call) -> bool:
        """A far end that does not take a hold is not heard all the same, and the phone says so."""
        told = self.wire.events[desk.hop]
        return any(isinstance(event, ChangeRefused) and event.call == call.id for event in told)

    def clear(self) -> None:
        """`Home` and enough `CallEnd`, and enough time: nothing is left of anything."""
        for _ in range(3):
            for desk in self.desks:
                desk.phone.settings.dnd = True
                desk.keys("Home")
                for _ in range(6):
                    desk.do("CallEnd")
                if desk.phone.page != "idle":
                    desk.keys("Home")
            self.run(70)
        self.run(400)
        for desk in self.desks:
            assert not desk.phone.calls, desk.number
            assert desk.phone.page == "idle", desk.number
            assert not desk.agent.calls, desk.number
            assert not desk.agent.dialogs, desk.number
            assert not desk.agent.busy, desk.number
            assert desk.agent.layer.idle, desk.number
            assert desk.agent.deadline is None, desk.number
            assert not desk.running, desk.number
            assert not desk.heard, desk.number


def _direction(here: bool, there: bool) -> Direction:
    if here and there:
        return Direction.INACTIVE
    return Direction.SENDONLY if here else Direction.RECVONLY if there else Direction.SENDRECV


def _look_at(call: Call, session: InviteSession) -> None:
    if isinstance(session, IncomingCall):
        assert (call.state is CallState.RINGING) is not session._transaction.answered, call
    else:
        assert isinstance(session, OutgoingCall)
        assert (call.state is CallState.CALLING) is (session._dialog is None), call
