"""One running phone: the pure phone, its user agent and its sound, and the loop that joins them.

Events go into the phone one after the other; the effects that come back are carried out by `performer`, and
what comes of them returns as events. Nothing in here decides anything about telephony.
"""

import logging
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, Protocol

from offhook import __version__
from offhook.call_lines import say_turn
from offhook.capture_file import CaptureFile
from offhook.flash.flash import NotSaved
from offhook.legs import Legs
from offhook.media import follow
from offhook.notify.feed import Watcher
from offhook.on_their_way import OnTheirWay
from offhook.out_of_service import why_out_of_service
from offhook.performer import UNAVAILABLE, Performer
from offhook.phone import Account as PhoneAccount
from offhook.phone import Phone, Reply, Result, Settings, Verdict, state
from offhook.phone import screen as screen_of
from offhook.phone.call_log import CallLog
from offhook.phone.effects import FetchConfiguration, HouseEffect, PlaceCall
from offhook.phone.events import (
    AccountsChanged,
    Announced,
    DigitReceived,
    Event,
    PhoneBookChanged,
    PoweredOff,
    Registration,
    SettingsChanged,
)
from offhook.phone.phone_book import PhoneBook
from offhook.phone.screen import Screen
from offhook.phone_timers import PhoneTimers
from offhook.registration_log import RegistrationLog
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.ports import RtpPorts
from offhook.settings.for_the_house import accounts as accounts_of
from offhook.settings.for_the_house import admission as admission_of
from offhook.settings.for_the_house import for_the_phone as phone_side
from offhook.settings.phone_settings import PhoneSettings
from offhook.sip.account import Account
from offhook.sip.admission import ANYBODY, Admission
from offhook.sip.endpoint import Endpoint
from offhook.sip.events import (
    CheckSync,
    Ended,
    Failed,
    Incoming,
    InviteSent,
    MediaChanged,
    MessagesRefused,
    Replacing,
    Unwelcome,
    UserAgentEvent,
)
from offhook.sip.hop import Hop, uri_host
from offhook.sip.redirection import Redirects
from offhook.sip.resolve import Resolver
from offhook.sip.tls import Tls
from offhook.sip.traffic import Traffic
from offhook.sip.user_agent import UserAgent
from offhook.sip_news import for_the_phone
from offhook.sip_trace import SipTrace
from offhook.sound.sound import Sound
from offhook.spoken_codecs import with_codecs_present

_log = logging.getLogger(__name__)

PATIENCE = 2.0
"""Seconds until a `MakeCall` whose next hop is still being looked for or reached is answered as under way."""

FAREWELL = 2.0
"""Seconds that a phone which stops waits for its BYEs and its unregistering to be confirmed."""


class House(Protocol):
    def carry_out(self, effect: HouseEffect) -> Awaitable[None] | None:
        """What is to be waited for before whoever caused the effect is answered. It may raise NotSaved."""


