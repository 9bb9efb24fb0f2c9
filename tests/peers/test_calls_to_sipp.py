"""Calls that a URL makes to SIPp, straight and across a network that loses and repeats."""

from collections.abc import Callable

import pytest

from .bad_network import BadNetwork, Plan, bad, calm
from .offhook_phone import Phone, lines
from .sipp import Sipp

pytestmark = pytest.mark.peer

Call = Callable[..., tuple[Sipp, BadNetwork]]

plans = pytest.mark.parametrize("plan", [calm, bad], ids=["straight", "bad network"])


@plans
def test_answered_there_and_ended_by_url(phone: Phone, calls_sipp: Call, plan: Plan) -> None:
    peer, network = calls_sipp("callee_is_hung_up_on", plan)
    phone.until_page("talking")
    phone.do("action=CallEnd")
    phone.until_idle()
    peer.until_done()
    if plan is bad:
        network.check(lost="INVITE, 200 INVITE, ACK, BYE", repeated="180 INVITE, 200 INVITE, 200 BYE")


@plans
def test_given_up_by_url(phone: Phone, calls_sipp: Call, plan: Plan) -> None:
    peer, network = calls_sipp("callee_is_given_up", plan)
    phone.until(lambda state: state["screen"]["title"] == "Ringing", "SIPp to ring")
    phone.do("action=CallEnd")
    phone.until_idle()
    peer.until_done()
    if plan is bad:
        network.check(lost="INVITE, CANCEL, 487 INVITE, ACK", repeated="180 INVITE, 200 CANCEL, 487 INVITE")


@pytest.mark.parametrize(
    ("plan", "code", "reason", "notice"),
    [
        (calm, 404, "Not Found", "callee is not a number there (404 Not Found)"),
        (calm, 480, "Temporarily Unavailable", "callee does not answer (480 Temporarily Unavailable)"),
        (calm, 486, "Busy Here", "callee is busy (486 Busy Here)"),
        (bad, 486, "Busy Here", "callee is busy (486 Busy Here)"),
        (calm, 603, "Decline", "callee declined (603 Decline)"),
    ],
)
def test_refused_there(
    phone: Phone, calls_sipp: Call, plan: Plan, code: int, reason: str, notice: str
) -> None:
    peer, network = calls_sipp("callee_refuses", plan, code=code, reason=reason)
    assert lines(phone.until_idle("callee"))[0] == notice
    peer.until_done()
    if plan is bad:
        network.check(lost="INVITE, 486 INVITE, ACK", repeated="180 INVITE, 486 INVITE")
