import logging
import os
import select
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from offhook.registration_log import RegistrationLog
from offhook.sip.account import Account
from offhook.sip.events import Binding, BindingChanged, Ended

ACCOUNTS = {1: Account(1, "1001", "pbx.example", password="hunter2"), 2: Account(2, "1002", "::1", 5070)}


def registered(account: int) -> BindingChanged:
    return BindingChanged(account, Binding.REGISTERED)


def failed(account: int, reason: str | None) -> BindingChanged:
    return BindingChanged(account, Binding.FAILED, reason)


def test_each_change_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log = RegistrationLog(ACCOUNTS)
    for told in (
        BindingChanged(1, Binding.REGISTERING),
        failed(1, "403 Forbidden"),
        BindingChanged(1, Binding.REGISTERING),
        failed(1, "403 Forbidden"),
        failed(1, "503 Service Unavailable"),
        registered(2),
        registered(1),
        BindingChanged(1, Binding.REGISTERING),
        registered(1),
        Ended("call", "BYE"),
        failed(1, "403 Forbidden"),
        BindingChanged(1, Binding.UNREGISTERED),
        BindingChanged(2, Binding.REGISTERING, "no answer from [::1]:5070 yet"),
        BindingChanged(2, Binding.REGISTERED, "at 192.0.2.2:5060; the first: no answer"),
    ):
        log.hear(told)
    assert [(record.levelname, record.account, record.getMessage()) for record in caplog.records] == [
        ("WARNING", 1, "1001@pbx.example: not registered: 403 Forbidden"),
        ("WARNING", 1, "1001@pbx.example: not registered: 503 Service Unavailable"),
        ("INFO", 2, "1002@[::1]:5070: registered"),
        ("INFO", 1, "1001@pbx.example: registered"),
        ("WARNING", 1, "1001@pbx.example: not registered: 403 Forbidden"),
        ("WARNING", 2, "1002@[::1]:5070: no answer from [::1]:5070 yet"),
        ("INFO", 2, "1002@[::1]:5070: registered: at 192.0.2.2:5060; the first: no answer"),
    ]


def test_the_terminal_shows_it(tmp_path: Path) -> None:
    ports = ["--http-port", "0", "--https-port", "0", "--sip-port", "0"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as registrar:
        registrar.bind(("127.0.0.1", 0))
        registrar.settimeout(10)
        uri = f"sip:1001@127.0.0.1:{registrar.getsockname()[1]}"
        command = ["run", "--data", str(tmp_path), *ports, "--account", uri]
        with subprocess.Popen(
            [sys.executable, "-m", "offhook", *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")},
        ) as process:
            request, peer = registrar.recvfrom(65535)
            registrar.sendto(refusal(request.decode()), peer)
            select.select([process.stderr], [], [], 10)
            process.terminate()
            _, said = process.communicate(timeout=10)
    assert said.count("\n") == 1
    assert f"account 1: {uri.removeprefix('sip:')}: not registered: 403 Forbidden" in said


def refusal(request: str) -> bytes:
    kept = ("via:", "from:", "to:", "call-id:", "cseq:")
    head = [line for line in request.split("\r\n") if line.lower().startswith(kept)]
    return "\r\n".join(["SIP/2.0 403 Forbidden", *head, "Content-Length: 0", "", ""]).encode()
