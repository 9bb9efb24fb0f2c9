"""Carrying out what a phone asks for.

An effect that cannot be carried out becomes news for the phone, as if the far end had failed: what the phone
shows and what is on the wire must not part.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from offhook.legs import Legs
from offhook.on_their_way import OnTheirWay
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
from offhook.phone.events import CallFailed, CallGone, HoldRefused, News, TransferFailed
from offhook.phone.settings import Forwarding
from offhook.phone_timers import PhoneTimers
from offhook.sip.account import Account, Dtmf, spoken
from offhook.sip.media import LocalMedia
from offhook.sip.user_agent import UserAgent
from offhook.sound.inband_digits import InbandDigits
from offhook.sound.sound import Sound

_log = logging.getLogger(__name__)

MOVED_TEMPORARILY, SERVER_ERROR, UNAVAILABLE, DECLINE = 302, 500, 503, 603


DIVERTED = {
    None: "deflection",
    Forwarding.ALWAYS: "unconditional",
    Forwarding.BUSY: "user-busy",
    Forwarding.NO_ANSWER: "no-answer",
}
"""Why the phone sends a caller elsewhere, as RFC 5806 has it."""

OF_A_CALL = (
    RingCall,
    AnswerCall,
    RefuseCall,
    RedirectCall,
    EndCall,
    HoldCall,
    ResumeCall,
    TransferBlind,
    TransferAttended,
    RefuseRefer,
    SendDigit,
)
"""What is about a call that the user agent has."""


class Performer:
    """`directory` says where a farm's extensions are found, by the URI that was dialled."""

    def __init__(
        self,
        agent: UserAgent,
        *,
        accounts: Mapping[int, Account],
        legs: Legs,
        sound: Sound,
        timers: PhoneTimers,
        on_their_way: OnTheirWay,
        directory: Mapping[str, str],
    ) -> None:
        self._agent = agent
        self._accounts = accounts
        self._legs = legs
        self._sound = sound
        self._timers = timers
        self._on_their_way = on_their_way
        self._directory = directory
        self._inband_digits = InbandDigits()

    def perform(self, effect: Effect, now: float) -> News | None:
        """What the phone is to be told where it went wrong."""
        if isinstance(effect, FollowRefer) and effect.referred not in self._agent.calls:
            return CallFailed(effect.call, SERVER_ERROR, "the call that asked for this one is over")
        if isinstance(effect, OF_A_CALL) and effect.call not in self._agent.calls:
            # It ended in the same breath, and the news of that is on its way to the phone.
            self.let_go(effect.call)
            return None
        try:
            PERFORM[type(effect)](self, effect, now)
        except OSError as error:
            return self._gave_up(effect, UNAVAILABLE, error.strerror or str(error), now)
        except Exception:  # noqa: BLE001 - one effect must not take the others, and the phone, down with it
            _log.exception("the phone asked for %s", effect, extra={"call": getattr(effect, "call", None)})
            return self._gave_up(effect, SERVER_ERROR, "the phone failed on this; its log says where", now)
        return None

    def let_go(self, call: str) -> None:
        """The call is over: its sound ends, and nobody waits for it any more."""
        self._legs.release(call)
        self._timers.forget(call)
        self._on_their_way.settle(call)

    def _gave_up(self, effect: Effect, code: int, why: str, now: float) -> News | None:
        match effect:
            case PlaceCall(call):
                self.let_go(call)
                return CallFailed(call, code, why)
            case FollowRefer(call, _, referred):
                self.let_go(call)
                if referred in self._agent.calls:
                    self._agent.refuse_refer(referred, DECLINE, now)
                return CallFailed(call, code, why)
            case RingCall(call) | AnswerCall(call):
                self.let_go(call)
                if call in self._agent.calls:
                    self._agent.refuse(call, code, now)
                return CallGone(call, why)
            case HoldCall(call) | ResumeCall(call):
                return HoldRefused(call, code, why)
            case TransferBlind(call) | TransferAttended(call):
                return TransferFailed(call, code, why)
        return None

    # --- calls

    def _place(self, effect: PlaceCall, now: float) -> None:
        self._legs.open(effect.call)
        self._on_their_way.expect(effect.call)
        account = self._account(effect.account)
        target, media = self._found(effect.target), self._legs.media(effect.call, spoken(account))
        self._agent.invite(effect.call, account, target, media, now)

    def _follow(self, effect: FollowRefer, now: float) -> None:
        self._legs.open(effect.call)
        account = self._account(effect.account)
        media = self._legs.media(effect.call, spoken(account))
        self._agent.accept_refer(effect.referred, effect.call, account, media, now)

    def _ring(self, effect: RingCall, now: float) -> None:
        # A call that could not be heard must not ring: no port, no ringing.
        self._legs.open(effect.call)
        self._agent.ring(effect.call, now, self._media_of(effect.call))

    def _answer(self, effect: AnswerCall, now: float) -> None:
        self._legs.open(effect.call)
        self._agent.answer(effect.call, self._media_of(effect.call), now)

    def _refuse(self, effect: RefuseCall, now: float) -> None:
        self.let_go(effect.call)
        self._agent.refuse(effect.call, effect.code, now)

    def _redirect(self, effect: RedirectCall, now: float) -> None:
        self.let_go(effect.call)
        self._agent.refuse(
            effect.call,
            MOVED_TEMPORARILY,
            now,
            contact=self._found(effect.target),
            diverted=DIVERTED[effect.rule],
        )

    def _end(self, effect: EndCall, now: float) -> None:
        self.let_go(effect.call)
        self._agent.hang_up(effect.call, now)

    def _send_digit(self, effect: SendDigit, now: float) -> None:
        account = self._agent.account_of(effect.call)
        ways = SEND_DIGIT[account.dtmf if account else "auto"]
        if not any(way(self, effect.call, effect.digit, now) for way in ways):
            why = "too many wait, or there is no way to"
            _log.warning("a digit is not sent: %s", why, extra={"call": effect.call})

    def _digit_as_event(self, call: str, digit: str, _now: float) -> bool:
        leg = self._legs.by_call.get(call)
        return leg is not None and leg.send_digit(digit)

    def _digit_by_info(self, call: str, digit: str, now: float) -> bool:
        return self._agent.send_digit_info(call, digit, now)

    def _digit_as_tones(self, call: str, digit: str, _now: float) -> bool:
        leg = self._legs.by_call.get(call)
        return leg is not None and self._inband_digits.send(leg, digit)

    def _media_of(self, call: str) -> LocalMedia:
        """Of one that came here."""
        return self._legs.media(call, spoken(self._agent.account_of(call)))

    def _account(self, number: int | None) -> Account | None:
        return None if number is None else self._accounts[number]

    def _found(self, target: str) -> str:
        return self._directory.get(target, target)

    def _blind(self, effect: TransferBlind, now: float) -> None:
        self._agent.refer(effect.call, self._found(effect.target), now)

    # --- the rest

    def _set_timer(self, effect: SetTimer, _now: float) -> None:
        # A call that came to nothing in the same breath has no use for one.
        if effect.call is None or effect.call in self._agent.calls:
            self._timers.set(effect.timer, effect.seconds, effect.call)

    def _set_sound(self, effect: SetSound, _now: float) -> None:
        self._sound.apply(self._legs.of(effect.calls), effect.path, effect.microphone, effect.tone)


