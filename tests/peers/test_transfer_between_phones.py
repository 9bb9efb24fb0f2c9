"""Transfers in which this phone plays all three parts."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from .offhook_phone import OffhookFarm, Phone, State, call, lines

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OffhookFarm]:
    with OffhookFarm(tmp_path_factory.mktemp("farm") / "run", 3) as running:
        yield running


@pytest.fixture
def phones(farm: OffhookFarm) -> Iterator[list[Phone]]:
    """1001, 1002 and 1003, idle. 1002 has called 1001, which is about to send it to 1003."""
    phones = list(farm.phones.values())
    for phone in phones:
        phone.until_idle()
    transferor, transferee, _ = phones
    transferee.do("action=MakeCall&number=1001")
    answer(transferor)
    transferee.until_page("talking")
    yield phones
    for phone in phones:
        phone.get("/fcgi/do?action=CallEnd")


def answer(phone: Phone) -> None:
    phone.until_page("ringing")
    phone.do("keydown=OK")
    phone.until_page("talking")


def press(phone: Phone, *keys: str) -> None:
    for key in keys:
        phone.do(key if "=" in key else f"keydown={key}")


TO_1003 = ("action=Transfer", *"1003")


def talk(transferee: Phone, target: Phone) -> None:
    """The two, and nobody else, hear each other."""
    transferee.until(
        lambda state: len(state["calls"]) == 1 and state["screen"]["page"] == "talking", "one call that talks"
    )
    target.until(
        lambda state: len(state["calls"]) == 1 and state["screen"]["page"] == "talking", "one call that talks"
    )
    transferee.do("keydown=2")
    target.until(lambda state: call(state)["digits_received"].endswith("2"), "a digit from the transferee")
    target.do("keydown=3")
    transferee.until(lambda state: call(state)["digits_received"].endswith("3"), "a digit from the target")
    target.do("action=CallEnd")
    transferee.until_idle()


def test_blind(phones: list[Phone]) -> None:
    transferor, transferee, target = phones
    press(transferor, *TO_1003, "action=Transfer")
    ringing = target.until_page("ringing")
    assert call(ringing)["remote"].startswith("sip:1002@")
    assert "transferred by 1001" in lines(transferee.until_page("calling"))
    target.do("keydown=OK")
    transferor.until_idle("transferred 1002 to 1003")
    talk(transferee, target)


def test_blind_to_somebody_who_rejects(phones: list[Phone]) -> None:
    transferor, transferee, target = phones
    press(transferor, *TO_1003, "action=Transfer")
    target.until_page("ringing")
    target.do("keydown=Cancel")
    notice = "1002 was not transferred to 1003: 486 Busy Here"
    held = transferor.until(lambda state: lines(state)[0] == notice, notice)
    assert call(held)["state"] == "held"
    back = transferee.until(lambda state: state["screen"]["page"] == "talking", "the first call")
    assert call(back)["remote"].startswith("sip:1001@")
    transferee.until(lambda state: call(state)["held_by_peer"], "the transferor's hold")
    transferor.do("action=UnHold")
    transferee.until(lambda state: not call(state)["held_by_peer"], "the transferor to resume")
    transferor.do("action=CallEnd")


def test_attended(phones: list[Phone]) -> None:
    transferor, transferee, target = phones
    press(transferor, *TO_1003, "keydown=OK")
    answer(target)
    transferor.until_page("talking")
    held, talking = (each["state"] for each in transferor.state()["calls"])
    assert (held, talking) == ("held", "talking")
    press(transferor, "action=Transfer")
    transferor.until_idle("transferred 1002 to 1003")
    assert any("took the place of 1001" in line for line in lines(target.state()))
    talk(transferee, target)


def test_attended_that_is_given_up_for_the_first_call(phones: list[Phone]) -> None:
    transferor, transferee, target = phones
    press(transferor, *TO_1003, "keydown=OK")
    answer(target)
    transferor.until_page("talking")
    press(transferor, "action=CallEnd", "action=UnHold")
    target.until_idle()
    transferee.until(lambda state: not call(state)["held_by_peer"], "the transferor to resume")
    transferor.do("action=CallEnd")


def test_semi_attended(phones: list[Phone]) -> None:
    transferor, transferee, target = phones
    press(transferor, *TO_1003, "keydown=OK")
    first = call(target.until_page("ringing"))
    transferor.until(lambda state: state["screen"]["title"] == "Ringing", "the target to ring")
    press(transferor, "action=Transfer")
    ringing = target.until(
        lambda state: [each["id"] for each in state["calls"]] not in ([], [first["id"]]),
        "the transferee's call",
    )
    assert call(ringing)["remote"].startswith("sip:1002@")
    target.do("keydown=OK")
    transferor.until_idle("transferred 1002 to 1003")
    talk(transferee, target)


def is_held_there(state: State) -> bool:
    return bool(call(state)["held_by_peer"])


def test_both_hold_and_resume_at_once(phones: list[Phone]) -> None:
    """Their re-INVITEs may cross; each is asked for again until both are content."""
    two = phones[:2]

    def at_once(query: str) -> None:
        with ThreadPoolExecutor(2) as fingers:
            list(fingers.map(lambda phone: phone.do(query), two))

    at_once("action=Hold")
    for phone in two:
        assert call(phone.until(is_held_there, "the other's hold"))["state"] == "held"
    at_once("action=UnHold")
    for phone in two:
        state = phone.until(lambda state: not is_held_there(state), "the other to resume")
        assert call(state)["state"] == "talking"
    two[0].do("action=CallEnd")
