"""A host with its phones, from its start to the signal that ends it."""

import asyncio
import logging
import os
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path

from offhook.cannot_listen import CannotListen
from offhook.cli.ending import ending
from offhook.cli.failed import Failed
from offhook.data_folder import BadDataFolder
from offhook.file_descriptors import TooFewFileDescriptors
from offhook.flash.flash import FILE_NAME, Flash
from offhook.host import Host
from offhook.listening import Listening
from offhook.options import DeviceOptions, notices
from offhook.sip.tls import BadTlsFile, Tls
from offhook.sip_address import BadPublicAddress

Start = Callable[[Host], Awaitable[Sequence[Listening]]]
Announcement = Callable[[Sequence[Listening]], Iterable[str]]


def serve(devices: Sequence[DeviceOptions], data: Path, start: Start, announcement: Announcement) -> None:
    """Run the phones until a signal ends them: their calls end, and they unregister.

    `start` has a host start the devices. Raises Failed.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if ending.asked:
        return
    try:
        host = _host(devices, data)
        with asyncio.Runner(loop_factory=_new_loop()) as runner:
            runner.run(_serve(host, start, announcement))
    except (CannotListen, BadDataFolder, BadTlsFile, TooFewFileDescriptors, BadPublicAddress) as error:
        raise Failed(str(error)) from None
    except OSError as error:
        raise Failed(f"it cannot go on: {error}") from None


def _host(devices: Sequence[DeviceOptions], data: Path) -> Host:
    """With one certificate for all, made out to every address of every phone."""
    settings = devices[0].tls
    web = [device for device in devices if device.https_port]
    sip = [device for device in devices if device.sip_tls_port]
    https: ssl.SSLContext | None = None
    own: Path | None = None
    if web or (sip and settings.certificate is None):
        from offhook.certificate import kept_certificate, tls_context

        reached = [(*each.bind, each.public_address) for each in web]
        reached += [(each.sip_bind, each.public_address) for each in sip]
        addresses = dict.fromkeys(address for each in reached for address in each if address)
        own = kept_certificate(data, addresses)
        if web:
            https = tls_context(data, addresses)
    tls = Tls(settings, own)
    tls.check(listening=bool(sip))
    return Host(Flash(data / FILE_NAME), https, tls)


async def _serve(host: Host, start: Start, announcement: Announcement) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in ending.signals():
        loop.add_signal_handler(number, ending.on_signal, number)
    ending.tell(stopping.set)
    stopped = asyncio.ensure_future(stopping.wait())
    starting = asyncio.ensure_future(start(host))
    try:
        # A start may wait for a name server that is away, and whoever ends it is not to.
        await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.is_set():
            listening = await starting
            phones = [(station.options, station.memory.settings) for station in host.stations]
            notes = [*notices(phones, os.environ), *host.notes()]
            _say([*announcement(listening), *(f"Note: {note}." for note in notes)])
            await stopped
    finally:
        for task in (starting, stopped):
            task.cancel()
        await asyncio.gather(starting, stopped, return_exceptions=True)
        await host.stop()


def _say(lines: Iterable[str]) -> None:
    encoding = sys.stdout.encoding
    text = "\n".join(lines).encode(encoding, "replace").decode(encoding)
    try:
        print(text, flush=True)
    except OSError:
        # Whoever started the phone has stopped reading; it rings all the same, and ends without a complaint.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _new_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    if sys.platform == "win32":
        return asyncio.new_event_loop
    import uvloop

    return uvloop.new_event_loop
