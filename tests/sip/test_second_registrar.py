import random

import pytest

from offhook.sip import Account, Hop, LocalMedia, UserAgent
from offhook.sip.events import Binding, BindingChanged
from offhook.sip.registrars import LONGEST_PROBE

from .registrar import ScriptedRegistrar
from .virtual_network import VirtualNetwork

BOB = Hop("UDP", "192.0.2.201", 5060)
FIRST = Hop("UDP", "192.0.2.1", 5060)
SECOND = Hop("UDP", "192.0.2.2", 5070)
ACCOUNT = Account(1, "bob", FIRST.host, password="x", backup=(SECOND.host, SECOND.port))


class Scene:
    def __init__(self) -> None:
        self.network = VirtualNetwork()
        self.bob = self.network.add(UserAgent(BOB, "bob", random.Random(1)))
        self.bob.add_account(ACCOUNT)
        self.first = ScriptedRegistrar(self.network, FIRST)
        self.second = ScriptedRegistrar(self.network, SECOND)

    def register(self, seconds: float = 1) -> None:
        self.bob.register(1, self.network.now)
        self.network.run(seconds)

    @property
    def told(self) -> list[tuple[Binding, str | None]]:
        return [(e.state, e.reason) for e in self.network.events[BOB] if isinstance(e, BindingChanged)]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_second_is_left_alone_while_the_first_answers(scene: Scene) -> None:
    scene.register(3000)
    assert scene.told == [(Binding.REGISTERING, None), (Binding.REGISTERED, None)]
    assert not scene.second.requests


def test_a_first_that_does_not_answer(scene: Scene) -> None:
    scene.first.silent = True
    scene.register(5)
    state, reason = scene.told[-1]
    assert state is Binding.REGISTERED
    assert reason == "at 192.0.2.2:5070; the first: no answer from 192.0.2.1:5060 yet"
    assert str(scene.second.requests[0].uri) == "sip:192.0.2.2:5070"


@pytest.mark.parametrize("code", [500, 503, 408])
def test_a_first_in_trouble(scene: Scene, code: int) -> None:
    scene.first.code = code
    scene.register()
    assert scene.told[-1] == (Binding.REGISTERED, f"at 192.0.2.2:5070; the first: {code} Because")


@pytest.mark.parametrize("code", [403, 404, 600])
def test_a_first_that_says_no(scene: Scene, code: int) -> None:
    scene.first.code = code
    scene.register(100)
    assert scene.told[-1][0] is Binding.FAILED
    assert not scene.second.requests


def test_calls_go_by_the_one_that_has_the_binding(scene: Scene) -> None:
    scene.first.silent = True
    scene.register(5)
    scene.bob.invite("c", ACCOUNT, "sip:alice@192.0.2.1", LocalMedia(BOB.host, 4000), scene.network.now)
    scene.network.run(0.1)
    assert scene.second.others == ["INVITE sip:alice@192.0.2.2:5070 SIP/2.0"]
    invite = next(data for _, _, data in scene.network.log if data.startswith(b"INVITE"))
    assert b"\r\nFrom: <sip:bob@192.0.2.2>;" in invite


def test_the_first_is_returned_to_and_the_second_forgets(scene: Scene) -> None:
    scene.first.silent = True
    scene.register(600)
    assert scene.second.bindings
    scene.first.silent = False
    scene.network.run(LONGEST_PROBE + 1)
    assert scene.told[-1] == (Binding.REGISTERED, None)
    assert scene.first.bindings
    assert not scene.second.bindings
    asked = len(scene.second.requests)
    scene.network.run(3000)
    assert len(scene.second.requests) == asked


def test_the_first_is_looked_for_ever_less_often(scene: Scene) -> None:
    scene.first.silent = True
    scene.register(24 * 3600)
    attempts = {
        data.partition(b"CSeq: ")[2].partition(b" ")[0]
        for _, target, data in scene.network.log
        if target == FIRST and data.startswith(b"REGISTER")
    }
    assert 24 * 3600 / (LONGEST_PROBE + 32) <= len(attempts) <= 24 * 3600 / (LONGEST_PROBE / 2 + 32) + 10
    assert [state for state, _ in scene.told].count(Binding.REGISTERED) == len(scene.told) - 2


def test_neither(scene: Scene) -> None:
    scene.first.silent = scene.second.silent = True
    scene.register(60)
    state, reason = scene.told[-1]
    assert state is Binding.FAILED
    assert "192.0.2.1:5060" in str(reason)
    assert "192.0.2.2:5070" in str(reason)


def test_both_are_left_at_the_end(scene: Scene) -> None:
    scene.first.silent = True
    scene.register(10)
    scene.bob.unregister(1, scene.network.now)
    scene.network.run(100)
    assert not scene.second.bindings
    assert scene.told[-1] == (Binding.UNREGISTERED, None)
    assert scene.bob.deadline is None