class Device:
    """`address` is where SIP and sound are bound, `public_address` what others are told to reach them at:
    for good where `contact_is_fixed`, else until a registrar sees it otherwise. `instance` is the URN by
    which registrars know the phone again.

    `resolver` looks names up, for several phones where one is given.

    `directory` maps what is dialled to where it is found without a registrar: the phones of one farm know one
    another by it. `house` does what a phone cannot do by itself: remember, restart.
    """

    def __init__(
        self,
        accounts: tuple[Account, ...],
        *,
        clock: MediaClock,
        ports: RtpPorts,
        address: str,
        public_address: str | None = None,
        instance: str = "",
        contact_is_fixed: bool = False,
        resolver: Resolver | None = None,
        directory: Mapping[str, str] = MappingProxyType({}),
        settings: Settings | None = None,
        capture: CaptureFile | None = None,
        tls: Tls | None = None,
        log: CallLog | None = None,
        book: PhoneBook | None = None,
        house: House | None = None,
        admission: Admission = ANYBODY,
        redirects: Redirects = Redirects.FOLLOW,
    ) -> None:
        self.accounts = {account.id: with_codecs_present(account) for account in accounts}
        shown = [_as_phone_account(account) for account in accounts]
        self.clock = clock
        self.phone = Phone(shown, _call_ids(), settings, log, book)
        self.watcher: Watcher | None = None
        """Told of each event once it is dealt with, and where the address is another one."""
        self._house = house
        self._saving: list[Awaitable[None]] = []
        """What whoever pressed a key is to wait for."""
        self.sip_port = 0
        self._tls_port = 0
        self._address = address
        self._public_address = public_address or address
        self._up = False
        self._inbox: deque[Event] = deque()
        self._handling = False
        self._agent = UserAgent(
            Hop("UDP", self._public_address, 0),
            f"offhook/{__version__}",
            contact_is_fixed=contact_is_fixed,
            instance=instance,
            redirects=redirects,
            may_call=self._may_call,
            admission=admission,
        )
        self._endpoint = Endpoint(self._agent, self._hear, tls, resolver)
        self.sip_trace = SipTrace(self._endpoint, capture)
        self._registration_log = RegistrationLog(self.accounts)
        self._on_their_way = OnTheirWay()
        self._timers = PhoneTimers(self._take)
        self._sound = Sound(clock)
        self.legs = Legs(
            clock, ports, address=address, public_address=self._public_address, on_digit=self._hear_digit
        )
        self._performer = Performer(
            self._agent,
            accounts=self.accounts,
            legs=self.legs,
            sound=self._sound,
            timers=self._timers,
            on_their_way=self._on_their_way,
            directory=directory,
        )

    # --- life

    async def start(self, sip_port: int, tls_port: int = 0) -> None:
        """Listen for SIP, over TLS too where `tls_port` is not 0, and begin to register.

        Raises CannotBind where a port is taken.
        """
        in_service = _in_service(self.accounts).values()
        for account in in_service:
            self._agent.add_account(account)
        await self._endpoint.open(self._address, sip_port, self._public_address, tls_port)
        self.sip_port, self._tls_port = self._endpoint.port, tls_port
        self._up = True
        for account in in_service:
            if account.register:
                self._agent.register(account.id, self._endpoint.now())
        self._endpoint.flush()

    async def stop(self, patience: float = FAREWELL) -> None:
        """End every call, unregister, and wait up to `patience` seconds until the far ends confirm it."""
        self._up = False
        self._timers.close()
        self._sound.close()
        self.legs.close()
        now = self._endpoint.now()
        self._agent.hang_up_all(now)
        for account in _in_service(self.accounts).values():
            if account.register:
                self._agent.unregister(account.id, now)
        await self._endpoint.settle(patience)
        await self._endpoint.close()
        self.sip_trace.close()

    async def move(self, address: str, public_address: str) -> None:
        """Speak SIP and sound at `address` from now on, register anew, and let the calls that are up know.

        A call that is not answered yet has told the far end the address before, and comes to what it comes
        to. Raises OSError, and then everything is as it was.
        """
        if not self._up:
            return
        await self._endpoint.move(address, public_address)
        self._address, self._public_address = address, public_address
        now = self._endpoint.now()
        for call, port in self.legs.move(address, public_address).items():
            if call in self._agent.calls:
                self._agent.renew(call, public_address, port, now)
        self._endpoint.flush()
        if self.watcher is not None:
            self.watcher(None, ())

    @property
    def sip(self) -> str:
        """HOST:PORT where SIP listens."""
        return f"{uri_host(self._address)}:{self.sip_port}"

    @property
    def sip_tls(self) -> str | None:
        """HOST:PORT where SIP over TLS listens, None where it does not."""
        return f"{uri_host(self._address)}:{self._tls_port}" if self._tls_port else None

    @property
    def sip_told(self) -> str:
        """HOST:PORT that others are told."""
        return f"{uri_host(self._public_address)}:{self.sip_port}"

    @property
    def address_told(self) -> str:
        """As `sip_told`, without the port."""
        return self._public_address

    # --- the ways in

    def press(self, event: Event) -> Reply | Awaitable[Reply]:
        """Take what a finger, a URL or a program wants of the phone."""
        if not self._up:
            return Reply(Verdict.BOOTING, "the phone is booting")
        result = self._handle(event)
        self._take_in()
        saving, self._saving = self._saving, []
        if saving:
            return self._once_saved(saving, result.reply)
        for effect in result.effects:
            if isinstance(effect, PlaceCall):
                return self._once_sent(effect.call, result.reply)
        return result.reply

    def power_off(self) -> None:
        """End every call; `stop` waits for what comes of it."""
        self._take(PoweredOff())

    @property
    def traffic(self) -> Traffic:
        return self._agent.traffic

    @property
    def in_call(self) -> bool:
        """Whether there is any call, a ringing one too."""
        return bool(self.phone.calls)

    def announce(self, text: str) -> None:
        """Show it on the screen."""
        self._take(Announced(text))

    def adopt(self, settings: PhoneSettings) -> None:
        """Go by these from now on. No call ends for it."""
        self._agent.admission, self._agent.redirects = admission_of(settings), settings.calls.redirects
        self._take(SettingsChanged(phone_side(settings)))
        accounts = {account.id: with_codecs_present(account) for account in accounts_of(settings)}
        if accounts != self.accounts:
            self._go_by_accounts(accounts)

    def adopt_book(self, book: PhoneBook) -> None:
        """Calls that are up are shown by it at once."""
        self._take(PhoneBookChanged(book))

    def forget_calls(self) -> None:
        """Those there were; a call that is up is told of when it ends."""
        self.phone.log.clear()
        if self.watcher is not None:
            self.watcher(None, ())

    def _go_by_accounts(self, accounts: Mapping[int, Account]) -> None:
        """Calls go on with the accounts that they were made with."""
        now, before = self._endpoint.now(), dict(self.accounts)
        shown = {number: _as_phone_account(account) for number, account in accounts.items()}
        for number in shown.keys() & before.keys():
            if before[number] == accounts[number]:
                shown[number] = self.phone.accounts[number]
        self.accounts.clear()
        self.accounts.update(accounts)
        self._take(AccountsChanged(tuple(shown.values())))
        served_before, served = _in_service(before), _in_service(accounts)
        for number in served_before.keys() - served.keys():
            self._agent.remove_account(number, now)
        for number, account in served.items():
            if account == served_before.get(number):
                continue
            if number in served_before:
                self._agent.change_account(account, now)
            else:
                self._agent.add_account(account)
            if account.register:
                self._agent.register(number, now)
        self._endpoint.flush()

    def state(self) -> dict[str, Any]:
        told = state(self.phone, time.time())
        for call in told["calls"]:
            quality = self.legs.quality(call["id"])
            call["quality"] = None if quality is None else asdict(quality)
        return told

    def screen(self) -> Screen:
        return screen_of(self.phone, time.time())

    async def _once_saved(self, saving: list[Awaitable[None]], reply: Reply) -> Reply:
        try:
            for saved in saving:
                await saved
        except NotSaved as failure:
            return Reply(
                Verdict.NOT_SAVED, f"{reply.text}, until the next start: it was not saved ({failure})"
            )
        return reply

    def _may_call(self, target: str) -> bool:
        """Whoever is called, and sends the call on, is bound by the dial rules too."""
        return self.phone.settings.dial_rules.blocking(target) is None

    def _once_sent(self, call: str, reply: Reply) -> Reply | Awaitable[Reply]:
        return self._when_sent(call, reply) if call in self._on_their_way else self._sent(call, reply)

    async def _when_sent(self, call: str, reply: Reply) -> Reply:
        if await self._on_their_way.settled(call, PATIENCE):
            return self._sent(call, reply)
        return Reply(Verdict.UNDER_WAY, f"{reply.text}: its next hop is still being looked for")

    def _sent(self, call: str, reply: Reply) -> Reply:
        if call in self.phone.calls:
            return reply
        return Reply(Verdict.NOT_NOW, self.phone.notice or "the call was given up")

    # --- events in, effects out

    def _handle(self, event: Event) -> Result:
        self._handling = True
        try:
            result = self.phone.handle(event, time.time())
            now = self._endpoint.now()
            for effect in result.effects:
                if isinstance(effect, HouseEffect):
                    if self._house and (saved := self._house.carry_out(effect)):
                        self._saving.append(saved)
                elif news := self._performer.perform(effect, now):
                    self._inbox.append(news)
                elif isinstance(effect, PlaceCall):
                    # Whoever dialled waits for it; what else the call means to the house can follow it.
                    self._endpoint.flush()
            self._endpoint.flush()
        finally:
            self._handling = False
        if self.watcher is not None:
            self.watcher(event, result.effects)
        return result

    def _take(self, event: Event) -> None:
        self._inbox.append(event)
        self._take_in()

    def _take_in(self) -> None:
        """One event after the other: what an event causes waits until the event itself is dealt with."""
        while self._inbox and not self._handling:
            self._handle(self._inbox.popleft())

    def _hear_digit(self, call: str, digit: str) -> None:
        self._take(DigitReceived(call, digit))

    def _hear(self, told: UserAgentEvent) -> None:
        self._registration_log.hear(told)
        say_turn(told, self.phone.calls)
        match told:
            case Incoming(call) | Replacing(call) if not self._up:
                self._agent.refuse(call, UNAVAILABLE, self._endpoint.now())
            case InviteSent(call):
                self._on_their_way.settle(call)
            case MediaChanged(call, flow):
                if leg := self.legs.by_call.get(call):
                    follow(leg, flow)
            case Failed(call) | Ended(call):
                self._performer.let_go(call)
            case Unwelcome(source, why):
                _log.warning("%s is turned away: %s", source.host, why)
            case MessagesRefused(account, reason):
                _log.warning(
                    "waiting messages cannot be subscribed to: %s", reason, extra={"account": account}
                )
            case CheckSync(reboot=reboot) if self._house:
                self._house.carry_out(FetchConfiguration(restart=reboot))
        if self._up and (news := for_the_phone(told)):
            self._take(news)


def _in_service(accounts: Mapping[int, Account]) -> dict[int, Account]:
    return {number: account for number, account in accounts.items() if why_out_of_service(account) is None}


def _as_phone_account(account: Account) -> PhoneAccount:
    domain = uri_host(account.host) + (f":{account.port}" if account.port else "")
    reason = why_out_of_service(account)
    if reason is not None:
        registration = Registration.DISABLED
    else:
        registration = Registration.REGISTERING if account.register else Registration.DIRECT
    return PhoneAccount(account.id, account.user, domain, account.display_name, registration, reason)


def _call_ids() -> Iterator[str]:
    while True:
        yield secrets.token_hex(8)
