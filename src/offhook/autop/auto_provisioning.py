"""AutoP: when a phone looks for its configuration files, and what it makes of them."""

import asyncio
import logging
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from offhook.flash.flash import NotSaved
from offhook.settings import password
from offhook.settings.layers import Layers
from offhook.settings.phone_settings import BadSettings, PhoneSettings, Plain, built_in, values_of

from .configuration_file import Assignment, NotAConfiguration, parse
from .fetching import COMMON, fetch, own_file
from .not_fetched import NotFetched
from .outcome import FAILURES, Outcome, Result, written
from .understanding import BadConfiguration, Understood, understand

_log = logging.getLogger(__name__)

AT_ONCE: Final = 8
"""Phones of one process that fetch at one time; the others wait for their turn."""

HOUR: Final = 3600.0
EARLIER: Final = 0.1
"""By which share of the interval a phone may look earlier, lest all phones of a house look at once."""

FIRST_RETRY: Final = 60.0
LONGEST_RETRY: Final = HOUR
MOST_DOUBLINGS: Final = 16
"""Seconds after a look at power-on that could not be: twice as long each time, so that a server which comes
back is found, and is not found by all phones at once."""

PASSWORD: Final = "web.password"  # noqa: S105  # the name of a setting


class Owner(Protocol):
    """The phone that is provisioned."""

    @property
    def layers(self) -> Layers: ...

    async def change(self, changes: Mapping[str, object]) -> None:
        """All of them, or, with BadSettings or NotSaved raised, none."""

    def announce(self, text: str) -> None:
        """Show it on the screen."""

    def restart_when_idle(self) -> None: ...


class AutoProvisioning:
    """`mac` names the file of the phone's own; `turns` are shared by the phones of a process, `ca` is a
    file of those that are trusted besides the system's."""

    def __init__(
        self,
        owner: Owner,
        mac: str,
        turns: asyncio.Semaphore,
        ca: Path | None = None,
    ) -> None:
        self.last: Outcome | None = None
        self.results: dict[Result, int] = {}
        """How often a look came to what."""
        self._owner = owner
        self._own = own_file(mac)
        self._turns = turns
        self._ca = ca
        self._running: asyncio.Task[None] | None = None
        self._asked = False
        self._restart = False
        self._timer: asyncio.TimerHandle | None = None
        self._hours = 0
        self._next: float | None = None
        """When it looks next, in seconds since 1970."""
        self._owed = False
        """The look at power-on has brought nothing yet, not even that there is no file."""
        self._failed = 0
        """Looks since power-on that could not be, while one is owed."""

    # --- when

    def power_on(self) -> None:
        settings = self._settings
        self.adopt(settings)
        if settings.autop.url and settings.autop.at_power_on:
            self._owed = True
            self._check()

    def ask(self, *, restart: bool = False) -> None:
        """Look now, or join the look that is under way; with `restart`, begin anew afterwards."""
        if not self._settings.autop.url:
            _log.warning("AutoP: there is no address to fetch a configuration from")
        self._asked = True
        self._restart |= restart
        self._check()

    def adopt(self, settings: PhoneSettings) -> None:
        """Look as often as these say. Where they say never, there is no timer."""
        hours = settings.autop.every_hours if settings.autop.url else 0
        if hours != self._hours:
            self._hours = hours
            self._wind()

    def power_off(self) -> None:
        self._hours = self._failed = 0
        self._owed = False
        self._wind()
        self._asked = self._restart = False
        if self._running is not None:
            self._running.cancel()
            self._running = None

    def state(self) -> dict[str, Any]:
        return {
            "checking": self._running is not None,
            "next": self._next and written(self._next),
            "last": self.last and self.last.as_json(),
        }

    def _wind(self) -> None:
        """Have it look again when there is reason to, or never."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._next = None
        waits = []
        if self._hours:
            waits.append(self._hours * HOUR * random.uniform(1 - EARLIER, 1))
        if self._failed:
            waits.append(min(FIRST_RETRY * 2.0 ** (self._failed - 1), LONGEST_RETRY) * random.uniform(0.5, 1))
        if waits:
            seconds = min(waits)
            self._next = time.time() + seconds
            self._timer = asyncio.get_running_loop().call_later(seconds, self._look_again)

    def _look_again(self) -> None:
        self._wind()
        self._check()

    def _check(self) -> None:
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._run())

    # --- what

    async def _run(self) -> None:
        try:
            outcome = await self._outcome()
        finally:
            # Another one may run already where this one was cancelled.
            if self._running is asyncio.current_task():
                self._running = None
        asked, self._asked = self._asked, False
        restart, self._restart = self._restart, False
        again = self._failed > 0
        self._settle(outcome)
        if outcome is not None:
            self.last = outcome
            self.results[outcome.result] = self.results.get(outcome.result, 0) + 1
            _log.log(logging.WARNING if outcome.result in FAILURES else logging.INFO, "%s", outcome.line)
            # Nobody waits for the news that there is none, or still none.
            if asked or not (
                outcome.result in {Result.UNCHANGED, Result.NO_FILE} or (again and self._failed)
            ):
                self._owner.announce(outcome.notice)
        if restart:
            self._owner.restart_when_idle()

    def _settle(self, outcome: Outcome | None) -> None:
        if outcome is not None and outcome.result is Result.NOT_FETCHED and self._owed:
            self._failed = min(self._failed + 1, MOST_DOUBLINGS)
            self._wind()
            return
        self._owed = False
        if self._failed:
            self._failed = 0
            self._wind()

    async def _outcome(self) -> Outcome | None:
        """None where there is no address to look at."""
        files: list[str] = []
        assignments: list[Assignment] = []
        understood: Understood | None = None
        try:
            async with self._turns:
                if (url := self._settings.autop.url) is None:
                    return None
                for file in (COMMON, self._own):
                    if (data := await fetch(url, file, self._ca)) is not None:
                        files.append(file)
                        assignments += parse(data, file)
            if not files:
                return Outcome(time.time(), Result.NO_FILE)
            understood = understand(assignments)
            new = await self._new(understood.changes)
            if new:
                await self._owner.change(new)
        except NotFetched as why:
            result, reason = Result.NOT_FETCHED, str(why)
        except (NotAConfiguration, BadConfiguration) as why:
            result, reason = Result.REFUSED, str(why)
        except BadSettings as bad:
            result, reason = Result.REFUSED, understood.told(bad.wrong) if understood else str(bad)
        except NotSaved as why:
            result, reason = Result.NOT_SAVED, str(why)
        else:
            return Outcome(
                time.time(),
                Result.CHANGED if new else Result.UNCHANGED,
                tuple(files),
                tuple(sorted(new)),
                understood.unknown,
            )
        unknown = understood.unknown if understood else ()
        return Outcome(time.time(), result, tuple(files), (), unknown, reason)

    async def _new(self, changes: Mapping[str, object]) -> dict[str, Plain]:
        """What of the changes is otherwise now. Raises BadSettings, for all of them."""
        layers, now = self._owner.layers, values_of(self._settings)
        given = dict(changes)
        # Hashing is slow by intent, and salted: the same password is another hash each time.
        if PASSWORD in given and await asyncio.to_thread(_same, given[PASSWORD], str(now[PASSWORD])):
            given[PASSWORD] = now[PASSWORD]
        understood = await asyncio.to_thread(layers.understood, given)
        return {name: value for name, value in understood.items() if value != now.get(name, built_in(name))}

    @property
    def _settings(self) -> PhoneSettings:
        return self._owner.layers.settings


def _same(typed: object, kept: str) -> bool:
    return isinstance(typed, str) and (typed == kept or password.matches(typed, kept))
