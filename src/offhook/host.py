"""Many phones in one process: one HTTP server, one media clock, and for each phone its own sockets."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

from offhook.autop.auto_provisioning import AT_ONCE
from offhook.cannot_listen import CannotListen
from offhook.capture_file import CaptureFile
from offhook.device import Device
from offhook.echo import EchoService
from offhook.file_descriptors import provide_file_descriptors
from offhook.flash.flash import Flash
from offhook.http_front.server import HttpServer
from offhook.http_front.site import Site
from offhook.listening import Listening
from offhook.log.kept_log import KeptLog
from offhook.log.whose import PhoneLog, log_of
from offhook.mac import instance_of
from offhook.memory import Memory
from offhook.notify.outgoing import Sender
from offhook.options import ONLY_PHONE, DeviceOptions
from offhook.roaming import Roaming
from offhook.rtp.media_clock import MediaClock
from offhook.settings.for_the_house import access, accounts, admission, for_the_phone
from offhook.sip.endpoint import CannotBind
from offhook.sip.hop import uri_host
from offhook.sip.resolve import NameServer, Resolver
from offhook.sip.tls import Tls
from offhook.sip_address import LOOPBACK, family_of, machine_address, sip_addresses, whereabouts
from offhook.station import Station
from offhook.web.app import pages
from offhook.web.desk import Desk

if TYPE_CHECKING:
    from offhook.web_certificate import WebCertificate

_log = logging.getLogger(__name__)


class Host:
    """`https` is what the phones with an HTTPS port show; it may be None where none has one. `tls` is what
    all of them speak SIP over TLS with.
    """

    def __init__(self, flash: Flash, https: "WebCertificate | None" = None, tls: Tls | None = None) -> None:
        self.stations: list[Station] = []
        self._flash = flash
        self._https = https
        self._tls = tls or Tls()
        self._http = HttpServer()
        self._clock = MediaClock()
        self._sender: Sender | None = None
        self._exchange: EchoService | None = None
        self._roaming = Roaming()
        self._resolvers: dict[NameServer | None, Resolver] = {}
        self._provisioning_turns = asyncio.Semaphore(AT_ONCE)
        self._directory: dict[str, str] = {}
        """Where the extensions of a farm are found."""

    async def start(self, phones: Sequence[DeviceOptions]) -> list[Listening]:
        """Start the phones, each with its sockets.

        Raises CannotListen, CannotCapture, TooFewFileDescriptors or BadPublicAddress; then nothing is left
        running.
        """
        # Before there are phones that would wait with the first who asks for a page.
        pages()
        try:
            listeners = max(
                len(each.bind) * (2 if each.https_port else 1) + (1 if each.sip_tls_port else 0)
                for each in phones
            )
            provide_file_descriptors(len(phones), listeners)
            return [await self._start(options, KeptLog(len(phones))) for options in phones]
        except BaseException:
            await self.stop()
            raise

    async def start_farm(self, phones: Sequence[DeviceOptions], address: str, port: int) -> list[Listening]:
        """As `start`, for phones that reach each other by extension, and find an echo at `address`:`port`."""
        self._exchange = exchange = EchoService(address, self._clock, phones[0].rtp_ports)
        try:
            await exchange.start(port)
        except CannotBind as error:
            self._exchange = None
            raise _cannot_listen(address, error) from error
        joined = [
            replace(options, factory={**options.factory, "accounts.1.port": exchange.port})
            for options in phones
        ]
        return await self.start(joined)

    def notes(self) -> list[str]:
        """What of the phones' memory a person should know, one line each, to be said at the start."""
        said: list[str] = []
        if self._flash.set_aside is not None:
            said.append(
                f"{self._flash.file} is damaged: it is kept as {self._flash.set_aside.name}, and the phone "
                "starts with the factory's settings"
            )
        if self._flash.unwritable is not None:
            said.append(
                f"{self._flash.file} cannot be written ({self._flash.unwritable}): the phone starts with "
                "what is saved there, and saves nothing until there is room"
            )
        for station in self.stations:
            of_phone = "" if station.options.name == ONLY_PHONE else f"phone {station.options.name}: "
            said += (of_phone + note for note in station.memory.notes())
        return said

    async def stop(self) -> None:
        """Close the ways in, end every call, unregister."""
        await self._http.close()
        # All at once: each may wait a while for its far ends.
        ended = await asyncio.gather(*(each.stop() for each in self.stations), return_exceptions=True)
        # After the stations: one that is in the middle of its boot is still to be followed.
        await self._roaming.close()
        self.stations.clear()
        self._directory.clear()
        if self._exchange:
            await self._exchange.stop()
            self._exchange = None
        for resolver in self._resolvers.values():
            await resolver.close()
        self._resolvers.clear()
        await self._flash.close()
        for failure in ended:
            if isinstance(failure, BaseException):
                _log.error("a phone did not stop in good order", exc_info=failure)

    async def _start(self, options: DeviceOptions, kept: KeptLog) -> Listening:
        log = PhoneLog(None if options.name == ONLY_PHONE else options.name, kept)
        with log_of(log):
            return await self._start_phone(options, log)

    async def _start_phone(self, options: DeviceOptions, log: PhoneLog) -> Listening:
        station = Station(
            options,
            Memory(self._flash, options.name, options.factory),
            self._boot,
            self._http_sender,
            self._provisioning_turns,
            log=log,
            first=not self.stations,
        )
        settings = station.memory.settings
        desk = Desk(station)
        station.site = Site(station, access(settings), desk, desk)
        device = await station.start()
        self.stations.append(station)
        web: list[str] = []
        for at in options.bind:
            web += await self._listen(station.site, at, options.http_port, None)
        if options.https_port and self._https is not None:
            station.web_certificate = self._https
            for at in options.bind:
                web += await self._listen(station.site, at, options.https_port, self._https.context)
        called = accounts(settings)
        station.listening = Listening(
            user=called[0].user if called else None,
            web=tuple(dict.fromkeys(web)),
            sip=device.sip,
            sip_told=device.sip_told,
            sip_tls=device.sip_tls,
        )
        station.ready()
        return station.listening

    def _http_sender(self) -> Sender:
        """What the phones tell others with, once the first of them has somebody to tell."""
        if self._sender is None:
            from offhook.notify.http_request import HttpSender  # noqa: PLC0415

            self._sender = HttpSender()
        return self._sender

    async def _boot(self, station: Station, sip_port: int) -> Device:
        """Start a device by the settings of now. Raises CannotListen, CannotCapture and BadPublicAddress."""
        options, settings = station.options, station.memory.settings
        called = accounts(settings)
        resolver = self._resolvers.setdefault(options.dns, Resolver(options.dns))
        family = family_of(options.sip_bind) if options.sip_bind else None
        far = await whereabouts(called[0], resolver, family) if called else None
        address, told = await sip_addresses(far, options.sip_bind, options.public_address)
        # Before the sockets: whose trouble with a file is no trouble with a port.
        capture = CaptureFile(options.sip_trace) if options.sip_trace else None
        device = Device(
            called,
            clock=self._clock,
            ports=options.rtp_ports,
            address=address,
            public_address=told,
            instance=instance_of(options.mac),
            contact_is_fixed=options.public_address is not None,
            resolver=resolver,
            directory=self._directory,
            capture=capture,
            tls=self._tls,
            settings=for_the_phone(settings),
            admission=admission(settings),
            redirects=settings.calls.redirects,
            log=station.memory.log(),
            book=station.memory.book,
            house=station,
        )
        try:
            await device.start(sip_port, options.sip_tls_port)
        except CannotBind as error:
            device.sip_trace.close()
            raise _cannot_listen(address, error) from error
        found_by_route = options.sip_bind is None or ip_address(options.sip_bind).is_unspecified
        if far and found_by_route:
            asked = (options.sip_bind, options.public_address)
            self._roaming.follow(options.name, device, far, asked, (address, told))
        if self._exchange:
            for account in called:
                dialled = f"sip:{account.user}@{uri_host(account.host)}:{account.port}"
                self._directory[dialled] = f"sip:{account.user}@{device.sip_told}"
        return device

    async def _listen(self, site: Site, address: str, port: int, tls: ssl.SSLContext | None) -> list[str]:
        """The URLs, without a path, by which what listens there now can be opened."""
        scheme = "https" if tls else "http"
        try:
            listener = await self._http.listen(_bound(address, port), site, tls)
        except OSError as error:
            raise CannotListen(
                scheme.upper(), address, port, error, port_option=f"--{scheme}-port", address_option="--bind"
            ) from error
        everywhere = ip_address(address).is_unspecified
        hosts = (LOOPBACK[family_of(address)], machine_address(address)) if everywhere else (address,)
        return [f"{scheme}://{uri_host(host)}:{listener.address[1]}" for host in hosts]


def _bound(address: str, port: int) -> socket.socket:
    # By its protocol asyncio knows it as one on which no answer is to wait for an acknowledgement.
    bound = socket.socket(family_of(address), socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if bound.family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound


def _cannot_listen(address: str, error: CannotBind) -> CannotListen:
    port_option = "--sip-tls-port" if error.tls else "--sip-port"
    return CannotListen(
        error.what, address, error.port, error, port_option=port_option, address_option="--sip-bind"
    )
