"""Registration with digest at Kamailio, over UDP and TCP."""

import time
from collections.abc import Callable

import pytest

from .kamailio import PASSWORD, Kamailio
from .offhook_phone import OffhookRun, account
from .ports import HOST, free_port
from .waiting import until

pytestmark = pytest.mark.peer

transports = pytest.mark.parametrize("transport", ["udp", "tcp"])

Run = Callable[..., OffhookRun]
Start = Callable[..., Kamailio]

QUICKLY = 2.5
"""Seconds; longer than the first wait after a failure that mends itself."""


def at(port: int, transport: str, password: str = PASSWORD) -> tuple[str, str]:
    return "--account", f"sip:1001:{password}@{HOST}:{port};transport={transport}"


@transports
def test_registers_and_unregisters(run_phone: Run, start_kamailio: Start, transport: str) -> None:
    kamailio = start_kamailio()
    offhook = run_phone(*at(kamailio.port, transport))
    assert offhook.phone.until_account("registered")["reason"] is None
    [contact] = kamailio.bindings("1001")
    assert f"1001@{HOST}:{offhook.phone.sip}" in contact
    assert ("transport=tcp" in contact) == (transport == "tcp")

    offhook.terminate()
    assert offhook.exit_status() == 0
    assert kamailio.bindings("1001") == []


def test_a_wrong_password_is_told_and_not_tried_again_and_again(
    run_phone: Run, start_kamailio: Start
) -> None:
    kamailio = start_kamailio()
    offhook = run_phone(*at(kamailio.port, "udp", "wrong"))
    failed = offhook.phone.until_account("failed")
    assert failed["reason"] == "401 Unauthorized (wrong user name or password)"
    assert offhook.phone.get("/fcgi/do?action=MakeCall&number=1002")[0] == 409
    tried = kamailio.received("REGISTER", "1001")
    assert tried == 2

    watched = time.monotonic() + QUICKLY
    while time.monotonic() < watched:
        time.sleep(0.1)
        assert kamailio.received("REGISTER", "1001") == tried
    offhook.terminate()
    assert offhook.exit_status() == 0
    assert "wrong" not in offhook.printed.replace("wrong user name or password", "")


def test_a_registrar_that_comes_up_late_over_udp(run_phone: Run, start_kamailio: Start) -> None:
    port = free_port()
    offhook = run_phone(*at(port, "udp"))
    assert account(offhook.phone.state())["state"] == "registering"
    kamailio = start_kamailio(port=port)
    offhook.phone.until_account("registered")
    assert kamailio.bindings("1001")
    offhook.stop()


def test_a_registrar_that_comes_up_late_over_tcp(run_phone: Run, start_kamailio: Start) -> None:
    port = free_port()
    offhook = run_phone(*at(port, "tcp"))
    failed = offhook.phone.until_account("failed")
    assert failed["reason"] == f"connection refused by {HOST}:{port}"
    kamailio = start_kamailio(port=port)
    assert offhook.phone.until_account("registered")["reason"] is None
    assert kamailio.bindings("1001")
    offhook.stop()


@transports
def test_a_registrar_that_restarts(run_phone: Run, start_kamailio: Start, transport: str) -> None:
    """Its bindings are lost with it, and so are its nonces."""
    before = start_kamailio(expires=4)
    offhook = run_phone(*at(before.port, transport))
    offhook.phone.until_account("registered")
    before.stop()
    after = start_kamailio(port=before.port, expires=4)
    until(lambda: after.bindings("1001"), "the phone to come back")
    offhook.phone.until_account("registered")
    offhook.stop()


def test_a_registrar_that_restarts_is_missed_at_once_over_tcp(run_phone: Run, start_kamailio: Start) -> None:
    """The connection is gone with it: nobody waits for the refresh, which is minutes away."""
    before = start_kamailio(expires=600)
    offhook = run_phone(*at(before.port, "tcp"))
    offhook.phone.until_account("registered")
    before.stop()
    after = start_kamailio(port=before.port, expires=600)
    until(lambda: after.bindings("1001"), "the phone to come back")
    assert offhook.phone.until_account("registered")["reason"] is None
    offhook.stop()
