"""The registration flows of RFC 3665 §2 between a user agent and a registrar played by the test."""

import random
import re

import pytest

from offhook.sip import Account, Hop, UserAgent
from offhook.sip.events import Binding, BindingChanged

from .message_text import read, response
from .virtual_network import VirtualNetwork

BOB = Hop("UDP", "192.0.2.201", 5060)
REGISTRAR = Hop("UDP", "192.0.2.222", 5060)


class Registrar:
    """Challenges once for each nonce, then binds for `granted` seconds."""

    def __init__(
        self, network: VirtualNetwork, *, password_is_right: bool = True, granted: int = 600
    ) -> None:
        self._network = network
        self._right = password_is_right
        self._granted = granted
        self.requests: list[str] = []
        network.add_peer(REGISTRAR, self._receive)

    def _receive(self, data: bytes, source: Hop) -> None:
        text = data.decode()
        self.requests.append(text)
        expires = int(re.search(r"\r\nExpires: (\d+)", text)[1])  # type: ignore[index]
        if 'nonce="n"' in text and self._right:
            contact = read(data).headers["Contact"].partition(";expires")[0]
            headers = {"Contact": f"{contact};expires={self._granted}"} if expires else {}
            answer = response(data, 200, "OK", tag="r", headers=headers)
        else:
            challenge = {"WWW-Authenticate": 'Digest realm="biloxi", nonce="n", qop="auth"'}
            answer = response(data, 401, "Unauthorized", tag="r", headers=challenge)
        self._network.send(answer, REGISTRAR, source)


@pytest.fixture
def network() -> VirtualNetwork:
    return VirtualNetwork()


@pytest.fixture
def bob(network: VirtualNetwork) -> UserAgent:
    agent = network.add(UserAgent(BOB, "bob", random.Random(1)))
    agent.add_account(Account(1, "bob", "192.0.2.222", password="zanzibar"))
    return agent


def told(network: VirtualNetwork) -> list[tuple[Binding, str | None]]:
    return [(e.state, e.reason) for e in network.events[BOB] if isinstance(e, BindingChanged)]


def test_2_1_successful_new_registration_and_its_refresh(network: VirtualNetwork, bob: UserAgent) -> None:
    registrar = Registrar(network)
    bob.register(1, network.now)
    network.run(1)
    assert network.ladder() == ["REGISTER", "401", "REGISTER", "200"]
    assert told(network) == [(Binding.REGISTERING, None), (Binding.REGISTERED, None)]
    first, second = registrar.requests
    assert first.startswith("REGISTER sip:192.0.2.222 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.201:5060;")
    assert "CSeq: 1 REGISTER" in first
    assert "CSeq: 2 REGISTER" in second
    assert not bob.busy

    network.run(600)
    assert len(registrar.requests) >= 3, "refreshed in time"
    assert told(network)[-1] == (Binding.REGISTERED, None)


def test_2_4_cancellation_of_registration(network: VirtualNetwork, bob: UserAgent) -> None:
    registrar = Registrar(network)
    bob.register(1, network.now)
    network.run(1)
    bob.unregister(1, network.now)
    assert bob.busy
    network.run(1)
    assert not bob.busy
    assert "Expires: 0" in registrar.requests[-1]
    assert told(network)[-1] == (Binding.UNREGISTERED, None)
    network.run(10000)
    assert bob.layer.idle
    assert bob.deadline is None


def test_2_5_unsuccessful_registration(network: VirtualNetwork, bob: UserAgent) -> None:
    registrar = Registrar(network, password_is_right=False)
    bob.register(1, network.now)
    network.run(1)
    state, reason = told(network)[-1]
    assert state is Binding.FAILED
    assert "401" in (reason or "")
    assert "zanzibar" not in (reason or "")
    assert len(registrar.requests) == 2


def test_a_registrar_that_comes_back_is_found(network: VirtualNetwork, bob: UserAgent) -> None:
    bob.register(1, network.now)
    network.run(33)
    state, reason = told(network)[-1]
    assert state is Binding.FAILED
    assert reason == "no answer from 192.0.2.222:5060"
    Registrar(network)
    network.run(60)
    assert told(network)[-1] == (Binding.REGISTERED, None)


def test_a_transport_that_fails_says_why(network: VirtualNetwork, bob: UserAgent) -> None:
    bob.register(1, 0.0)
    (transmit,) = bob.outbox
    bob.outbox.clear()
    bob.transport_failed(transmit, "192.0.2.222:5060 refuses connections", 0.0)
    network.flush()
    assert told(network)[-1] == (Binding.FAILED, "192.0.2.222:5060 refuses connections")
