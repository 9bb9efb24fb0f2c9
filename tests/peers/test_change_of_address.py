"""A phone whose machine gets another address, or its first one, while it runs."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .namespaces import Namespace, cable, require_namespaces
from .offhook_phone import OffhookRun, Phone
from .small_pbx import SmallPbx
from .waiting import until

pytestmark = pytest.mark.peer

PBX = "10.99.0.1"
FIRST, SECOND = "10.99.0.2", "10.99.0.3"


class PhoneWithin(Phone):
    """Reached from inside its namespace."""

    def __init__(self, namespace: Namespace, web: str, sip: int) -> None:
        super().__init__(web, sip)
        self._namespace = namespace

    def get(self, path: str) -> tuple[int, str]:
        return self._namespace.run(super().get, path)


class OffhookWithin(OffhookRun):
    def __init__(self, namespace: Namespace, directory: Path, *options: str) -> None:
        self._namespace = namespace
        super().__init__(directory, *options, within=namespace.command)

    def until_ready(self) -> None:
        printed = self.until_printed("/api/v1/state\n")
        web, sip = re.search(r"(http://\S+)/api", printed), re.search(r"(?m)^SIP: \S+:(\d+)", printed)
        assert web, printed
        assert sip, printed
        self.phone = PhoneWithin(self._namespace, web[1], int(sip[1]))


class Office:
    """A PBX that is there, and a phone whose machine has no address yet."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self._directory = directory
        self._stack = stack
        self.machine = stack.enter_context(Namespace())
        outside = stack.enter_context(Namespace())
        cable(self.machine, outside)
        outside.ip("address", "add", f"{PBX}/24", "dev", "eth0")
        self.pbx = stack.enter_context(SmallPbx(outside.datagrams(PBX, 5060)))

    def gets(self, address: str) -> None:
        self.machine.ip("address", "add", f"{address}/24", "dev", "eth0")

    def loses(self, address: str) -> None:
        self.machine.ip("address", "del", f"{address}/24", "dev", "eth0")

    def run_phone(self, *options: str) -> Phone:
        account = ("--account", f"sip:1001@{PBX}", *options)
        return self._stack.enter_context(
            OffhookWithin(self.machine, self._directory / "phone", *account)
        ).phone

    def until_bound_at(self, address: str) -> str:
        def look() -> str | None:
            return next((uri for uri in self.pbx.contacts if address in uri), None)

        return until(look, f"a binding at {address}")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    require_namespaces()
    with ExitStack() as stack:
        yield Office(tmp_path, stack)


def test_a_phone_that_starts_before_its_network(office: Office) -> None:
    phone = office.run_phone()
    assert phone.state()["accounts"][0]["state"] in {"registering", "failed"}
    office.gets(FIRST)
    phone.until_account("registered")
    assert office.until_bound_at(FIRST)


def test_a_phone_moves_with_its_machine_and_takes_its_call_along(office: Office) -> None:
    office.gets(FIRST)
    phone = office.run_phone("--auto-answer", "always")
    phone.until_account("registered")
    office.pbx.call()
    phone.until_page("talking")

    office.loses(FIRST)
    office.gets(SECOND)
    office.until_bound_at(SECOND)
    assert len(office.pbx.contacts) == 1, "the binding before is taken away"
    moved = until(lambda: office.pbx.requests("INVITE"), "a re-INVITE")[0]
    assert f"\r\nContact: <sip:1001@{SECOND}:" in moved
    assert f"\r\nc=IN IP4 {SECOND}\r\n" in moved
    until(lambda: office.pbx.requests("ACK"), "its ACK")
    assert phone.state()["screen"]["page"] == "talking"
    phone.do("action=CallEnd")
    until(lambda: office.pbx.requests("BYE"), "a BYE")
    phone.until_idle()


def test_a_phone_whose_public_address_is_given_moves_behind_it(office: Office) -> None:
    public = "203.0.113.9"
    office.gets(FIRST)
    phone = office.run_phone("--public-address", public)
    phone.until_account("registered")
    office.loses(FIRST)
    office.gets(SECOND)
    until(lambda: SECOND in office.pbx.sources, "a REGISTER from there")
    phone.until_account("registered")
    assert [public in contact for contact in office.pbx.contacts] == [True]
