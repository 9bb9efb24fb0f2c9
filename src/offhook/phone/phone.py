"""The desk phone as a state machine: events in, a reply and effects out.

A phone does nothing by itself. `Phone.handle` takes an event and the time, changes the phone, and returns
what to tell whoever caused it and what the house is to do. What a key means on a page stands in `keys`, what
a function means in `functions`: tables whose entries are the verbs of `entry`, `conversation` and `hook`.
News from the network and the clock is in `news`. A verb that cannot be carried out raises `Refused` before it
has changed anything.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import functions, keys, news
from .account import Account
from .audio_path import Path
from .call import Call, CallState
from .effects import Effect, SetTimer
from .events import Event, KeyDown, KeyUp, MakeCall, Perform, Timer
from .refusal import Refused
from .reply import Reply, Verdict
from .screen import Page

NOTICE_SECONDS = 6.0

PAGES = {
    CallState.RINGING: Page.RINGING,
    CallState.CALLING: Page.CALLING,
    CallState.TALKING: Page.TALKING,
}


@dataclass(frozen=True, slots=True)
class Result:
    reply: Reply
    effects: tuple[Effect, ...]


class Phone:
    """One phone's state. `ids` names the calls it places; the user agent names those that arrive.

    A lifted handset always has an open path: its own, or hands-free when `Speaker` moved the sound there.
    """

    def __init__(self, accounts: Iterable[Account], ids: Iterator[str]) -> None:
        self.accounts = {account.id: account for account in accounts}
        self.ids = ids
        self.calls: dict[str, Call] = {}
        self.entry: str | None = None
        self.lifted = False
        self.path = Path.NONE
        self.last_dialled: str | None = None
        self.notice: str | None = None
        self.now = 0.0
        self._effects: list[Effect] = []

    def handle(self, event: Event, now: float) -> Result:
        """Take an event at `now` (seconds since the epoch, never running backwards)."""
        self.now = now
        self._effects = []
        try:
            match event:
                case KeyDown(key):
                    text = keys.down(self, key)
                case KeyUp(key):
                    text = keys.up(self, key)
                case MakeCall():
                    text = functions.make_call(self, event)
                case Perform(function, call):
                    text = functions.perform(self, function, call)
                case _:
                    news.take(self, event)
                    text = ""
        except Refused as refused:
            return Result(Reply(refused.verdict, refused.text), ())
        return Result(Reply(Verdict.DONE, text), tuple(self._effects))

    @property
    def page(self) -> Page:
        if self.focused is not None:
            return PAGES[self.focused.state]
        if self.entry is not None:
            return Page.ENTRY
        return Page.IDLE if self.path is Path.NONE else Page.OFF_HOOK

    @property
    def focused(self) -> Call | None:
        """The one call that keys and sound belong to."""
        return next(iter(self.calls.values()), None)

    # --- what the verbs share

    def ask(self, effect: Effect) -> None:
        self._effects.append(effect)

    def open_path(self) -> None:
        """Sound on the path that is open, hands-free when none is."""
        if self.path is Path.NONE:
            self.path = Path.HANDSFREE

    def hang_up(self) -> None:
        """Everything put down: the handset in its cradle, hands-free off, nothing typed."""
        self.lifted = False
        self.path = Path.NONE
        self.entry = None

    def show_notice(self, text: str) -> None:
        self.notice = text
        self.ask(SetTimer(Timer.NOTICE, NOTICE_SECONDS))

    def forget(self, call: Call) -> None:
        """The call is over at this end's wish: with the last one the phone is back on-hook."""
        del self.calls[call.id]
        if not self.calls:
            self.hang_up()

    def lose(self, call: Call, notice: str) -> None:
        """The call is over at the far end's wish: a lifted handset is still in somebody's hand."""
        del self.calls[call.id]
        if not self.calls and call.state is not CallState.RINGING:
            self.path = Path.HANDSET if self.lifted else Path.NONE
        self.show_notice(notice)
