"""Calls between two phones of ours through a proxy that stays in the path and asks for a digest."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from .kamailio import PASSWORD, Kamailio
from .offhook_phone import OffhookRun, Phone, call, lines
from .ports import HOST

pytestmark = pytest.mark.peer


class Exchange(NamedTuple):
    """1001 speaks UDP to Kamailio, 1002 TCP."""

    kamailio: Kamailio
    phones: dict[str, Phone]


@pytest.fixture(scope="module")
def exchange(
    require_peer: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Exchange]:
    directory = tmp_path_factory.mktemp("exchange")
    with Kamailio(require_peer("kamailio"), directory / "kamailio") as kamailio:
        at = f"{PASSWORD}@{HOST}:{kamailio.port}"
        with (
            OffhookRun(directory / "1001", "--account", f"sip:1001:{at};name=Ann") as first,
            OffhookRun(directory / "1002", "--account", f"sip:1002:{at};transport=tcp") as second,
        ):
            phones = {"1001": first.phone, "1002": second.phone}
            for phone in phones.values():
                phone.until_account("registered")
            yield Exchange(kamailio, phones)


@pytest.mark.parametrize("hangs_up", ["1001", "1002"])
@pytest.mark.parametrize(("caller", "callee"), [("1001", "1002"), ("1002", "1001")])
def test_a_call_that_either_end_hangs_up(exchange: Exchange, caller: str, callee: str, hangs_up: str) -> None:
    byes = exchange.kamailio.received("BYE", hangs_up)
    calling, called = exchange.phones[caller], exchange.phones[callee]
    calling.do(f"action=MakeCall&number={callee}")
    ringing = called.until_page("ringing")
    assert call(ringing)["remote"] == f"sip:{caller}@{HOST}"
    assert call(ringing)["remote_name"] == {"1001": "Ann", "1002": ""}[caller]
    called.do("keydown=OK")
    calling.until_page("talking")
    called.until_page("talking")
    calling.do("keydown=8")
    called.until(lambda state: call(state)["digits_received"] == "8", "the digit")

    exchange.phones[hangs_up].do("action=CallEnd")
    for phone in exchange.phones.values():
        phone.until_idle()
    assert exchange.kamailio.received("BYE", hangs_up) == byes + 1


def test_a_number_that_nobody_has(exchange: Exchange) -> None:
    phone = exchange.phones["1001"]
    phone.do("action=MakeCall&number=777")
    assert lines(phone.until_idle("777"))[0] == "777 is not a number there (404 Not Found)"


def test_a_call_that_nobody_answers(exchange: Exchange) -> None:
    caller, callee = exchange.phones.values()
    caller.do("action=MakeCall&number=01002")
    callee.until_page("ringing")
    assert lines(caller.until_idle("01002"))[0] == "01002 does not answer (408 Request Timeout)"
    callee.until_idle("missed Ann")


def test_a_call_that_is_rejected(exchange: Exchange) -> None:
    caller, callee = exchange.phones.values()
    caller.do("action=MakeCall&number=1002")
    callee.until_page("ringing")
    callee.do("keydown=Cancel")
    caller.until_idle("1002 is busy")
    callee.until_idle()
