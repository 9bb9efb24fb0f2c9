import random

import pytest

from offhook.sip import Account, Hop, LocalMedia, UserAgent
from offhook.sip.events import Binding, BindingChanged
from offhook.sip.learned_address import MAX_CHANGES, LearnedAddress
from offhook.sip.via import TopVia

from .registrar import ScriptedRegistrar
from .virtual_network import VirtualNetwork

BOB = Hop("UDP", "10.0.0.5", 5060)
REGISTRAR = Hop("UDP", "192.0.2.222", 5060)
OUTSIDE = Hop("UDP", "198.51.100.7", 40123)
ACCOUNT = Account(1, "bob", REGISTRAR.host, password="x")


class Scene:
    def __init__(self, **agent: bool) -> None:
        self.network = VirtualNetwork()
        self.bob = self.network.add(UserAgent(BOB, "bob", random.Random(1), **agent))
        self.bob.add_account(ACCOUNT)
        self.registrar = ScriptedRegistrar(self.network, REGISTRAR, seen_at=OUTSIDE)

    def register(self, seconds: float = 1) -> None:
        self.bob.register(1, self.network.now)
        self.network.run(seconds)

    @property
    def state(self) -> Binding:
        return [e.state for e in self.network.events[BOB] if isinstance(e, BindingChanged)][-1]


def test_behind_a_nat_the_binding_moves_to_where_the_registrar_sees_us() -> None:
    scene = Scene()
    scene.register()
    first, second = scene.registrar.requests
    assert first.headers["Contact"].startswith("<sip:bob@10.0.0.5:5060>")
    assert second.headers.getlist("Contact") == [
        "<sip:bob@198.51.100.7:40123>;expires=1800",
        "<sip:bob@10.0.0.5:5060>;expires=0",
    ]
    assert list(scene.registrar.bindings) == ["sip:bob@198.51.100.7:40123"]
    scene.bob.invite("c", ACCOUNT, "alice", LocalMedia(BOB.host, 4000), scene.network.now)
    assert b"\r\nContact: <sip:bob@198.51.100.7:40123>\r\n" in scene.bob.outbox[-1].data
    scene.network.run(2000)
    assert scene.state is Binding.REGISTERED
    assert all(len(each.headers.getlist("Contact")) == 1 for each in scene.registrar.requests[2:])


def test_a_challenge_tells_it_before_anything_is_bound() -> None:
    scene = Scene()
    scene.registrar.challenge = True
    scene.register()
    assert [len(each.headers.getlist("Contact")) for each in scene.registrar.requests] == [1, 1]
    assert list(scene.registrar.bindings) == ["sip:bob@198.51.100.7:40123"]


def test_what_a_person_says_goes_first() -> None:
    scene = Scene(contact_is_fixed=True)
    scene.register()
    assert len(scene.registrar.requests) == 1
    assert list(scene.registrar.bindings) == ["sip:bob@10.0.0.5:5060"]


def test_who_moves_registers_anew_where_the_contact_stays_too() -> None:
    """The connection to the registrar is gone, or the NAT's memory of it."""
    scene = Scene(contact_is_fixed=True)
    scene.register()
    scene.bob.moved(BOB, scene.network.now)
    scene.network.run(1)
    assert [len(each.headers.getlist("Contact")) for each in scene.registrar.requests] == [1, 1]
    assert list(scene.registrar.bindings) == ["sip:bob@10.0.0.5:5060"]


def test_a_nat_that_changes_its_mind_each_time() -> None:
    scene = Scene()
    ports = iter(range(40000, 60000))

    class Changing(ScriptedRegistrar):
        def _receive(self, data: bytes, source: Hop) -> None:
            self.seen_at = Hop("UDP", OUTSIDE.host, next(ports))
            super()._receive(data, source)

    registrar = Changing(scene.network, REGISTRAR)
    scene.register(300)
    assert len(registrar.requests) <= MAX_CHANGES + 3
    assert scene.state is Binding.REGISTERED
    assert len(registrar.bindings) == 1


def test_a_new_mapping_is_learned_with_the_next_refresh() -> None:
    scene = Scene()
    scene.register()
    scene.registrar.seen_at = Hop("UDP", OUTSIDE.host, 50000)
    scene.network.run(400)
    assert list(scene.registrar.bindings) == ["sip:bob@198.51.100.7:50000"]
    scene.registrar.seen_at = BOB
    scene.network.run(400)
    assert list(scene.registrar.bindings) == ["sip:bob@10.0.0.5:5060"]


@pytest.mark.parametrize(
    ("via", "transport", "learned"),
    [
        ("UDP 10.0.0.5:5060;rport=5060;received=10.0.0.5", "UDP", None),
        ("UDP 10.0.0.5:5060;branch=x", "UDP", None),
        ("UDP 10.0.0.5:5060;rport=1024", "UDP", Hop("UDP", "10.0.0.5", 1024)),
        ("UDP 10.0.0.5:5060;received=192.0.2.1", "UDP", Hop("UDP", "192.0.2.1", 5060)),
        ("UDP 10.0.0.5:5060;rport=1;received=[2001:DB8::1]", "UDP", Hop("UDP", "2001:db8::1", 1)),
        ("UDP 10.0.0.5:5060;rport=1;received=nat.example", "UDP", None),
        ("UDP 10.0.0.5:5060;rport=1;received=0.0.0.0", "UDP", None),
        ("UDP 10.0.0.5:5060;rport=1;received=224.0.0.1", "UDP", None),
        ("UDP 10.0.0.5:5060;rport=70000;received=192.0.2.1", "UDP", None),
        ("UDP 10.0.0.5:5060;rport=0;received=192.0.2.1", "UDP", None),
        ("UDP 10.0.0.5:5060;rport=x;received=192.0.2.1", "UDP", None),
        # A connection leaves from a port of its own.
        ("TCP 10.0.0.5:5060;rport=41000;received=10.0.0.5", "TCP", None),
        ("TCP 10.0.0.5:5060;rport=41000;received=192.0.2.1", "TCP", Hop("TCP", "192.0.2.1", 41000)),
    ],
)
def test_what_a_via_says(via: str, transport: str, learned: Hop | None) -> None:
    address = LearnedAddress()
    address.learn(TopVia.parse(f"SIP/2.0/{via}"), transport, BOB, 0)  # type: ignore[arg-type]
    assert address.hop == learned
