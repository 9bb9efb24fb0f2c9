"""Phones follow their machine from one network to the next.

Only those do whose address the host chose by the route to their account: what a person has set stays, and the
address that others are told if it is that alone.
"""

import asyncio
import logging
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from offhook.address_watch import AddressWatch
from offhook.device import Device
from offhook.log.whose import PhoneLog, at_hand, log_of
from offhook.sip_address import BadPublicAddress, route_to, sip_addresses

_log = logging.getLogger(__name__)

FIRST_LOOK: Final = 2.0
LONGEST_LOOK: Final = 60.0
"""Seconds until a name that is not found yet is looked up again. Nothing tells when a name server is back."""


@dataclass(slots=True)
class _Roamer:
    device: Device
    far: str
    """The host of its account: the route there says where it is reached."""
    asked: tuple[str | None, str | None]
    at: tuple[str, str]
    log: PhoneLog | None


class Roaming:
    """Costs a netlink socket for all phones together, and a timer only while a name cannot be found."""

    def __init__(self) -> None:
        self._phones: dict[str, _Roamer] = {}
        """By name: a phone that restarts comes with another device."""
        self._watch = AddressWatch(self._look)
        self._looking: asyncio.Task[None] | None = None
        self._again = False
        self._timer: asyncio.TimerHandle | None = None
        self._wait = FIRST_LOOK

    def follow(
        self, name: str, device: Device, far: str, asked: tuple[str | None, str | None], at: tuple[str, str]
    ) -> None:
        """`at` is where the phone listens and what others are told, as `sip_addresses` had it; `asked` what
        of either was asked for."""
        self._phones[name] = _Roamer(device, far, asked, at, at_hand())
        self._watch.open()
        self._look()

    async def close(self) -> None:
        self._watch.close()
        if self._timer is not None:
            self._timer.cancel()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        self._phones.clear()

    def _look(self) -> None:
        if self._looking is not None and not self._looking.done():
            self._again = True
            return
        self._looking = asyncio.get_running_loop().create_task(self._follow())

    async def _follow(self) -> None:
        self._again = True
        while self._again:
            self._again = False
            lost = False
            for phone in list(self._phones.values()):
                # One looks for all; what a phone says and opens when it moves is its own.
                with log_of(phone.log):
                    if not await self._is_found(phone):
                        lost = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if lost:
            self._timer = asyncio.get_running_loop().call_later(self._wait, self._look)
            self._wait = min(2 * self._wait, LONGEST_LOOK)
        else:
            self._wait = FIRST_LOOK

    async def _is_found(self, phone: _Roamer) -> bool:
        """Move the phone where that is due. False: only time can tell where it is reached."""
        if await route_to(phone.far) is None:
            # Without any network a phone stays what it is; a route that appears is told of.
            return _is_address(phone.far)
        try:
            at = await sip_addresses(phone.far, *phone.asked)
            if at != phone.at:
                await phone.device.move(*at)
                which = 0 if at[0] != phone.at[0] else 1
                _log.info("SIP moved from %s to %s", phone.at[which], at[which])
                phone.at = at
        except BadPublicAddress as error:
            _log.warning("SIP stays at %s: %s", phone.at[0], error)
            return False
        except OSError as error:
            _log.warning("SIP stays at %s: %s", phone.at[0], error.strerror or error)
            return False
        return True


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
