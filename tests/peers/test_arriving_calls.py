"""What SIPp is answered that calls a phone which forwards, deflects, refuses, or is in a call already."""

import asyncio
from asyncio import to_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from offhook.flash.flash import Flash
from offhook.host import Host
from offhook.options import run_options
from offhook.phone.settings import Forwarding, Settings

from . import scripted
from .offhook_phone import Phone, lines
from .ports import HOST
from .scripted import Play, Script, from_phone, only, until_said
from .sipp import Sipp

pytestmark = pytest.mark.peer

play = scripted.play

FORWARDED = Script.calling().is_refused(302)
CONTACT = f"<sip:3003@{HOST}>"


def calls(play: Play, phone: Phone, script: Script) -> Sipp:
    return play(script, to=phone.sip, user="1001")


def press(phone: Phone, *keys: str) -> None:
    for key in keys:
        phone.do(f"keydown={key}")


@contextmanager
def forwarding(phone: Phone, rule: int) -> Iterator[None]:
    """Set and taken away by keys: the rule of this number on the page."""
    press(phone, "Forward", str(rule), *"3003", "OK", "Home")
    assert "forward" in phone.state()["screen"]["icons"]
    try:
        yield
    finally:
        press(phone, "Forward", str(rule), "Home")
        assert "forward" not in phone.state()["screen"]["icons"]


def test_always_forwarded(phone: Phone, play: Play) -> None:
    with forwarding(phone, 1):
        caller = calls(play, phone, FORWARDED)
        caller.until_done()
        assert only(caller, "302 INVITE").header("Contact") == CONTACT
        assert lines(phone.state())[0] == "forwarded Sip Pea"
    assert phone.state()["calls"] == []


@pytest.fixture
def four_callers(phone: Phone, play: Play) -> Iterator[None]:
    """Ring at once, which are as many calls as the phone takes; then they are rejected."""
    script = Script.calling().is_refused(486)
    callers = [calls(play, phone, script) for _ in range(4)]
    phone.until(lambda state: len(state["calls"]) == 4, "four calls")
    yield
    for _ in callers:
        phone.do("action=Reject")
    for caller in callers:
        caller.until_done()


@pytest.mark.usefixtures("four_callers")
def test_a_fifth_caller_is_refused(phone: Phone, play: Play) -> None:
    calls(play, phone, Script.calling().is_refused(486)).until_done()
    assert len(phone.state()["calls"]) == 4


@pytest.fixture
def forwarding_when_busy(phone: Phone) -> Iterator[None]:
    with forwarding(phone, 2):
        yield


@pytest.mark.usefixtures("forwarding_when_busy", "four_callers")
def test_a_fifth_caller_is_forwarded(phone: Phone, play: Play) -> None:
    fifth = calls(play, phone, FORWARDED)
    fifth.until_done()
    assert only(fifth, "302 INVITE").header("Contact") == CONTACT


def test_deflected(phone: Phone, play: Play) -> None:
    caller = calls(play, phone, FORWARDED)
    phone.until_page("ringing")
    press(phone, "Forward", *"3003", "OK")
    caller.until_done()
    assert only(caller, "302 INVITE").header("Contact") == CONTACT
    phone.until_idle()


def test_do_not_disturb(phone: Phone, play: Play) -> None:
    phone.do("action=DNDOn")
    missed = phone.state()["missed"]
    calls(play, phone, Script.calling().is_refused(486)).until_done()
    assert phone.state()["missed"] == missed + 1
    phone.do("action=DNDOff")
    caller = calls(play, phone, Script.calling().is_answered().is_hung_up_on())
    phone.until_page("ringing")
    press(phone, "OK")
    phone.do("action=CallEnd")
    caller.until_done()


def test_a_second_caller_is_answered_and_the_first_one_held(phone: Phone, play: Play) -> None:
    first = calls(play, phone, Script.calling().is_answered().cue().is_changed("recvonly").is_hung_up_on())
    phone.until_page("ringing")
    press(phone, "OK")
    phone.until_page("talking")
    second = calls(play, phone, Script.calling().is_answered().is_hung_up_on())
    phone.until_page("ringing")
    # Digits go to the one that talks.
    press(phone, "5")
    assert "Signal=5" in until_said(first, "INFO")[0].body
    press(phone, "OK")
    until_said(first, "ACK")
    assert only(first, "INVITE").direction == "sendonly"
    state = phone.until_page("talking")
    assert [each["state"] for each in state["calls"]] == ["held", "talking"]
    assert [each["focused"] for each in state["calls"]] == [False, True]
    phone.do("action=CallEnd")
    second.until_done()
    assert phone.state()["screen"]["page"] == "held"
    phone.do("action=CallEnd")
    first.until_done()


def test_a_second_caller_is_rejected(phone: Phone, play: Play) -> None:
    first = calls(play, phone, Script.calling().is_answered().is_hung_up_on())
    phone.until_page("ringing")
    press(phone, "OK")
    phone.until_page("talking")
    second = calls(play, phone, Script.calling().is_refused(486))
    phone.until_page("ringing")
    press(phone, "Cancel")
    second.until_done()
    assert phone.state()["screen"]["page"] == "talking"
    phone.do("action=CallEnd")
    first.until_done()


# --- what is no option yet is set where the host runs in the test's own process


def with_settings(tmp_path: Path, change: Callable[[Settings], None], act: Callable[[Phone], None]) -> None:
    """Runs a phone with these settings, and `act`s on it."""
    given = {
        "data": str(tmp_path / "data"),
        "http_port": "0",
        "https_port": "0",
        "sip_port": "0",
        "account": [f"sip:1001@{HOST};register=no"],
    }

    async def run() -> None:
        host = Host(Flash(tmp_path / "flash.db"))
        try:
            [listening] = await host.start([run_options(given, {}).device(mac="0c1105000001")])
            [station] = host.stations
            device = station.device
            assert device is not None
            change(device.phone.settings)
            await to_thread(act, Phone(listening.web[0], device.sip_port))
        finally:
            await host.stop()

    asyncio.run(run())


def test_forwarded_when_nobody_answers(tmp_path: Path, play: Play) -> None:
    def change(settings: Settings) -> None:
        settings.no_answer_after = 0.3
        settings.forward[Forwarding.NO_ANSWER] = "3003"

    def act(phone: Phone) -> None:
        caller = calls(play, phone, FORWARDED)
        phone.until_page("ringing")
        phone.until_idle("forwarded Sip Pea to 3003")
        caller.until_done()
        assert from_phone(caller, "180 INVITE")
        assert only(caller, "302 INVITE").header("Contact") == CONTACT

    with_settings(tmp_path, change, act)


@pytest.mark.parametrize("code", [404, 480, 486, 603])
def test_each_code_of_a_refusal(tmp_path: Path, play: Play, code: int) -> None:
    def change(settings: Settings) -> None:
        settings.dnd_code = settings.reject_code = code

    def act(phone: Phone) -> None:
        rejected = calls(play, phone, Script.calling().is_refused(code))
        phone.until_page("ringing")
        press(phone, "Cancel")
        rejected.until_done()
        phone.do("action=DNDOn")
        calls(play, phone, Script.calling().is_refused(code)).until_done()

    with_settings(tmp_path, change, act)
