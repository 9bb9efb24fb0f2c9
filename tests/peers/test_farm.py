"""`offhook farm` as its start proposes to try it, and its echo."""

import random
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator

import pytest

from .offhook_phone import OffhookFarm, call
from .sipp import Sipp
from .sound import Sound, hear_back

pytestmark = pytest.mark.peer


@pytest.fixture
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OffhookFarm]:
    with OffhookFarm(tmp_path_factory.mktemp("farm") / "run", 3) as running:
        yield running


def test_the_printed_lines_make_1001_ring_1002_and_1002_answer(
    require_peer: Callable[[str], str], farm: OffhookFarm
) -> None:
    assert list(farm.phones) == ["1001", "1002", "1003"]
    first, second, third = farm.phones.values()
    require_peer("curl")
    make_call, answer = map(shlex.split, farm.curl)
    subprocess.run([*make_call, "--fail", "--silent"], check=True, timeout=20)
    ringing = second.until_page("ringing")
    assert call(ringing)["direction"] == "in"
    subprocess.run([*answer, "--fail", "--silent"], check=True, timeout=20)
    first.until_page("talking")
    second.until_page("talking")
    assert third.state()["screen"]["page"] == "idle"
    first.do("keydown=3")
    second.until(lambda state: call(state)["digits_received"] == "3", "the digit")
    second.do("action=CallEnd")
    first.until_idle("1002 is gone")


def test_the_echo_sends_back_what_it_hears(farm: OffhookFarm, sipp: Callable[..., Sipp]) -> None:
    phone = farm.phones["1001"]
    phone.do("action=MakeCall&number=*43")
    found = re.fullmatch(r"sip:\*43@[\d.]+:(\d+)", call(phone.until_page("talking"))["remote"])
    assert found
    chance = random.Random(43)
    spoken = [chance.randbytes(160) for _ in range(50)]
    with Sound() as sound:
        peer = sipp(
            "caller_of_whoever_answers_at_once",
            to=int(found[1]),
            user="*43",
            sound_port=sound.port,
        )
        assert hear_back(sound, spoken, limit=200) == spoken
        farm.terminate()
        peer.until_done()
        assert farm.exit_status() == 0
