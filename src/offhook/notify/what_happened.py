"""What an event did to a phone, in the vendor's events, told from the phone before it and after it.

Nothing in here asks how it came about: a key, a URL, the far end and a timer all end up as a difference. Only
what leaves no trace in the phone (a call that is refused at the door, how a transfer ended) is read off the
event and its effects.
"""

from collections.abc import Iterable, Iterator

from offhook.phone.call import CallState
from offhook.phone.call_log import Kind
from offhook.phone.effects import Effect, LogCall, RedirectCall, RefuseCall, TransferAttended
from offhook.phone.events import CallArrived, Event, Registration, Timer, TimerFired, TransferDone
from offhook.phone.settings import Forwarding

from .action_event import ActionEvent as Told
from .happening import CallSeen, Happening
from .snapshot import Snapshot, same

FORWARDS = {
    Forwarding.ALWAYS: (Told.ALWAYS_FORWARD_OFF, Told.ALWAYS_FORWARD_ON),
    Forwarding.BUSY: (Told.BUSY_FORWARD_OFF, Told.BUSY_FORWARD_ON),
    Forwarding.NO_ANSWER: (Told.NO_ANSWER_FORWARD_OFF, Told.NO_ANSWER_FORWARD_ON),
}
BEGAN = {"in": Told.INCOMING_CALL, "out": Told.OUTGOING_CALL}


def what_happened(
    before: Snapshot, after: Snapshot, event: Event | None, effects: Iterable[Effect], now: float
) -> list[Happening]:
    """In the order in which a person would tell it: what begins, what changes, what ends.

    `event` None: what happened in between is not known.
    """
    if before == after and not effects:
        return []
    return list(_Difference(before, after, event, tuple(effects), now).told())


