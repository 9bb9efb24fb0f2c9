"""One running phone: the pure phone, its user agent and its sound, and the loop that joins them.

Events go into the phone one after the other; the effects that come back are carried out here, and what comes
of them returns as events. Nothing in here decides anything about telephony.
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, assert_never

from offhook import __version__
from offhook.media import follow
from offhook.phone import Account as PhoneAccount
from offhook.phone import Phone, Reply, Result, Verdict, state
from offhook.phone import screen as screen_of
from offhook.phone.effects import (
    AnswerCall,
    Effect,
    EndCall,
    FollowRefer,
    HoldCall,
    PlaceCall,
    RedirectCall,
    RefuseCall,
    RefuseRefer,
    ResumeCall,
    RingCall,
    SendDigit,
    SetSound,
    SetTimer,
    TransferAttended,
    TransferBlind,
)
from offhook.phone.events import (
    CallFailed,
    CallGone,
    DigitReceived,
    Event,
    Registration,
    Timer,
    TimerFired,
)
from offhook.phone.screen import Screen
from offhook.rtp.leg import Leg
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.ports import RtpPorts
from offhook.rtp.spare_leg import SpareLeg
from offhook.sip.account import Account
from offhook.sip.endpoint import Endpoint
from offhook.sip.events import Ended, Failed, InviteSent, MediaChanged, UserAgentEvent
from offhook.sip.hop import Hop, uri_host
from offhook.sip.media import LocalMedia
from offhook.sip.user_agent import UserAgent
from offhook.sip_news import for_the_phone
from offhook.sound.sound import Sound

PATIENCE = 2.0
"""Seconds until a `MakeCall` whose next hop is still being looked for or reached is answered as under way."""

FAREWELL = 2.0
"""Seconds that a phone which stops waits for its BYEs and its unregistering to be confirmed."""

MOVED_TEMPORARILY = 302


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
        self._sound = Sound(clock)
        self._spare_leg = SpareLeg(clock, address, ports)
        self._address = address
        self._public_address = public_address or address
        self._directory = directory
        self._ready = False
        self._inbox: deque[Event] = deque()
        self._handling = False
        self._on_their_way: dict[str, asyncio.Future[None] | None] = {}
        self._timers: dict[tuple[Timer, str | None], asyncio.TimerHandle] = {}
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
        self._sound.close()
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

    def screen(self) -> Screen:
        return screen_of(self.phone, time.time())

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
            case SetTimer(timer, seconds, call):
                self._set_timer(timer, seconds, call)
            case SetSound(calls, path, microphone, tone):
                legs = {call: leg for call in calls if (leg := self.legs.get(call))}
                self._sound.apply(legs, path, microphone, tone)
            case PlaceCall():
                self._place_call(effect, now)
            case FollowRefer():
                self._follow_refer(effect, now)
            case _ if effect.call not in agent.calls:
                # It ended in the same breath; the news of that is on its way to the phone.
                self._let_go(effect.call)
            case RingCall(call):
                if self._has_leg(call, now):
                    agent.ring(call, now)
            case AnswerCall(call):
                if self._has_leg(call, now):
                    agent.answer(call, self._media(call), now)
            case RefuseCall(call, code):
                self._let_go(call)
                agent.refuse(call, code, now)
            case RedirectCall(call, target):
                self._let_go(call)
                agent.refuse(call, MOVED_TEMPORARILY, now, contact=self._found(target))
            case EndCall(call):
                self._let_go(call)
                agent.hang_up(call, now)
            case HoldCall(call):
                agent.hold(call, now)
            case ResumeCall(call):
                agent.resume(call, now)
            case TransferBlind(call, target):
                agent.refer(call, self._found(target), now)
            case TransferAttended(call, other):
                agent.refer_replacing(call, other, now)
            case RefuseRefer(call, code):
                agent.refuse_refer(call, code, now)
            case SendDigit(call, digit):
                leg = self.legs.get(call)
                if leg is None or not leg.send_digit(digit):
                    agent.send_digit_info(call, digit, now)
            case _:
                assert_never(effect)

    def _found(self, target: str) -> str:
        """Where a farm's extension is; everything else is where its URI says."""
        return self._directory.get(target, target)

    def _place_call(self, effect: PlaceCall, now: float) -> None:
        account = self.accounts[effect.account] if effect.account is not None else None
        try:
            self._open_leg(effect.call)
        except OSError as error:
            self._inbox.append(CallFailed(effect.call, 503, error.strerror or str(error)))
            return
        self._on_their_way[effect.call] = None
        target = self._found(effect.target)
        self._user_agent.invite(effect.call, account, target, self._media(effect.call), now)

    def _follow_refer(self, effect: FollowRefer, now: float) -> None:
        account = self.accounts[effect.account] if effect.account is not None else None
        try:
            self._open_leg(effect.call)
        except OSError as error:
            self._user_agent.refuse_refer(effect.referred, 603, now)
            self._inbox.append(CallFailed(effect.call, 503, error.strerror or str(error)))
            return
        media = self._media(effect.call)
        self._user_agent.accept_refer(effect.referred, effect.call, account, media, now)

    def _has_leg(self, call: str, now: float) -> bool:
        """A call that could not be heard must not ring: it is refused before anybody reaches for it."""
        try:
            if call not in self.legs:
                self._open_leg(call)
        except OSError as error:
            self._user_agent.refuse(call, 503, now)
            self._inbox.append(CallGone(call, error.strerror or str(error)))
            return False
        return True

    def _open_leg(self, call: str) -> None:
        leg = self._spare_leg.take()
        asyncio.get_running_loop().call_soon(self._prepare_leg)
        leg.on_digit = lambda digit: self._take(DigitReceived(call, digit))
        self.legs[call] = leg

    def _media(self, call: str) -> LocalMedia:
        return LocalMedia(self._public_address, self.legs[call].port)

    def _prepare_leg(self) -> None:
        if self._ready:
            self._spare_leg.prepare()

    def _set_timer(self, timer: Timer, seconds: float, call: str | None) -> None:
        if running := self._timers.pop((timer, call), None):
            running.cancel()
        self._timers[timer, call] = asyncio.get_running_loop().call_later(
            seconds, self._timer_fired, timer, call
        )

    def _timer_fired(self, timer: Timer, call: str | None) -> None:
        del self._timers[timer, call]
        self._take(TimerFired(timer, call))

    def _let_go(self, call: str) -> None:
        """The call's sound ends, and nobody waits for its INVITE any more."""
        if leg := self.legs.pop(call, None):
            leg.close()
        for timer, of in [timed for timed in self._timers if timed[1] == call]:
            self._timers.pop((timer, of)).cancel()
        if sent := self._on_their_way.pop(call, None):
            sent.set_result(None)

    # --- news

    def _hear(self, told: UserAgentEvent) -> None:
        match told:
            case InviteSent(call):
                if sent := self._on_their_way.pop(call, None):
                    sent.set_result(None)
            case MediaChanged(call, flow):
                if leg := self.legs.get(call):
                    follow(leg, flow)
            case Failed(call) | Ended(call):
                self._let_go(call)
        if news := for_the_phone(told):
            self._take(news)


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
