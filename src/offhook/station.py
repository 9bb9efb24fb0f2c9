"""One phone and its place in the house: what it keeps, and the device that runs on it just now.

A device lives from one boot to the next. The station stays, with its sockets, and answers that the phone is
booting while there is no device.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from offhook import __version__
from offhook.autop.auto_provisioning import AutoProvisioning
from offhook.call_lines import say_end
from offhook.cannot_listen import CannotListen
from offhook.capture_file import CannotCapture
from offhook.device import Device
from offhook.flash.flash import NotRead, NotSaved
from offhook.http_front.site import Site
from offhook.listening import Listening
from offhook.log.whose import PhoneLog, log_of
from offhook.memory import Memory
from offhook.notify.feed import Feed
from offhook.notify.notifier import Notifier
from offhook.notify.outgoing import Sender
from offhook.notify.variables import Identity
from offhook.options import DeviceOptions
from offhook.phone import Reply, Verdict
from offhook.phone.effects import FetchConfiguration, HouseEffect, Keep, LogCall, Restart, SeeMissed
from offhook.phone.events import Event
from offhook.phone.phone_book import PhoneBook
from offhook.phone.screen import Page, Screen
from offhook.settings.for_the_house import access, kept_by_keys, told_to_others
from offhook.settings.layers import Layers
from offhook.settings.phone_settings import Plain
from offhook.sip_address import BadPublicAddress
from offhook.sip_trace import SipTrace
from offhook.tallies import Tallies

if TYPE_CHECKING:
    from offhook.web_certificate import WebCertificate

_log = logging.getLogger(__name__)

SAVED_LATER: Final = frozenset({"sound.ringer", "sound.handset", "sound.handsfree", "sound.headset"})
LATER: Final = 1.0
"""Seconds until a volume is saved: a finger on the key changes it many times."""

FAREWELL: Final = 1.0
"""Seconds that a phone which restarts waits for its BYEs to be answered."""

LOOK: Final = 1.0
"""Seconds between looks at whether a phone that is to restart is free of calls."""

AGAIN: Final = 1.0
"""Seconds between attempts to come back where something else took the port meanwhile."""

LAST_WORDS: Final = 0.5
"""Seconds that what others are still to be told gets when a phone stops, or forgets whom to tell."""

MODEL: Final = "offhook"
"""As others are told it."""

BOOTING: Final = "the phone is booting"


class Booting(LookupError):
    """There is no device just now."""


class Boot(Protocol):
    def __call__(self, station: "Station", sip_port: int) -> Awaitable[Device]:
        """Start a device by the settings of now. Raises CannotListen, BadPublicAddress or CannotCapture."""


class Station:
    """`site` is set by whoever opens its sockets, before the first request. The `first` of a process tells of
    the process too."""

    site: Site

    def __init__(
        self,
        options: DeviceOptions,
        memory: Memory,
        boot: Boot,
        sender: Callable[[], Sender],
        provisioning_turns: asyncio.Semaphore,
        *,
        log: PhoneLog,
        first: bool = True,
    ) -> None:
        self.options = options
        self.log = log
        self.memory = memory
        self.device: Device | None = None
        self.happenings = Feed()
        self.tallies = Tallies()
        self.first = first
        self.listening: Listening | None = None
        """Where it is reached, once its sockets are open."""
        self.web_certificate: WebCertificate | None = None
        """What its https shows, where it has any: the same for all phones of the process."""
        self.up_since = 0.0
        """When it was last ready, in seconds since the epoch."""
        self._notifier = Notifier(self.happenings, self.identity, sender)
        self._notifier.adopt(told_to_others(memory.settings))
        self._boot = boot
        self._restarting: asyncio.Task[None] | None = None
        self._stopping = False
        self._waiting_to_restart: asyncio.TimerHandle | None = None
        self._unsaved: dict[str, Plain] = {}
        self._save_later: asyncio.TimerHandle | None = None
        self.autop = AutoProvisioning(self, options.mac, provisioning_turns, options.tls.ca)

    # --- life

    async def start(self) -> Device:
        """As `Boot` raises."""
        self.device = await self._boot(self, self.options.sip_port)
        self.happenings.attach(self.device)
        return self.device

    def ready(self) -> None:
        """It can be reached by HTTP from now on."""
        self.up_since = time.time()
        self.happenings.ready()
        self.autop.power_on()

    def restart(self, *, reset: bool) -> None:
        """Go dark at once and come back; to `reset`, with what the factory set."""
        if self.device is None:
            return
        device, self.device = self.device, None
        self._stop_what_is_to_come()
        self.site.booting = True
        with log_of(self.log):
            self._restarting = asyncio.get_running_loop().create_task(self._restart(device, reset=reset))

    def restart_when_idle(self) -> None:
        """Once no call is up."""
        self._waiting_to_restart = None
        if self.device is not None and self.device.in_call:
            self._waiting_to_restart = asyncio.get_running_loop().call_later(LOOK, self.restart_when_idle)
        else:
            self.restart(reset=False)

    async def stop(self) -> None:
        with log_of(self.log):
            await self._stop()

    async def _stop(self) -> None:
        self._stopping = True
        if self._restarting is not None:
            await self._restarting
        self._stop_what_is_to_come()
        if self.device is not None:
            self.device.power_off()
            await self.device.stop()
        self.happenings.detach()
        self._save_unsaved()
        await self._notifier.close(LAST_WORDS)

    async def _restart(self, device: Device, *, reset: bool) -> None:
        device.power_off()
        await device.stop(FAREWELL)
        self.happenings.detach()
        self._save_unsaved()
        try:
            await (self.memory.reset() if reset else self.memory.settle())
            if reset:
                self.log.kept.forget()
        except NotSaved as failure:
            _log.error("%s: %s", "nothing was forgotten" if reset else "not everything was saved", failure)
        try:
            self.memory = await asyncio.to_thread(self.memory.anew)
        except NotRead as failure:
            _log.error("the phone goes on with what it knows: %s", failure)
        self.site.access = access(self.memory.settings)
        if reset:
            # Whom to tell is forgotten with the rest.
            await self._notifier.settle(LAST_WORDS)
        self._notifier.adopt(told_to_others(self.memory.settings))
        while self.device is None and not self._stopping:
            try:
                self.device = await self._boot(self, device.sip_port)
            except (CannotListen, BadPublicAddress, CannotCapture) as error:
                _log.error("the phone cannot come back yet: %s", error)
                await asyncio.sleep(AGAIN)
        self.site.booting = False
        if self.device is not None:
            self.happenings.attach(self.device)
            self.ready()

    def _stop_what_is_to_come(self) -> None:
        self.autop.power_off()
        if self._waiting_to_restart is not None:
            self._waiting_to_restart.cancel()
            self._waiting_to_restart = None

    # --- the ways in

    def press(self, event: Event) -> Reply | Awaitable[Reply]:
        """Take what a finger, a URL or a program wants of the phone."""
        reply = Reply(Verdict.BOOTING, BOOTING) if self.device is None else self.device.press(event)
        if isinstance(reply, Reply):
            self.tallies.pressed(event, reply.verdict)
            return reply
        return self._once_replied(event, reply)

    async def _once_replied(self, event: Event, reply: Awaitable[Reply]) -> Reply:
        replied = await reply
        self.tallies.pressed(event, replied.verdict)
        return replied

    def state(self) -> dict[str, Any]:
        """Raises Booting."""
        return {
            **self._running().state(),
            "notify": self._notifier.state(),
            "autop": self.autop.state(),
        }

    def screen(self) -> Screen:
        return Screen(Page.IDLE, BOOTING, (), (), ()) if self.device is None else self.device.screen()

    @property
    def sip_trace(self) -> SipTrace:
        """Raises Booting."""
        return self._running().sip_trace

    async def change(self, changes: Mapping[str, object]) -> None:
        """Change settings by name, for good, and go by them from now on.

        Raises BadSettings or NotSaved, with nothing changed.
        """
        # What a key changed before goes to the disk before.
        self._save_unsaved()
        await self.memory.change(changes)
        self._go_by_settings()

    async def unset(self, names: frozenset[str]) -> None:
        """Back to the factory's. Raises BadSettings or NotSaved, with nothing changed."""
        self._save_unsaved()
        await self.memory.unset(names)
        self._go_by_settings()

    async def change_book(self, book: PhoneBook) -> None:
        """Raises NotSaved, with the phone book as it was."""
        await self.memory.change_book(book)
        if self.device is not None:
            self.device.adopt_book(book)

    async def forget_calls(self) -> None:
        """Empty the call log. Raises NotSaved, with the log as it was."""
        await self.memory.forget_calls()
        if self.device is not None:
            self.device.forget_calls()

    def _go_by_settings(self) -> None:
        self.site.access = access(self.memory.settings)
        self._notifier.adopt(told_to_others(self.memory.settings))
        if self.device is not None:
            self.device.adopt(self.memory.settings)
            self.autop.adopt(self.memory.settings)

    @property
    def layers(self) -> Layers:
        return self.memory.layers

    def announce(self, text: str) -> None:
        """Show it on the screen, once there is one."""
        if self.device is not None:
            self.device.announce(text)

    def identity(self) -> Identity:
        """As it tells others who it is."""
        address = self.device.address_told if self.device else self.happenings.address
        return Identity(self.options.mac, address, MODEL, __version__)

    def _running(self) -> Device:
        if self.device is None:
            raise Booting(BOOTING)
        return self.device

    # --- what the phone asks of the house

    def carry_out(self, effect: HouseEffect) -> Awaitable[None] | None:
        """What is to be waited for before whoever caused it is answered. It may raise NotSaved."""
        match effect:
            case Keep():
                return self._keep(self.memory.note(kept_by_keys(effect)))
            case LogCall(record):
                say_end(record)
                self.tallies.call(record)
                self._told(self.memory.log_call(record))
            case SeeMissed():
                self._told(self.memory.see_missed())
            case Restart(reset):
                self.restart(reset=reset)
                # Who is told that all is forgotten can rely on it; what the calls that end now leave is
                # forgotten by the restart.
                return asyncio.ensure_future(self.memory.reset()) if reset else None
            case FetchConfiguration(restart):
                self.autop.ask(restart=restart)
        return None

    def _keep(self, changed: Mapping[str, Plain]) -> Awaitable[None] | None:
        later = {name: value for name, value in changed.items() if name in SAVED_LATER}
        if later:
            self._unsaved |= later
            if self._save_later is None:
                self._save_later = asyncio.get_running_loop().call_later(LATER, self._save_unsaved)
        at_once = {name: value for name, value in changed.items() if name not in SAVED_LATER}
        return self._told(self.memory.save(at_once)) if at_once else None

    def _save_unsaved(self) -> None:
        if self._save_later is not None:
            self._save_later.cancel()
            self._save_later = None
        if self._unsaved:
            self._told(self.memory.save(self._unsaved))
            self._unsaved = {}

    def _told(self, saved: asyncio.Future[None]) -> asyncio.Future[None]:
        """What is not saved is said in the log, whether anybody waits for it or not."""
        saved.add_done_callback(_say_what_was_not_saved)
        return saved


def _say_what_was_not_saved(saved: asyncio.Future[None]) -> None:
    if not saved.cancelled() and (failure := saved.exception()):
        _log.error("not saved: %s", failure)
