"""A host with its phones, from its start to the signal that ends it."""

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from offhook.cannot_listen import CannotListen
from offhook.capture_file import CannotCapture
from offhook.cli.ending import ending
from offhook.cli.failed import Failed
from offhook.data_folder import BadDataFolder
from offhook.file_descriptors import TooFewFileDescriptors
from offhook.flash.flash import FILE_NAME, Flash
from offhook.host import Host
from offhook.listening import Listening
from offhook.log.handler import begin_to_log
from offhook.log.lines import LogFormat
from offhook.options import DeviceOptions, FarmOptions, RunOptions, notices
from offhook.sip.tls import BadTlsFile, Tls
from offhook.sip_address import BadPublicAddress

if TYPE_CHECKING:
    from offhook.web_certificate import WebCertificate

Start = Callable[[Host], Awaitable[Sequence[Listening]]]
Announcement = Callable[[Sequence[Listening]], Iterable[str]]
Say = Callable[[Iterable[str], Iterable[str]], None]
"""Takes what the announcement says, and notes to it."""

_log = logging.getLogger(__name__)

_MENDABLE: Final = (
    BadDataFolder,
    BadPublicAddress,
    BadTlsFile,
    CannotCapture,
    CannotListen,
    TooFewFileDescriptors,
)
"""Each says in one line what is wrong, and what changes it."""


def serve(
    options: RunOptions | FarmOptions,
    devices: Sequence[DeviceOptions],
    start: Start,
    announcement: Announcement,
) -> None:
    """Run the phones until a signal ends them: their calls end, and they unregister.

    `start` has a host start the devices. Raises Failed.
    """
    begin_to_log(options.log_format, options.log_level)
    if ending.asked:
        return
    try:
        host = _host(devices, options.data)
        with asyncio.Runner(loop_factory=_new_loop()) as runner:
            runner.run(_serve(host, start, announcement, SAY[options.log_format]))
    except _MENDABLE as error:
        raise Failed(str(error)) from None
    except OSError as error:
        raise Failed(f"it cannot go on: {error}") from None


def _host(devices: Sequence[DeviceOptions], data: Path) -> Host:
    """With one certificate for all, made out to every address of every phone."""
    settings = devices[0].tls
    web = [device for device in devices if device.https_port]
    sip = [device for device in devices if device.sip_tls_port]
    https: WebCertificate | None = None
    own: Path | None = None
    if web or (sip and settings.certificate is None):
        from offhook.certificate import kept_certificate

        reached = [(*each.bind, each.public_address) for each in web]
        reached += [(each.sip_bind, each.public_address) for each in sip]
        addresses = dict.fromkeys(address for each in reached for address in each if address)
        own = kept_certificate(data, addresses)
        if web:
            https = _web_certificate(data, addresses)
    tls = Tls(settings, own)
    tls.check(listening=bool(sip))
    return Host(Flash(data / FILE_NAME), https, tls)


def _web_certificate(data: Path, addresses: Iterable[str]) -> "WebCertificate":
    from offhook.web_certificate import WebCertificate

    return WebCertificate(data, addresses)


async def _serve(host: Host, start: Start, announcement: Announcement, say: Say) -> None:
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
            say(announcement(listening), notes)
            await stopped
    finally:
        for task in (starting, stopped):
            task.cancel()
        await asyncio.gather(starting, stopped, return_exceptions=True)
        await host.stop()


def _log_what_runs(lines: Iterable[str], notes: Iterable[str]) -> None:
    """For a program that collects the log, often together with standard output: one line like the other."""
    for line in filter(None, map(str.strip, lines)):
        _log.info("%s", line)
    for note in notes:
        _log.warning("%s", note)


def _print_what_runs(lines: Iterable[str], notes: Iterable[str]) -> None:
    encoding = sys.stdout.encoding
    said = [*lines, *(f"Note: {note}." for note in notes)]
    text = "\n".join(said).encode(encoding, "replace").decode(encoding)
    try:
        print(text, flush=True)
    except OSError:
        # Whoever started the phone has stopped reading; it rings all the same, and ends without a complaint.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


SAY: Final[dict[LogFormat, Say]] = {LogFormat.TEXT: _print_what_runs, LogFormat.JSON: _log_what_runs}


def _new_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    if sys.platform == "win32":
        return asyncio.new_event_loop
    import uvloop

    return uvloop.new_event_loop
