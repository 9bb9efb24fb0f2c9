"""What answers `*43` in a farm: an extension that sends back whatever it hears.

It is also where a number goes that no phone of the farm has, and gets its 404 from.
"""

from offhook import __version__
from offhook.media import follow
from offhook.rtp.leg import Leg
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.ports import RtpPorts
from offhook.rtp.sender import Source
from offhook.sip.account import Account
from offhook.sip.endpoint import Endpoint
from offhook.sip.events import Ended, Failed, Incoming, MediaChanged, UserAgentEvent
from offhook.sip.hop import Hop
from offhook.sip.media import LocalMedia
from offhook.sip.user_agent import UserAgent

EXTENSION = "*43"

MAX_CALLS = 2048
"""Calls at once: the farm of a thousand phones, each with a call and another that is ending."""

FAREWELL = 2.0
"""Seconds to wait for BYEs to be confirmed."""


class EchoService:
    """Answers at once, for as long as the caller likes."""

    def __init__(self, address: str, clock: MediaClock, ports: RtpPorts) -> None:
        self.legs: dict[str, Leg] = {}
        self._address = address
        self._clock = clock
        self._ports = ports
        self._user_agent = UserAgent(
            Hop("UDP", address, 0), f"offhook-echo/{__version__}", max_calls=MAX_CALLS
        )
        self._user_agent.add_account(Account(1, EXTENSION, address, register=False))
        self._endpoint = Endpoint(self._user_agent, self._hear)
        self.port = 0

    async def start(self, sip_port: int) -> None:
        """Raises OSError where the port is taken."""
        await self._endpoint.open(self._address, sip_port)
        self.port = self._endpoint.port

    async def stop(self) -> None:
        for leg in self.legs.values():
            leg.close()
        self.legs.clear()
        self._user_agent.hang_up_all(self._endpoint.now())
        await self._endpoint.settle(FAREWELL)
        await self._endpoint.close()

    def _hear(self, news: UserAgentEvent) -> None:
        match news:
            case Incoming(call):
                self._answer(call)
            case MediaChanged(call, flow) if leg := self.legs.get(call):
                follow(leg, flow)
            case Ended(call) | Failed(call):
                if leg := self.legs.pop(call, None):
                    leg.close()

    def _answer(self, call: str) -> None:
        now = self._endpoint.now()
        try:
            leg = Leg.open(self._clock, self._address, self._ports)
        except OSError:
            self._user_agent.refuse(call, 503, now)
            return
        leg.source = Source.ECHO
        self.legs[call] = leg
        self._user_agent.answer(call, LocalMedia(self._address, leg.port), now)
