"""A phone that finds Kamailio by NAPTR, SRV and address, the first server being dead (RFC 3263)."""

from collections.abc import Callable

import pytest
from tests.dns_server import NameServer

from .kamailio import PASSWORD, Kamailio
from .offhook_phone import OffhookRun
from .ports import free_port

pytestmark = pytest.mark.peer

Run = Callable[..., OffhookRun]
Start = Callable[..., Kamailio]


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_registers_at_the_second_server_of_a_domain(
    run_phone: Run, start_kamailio: Start, transport: str
) -> None:
    kamailio = start_kamailio()
    service, prefix = ("SIP+D2U", "_sip._udp") if transport == "UDP" else ("SIP+D2T", "_sip._tcp")
    zone = (
        f'offhook.test. 60 IN NAPTR 10 10 "s" "{service}" "" {prefix}.offhook.test.',
        f"{prefix}.offhook.test. 60 IN SRV 1 0 {free_port()} dead.offhook.test.",
        f"{prefix}.offhook.test. 60 IN SRV 2 0 {kamailio.port} alive.offhook.test.",
        "dead.offhook.test. 60 IN A 127.0.0.1",
        "alive.offhook.test. 60 IN A 127.0.0.1",
    )
    with NameServer(*zone) as dns:
        account = f"sip:1001:{PASSWORD}@offhook.test"
        offhook = run_phone("--account", account, "--dns", dns.address)
        assert offhook.phone.until_account("registered")["reason"] is None
        (contact,) = kamailio.bindings("1001")
        assert ("transport=tcp" in contact) == (transport == "TCP")
        offhook.terminate()
        assert offhook.exit_status() == 0
        assert kamailio.bindings("1001") == []
