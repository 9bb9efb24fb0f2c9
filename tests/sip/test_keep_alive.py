import random

import pytest

from offhook.sip import Account, Hop, UserAgent
from offhook.sip.events import Binding, BindingChanged
from offhook.sip.keep_alive import DATAGRAMS, PING, PONG, PONG_WITHIN, STREAMS, interval

from .registrar import ScriptedRegistrar
from .virtual_network import VirtualNetwork

INSIDE, OUTSIDE = "10.0.0.5", "192.0.2.222"


@pytest.mark.parametrize(
    ("wanted", "own", "registrar", "behind_nat", "flow_timer", "expected"),
    [
        (None, "127.0.0.1", "UDP 127.0.0.1", False, None, None),
        (None, INSIDE, "UDP 10.0.0.1", False, None, None),
        (None, INSIDE, "TLS 10.0.0.1", False, None, STREAMS),
        (None, INSIDE, "TCP 10.0.0.1", False, None, STREAMS),
        (0, INSIDE, "TCP 10.0.0.1", False, None, None),
        (None, "fe80::1", "UDP fd00::1", False, None, None),
        (None, INSIDE, "UDP 10.0.0.1", True, None, DATAGRAMS),
        (None, INSIDE, "UDP 8.8.8.8", False, None, DATAGRAMS),
        (None, "9.9.9.9", "UDP 8.8.8.8", False, None, DATAGRAMS),
        (None, INSIDE, "TCP 8.8.8.8", False, None, STREAMS),
        (None, INSIDE, "UDP pbx.example", False, None, DATAGRAMS),
        (None, INSIDE, "UDP 10.0.0.1", False, 100, (80, 100)),
        (20, INSIDE, "UDP 10.0.0.1", False, None, (16, 20)),
        (20, INSIDE, "UDP 8.8.8.8", True, 100, (16, 20)),
        (0, INSIDE, "UDP 8.8.8.8", True, 100, None),
    ],
)
def test_how_often(
    wanted: int | None,
    own: str,
    registrar: str,
    behind_nat: bool,
    flow_timer: int | None,
    expected: tuple[float, float] | None,
) -> None:
    transport, host = registrar.split()
    hop = Hop(transport, host, 5060)  # type: ignore[arg-type]
    found = interval(wanted, hop, Hop("UDP", own, 5060), behind_nat, flow_timer)
    assert found == (None if expected is None else pytest.approx(expected))


class Scene:
    def __init__(self, transport: str = "UDP", **account: object) -> None:
        self.network = VirtualNetwork()
        self.own = Hop("UDP", INSIDE, 5060)
        self.hop = Hop(transport, OUTSIDE, 5060)  # type: ignore[arg-type]
        self.bob = self.network.add(UserAgent(self.own, "bob", random.Random(1)))
        self.bob.add_account(Account(1, "bob", OUTSIDE, transport=transport, mwi="no", **account))  # type: ignore[arg-type]
        self.registrar = ScriptedRegistrar(self.network, self.hop)
        self.bob.register(1, 0)
        self.network.run(1)

    @property
    def pings(self) -> int:
        return sum(data == PING for _, _, data in self.network.log)

    @property
    def state(self) -> Binding:
        return [e.state for e in self.network.events[self.own] if isinstance(e, BindingChanged)][-1]


def test_the_way_to_a_provider_is_kept_open() -> None:
    scene = Scene(keepalive=25)
    scene.network.run(1000)
    assert 1000 / 25 <= scene.pings <= 1000 / 20
    scene.bob.unregister(1, scene.network.now)
    scene.network.run(100)
    assert scene.bob.deadline is None


def test_an_idle_phone_in_the_house_of_its_pbx_has_nothing_to_do() -> None:
    scene = Scene(keepalive=0)
    scene.network.run(200)
    assert not scene.pings


def test_a_stream_that_stops_answering() -> None:
    scene = Scene("TCP", keepalive=25)
    scene.network.run(30)
    scene.bob.receive(PONG, scene.hop, scene.network.now)
    asked = len(scene.registrar.requests)
    scene.network.run(200)
    assert len(scene.registrar.requests) == asked + 1, "registered again over another one"
    assert scene.state is Binding.REGISTERED


def test_a_stream_whose_end_never_answers_is_let_be() -> None:
    scene = Scene("TCP", keepalive=25)
    asked = len(scene.registrar.requests)
    scene.network.run(200)
    assert len(scene.registrar.requests) == asked
    assert scene.pings >= 8


def test_a_registrar_that_promised_to_answer() -> None:
    scene = Scene("TCP", keepalive=25)
    scene.registrar.headers = {"Require": "outbound", "Flow-Timer": "60"}
    scene.bob.register(1, scene.network.now)
    scene.network.run(1)
    asked = len(scene.registrar.requests)
    scene.network.run(25 + PONG_WITHIN + 3)
    assert len(scene.registrar.requests) > asked


def test_dialogs_come_by_the_flow_that_the_registrar_keeps() -> None:
    """RFC 5626 §4.3: the Contact says so with `ob`, but not that of the binding, nor that of a datagram."""
    scene = Scene("TCP")
    hop, account = scene.hop, Account(1, "bob", OUTSIDE)
    contact = f"sip:bob@{INSIDE}:5060;transport=tcp"
    assert scene.bob.layer.contact_uri(account, hop) == contact
    scene.registrar.headers = {"Require": "outbound"}
    scene.bob.register(1, scene.network.now)
    scene.network.run(1)
    assert scene.bob.layer.contact_uri(account, hop) == f"{contact};ob"
    assert scene.bob.layer.contact_uri(account, scene.own) == f"sip:bob@{INSIDE}:5060"
    scene.bob.register(1, scene.network.now)
    scene.network.run(1)
    assert scene.registrar.requests[-1].headers["Contact"].startswith(f"<{contact}>")
    scene.registrar.headers = {}
    scene.bob.register(1, scene.network.now)
    scene.network.run(1)
    assert scene.bob.layer.contact_uri(account, hop) == contact


def test_options() -> None:
    scene = Scene(keepalive=25, ping="options")
    scene.network.run(30)
    assert scene.registrar.others[0] == f"OPTIONS sip:{OUTSIDE} SIP/2.0"
    asked = len(scene.registrar.requests)
    scene.network.run(60)
    assert len(scene.registrar.requests) > asked, "silence means that the way is closed"