# fmt: off
PERFORM: dict[type[Effect], Callable[[Performer, Any, float], None]] = {
    PlaceCall:        Performer._place,
    FollowRefer:      Performer._follow,
    RefuseRefer:      lambda self, effect, now: self._agent.refuse_refer(effect.call, effect.code, now),
    RingCall:         Performer._ring,
    AnswerCall:       Performer._answer,
    RefuseCall:       Performer._refuse,
    RedirectCall:     Performer._redirect,
    EndCall:          Performer._end,
    HoldCall:         lambda self, effect, now: self._agent.hold(effect.call, now),
    ResumeCall:       lambda self, effect, now: self._agent.resume(effect.call, now),
    TransferBlind:    Performer._blind,
    TransferAttended: lambda self, effect, now: self._agent.refer_replacing(effect.call, effect.other, now),
    SendDigit:        Performer._send_digit,
    SetTimer:         Performer._set_timer,
    SetSound:         Performer._set_sound,
}

SEND_DIGIT: dict[Dtmf, tuple[Callable[[Performer, str, str, float], bool], ...]] = {
    "auto":   (Performer._digit_as_event, Performer._digit_by_info),
    "rtp":    (Performer._digit_as_event,),
    "info":   (Performer._digit_by_info,),
    "inband": (Performer._digit_as_tones,),
}
"""The ways in which an account's digits go, the first that can."""
# fmt: on
