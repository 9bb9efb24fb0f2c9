"""Service-Route (RFC 3608), and how a route set is followed (RFC 3261 §12.2.1.1, §16.12.1.2)."""

import random

import pytest

from offhook.sip import Account, Hop, LocalMedia, UserAgent
from offhook.sip.destination import destination_of, likely_hop
from offhook.sip.route import routed
from offhook.sip.uri import parse_uri

from .message_text import read, response
from .registrar import ScriptedRegistrar
from .virtual_network import VirtualNetwork

BOB = Hop("UDP", "192.0.2.201", 5060)
REGISTRAR = Hop("UDP", "192.0.2.222", 5060)
PROXY = Hop("UDP", "192.0.2.9", 5070)
ACCOUNT = Account(1, "bob", REGISTRAR.host, password="x")


class Scene:
    def __init__(self, route: str) -> None:
        self.network = VirtualNetwork()
        self.bob = self.network.add(UserAgent(BOB, "bob", random.Random(1)))
        self.bob.add_account(ACCOUNT)
        self.registrar = ScriptedRegistrar(self.network, REGISTRAR, headers={"Service-Route": route})
        self.bob.register(1, 0)
        self.network.run(1)

    def invite(self) -> tuple[Hop, bytes]:
        self.bob.invite("c", ACCOUNT, "alice", LocalMedia(BOB.host, 4000), self.network.now)
        self.network.flush()
        _, target, data = self.network.log[-1]
        return target, data


def test_calls_take_the_route_that_the_registrar_gave() -> None:
    scene = Scene("<sip:192.0.2.9:5070;lr>, <sip:core.example;lr>")
    target, data = scene.invite()
    assert target == PROXY
    assert data.startswith(b"INVITE sip:alice@192.0.2.222 SIP/2.0\r\n")
    assert read(data).headers.getlist("Route") == ["<sip:192.0.2.9:5070;lr>", "<sip:core.example;lr>"]


def test_the_contact_is_a_sips_uri_where_the_route_is() -> None:
    scene = Scene("<sips:192.0.2.9;lr>")
    target, data = scene.invite()
    assert target == Hop("TLS", "192.0.2.9", 5061)
    assert read(data).headers["Contact"] == "<sips:bob@192.0.2.201:5060>"


def test_the_proxy_on_it_is_answered_like_the_registrar() -> None:
    scene = Scene("<sip:192.0.2.9:5070;lr>")
    _, data = scene.invite()
    challenge = {"Proxy-Authenticate": 'Digest realm="pbx", nonce="n", qop="auth"'}
    scene.bob.receive(response(data, 407, tag="p", headers=challenge), PROXY, scene.network.now)
    scene.network.flush()
    again = read(scene.network.log[-1][2])
    assert again.headers.get("Proxy-Authorization")
    assert again.headers.getlist("Route") == ["<sip:192.0.2.9:5070;lr>"]


@pytest.mark.parametrize("route", ["<<>>", "<tel:123>", ", ".join(["<sip:a;lr>"] * 9)])
def test_a_route_that_is_none(route: str) -> None:
    target, data = Scene(route).invite()
    assert target == REGISTRAR
    assert not read(data).headers.getlist("Route")


def test_it_ends_with_a_registration_that_names_none() -> None:
    scene = Scene("<sip:192.0.2.9:5070;lr>")
    scene.registrar.headers = {}
    scene.network.run(400)
    assert scene.invite()[0] == REGISTRAR


@pytest.mark.parametrize(
    ("route_set", "uri", "routes", "hop"),
    [
        ([], "sip:b@192.0.2.1;x=y", [], "192.0.2.1:5060"),
        (["<sip:192.0.2.7;lr>"], "sip:b@192.0.2.1;x=y", ["<sip:192.0.2.7;lr>"], "192.0.2.7:5060"),
        (
            ["<sip:192.0.2.7;method=INVITE?a=b>", "<sip:192.0.2.8;lr>"],
            "sip:192.0.2.7",
            ["<sip:192.0.2.8;lr>", "<sip:b@192.0.2.1;x=y>"],
            "192.0.2.7:5060",
        ),
    ],
)
def test_loose_and_strict_routers(route_set: list[str], uri: str, routes: list[str], hop: str) -> None:
    found = routed(parse_uri("sip:b@192.0.2.1;x=y"), route_set)
    assert (str(found[0]), found[1], str(likely_hop(destination_of(found[2])))) == (uri, routes, hop)
