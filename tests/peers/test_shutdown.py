"""SIGTERM while a call is up, ringing or going out: the far end is told, and the phone exits 0."""

from collections.abc import Callable

import pytest

from .offhook_phone import OffhookRun
from .ports import HOST
from .sipp import Sipp

pytestmark = pytest.mark.peer


@pytest.fixture
def offhook(run_phone: Callable[..., OffhookRun]) -> OffhookRun:
    return run_phone("--account", f"sip:1001@{HOST};register=no")


def test_in_a_call_that_came_in(offhook: OffhookRun, sipp: Callable[..., Sipp]) -> None:
    peer = sipp("caller_is_hung_up_on", to=offhook.phone.sip, user="1001")
    offhook.phone.until_page("ringing")
    offhook.phone.do("keydown=OK")
    offhook.phone.until_page("talking")
    ends(offhook, peer)


def test_in_a_call_that_went_out(offhook: OffhookRun, sipp: Callable[..., Sipp]) -> None:
    peer = sipp("callee_is_hung_up_on")
    offhook.phone.do(f"action=MakeCall&number=sip:callee@{HOST}:{peer.port}")
    offhook.phone.until_page("talking")
    ends(offhook, peer)


def test_while_it_rings_here(offhook: OffhookRun, sipp: Callable[..., Sipp]) -> None:
    peer = sipp("caller_is_refused", to=offhook.phone.sip, user="1001")
    offhook.phone.until_page("ringing")
    ends(offhook, peer)


def test_while_it_rings_there(offhook: OffhookRun, sipp: Callable[..., Sipp]) -> None:
    peer = sipp("callee_is_given_up")
    offhook.phone.do(f"action=MakeCall&number=sip:callee@{HOST}:{peer.port}")
    offhook.phone.until(lambda state: state["screen"]["title"] == "Ringing", "SIPp to ring")
    ends(offhook, peer)


def ends(offhook: OffhookRun, peer: Sipp) -> None:
    offhook.terminate()
    assert offhook.exit_status() == 0
    peer.until_done()
