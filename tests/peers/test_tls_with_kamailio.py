"""Registration at Kamailio over TLS, and calls through it: whom we believe, and whom it does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ..authority import Authority  # noqa: TID252 - two folders of tests need it
from .kamailio import PASSWORD, Kamailio
from .offhook_phone import OffhookRun
from .ports import HOST, free_port

pytestmark = pytest.mark.peer

Run = Callable[..., OffhookRun]
Start = Callable[..., Kamailio]


@pytest.fixture
def secure_kamailio(start_kamailio: Start, authority: Authority) -> Kamailio:
    if not any(Path("/usr/lib").glob("*/kamailio/modules/tls.so")):
        pytest.skip("kamailio-tls-modules is not installed; as root, make test installs it")
    return start_kamailio(certificate=authority.certificate(HOST))


def at(kamailio: Kamailio, user: str = "1001", host: str = HOST) -> tuple[str, str]:
    return "--account", f"sip:{user}:{PASSWORD}@{host}:{kamailio.tls_port};transport=tls"


def trusting(authority: Authority) -> tuple[str, ...]:
    return "--tls-ca", str(authority.file), "--sip-tls-port", str(free_port())


def test_a_call_through_it(run_phone: Run, secure_kamailio: Kamailio, authority: Authority) -> None:
    caller = run_phone(*at(secure_kamailio), *trusting(authority))
    called = run_phone(*at(secure_kamailio, "1002"), *trusting(authority))
    for each in (caller, called):
        assert each.phone.until_account("registered")["reason"] is None
    [contact] = secure_kamailio.bindings("1002")
    assert ";transport=tls" in contact

    caller.phone.do("action=MakeCall&number=1002")
    called.phone.until_page("ringing")
    called.phone.do("keydown=OK")
    caller.phone.until_page("talking")
    called.phone.until_page("talking")
    called.phone.do("action=CallEnd")
    caller.phone.until_idle()

    caller.terminate()
    assert caller.exit_status() == 0
    assert secure_kamailio.bindings("1001") == []


def test_a_ca_that_is_not_known(
    run_phone: Run, secure_kamailio: Kamailio, authority: Authority, tmp_path: Path
) -> None:
    """Neither the system's nor another one: the reason is in the state, on the terminal, in the answer."""
    where = f"{HOST}:{secure_kamailio.tls_port}"
    why = f"the certificate of {where} is from a CA that is not trusted here (--tls-ca)"
    for ca in ((), ("--tls-ca", str(Authority(tmp_path / "other", "another").file))):
        offhook = run_phone(*at(secure_kamailio), *ca, "--sip-tls-port", "0")
        assert offhook.phone.until_account("failed")["reason"] == why
        offhook.until_printed(f"not registered: {why}\n")
        status, text = offhook.phone.get("/fcgi/do?action=MakeCall&number=1002")
        assert status == 409
        assert why in text
    assert secure_kamailio.received("REGISTER", "1001") == 0


def test_another_name(run_phone: Run, secure_kamailio: Kamailio, authority: Authority) -> None:
    offhook = run_phone(*at(secure_kamailio, host="localhost"), *trusting(authority))
    reason = offhook.phone.until_account("failed")["reason"]
    assert reason == (
        f"the certificate of {HOST}:{secure_kamailio.tls_port} is for {HOST}, not for localhost"
    )


def test_without_verification_the_start_says_so(run_phone: Run, secure_kamailio: Kamailio) -> None:
    offhook = run_phone(*at(secure_kamailio), "--tls-verify", "no", "--sip-tls-port", "0")
    offhook.phone.until_account("registered")
    offhook.until_printed("Note: --tls-verify is no: ")


def test_it_wants_a_certificate(run_phone: Run, start_kamailio: Start, authority: Authority) -> None:
    kamailio = start_kamailio(certificate=authority.certificate(HOST), clients_ca=authority.file)
    without = run_phone(*at(kamailio), *trusting(authority))
    assert "--tls-certificate" in without.phone.until_account("failed")["reason"]
    ours = str(authority.certificate("phone.example"))
    run_phone(*at(kamailio), *trusting(authority), "--tls-certificate", ours).phone.until_account(
        "registered"
    )


def test_no_tls_at_that_port(run_phone: Run, start_kamailio: Start) -> None:
    kamailio = start_kamailio()
    account = f"sip:1001:{PASSWORD}@{HOST}:{kamailio.port};transport=tls"
    reason = run_phone("--account", account, "--sip-tls-port", "0").phone.until_account("failed")["reason"]
    assert "TLS" in reason


def test_it_comes_back(run_phone: Run, start_kamailio: Start, authority: Authority) -> None:
    """The lost connection is noticed at once, not at the next refresh."""
    shows = authority.certificate(HOST)
    before = start_kamailio(certificate=shows)
    offhook = run_phone(*at(before), *trusting(authority))
    offhook.phone.until_account("registered")
    before.stop()
    offhook.phone.until_account("failed")
    after = start_kamailio(certificate=shows, tls_port=before.tls_port)
    offhook.phone.until_account("registered")
    assert after.bindings("1001")


def test_a_phone_that_listens_for_nobody_is_called_by_its_own_connection(
    run_phone: Run, secure_kamailio: Kamailio, authority: Authority
) -> None:
    """Requests come by it, answers go back by it, and what this end asks within the call too."""
    alone = "--tls-ca", str(authority.file), "--sip-tls-port", "0"
    caller = run_phone(*at(secure_kamailio), *alone)
    called = run_phone(*at(secure_kamailio, "1002"), *alone)
    for each in (caller, called):
        each.phone.until_account("registered")
    caller.phone.do("action=MakeCall&number=1002")
    called.phone.until_page("ringing")
    called.phone.do("keydown=OK")
    caller.phone.until_page("talking")
    called.phone.until_page("talking")
    called.phone.do("action=CallEnd")
    caller.phone.until_idle()
