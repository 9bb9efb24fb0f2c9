"""Many phones in one process: one HTTP server, one media clock, and for each phone its own sockets."""

import contextlib
import resource
import socket
import ssl
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address

from offhook.action_uri.access import Access
from offhook.cannot_listen import CannotListen
from offhook.device import Device
from offhook.echo import EchoService
from offhook.http_front.server import HttpServer
from offhook.http_front.site import Site
from offhook.listening import Listening
from offhook.options import DeviceOptions
from offhook.rtp.media_clock import MediaClock
from offhook.rtp.ports import RtpPorts
from offhook.sip.hop import uri_host
from offhook.sip_address import route_address
from offhook.web.app import app


class Host:
    """`tls` is what the phones with an HTTPS port show; it may be None where none has one."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.devices: list[Device] = []
        self._tls = tls
        self._http = HttpServer()
        self._clock = MediaClock()
        self._exchange: EchoService | None = None
        self._directory: dict[str, str] = {}
        """Where the extensions of a farm are found."""

    async def start(self, phones: Sequence[DeviceOptions]) -> list[Listening]:
        """Start the phones, each with its sockets. Raises CannotListen, with nothing left running."""
        _allow_many_sockets()
        try:
            return [await self._start(options) for options in phones]
        except BaseException:
            await self.stop()
            raise

    async def start_farm(self, phones: Sequence[DeviceOptions], address: str, port: int) -> list[Listening]:
        """As `start`, for phones that reach each other by extension, and find an echo at `address`:`port`."""
        self._exchange = exchange = EchoService(address, self._clock, RtpPorts())
        try:
            await exchange.start(port)
        except OSError as error:
            self._exchange = None
            raise _cannot_listen_for_sip(address, port, error) from error
        joined = [
            replace(options, accounts=tuple(replace(each, port=exchange.port) for each in options.accounts))
            for options in phones
        ]
        return await self.start(joined)

    async def stop(self) -> None:
        """Close the ways in, end every call, unregister."""
        await self._http.close()
        for device in self.devices:
            await device.stop()
        self.devices.clear()
        if self._exchange:
            await self._exchange.stop()
            self._exchange = None

    async def _start(self, options: DeviceOptions) -> Listening:
        far = options.accounts[0].host if options.accounts else None
        address = options.sip_bind or await route_address(far)
        announced = options.public_address or address
        if ip_address(announced).is_unspecified:
            announced = await route_address(far)
        device = Device(
            options.accounts,
            clock=self._clock,
            ports=options.rtp_ports or RtpPorts(),
            address=address,
            public_address=announced,
            directory=self._directory,
        )
        try:
            await device.start(options.sip_port)
        except OSError as error:
            raise _cannot_listen_for_sip(address, options.sip_port, error) from error
        self.devices.append(device)
        if self._exchange:
            for account in options.accounts:
                dialled = f"sip:{account.user}@{uri_host(account.host)}:{account.port}"
                self._directory[dialled] = f"sip:{account.user}@{uri_host(announced)}:{device.sip_port}"
        site = Site(device, Access(allow=options.allow), app(device))
        web = [await self._listen(site, at, options.http_port, None) for at in options.bind]
        if options.https_port:
            web += [await self._listen(site, at, options.https_port, self._tls) for at in options.bind]
        return Listening(
            user=options.accounts[0].user if options.accounts else None,
            web=tuple(web),
            sip=f"{uri_host(announced)}:{device.sip_port}",
        )

    async def _listen(self, site: Site, address: str, port: int, tls: ssl.SSLContext | None) -> str:
        scheme = "https" if tls else "http"
        bound = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if bound.family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.bind((address, port))
        except OSError as error:
            bound.close()
            raise CannotListen(
                scheme.upper(), address, port, error, port_option=f"--{scheme}-port", address_option="--bind"
            ) from error
        listener = await self._http.listen(bound, site, tls)
        return f"{scheme}://{uri_host(address)}:{listener.address[1]}"


def _cannot_listen_for_sip(address: str, port: int, error: OSError) -> CannotListen:
    return CannotListen("SIP", address, port, error, port_option="--sip-port", address_option="--sip-bind")


def _allow_many_sockets() -> None:
    """Each phone takes three sockets, each call two: what a process may open at first is used up by 300."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
