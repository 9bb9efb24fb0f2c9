"""One running phone: the pure phone, its user agent and its sound, and the loop that joins them.

Events go into the phone one after the other; the effects that come back are carried out here, and what comes
of them returns as events. Nothing in here decides anything about telephony.
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, assert_never

from offhook import __version__
from offhook.media import follow
from offhook.phone import Account as PhoneAccount
from offhook.phone import Phone, Reply, Result, Verdict, state
from offhook.phone.effects import (
    AnswerCall,
    Effect,
    EndCall,
    PlaceCall,
    RefuseCall,
    RingCall,
    SendDigit,
    SetTimer,
)
from offhook.phone.events import (
    CallAnswered,
    CallArrived,
    CallFailed,
    CallGone,
    CallRinging,
    DigitReceived,
    Event,
    Registration,
    RegistrationChanged,
    Timer,
    TimerFired,
)
from offhook.rtp.leg import Leg
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.ports import RtpPorts
from offhook.rtp.spare_leg import SpareLeg
from offhook.sip.account import Account
from offhook.sip.endpoint import Endpoint
from offhook.sip.events import (
    Answered,
    Binding,
    BindingChanged,
    Digit,
    Ended,
    Failed,
    Incoming,
    InviteSent,
    MediaChanged,
    Progress,
    UserAgentEvent,
)
from offhook.sip.hop import Hop, uri_host
from offhook.sip.media import LocalMedia
from offhook.sip.user_agent import UserAgent

PATIENCE = 2.0
"""Seconds until a `MakeCall` whose next hop is still being looked for or reached is answered as under way."""

FAREWELL = 2.0
"""Seconds that a phone which stops waits for its BYEs and its unregistering to be confirmed."""

REGISTRATIONS = {
    Binding.REGISTERING: Registration.REGISTERING,
    Binding.REGISTERED: Registration.REGISTERED,
    Binding.FAILED: Registration.FAILED,
    Binding.UNREGISTERED: Registration.DISABLED,
}


class Device:
    """`address` is where SIP and sound are bound, `public_address` what others are told to reach them at.

    `directory` maps what is dialled to where it is found without a registrar: the phones of one farm know one
    another by it.
    """

    def __init__(
        self,
        accounts: tuple[Account, ...],
        *,
        clock: MediaClock,
        ports: RtpPorts,
        address: str,
        public_address: str | None = None,
        directory: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.accounts = {account.id: account for account in accounts}
        self.phone = Phone([_as_phone_account(account) for account in accounts], _call_ids())
        self.legs: dict[str, Leg] = {}
        self._spare_leg = SpareLeg(clock, address, ports)
        self._address = address
        self._public_address = public_address or address
        self._directory = directory
        self._ready = False
        self._inbox: deque[Event] = deque()
        self._handling = False
        self._on_their_way: dict[str, asyncio.Future[None] | None] = {}
        self._timers: dict[Timer, asyncio.TimerHandle] = {}
        self._user_agent = UserAgent(Hop("UDP", self._public_address, 0), f"offhook/{__version__}")
        self._endpoint = Endpoint(self._user_agent, self._hear)
        self.sip_port = 0

    # --- life

    async def start(self, sip_port: int) -> None:
        """Listen for SIP and begin to register. Raises OSError where the port is taken."""
        await self._endpoint.open(self._address, sip_port)
        self.sip_port = self._endpoint.port
        self._user_agent.contact = Hop("UDP", self._public_address, self.sip_port)
        self._ready = True
        for account in self.accounts.values():
            if _in_service(account):
                self._user_agent.add_account(account)
                if account.register:
                    self._user_agent.register(account.id, self._endpoint.now())
        self._endpoint.flush()

    async def stop(self) -> None:
        """End every call, unregister, and wait a short while until the far ends have confirmed it."""
        self._ready = False
        for timer in self._timers.values():
            timer.cancel()
        for leg in self.legs.values():
            leg.close()
        self.legs.clear()
        self._spare_leg.close()
        now = self._endpoint.now()
        self._user_agent.hang_up_all(now)
        for account in self.accounts.values():
            if _in_service(account) and account.register:
                self._user_agent.unregister(account.id, now)
        self._endpoint.flush()
        await self._endpoint.settle(FAREWELL)
        await self._endpoint.close()

    # --- the ways in

    def press(self, event: Event) -> Reply | Awaitable[Reply]:
        """Take what a finger, a URL or a program wants of the phone."""
        if not self._ready:
            return Reply(Verdict.BOOTING, "the phone is booting")
        result = self._handle(event)
        self._take_in()
        for effect in result.effects:
            if isinstance(effect, PlaceCall):
                return self._once_sent(effect.call, result.reply)
        return result.reply

    def state(self) -> dict[str, Any]:
        return state(self.phone, time.time())

    def _once_sent(self, call: str, reply: Reply) -> Reply | Awaitable[Reply]:
        if call in self._on_their_way:
            return self._when_sent(call, reply)
        return self._sent(call, reply)

    async def _when_sent(self, call: str, reply: Reply) -> Reply:
        sent = self._on_their_way[call] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.shield(sent)
        except TimeoutError:
            return Reply(Verdict.UNDER_WAY, f"{reply.text}: its next hop is still being looked for")
        return self._sent(call, reply)

    def _sent(self, call: str, reply: Reply) -> Reply:
        if call in self.phone.calls:
            return reply
        return Reply(Verdict.NOT_NOW, self.phone.notice or "the call was given up")

    # --- events in, effects out

    def _handle(self, event: Event) -> Result:
        self._handling = True
        try:
            result = self.phone.handle(event, time.time())
            for effect in result.effects:
                self._perform(effect)
            self._endpoint.flush()
        finally:
            self._handling = False
        return result

    def _take(self, event: Event) -> None:
        self._inbox.append(event)
        self._take_in()

    def _take_in(self) -> None:
        """One event after the other: what an event causes waits until the event itself is dealt with."""
        while self._inbox and not self._handling:
            self._handle(self._inbox.popleft())

    def _perform(self, effect: Effect) -> None:
        agent, now = self._user_agent, self._endpoint.now()
        match effect:
            case PlaceCall():
                self._place_call(effect, now)
            case RingCall(call):
                agent.ring(call, now)
            case AnswerCall(call):
                self._answer(call, now)
            case RefuseCall(call, code):
                agent.refuse(call, code, now)
            case EndCall(call):
                self._let_go(call)
                agent.hang_up(call, now)
            case SendDigit(call, digit):
                if leg := self.legs.get(call):
                    leg.send_digit(digit)
            case SetTimer(timer, seconds):
                self._set_timer(timer, seconds)
            case _:
                assert_never(effect)

    def _place_call(self, effect: PlaceCall, now: float) -> None:
        try:
            media = self._open_leg(effect.call)
        except OSError as error:
            self._inbox.append(CallFailed(effect.call, 503, error.strerror or str(error)))
            return
        account = self.accounts[effect.account] if effect.account is not None else None
        target = self._directory.get(effect.target, effect.target)
        self._on_their_way[effect.call] = None
        self._user_agent.invite(effect.call, account, target, media, now)

    def _answer(self, call: str, now: float) -> None:
        try:
            media = self._open_leg(call)
        except OSError as error:
            self._user_agent.refuse(call, 503, now)
            self._inbox.append(CallGone(call, error.strerror or str(error)))
            return
        self._user_agent.answer(call, media, now)

    def _open_leg(self, call: str) -> LocalMedia:
        leg = self._spare_leg.take()
        asyncio.get_running_loop().call_soon(self._prepare_leg)
        leg.on_digit = lambda digit: self._take(DigitReceived(call, digit))
        self.legs[call] = leg
        return LocalMedia(self._public_address, leg.port)

    def _prepare_leg(self) -> None:
        if self._ready:
            self._spare_leg.prepare()

    def _set_timer(self, timer: Timer, seconds: float) -> None:
        if running := self._timers.get(timer):
            running.cancel()
        self._timers[timer] = asyncio.get_running_loop().call_later(
            seconds, partial(self._take, TimerFired(timer))
        )

    def _let_go(self, call: str) -> None:
        """The call's sound ends, and nobody waits for its INVITE any more."""
        if leg := self.legs.pop(call, None):
            leg.close()
        if sent := self._on_their_way.pop(call, None):
            sent.set_result(None)

    # --- news

    def _hear(self, news: UserAgentEvent) -> None:
        """What the user agent tells of, as the phone knows it."""
        match news:
            case InviteSent(call):
                if sent := self._on_their_way.pop(call, None):
                    sent.set_result(None)
            case MediaChanged(call, flow):
                if leg := self.legs.get(call):
                    follow(leg, flow)
            case Incoming(call, account, remote, remote_name):
                self._take(CallArrived(call, account, remote, remote_name))
            case Progress(call, _, _, early_media):
                self._take(CallRinging(call, early_media))
            case Answered(call):
                self._take(CallAnswered(call))
            case Failed(call, code, reason):
                self._let_go(call)
                self._take(CallFailed(call, code, reason))
            case Ended(call, reason):
                self._let_go(call)
                self._take(CallGone(call, reason))
            case Digit(call, digit):
                self._take(DigitReceived(call, digit))
            case BindingChanged(account, binding, reason):
                self._take(RegistrationChanged(account, REGISTRATIONS[binding], reason))
            case _:
                assert_never(news)


def _in_service(account: Account) -> bool:
    """TLS and SRTP are not spoken yet, and what asks for them is not done without."""
    return account.transport != "TLS" and account.srtp != "required"


def _as_phone_account(account: Account) -> PhoneAccount:
    domain = uri_host(account.host) + (f":{account.port}" if account.port else "")
    registration, reason = Registration.DIRECT, None
    if not _in_service(account):
        missing = "TLS" if account.transport == "TLS" else "SRTP"
        registration, reason = Registration.DISABLED, f"{missing} is not built yet"
    elif account.register:
        registration = Registration.REGISTERING
    return PhoneAccount(account.id, account.user, domain, account.display_name, registration, reason)


def _call_ids() -> Iterator[str]:
    while True:
        yield secrets.token_hex(8)
