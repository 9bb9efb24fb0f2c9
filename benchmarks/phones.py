"""The processes that are measured, each a phone that a URL can make call `far_end`."""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .dialling import get

STARTUP = 15.0
"""Seconds that a phone may take until its HTTP port is open."""

BARESIP_MODULES = "/usr/lib/baresip/modules"
BARESIP_CONFIG = """\
sip_listen 127.0.0.1:0
net_interface 127.0.0.1
module_path {modules}
module g711.so
module_app account.so
module_app contact.so
module_app debug_cmd.so
module_app menu.so
module httpd.so
http_listen 127.0.0.1:{port}
"""


@dataclass(frozen=True)
class Phone:
    name: str
    port: int
    request: bytes
    process: subprocess.Popen[bytes]


def allow_list() -> str:
    """A hundred entries of all kinds, the one that counts the last."""
    addresses = [f"192.168.{n}.20" for n in range(40)]
    patterns = [f"10.{n}.XX.1X" for n in range(1, 40)]
    networks = [f"172.16.{n}.0/24" for n in range(15)] + [f"2001:db8:{n:x}::/48" for n in range(5)]
    return ",".join([*addresses, *patterns, *networks, "127.0.0.1"])


@contextmanager
def offhook(far_end: int, module: str = "offhook") -> Iterator[Phone]:
    """`module` is what is run with the command line of `offhook`."""
    port = free_port()
    with tempfile.TemporaryDirectory() as data:
        options = {
            "--data": data,
            "--http-port": port,
            "--https-port": 0,
            "--sip-port": free_port(),
            "--sip-bind": "127.0.0.1",
            "--account": f"sip:1001@127.0.0.1:{far_end};register=no",
            "--allow": allow_list(),
            # Nobody reads its log while it is measured, and a pipe that is full would stop the phone.
            "--log-level": "warning",
        }
        words = [str(word) for option in options.items() for word in option]
        request = get("/fcgi/do?action=MakeCall&number=1002", port)
        with _run([sys.executable, "-m", module, "run", *words], port) as process:
            yield Phone("offhook", port, request, process)


@contextmanager
def baresip(far_end: int) -> Iterator[Phone]:
    """Raises FileNotFoundError where there is none, or none with its `httpd` module."""
    program = shutil.which("baresip")
    if program is None or not Path(BARESIP_MODULES, "httpd.so").exists():
        raise FileNotFoundError("Debian's baresip with its httpd module is not installed")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config").write_text(BARESIP_CONFIG.format(modules=BARESIP_MODULES, port=port))
        Path(folder, "accounts").write_text("<sip:1001@127.0.0.1>;regint=0\n")
        Path(folder, "contacts").touch()
        request = get(f"/?/dial%20sip:x%40127.0.0.1:{far_end}", port)
        with _run([program, "-f", folder], port) as process:
            yield Phone("baresip", port, request, process)


@contextmanager
def floor(far_end: int) -> Iterator[Phone]:
    """No phone: the least that Python on uvloop takes from a request to a datagram."""
    port = free_port()
    with _run([sys.executable, "-m", "benchmarks.floor", str(port), str(far_end)], port) as process:
        yield Phone("floor", port, get("/", port), process)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _run(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        _wait_until_open(process, port)
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=5)
        process.kill()


def _wait_until_open(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + STARTUP
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    process.kill()
    _, complaint = process.communicate()
    raise RuntimeError(f"{process.args!r} did not start: {complaint.decode(errors='replace').strip()}")
