"""Calls over TLS to and from baresip."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..authority import Authority  # noqa: TID252 - two folders of tests need it
from .baresip import Baresip
from .offhook_phone import OffhookRun, Phone, call
from .ports import HOST, free_port

pytestmark = pytest.mark.peer

Run = Callable[..., OffhookRun]


@pytest.fixture
def secure_baresip(
    require_peer: Callable[[str], str], tmp_path: Path, authority: Authority
) -> Iterator[Baresip]:
    shows = authority.certificate(HOST)
    program = require_peer("baresip")
    with Baresip(program, tmp_path / "baresip", certificate=shows, ca=authority.file) as running:
        yield running


@pytest.fixture
def secure_phone(run_phone: Run, authority: Authority) -> tuple[Phone, int]:
    """A phone without a registrar, and the port at which it takes TLS."""
    port = free_port()
    offhook = run_phone(
        "--account", f"sip:1001@{HOST};register=no",
        "--sip-tls-port", str(port),
        "--tls-ca", str(authority.file),
        "--tls-certificate", str(authority.certificate(HOST)),
    )  # fmt: skip
    assert f"SIP over TLS: {HOST}:{port}\n" in offhook.printed
    return offhook.phone, port


@pytest.mark.parametrize("who", ["here", "there"])
def test_a_call_made_over_tls(secure_phone: tuple[Phone, int], secure_baresip: Baresip, who: str) -> None:
    phone, _ = secure_phone
    phone.do(f"action=MakeCall&number={secure_baresip.tls_number}")
    secure_baresip.until_event("CALL_INCOMING")
    secure_baresip.command("accept")
    phone.until_page("talking")
    secure_baresip.until_event("CALL_ESTABLISHED")
    if who == "here":
        phone.do("action=CallEnd")
        secure_baresip.until_event("CALL_CLOSED")
    else:
        secure_baresip.command("hangup")
    phone.until_idle()


@pytest.mark.parametrize("who", ["here", "there"])
def test_a_call_that_comes_over_tls(
    secure_phone: tuple[Phone, int], secure_baresip: Baresip, who: str
) -> None:
    phone, port = secure_phone
    secure_baresip.command("dial", f"sip:1001@{HOST}:{port};transport=tls")
    assert call(phone.until_page("ringing"))["direction"] == "in"
    phone.do("keydown=OK")
    secure_baresip.until_event("CALL_ESTABLISHED")
    phone.until_page("talking")
    if who == "here":
        phone.do("action=CallEnd")
        secure_baresip.until_event("CALL_CLOSED")
    else:
        secure_baresip.command("hangup")
    phone.until_idle()


def test_baresip_with_a_certificate_of_its_own_making_is_not_called(
    run_phone: Run, secure_baresip: Baresip
) -> None:
    """Its CA is not the system's."""
    phone = run_phone("--account", f"sip:1001@{HOST};register=no").phone
    status, text = phone.get(f"/fcgi/do?action=MakeCall&number={secure_baresip.tls_number}")
    assert status == 409
    assert "is from a CA that is not trusted here (--tls-ca)" in text
