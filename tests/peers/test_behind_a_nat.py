"""A phone behind a NAT is reached where Kamailio sees it."""

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from .kamailio import PASSWORD, Kamailio
from .nat import Nat
from .offhook_phone import OffhookRun
from .ports import HOST
from .waiting import until

pytestmark = pytest.mark.peer

Run = Callable[..., OffhookRun]
Start = Callable[..., Kamailio]


@pytest.mark.parametrize("ping", ["crlf", "options"])
def test_it_registers_where_it_is_seen_and_is_called_there(
    run_phone: Run, start_kamailio: Start, stack: ExitStack, ping: str
) -> None:
    kamailio = start_kamailio()
    nat = stack.enter_context(Nat((HOST, kamailio.port)))
    account = f"sip:1001:{PASSWORD}@{nat.inside};keepalive=1;ping={ping}"
    behind = run_phone("--account", account, "--sip-bind", HOST).phone
    behind.until_account("registered")
    until(lambda: kamailio.bindings("1001") == [f"sip:1001@{nat.outside}"], "the binding outside alone")

    caller = run_phone("--account", f"sip:1002:{PASSWORD}@{HOST}:{kamailio.port}").phone
    caller.until_account("registered")
    caller.do("action=MakeCall&number=1001")
    behind.until_page("ringing")
    behind.do("keydown=OK")
    caller.until_page("talking")
    behind.until_page("talking")
    caller.do("action=CallEnd")
    behind.until_idle()


def test_what_a_person_has_set_stays(run_phone: Run, start_kamailio: Start, stack: ExitStack) -> None:
    kamailio = start_kamailio()
    nat = stack.enter_context(Nat((HOST, kamailio.port)))
    offhook = run_phone(
        "--account", f"sip:1001:{PASSWORD}@{nat.inside}", "--sip-bind", HOST, "--public-address", "127.0.0.9"
    )
    offhook.until_printed("registered")
    [contact] = kamailio.bindings("1001")
    assert contact == f"sip:1001@127.0.0.9:{offhook.phone.sip}"