class _Difference:
    def __init__(
        self,
        before: Snapshot,
        after: Snapshot,
        event: Event | None,
        effects: tuple[Effect, ...],
        now: float,
    ) -> None:
        self._before = before
        self._after = after
        self._event = event
        self._effects = effects
        self._now = now
        self._began = [call for call in after.calls.values() if call.id not in before.calls]
        self._ended = [call for call in before.calls.values() if call.id not in after.calls]

    def told(self) -> Iterator[Happening]:
        yield from self._address()
        yield from self._settings()
        if self._after.off_hook and not self._before.off_hook:
            yield self._tell(Told.OFF_HOOK, self._in_front())
        for call in self._began:
            yield self._tell(BEGAN[call.direction], call)
        if self._after.calls and not self._before.calls:
            yield self._tell(Told.IDLE_TO_BUSY, next(iter(self._after.calls.values())))
        yield from self._at_the_door()
        yield from self._transfers_begun()
        yield from self._changes()
        if self._after.muted and not self._before.muted:
            yield self._tell(Told.MUTE, self._in_front())
        yield from self._transfers_over()
        yield from self._endings()
        if self._before.muted and not self._after.muted:
            yield self._tell(Told.UNMUTE, self._in_front())
        if self._before.calls and not self._after.calls:
            yield self._tell(Told.BUSY_TO_IDLE, self._ended[-1])
        if self._before.off_hook and not self._after.off_hook:
            yield self._tell(Told.ON_HOOK, self._in_front())
        yield from self._registrations()

    def _tell(
        self, event: Told, call: CallSeen | None = None, to: str | None = None, reason: str | None = None
    ) -> Happening:
        account = self._after.account_of(call) or self._before.account_of(call)
        return Happening(event, self._now, account, call, to, reason)

    def _in_front(self) -> CallSeen | None:
        """The call that has the sound, or had it."""
        for seen in (self._after, self._before):
            if seen.focus is not None and seen.focus in seen.calls:
                return seen.calls[seen.focus]
        return None

    def _address(self) -> Iterator[Happening]:
        if self._before.address != self._after.address:
            yield self._tell(Told.IP_CHANGED)

    def _settings(self) -> Iterator[Happening]:
        if self._before.dnd is not self._after.dnd:
            yield self._tell(Told.DND_ON if self._after.dnd else Told.DND_OFF)
        for rule, told in FORWARDS.items():
            was, is_ = self._before.forward.get(rule), self._after.forward.get(rule)
            if (was is None) is not (is_ is None):
                yield self._tell(told[is_ is not None], to=is_)

    def _at_the_door(self) -> Iterator[Happening]:
        """A call that came and did not get in."""
        event = self._event
        if not isinstance(event, CallArrived) or event.call in self._after.calls:
            return
        state = CallState.RINGING.value
        call = CallSeen(event.call, "in", state, event.account, event.remote, event.remote_name, self._now)
        yield from self._why_not_taken(call)

    def _why_not_taken(self, call: CallSeen) -> Iterator[Happening]:
        """For a call that nobody answered here; more than one may be true of it."""
        for effect in self._effects:
            match effect:
                case RedirectCall(call.id, target):
                    yield self._tell(Told.FORWARD_INCOMING_CALL, call, to=target)
                case RefuseCall(call.id) if not _rang_out(self._event):
                    yield self._tell(Told.REJECT_INCOMING_CALL, call)
        for effect in self._effects:
            match effect:
                case LogCall(record) if record.id == call.id and record.kind is Kind.MISSED:
                    yield self._tell(Told.MISSED_CALL, call)

    def _transfers_begun(self) -> Iterator[Happening]:
        for call in self._after.calls.values():
            old = self._before.calls.get(call.id)
            if old is None or call.transferring_to is None or old.transferring_to is not None:
                continue
            attended = any(
                isinstance(each, TransferAttended) and each.call == call.id for each in self._effects
            )
            # The call to the target, given up because the target still rang.
            semi_attended = any(each.consults_for == call.id for each in self._ended)
            yield self._tell(Told.TRANSFER_CALL, call, to=call.transferring_to)
            kind = Told.ATTENDED_TRANSFER if attended or semi_attended else Told.BLIND_TRANSFER
            yield self._tell(kind, call, to=call.transferring_to)

    def _changes(self) -> Iterator[Happening]:
        """Holds first: whoever answers a second call holds the first."""
        changed = [(self._before.calls.get(call.id), call) for call in self._after.calls.values()]
        for old, call in changed:
            if old and old.state == CallState.TALKING and call.state == CallState.HELD:
                yield self._tell(Told.HOLD, call)
        for old, call in changed:
            if call.answered is not None and (old is None or old.answered is None):
                if call.direction == "in":
                    yield self._tell(Told.ANSWER_NEW_IN_CALL, call)
                yield self._tell(Told.ESTABLISHED, call)
                if call.state == CallState.HELD:
                    yield self._tell(Told.HOLD, call)
            elif old and old.state == CallState.HELD and call.state == CallState.TALKING:
                yield self._tell(Told.UNHOLD, call)

    def _transfers_over(self) -> Iterator[Happening]:
        for old in self._before.calls.values():
            call = self._after.calls.get(old.id)
            if old.transferring_to is None or (call and call.transferring_to is not None):
                continue
            done = call is None and _confirms(self._event, old.id)
            told = Told.TRANSFER_FINISHED if done else Told.TRANSFER_FAILED
            yield self._tell(told, call or old, to=old.transferring_to)

    def _endings(self) -> Iterator[Happening]:
        for call in self._ended:
            if call.state == CallState.RINGING:
                yield from self._why_not_taken(call)
            yield self._tell(Told.TERMINATED, call)

    def _registrations(self) -> Iterator[Happening]:
        before, after = self._before.registrations, self._after.registrations
        for number, old in before.items():
            new = after.get(number)
            same_still = new is not None and same(new.account, old.account)
            over = new is None or not same_still or new.outcome is Registration.DISABLED
            if old.outcome is Registration.REGISTERED and over:
                yield Happening(Told.UNREGISTERED, self._now, old.account)
        for number, new in after.items():
            known = before.get(number)
            was = known.outcome if known and same(known.account, new.account) else None
            if new.outcome is Registration.REGISTERED and was is not new.outcome:
                yield Happening(Told.REGISTERED, self._now, new.account)
            elif new.outcome is Registration.FAILED and was is not new.outcome:
                yield Happening(Told.REGISTER_FAILED, self._now, new.account, reason=new.reason)


def _rang_out(event: Event | None) -> bool:
    return isinstance(event, TimerFired) and event.timer is Timer.RING


def _confirms(event: Event | None, call: str) -> bool:
    """Whether it says that the far end of `call` is with the target, as far as is ever known."""
    match event:
        case TransferDone(done):
            return done == call
        case TimerFired(Timer.TRANSFER, done):
            return done == call
    return False
