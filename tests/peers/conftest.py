"""The ends of the calls: phones of ours as a person runs them, and the peers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from ..authority import Authority  # noqa: TID252 - two folders of tests need it
from .bad_network import BadNetwork, Plan, calm
from .baresip import Baresip
from .kamailio import Kamailio
from .offhook_phone import OffhookRun, Phone
from .ports import HOST, free_port
from .sipp import Sipp

NUMBER = "1001"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is entered here ends with the test."""
    with ExitStack() as entered:
        yield entered


@pytest.fixture(scope="module")
def _lasting_phone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phone]:
    account = f"sip:{NUMBER}@{HOST};register=no"
    with OffhookRun(tmp_path_factory.mktemp("phone") / "run", "--account", account) as offhook:
        yield offhook.phone


@pytest.fixture
def phone(_lasting_phone: Phone) -> Iterator[Phone]:
    """An idle phone, the same one in all tests of a file. It has no registrar; its number is 1001."""
    _lasting_phone.until_idle()
    yield _lasting_phone
    _lasting_phone.get("/fcgi/do?action=CallEnd")


@pytest.fixture
def run_phone(tmp_path: Path, stack: ExitStack) -> Callable[..., OffhookRun]:
    """Starts a phone with these options."""
    numbers = count(1)

    def run(*options: str) -> OffhookRun:
        return stack.enter_context(OffhookRun(tmp_path / f"phone-{next(numbers)}", *options))

    return run


@pytest.fixture
def baresip(require_peer: Callable[[str], str], tmp_path: Path) -> Iterator[Baresip]:
    with Baresip(require_peer("baresip"), tmp_path / "baresip") as running:
        yield running


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The CA of all who can be believed."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def encrypting_baresip(
    require_peer: Callable[[str], str], tmp_path: Path, stack: ExitStack
) -> Callable[[str], Baresip]:
    """Starts a baresip with this `mediaenc`."""

    def start(encryption: str) -> Baresip:
        return stack.enter_context(Baresip(require_peer("baresip"), tmp_path / "baresip", encryption))

    return start


@pytest.fixture
def sipp(require_peer: Callable[[str], str], tmp_path: Path, stack: ExitStack) -> Callable[..., Sipp]:
    """Starts SIPp on a scenario. It is done, as the scenario has it, by the end of `until_done`."""

    def start(scenario: str, **keys: Any) -> Sipp:
        return stack.enter_context(Sipp(require_peer("sipp"), tmp_path / "sipp", scenario, **keys))

    return start


@pytest.fixture
def start_kamailio(
    require_peer: Callable[[str], str], tmp_path: Path, stack: ExitStack
) -> Callable[..., Kamailio]:
    """Starts a Kamailio of the test's own."""
    numbers = count(1)

    def start(**options: Any) -> Kamailio:
        directory = tmp_path / f"kamailio-{next(numbers)}"
        return stack.enter_context(Kamailio(require_peer("kamailio"), directory, **options))

    return start


@pytest.fixture
def called_by_sipp(
    phone: Phone, sipp: Callable[..., Sipp], stack: ExitStack
) -> Callable[..., tuple[Sipp, BadNetwork]]:
    """Has SIPp call the phone across a network with this plan."""

    def call(scenario: str, plan: Plan = calm, **keys: Any) -> tuple[Sipp, BadNetwork]:
        network = stack.enter_context(BadNetwork(plan, to_us=phone.sip))
        keys = {"user": NUMBER, "contact_port": network.ours, **keys}
        return sipp(scenario, to=network.peer, **keys), network

    return call


@pytest.fixture
def calls_sipp(
    phone: Phone, sipp: Callable[..., Sipp], stack: ExitStack
) -> Callable[..., tuple[Sipp, BadNetwork]]:
    """Has the phone call SIPp, who is `callee`, across a network with this plan."""

    def call(scenario: str, plan: Plan, **keys: Any) -> tuple[Sipp, BadNetwork]:
        port = free_port()
        network = stack.enter_context(BadNetwork(plan, to_peer=port))
        peer = sipp(scenario, port=port, contact_port=network.ours, **keys)
        phone.do(f"action=MakeCall&number=sip:callee@{HOST}:{network.ours}")
        return peer, network

    return call
