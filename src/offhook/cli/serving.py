"""A host with its phones, from its start to SIGTERM."""

import asyncio
import logging
import os
import signal
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from offhook.cannot_listen import CannotListen
from offhook.certificate import tls_context
from offhook.cli.failed import Failed
from offhook.data_folder import BadDataFolder
from offhook.host import Host
from offhook.listening import Listening
from offhook.options import DeviceOptions, notices

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

Start = Callable[[Host], Awaitable[Sequence[Listening]]]
Announcement = Callable[[Sequence[Listening]], Iterable[str]]


def serve(devices: Sequence[DeviceOptions], data: Path, start: Start, announcement: Announcement) -> None:
    """Run the phones until SIGTERM or SIGINT, which ends their calls and unregisters them.

    `start` has a host start the devices. A second signal ends the process at once. Raises Failed.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        tls = _tls(devices, data)
        with asyncio.Runner(loop_factory=_new_loop()) as runner:
            runner.run(_serve(Host(tls), start, [*map("Note: {}.".format, notices(devices))], announcement))
    except (CannotListen, BadDataFolder) as error:
        raise Failed(str(error)) from None


def _tls(devices: Sequence[DeviceOptions], data: Path) -> ssl.SSLContext | None:
    """One certificate for all, made out to every address of every phone."""
    secure = [device for device in devices if device.https_port]
    if not secure:
        return None
    reached = (address for each in secure for address in (*each.bind, each.public_address) if address)
    return tls_context(data, dict.fromkeys(reached))


async def _serve(host: Host, start: Start, notes: Sequence[str], announcement: Announcement) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, _on_signal, number, stopping)
    try:
        listening = await start(host)
        _say([*announcement(listening), *notes])
        await stopping.wait()
    finally:
        await host.stop()


def _on_signal(number: int, stopping: asyncio.Event) -> None:
    if stopping.is_set():
        os._exit(128 + number)
    stopping.set()


def _say(lines: Iterable[str]) -> None:
    encoding = sys.stdout.encoding
    text = "\n".join(lines).encode(encoding, "replace").decode(encoding)
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Whoever started the phone has stopped reading; it rings all the same, and ends without a complaint.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _new_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    if sys.platform == "win32":
        return asyncio.new_event_loop
    import uvloop

    return uvloop.new_event_loop
