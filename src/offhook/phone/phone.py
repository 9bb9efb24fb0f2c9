"""The desk phone as a state machine: events in, a reply and effects out.

A phone does nothing by itself. `Phone.handle` takes an event and the time, changes the phone, and returns
what to tell whoever caused it and what the house is to do. What a key means on a page stands in `keys`, what
a function means in `functions`: tables whose entries are the verbs of the modules beside them. News from the
network and the clock is in `news`. A verb that cannot be carried out raises `Refused` before it has changed
anything.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import functions, keys, news
from .account import Account
from .audio_path import Path, Tone, Volumes
from .call import Call, CallState
from .call_log import CallLog, CallRecord, Kind
from .effects import Effect, Keep, LogCall, SetSound, SetTimer
from .events import Event, KeyDown, KeyUp, MakeCall, Perform, Timer, Wish
from .phone_book import PhoneBook
from .refusal import Refused
from .reply import Reply, Verdict
from .screen import Page
from .settings import Settings
from .views import Entry, Menu, Purpose, View

NOTICE_SECONDS = 6.0

CALL_PAGES = {
    CallState.RINGING: Page.RINGING,
    CallState.CALLING: Page.CALLING,
    CallState.TALKING: Page.TALKING,
    CallState.HELD: Page.HELD,
}

# Which call comes to the front when the one in front is over.
NEXT_IN_LINE = (CallState.TALKING, CallState.CALLING, CallState.HELD, CallState.RINGING)

KINDS = {"out": Kind.DIALLED, "in": Kind.RECEIVED}

SILENCE = SetSound(frozenset(), Path.NONE, microphone=True, tone=Tone.NONE, ringing=False)


@dataclass(frozen=True, slots=True)
class Result:
    reply: Reply
    effects: tuple[Effect, ...]


class Phone:
    """One phone's state. `ids` names the calls it places; the user agent names those that arrive.

    A lifted handset always has an open path: its own, or the one that a key moved the sound to.
    """

    def __init__(
        self,
        accounts: Iterable[Account],
        ids: Iterator[str],
        settings: Settings | None = None,
        log: CallLog | None = None,
        book: PhoneBook | None = None,
    ) -> None:
        self.accounts = {account.id: account for account in accounts}
        self.ids = ids
        self.settings = settings or Settings()
        self.calls: dict[str, Call] = {}
        self.focus: str | None = None
        self.views: list[View] = []
        self.at_home = False
        """The idle page is shown though a call is there."""
        self.lifted = False
        self.path = Path.NONE
        self.path_before = Path.NONE
        """Where the sound was before it went to the headset."""
        self.busy_tone = False
        self.muted = False
        self.ringer_muted = False
        self.volumes = Volumes(dict(self.settings.volumes))
        self.log = CallLog() if log is None else log
        self.book = PhoneBook() if book is None else book
        self.messages: dict[int, int] = {}
        self.notice: str | None = None
        self.now = 0.0
        self._sound = SILENCE
        self._kept: Keep | None = self._to_keep()
        self._records: dict[str, CallRecord] = {}
        """What is to be remembered of calls once the event is dealt with."""
        self._effects: list[Effect] = []

    def handle(self, event: Event, now: float) -> Result:
        """Take an event at `now`, in seconds since the epoch."""
        self.now = now
        self._effects = []
        page = self.page
        try:
            text = self._take_wish(event) if isinstance(event, Wish) else news.take(self, event)
        except Refused as refused:
            if not isinstance(event, Wish):
                # News is a fact, and what it changed has changed.
                raise
            return Result(Reply(refused.verdict, refused.text), ())
        self._settle(page)
        return Result(Reply(Verdict.DONE, text), tuple(self._effects))

    def _take_wish(self, wish: Wish) -> str:
        match wish:
            case KeyDown(key):
                return keys.down(self, key)
            case KeyUp(key):
                return keys.up(self, key)
            case MakeCall():
                return functions.make_call(self, wish)
            case Perform(function, call):
                return functions.perform(self, function, call)

    @property
    def page(self) -> Page:
        view, ringing = self.view, self.ringing
        if ringing and not self.at_home and not (isinstance(view, Entry) and view.call == ringing.id):
            return Page.RINGING
        if isinstance(view, Entry):
            return Page.TRANSFER if view.purpose is Purpose.TRANSFER else Page.ENTRY
        if isinstance(view, Menu):
            return Page.MENU
        call = self.focused
        if call and not self.at_home:
            return Page.CONFERENCE if call.conference else CALL_PAGES[call.state]
        return Page.OFF_HOOK if self.path is not Path.NONE and not call else Page.IDLE

    @property
    def view(self) -> View | None:
        return self.views[-1] if self.views else None

    @property
    def focused(self) -> Call | None:
        """The call that has the sound, or would have it."""
        return self.find(self.focus)

    def find(self, call: str | None) -> Call | None:
        return self.calls.get(call) if call is not None else None

    @property
    def ringing(self) -> Call | None:
        return next((call for call in self.calls.values() if call.state is CallState.RINGING), None)

    @property
    def conference(self) -> list[Call]:
        return [call for call in self.calls.values() if call.conference]

    @property
    def tone(self) -> Tone:
        call = self.focused
        if call and call.state is CallState.CALLING and call.rings_there and not call.plays_early:
            return Tone.RINGBACK
        if call or self.path is Path.NONE:
            return Tone.NONE
        if self.busy_tone:
            return Tone.BUSY
        return Tone.DIAL if self.view is None else Tone.NONE

    # --- what the verbs share

    def adopt(self, settings: Settings) -> None:
        """What comes from outside is kept there already."""
        self.settings = settings
        self.volumes = Volumes(dict(settings.volumes))
        self._kept = self._to_keep()

    def ask(self, effect: Effect) -> None:
        self._effects.append(effect)

    def keep(self) -> None:
        """Have what is kept saved although it may be as before: who repeats a wish may have been told that it
        was not saved."""
        self._kept = None

    def open_path(self) -> None:
        """Sound on the path that is open, hands-free when none is."""
        if self.path is Path.NONE:
            self.path = Path.HANDSFREE

    def hang_up(self) -> None:
        """Everything put down: the handset in its cradle, the other paths closed, nothing typed."""
        self.lifted = False
        self.path = self.path_before = Path.NONE
        self.views.clear()

    def bring_to_front(self, call: Call) -> None:
        self.focus = call.id
        self.at_home = False
        self.views.clear()
        self.notice = None

    def show_notice(self, text: str) -> None:
        self.notice = text
        self.ask(SetTimer(Timer.NOTICE, NOTICE_SECONDS))

    def record(self, call: Call, kind: Kind, *, over: bool = True) -> None:
        duration = call.duration(self.now) if over else None
        seen = kind is not Kind.MISSED
        self._records[call.id] = CallRecord(
            call.id,
            kind,
            call.number,
            # Nobody who could be called back.
            "" if call.anonymous else call.remote,
            call.remote_name,
            call.account,
            call.started,
            duration,
            seen,
        )

    def miss(self, call: Call) -> None:
        self.record(call, Kind.MISSED)
        self.show_notice(f"missed {call.who}")

    def name(self, call: Call) -> None:
        """Look up whose number it is; whoever does not want to be known is not."""
        call.book_name = "" if call.anonymous else self.book.name_of(call.remote)

    def succeed(self, old: Call, new: Call) -> None:
        """`new` goes on where `old` was, in everybody's eyes."""
        self.record(old, KINDS[old.direction])
        self.calls = {
            call.id: call for call in (new if each is old else each for each in self.calls.values())
        }
        if self.focus == old.id:
            self.focus = new.id
        for call in self.calls.values():
            call.consults_for = new.id if call.consults_for == old.id else call.consults_for
            call.beside = new.id if call.beside == old.id else call.beside
            call.referred_in = new.id if call.referred_in == old.id else call.referred_in
        self.views = [view for view in self.views if view.call != old.id]

    def drop(self, call: Call, *, here: bool) -> None:
        """The call is over. Ended `here`, the last one leaves the phone on-hook; ended at the far end, it
        leaves a lifted handset in somebody's hand, with busy tone."""
        del self.calls[call.id]
        self.record(call, KINDS[call.direction])
        self.leave_conference(call)
        if self.focus == call.id:
            self.focus = self._next_in_line(call)
        was_heard = call.state is not CallState.RINGING
        if was_heard and not any(other.state is not CallState.RINGING for other in self.calls.values()):
            if here or not self.lifted:
                self.hang_up()
            else:
                self.path = Path.HANDSET
                self.busy_tone = True
        self.views = [view for view in self.views if view.call is None or view.call in self.calls]

    def _next_in_line(self, call: Call) -> str | None:
        for before in (call.consults_for, call.referred_in):
            if before in self.calls:
                return before
        latest_first = list(reversed(self.calls.values()))
        return next(
            (other.id for state in NEXT_IN_LINE for other in latest_first if other.state is state), None
        )

    def leave_conference(self, call: Call) -> None:
        """The others talk on; two that are left are an ordinary call."""
        if not call.conference:
            return
        call.conference = False
        legs = self.conference
        if len(legs) == 1:
            legs[0].conference = False
        if self.focus == call.id and legs:
            self.focus = legs[-1].id

    def _settle(self, before: Page) -> None:
        """What follows from the new state, whatever led there."""
        page, focused = self.page, self.focused
        if not self.calls:
            self.muted = self.at_home = False
        if page is not Page.OFF_HOOK and self.path is Path.NONE:
            self.busy_tone = False
        if isinstance(self.view, Entry) or focused:
            self.busy_tone = False
        if page is Page.OFF_HOOK and before is not Page.OFF_HOOK and not self.busy_tone:
            self.ask(SetTimer(Timer.DIAL, self.settings.dial_within))
        early = focused if focused and focused.plays_early else None
        talking = [call for call in self.calls.values() if call.state is CallState.TALKING]
        sound = SetSound(
            calls=frozenset(call.id for call in ([early] if early else talking)),
            path=self.path,
            # What comes before the answer is listened to, and nobody there has taken the call yet.
            microphone=not self.muted and early is None,
            tone=self.tone,
            ringing=self._rings(),
        )
        if sound != self._sound:
            self._sound = sound
            self.ask(sound)
        for record in self._records.values():
            self.log.put(record)
            self.ask(LogCall(record))
        self._records.clear()
        kept = self._to_keep()
        if kept != self._kept:
            self._kept = kept
            self.ask(kept)

    def _to_keep(self) -> Keep:
        return Keep(self.settings.dnd, dict(self.settings.forward), dict(self.volumes.levels))

    def _rings(self) -> bool:
        call = self.ringing
        return call is not None and not call.silenced and not self.ringer_muted
