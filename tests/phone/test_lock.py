"""The lock on the display: sound and signalling of what is heard are both protected."""

import pytest

from offhook.phone.display import screen
from offhook.phone.events import CallAnswered, CallSecured
from offhook.phone.screen import Icon
from offhook.phone.state import state

from .desk import CALLER, Desk

SUITE = "AEAD_AES_256_GCM"


def locked(desk: Desk) -> bool:
    return Icon.ENCRYPTED in screen(desk.phone, desk.now).icons


@pytest.mark.parametrize(
    ("srtp", "signalling", "lit"),
    [(SUITE, True, True), (SUITE, False, False), (None, True, False), (None, False, False)],
)
def test_both_have_to_be_protected(srtp: str | None, signalling: bool, lit: bool) -> None:
    desk = Desk().call("1002").happen(CallSecured("out-1", srtp, signalling), CallAnswered("out-1"))
    assert locked(desk) is lit
    [call] = state(desk.phone, desk.now)["calls"]
    assert (call["encrypted"], call["srtp"]) == (lit, srtp)


def test_a_call_that_is_not_encrypted_any_more_loses_it() -> None:
    desk = Desk().call("1002").happen(CallSecured("out-1", SUITE, signalling=True), CallAnswered("out-1"))
    assert locked(desk)
    assert not locked(desk.happen(CallSecured("out-1", None, signalling=True)))


def test_it_is_that_of_the_focused_call() -> None:
    desk = Desk().call("1002").happen(CallSecured("out-1", SUITE, signalling=True), CallAnswered("out-1"))
    desk.happen(CALLER)
    assert locked(desk)
    desk.press("OK").happen(CallSecured("in-1", SUITE, signalling=False))
    assert not locked(desk)
    desk.press("Cancel")
    assert not locked(Desk())


@pytest.mark.parametrize("second", [True, False])
def test_a_conference_has_it_when_all_its_legs_have(second: bool) -> None:
    desk = Desk().call("1002").happen(CallSecured("out-1", SUITE, signalling=True), CallAnswered("out-1"))
    desk.call("1003").happen(CallSecured("out-2", SUITE if second else None, signalling=True))
    desk.happen(CallAnswered("out-2")).press("=Conference")
    assert len(desk.phone.conference) == 2
    assert locked(desk) is second


def test_news_of_a_call_that_is_gone_is_old_news() -> None:
    assert not locked(Desk().happen(CallSecured("gone", SUITE, signalling=True)))
