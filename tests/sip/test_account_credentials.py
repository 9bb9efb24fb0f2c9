"""To whom an account proves itself: its own host, whatever the request, and nobody else."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from sipmessage import Request, Response

from offhook.sip import Account, Hop, LocalMedia, UserAgent
from offhook.sip.account_credentials import MAX_REALMS, AccountCredentials
from offhook.sip.destination import Destination
from offhook.sip.events import Failed
from offhook.sip.home import MAX_REMEMBERED
from offhook.sip.uri import sip_uri

from .message_text import SDP, read, request, response

PBX = Hop("UDP", "192.0.2.111", 5060)
STRANGER = Hop("UDP", "192.0.2.66", 5060)
ALICE = Hop("UDP", "192.0.2.101", 5060)
SOUND = LocalMedia("192.0.2.101", 4000)
HERE = Account(1, "alice", "192.0.2.111", password="secret")
BY_NAME = Account(1, "alice", "pbx.example", password="secret")

Deed = Callable[[UserAgent], None]


def challenge(realm: str = "pbx", nonce: str = "n") -> dict[str, str]:
    return {"WWW-Authenticate": f'Digest realm="{realm}", nonce="{nonce}", qop="auth"'}


def proxy_challenge(realm: str = "pbx", nonce: str = "n") -> dict[str, str]:
    return {"Proxy-Authenticate": f'Digest realm="{realm}", nonce="{nonce}", qop="auth"'}


class Desk:
    """Alice's user agent. What it sends is read and kept with where it went."""

    def __init__(self, account: Account = HERE) -> None:
        self.account = account
        self.alice = UserAgent(ALICE, "alice", random.Random(1))
        self.alice.add_account(account)
        self.everything: list[tuple[Hop, Request | Response]] = []
        self.places = {"pbx.example": PBX.host}

    def sent(self) -> list[tuple[Hop, bytes]]:
        while self.alice.wanted:
            wanted = self.alice.wanted.pop(0)
            address, port = self.places.get(wanted.host, STRANGER.host), wanted.port or 5060
            self.alice.located(wanted, [Hop(wanted.transport or "UDP", address, port, wanted.host)], 0.0)
        transmits = [(transmit.hop, transmit.data) for transmit in self.alice.outbox]
        self.alice.outbox.clear()
        self.everything += [(hop, read(data)) for hop, data in transmits]
        return transmits

    def one(self) -> tuple[Hop, bytes]:
        (sent,) = self.sent()
        return sent

    def receive(self, data: bytes, source: Hop) -> list[tuple[Hop, bytes]]:
        self.alice.receive(data, source, 0.0)
        return self.sent()

    def register(self, realm: str = "pbx") -> None:
        """With a challenge, so that a nonce is at hand."""
        self.alice.register(1, 0.0)
        _, first = self.one()
        ((_, again),) = self.receive(response(first, 401, headers=challenge(realm)), PBX)
        assert b"\r\nAuthorization: Digest" in again
        self.receive(response(again, 200), PBX)

    def dial(self, target: str) -> tuple[Hop, bytes]:
        self.alice.invite("c", self.account, target, SOUND, 0.0)
        return self.one()

    def talk(self, target: str, source: Hop, contact: str, route: str = "") -> None:
        """A call of hers that is up; what is sent from then on goes to `route`, else to `contact`."""
        _, invite = self.dial(target)
        headers = {"Contact": f"<{contact}>"}
        if route:
            headers["Record-Route"] = f"<{route};lr>"
        self.receive(response(invite, 200, tag="b", body=SDP, headers=headers), source)
        self.alice.events.clear()

    def header(self, name: str) -> str:
        """Of the ACK that set the call up."""
        return next(m.headers[name] for _, m in reversed(self.everything) if m.headers["CSeq"] == "1 ACK")

    @property
    def proven_to(self) -> set[str]:
        """Hosts that were given credentials."""
        return {
            hop.host
            for hop, message in self.everything
            if message.headers.get("Authorization") or message.headers.get("Proxy-Authorization")
        }


DEEDS: dict[str, Deed] = {
    "BYE": lambda agent: agent.hang_up("c", 0.0),
    "INVITE": lambda agent: agent.hold("c", 0.0),
    "REFER": lambda agent: agent.refer("c", "sip:carol@192.0.2.77", 0.0),
    "INFO": lambda agent: agent.send_digit_info("c", "1", 0.0),
}
"""What may be done in a call that is up, by the request that does it."""


@pytest.mark.parametrize("code", [401, 407])
@pytest.mark.parametrize("registered", [False, True])
@pytest.mark.parametrize(
    "target", ["sip:eve@192.0.2.66", "sip:1002@192.0.2.111:6666", "sip:1002@evil.example"]
)
def test_an_invite_that_goes_elsewhere_proves_nothing(target: str, registered: bool, code: int) -> None:
    desk = Desk()
    if registered:
        desk.register()
        desk.everything.clear()
    hop, invite = desk.dial(target)
    assert hop != PBX
    headers = challenge() if code == 401 else proxy_challenge()
    ((_, ack),) = desk.receive(response(invite, code, "Prove It", tag="e", headers=headers), hop)
    assert ack.startswith(b"ACK")
    assert desk.proven_to == set()
    assert desk.alice.events[-1] == Failed("c", code, "Prove It")


def test_an_invite_that_follows_a_refer_elsewhere_proves_nothing() -> None:
    desk = Desk()
    desk.register()
    desk.talk("1002", PBX, "sip:1002@192.0.2.111")
    refer = request(
        "REFER",
        "sip:alice@192.0.2.101:5060",
        headers={
            "From": desk.header("To"),
            "To": desk.header("From"),
            "Call-ID": desk.header("Call-ID"),
            "Refer-To": "<sip:eve@192.0.2.66>",
        },
    )
    desk.receive(refer, PBX)
    desk.alice.accept_refer("c", "e", desk.account, SOUND, 0.0)
    invites = [(hop, data) for hop, data in desk.sent() if data.startswith(b"INVITE")]
    ((hop, invite),) = invites
    assert hop == STRANGER
    desk.receive(response(invite, 401, tag="e", headers=challenge()), STRANGER)
    assert STRANGER.host not in desk.proven_to


@pytest.mark.parametrize("code", [401, 407])
@pytest.mark.parametrize("method", DEEDS)
@pytest.mark.parametrize("known_at", ["contact", "route"])
@pytest.mark.parametrize("dialled", ["sip:eve@192.0.2.66", "1002"])
def test_a_stranger_in_a_dialog_is_proven_nothing(
    dialled: str, known_at: str, method: str, code: int
) -> None:
    """Not even one that was reached through the account's own proxy."""
    desk = Desk()
    desk.register()
    source = PBX if dialled == "1002" else STRANGER
    if known_at == "contact":
        desk.talk(dialled, source, "sip:eve@192.0.2.66")
    else:
        # The realm's own nonces are for this Request-URI, which is what goes ahead of a challenge.
        desk.talk(dialled, source, "sip:eve@192.0.2.111", "sip:192.0.2.66")
    desk.everything.clear()
    DEEDS[method](desk.alice)
    hop, data = desk.one()
    assert hop == STRANGER
    assert data.startswith(method.encode())
    headers = challenge() if code == 401 else proxy_challenge()
    desk.receive(response(data, code, headers=headers), STRANGER)
    assert desk.proven_to == set()


@pytest.mark.parametrize("method", DEEDS)
@pytest.mark.parametrize(
    ("contact", "route"),
    [
        ("sip:1002@192.0.2.111", ""),
        ("sip:1002@192.0.2.111:5060;transport=tcp", ""),
        ("sip:1002@192.0.2.202", "sip:192.0.2.111"),
        ("sip:1002@192.0.2.202", "sip:192.0.2.111:5060"),
    ],
)
def test_a_dialog_through_the_accounts_host_is(contact: str, route: str, method: str) -> None:
    desk = Desk()
    desk.talk("1002", PBX, contact, route)
    DEEDS[method](desk.alice)
    _, data = desk.one()
    again = desk.receive(response(data, 407, headers=proxy_challenge()), PBX)
    assert [data for hop, data in again if b"\r\nProxy-Authorization: Digest" in data]
    assert desk.proven_to == {PBX.host}


@pytest.mark.parametrize(
    ("found", "proven"),
    [
        (Hop("UDP", PBX.host, 5060, "pbx.example"), True),
        (Hop("TCP", PBX.host, 5060, "pbx.example"), True),
        (Hop("UDP", "192.0.2.112", 5060, "pbx.example"), False),
        (Hop("UDP", PBX.host, 5070, "pbx.example"), False),
    ],
)
@pytest.mark.parametrize("asked", [Destination("pbx.example"), Destination("eve.example")])
def test_a_host_by_name_is_known_by_the_hops_it_was_found_to_have(
    asked: Destination, found: Hop, proven: bool
) -> None:
    desk = Desk(BY_NAME)
    desk.places["pbx.example"] = "192.0.2.112"
    desk.alice.located(asked, [found], 0.0)
    desk.talk("1002", PBX, "sip:1002@192.0.2.202", "sip:192.0.2.111")
    desk.alice.hang_up("c", 0.0)
    hop, bye = desk.one()
    assert hop == PBX
    desk.receive(response(bye, 407, headers=proxy_challenge()), PBX)
    assert (PBX.host in desk.proven_to) == (proven and asked.host == "pbx.example")


def test_an_outbound_proxy_is_home_too() -> None:
    desk = Desk(replace(BY_NAME, proxy="sip:edge.example:5080"))
    desk.places["edge.example"] = "192.0.2.80"
    edge = Hop("UDP", "192.0.2.80", 5080, "edge.example")
    hop, invite = desk.dial("sip:bob@elsewhere.example")
    assert hop == edge
    assert b"\r\nRoute: <sip:edge.example:5080;lr>\r\n" in invite
    _, (_, again) = desk.receive(response(invite, 407, tag="p", headers=proxy_challenge()), edge)
    assert b"\r\nProxy-Authorization: Digest" in again
    assert desk.proven_to == {edge.host}


@pytest.mark.parametrize("account", [HERE, BY_NAME])
def test_who_answers_past_the_proxy_does_not_become_the_proxy(account: Account) -> None:
    desk = Desk(account)
    desk.register()
    desk.everything.clear()
    desk.talk("1002", STRANGER, "sip:eve@192.0.2.66")
    desk.alice.hang_up("c", 0.0)
    hop, bye = desk.one()
    assert hop == STRANGER
    desk.receive(response(bye, 401, headers=challenge()), STRANGER)
    assert STRANGER.host not in desk.proven_to


def test_only_the_registrars_realms_are_answered_once_they_are_known() -> None:
    """A far end behind the proxy may ask too, and the proxy hands it on."""
    desk = Desk()
    _, invite = desk.dial("1002")
    sent = desk.receive(response(invite, 407, tag="p", headers=proxy_challenge("any")), PBX)
    assert len(sent) == 2
    desk = Desk()
    desk.register("pbx")
    desk.everything.clear()
    _, invite = desk.dial("1002")
    (ack,) = desk.receive(response(invite, 407, tag="p", headers=proxy_challenge("eve")), PBX)
    assert ack[1].startswith(b"ACK")
    assert desk.alice.events[-1] == Failed("c", 407, "Because")
    desk.alice.invite("d", desk.account, "1002", SOUND, 0.0)
    _, invite = desk.one()
    both = {**challenge("eve"), **proxy_challenge("pbx")}
    _, (_, again) = desk.receive(response(invite, 407, tag="p", headers=both), PBX)
    assert b'realm="pbx"' in again
    assert b'"eve"' not in again


@pytest.mark.parametrize("proxy", ["sip:192.0.2.80", "sip:edge.example"])
def test_the_outbound_proxy_may_ask_for_a_realm_of_its_own(proxy: str) -> None:
    """Beside the registrar's, and one alone: what lies beyond it may ask too."""
    edge = Hop("UDP", "192.0.2.80", 5060, "edge.example" if "edge" in proxy else "")
    desk = Desk(replace(HERE, proxy=proxy))
    desk.places["edge.example"] = edge.host
    desk.alice.register(1, 0.0)
    hop, first = desk.one()
    assert hop == edge
    ((_, again),) = desk.receive(response(first, 401, headers=challenge("pbx")), edge)
    desk.receive(response(again, 200), edge)
    _, invite = desk.dial("1002")
    headers = proxy_challenge("edge.example")
    _, (_, again) = desk.receive(response(invite, 407, tag="p", headers=headers), edge)
    assert b'Proxy-Authorization: Digest username="alice", realm="edge.example"' in again
    # Let through, and asked by the registrar; then by whoever is called.
    _, (_, again) = desk.receive(response(again, 401, tag="r", headers=challenge("pbx", "m")), edge)
    assert b"\r\nProxy-Authorization: Digest" in again
    assert b'\r\nAuthorization: Digest username="alice", realm="pbx"' in again
    (ack,) = desk.receive(response(again, 407, tag="e", headers=proxy_challenge("eve")), edge)
    assert ack[1].startswith(b"ACK")


def test_a_realm_is_its_own_for_the_outbound_proxy_alone() -> None:
    """The registrar's host, dialled past it, is none."""
    desk = Desk(replace(HERE, proxy="sip:192.0.2.80"))
    credentials = desk.alice._accounts.credentials[desk.account]
    asked = Response(401, "Because")
    asked.headers.add("WWW-Authenticate", 'Digest realm="pbx", nonce="n"')
    credentials.registrar_asked(asked)
    asked = Response(407, "Because")
    asked.headers.add("Proxy-Authenticate", 'Digest realm="eve", nonce="n"')
    for hop, proven in ((PBX, False), (Hop("UDP", "192.0.2.80", 5060), True), (PBX, False)):
        assert credentials.answer(Request("BYE", sip_uri("b", "192.0.2.77")), asked, hop) == proven


@pytest.mark.parametrize(
    ("contact", "route", "carried"),
    [
        ("sip:1002@192.0.2.111", "", True),
        ("sip:1002@192.0.2.66", "sip:192.0.2.111", True),
        ("sip:1002@192.0.2.66", "", False),
        ("sip:1002@192.0.2.111", "sip:192.0.2.66", False),
    ],
)
def test_the_ack_has_its_invites_credentials_where_it_goes_the_same_way(
    contact: str, route: str, carried: bool
) -> None:
    desk = Desk()
    _, invite = desk.dial("1002")
    _, (_, again) = desk.receive(response(invite, 407, tag="p", headers=proxy_challenge()), PBX)
    headers = {"Contact": f"<{contact}>", **({"Record-Route": f"<{route};lr>"} if route else {})}
    ((_, ack),) = desk.receive(response(again, 200, tag="b", body=SDP, headers=headers), PBX)
    assert ack.startswith(b"ACK")
    assert (b"\r\nProxy-Authorization: " in ack) == carried


@pytest.mark.parametrize(
    ("account", "hop", "home"),
    [
        (Account(1, "a", "PBX.example"), Hop("UDP", "192.0.2.1", 5060, "pbx.example"), True),
        (Account(1, "a", "PBX.example"), Hop("UDP", "192.0.2.1", 5060), True),
        (Account(1, "a", "pbx.example"), Hop("UDP", "192.0.2.1", 5062, "pbx.example"), False),
        (Account(1, "a", "pbx.example"), Hop("UDP", "192.0.2.2", 5060, "pbx.example"), False),
        (Account(1, "a", "[2001:db8::1]"), Hop("UDP", "2001:db8:0:0::1", 5060), True),
        (Account(1, "a", "2001:db8::1"), Hop("TCP", "2001:DB8::1", 5060), True),
        (Account(1, "a", "127.0.0.1"), Hop("UDP", "127.0.0.1", 5060), True),
        (Account(1, "a", "127.0.0.1", transport="TLS"), Hop("TLS", "127.0.0.1", 5061), True),
        (Account(1, "a", "127.0.0.1", 5080), Hop("UDP", "127.0.0.1", 5080), True),
        (Account(1, "a", "127.0.0.1", 5080), Hop("UDP", "127.0.0.1", 5060), False),
        (Account(1, "a", "127.0.0.1"), Hop("UDP", "127.0.0.2", 5060), False),
    ],
)
def test_what_counts_as_the_accounts_host(account: Account, hop: Hop, home: bool) -> None:
    invite = Request("INVITE", sip_uri("b", account.host))
    again = Response(401, "Because")
    for name, value in challenge().items():
        again.headers.add(name, value)
    credentials = AccountCredentials(replace(account, password="secret"), random.Random(1))
    credentials.home.located(Destination("pbx.example"), [Hop("UDP", "192.0.2.1", 5060, "pbx.example")])
    assert credentials.answer(invite, again, hop) == home
    assert (invite.headers.get("Authorization") is not None) == home


OVER_TLS = Account(1, "a", "pbx.example", transport="TLS")
BY_PROXY = Account(1, "a", "pbx.example", proxy="sip:192.0.2.1:5061;transport=tls")


@pytest.mark.parametrize(
    ("account", "source", "is_at", "sent_by", "may_be"),
    [
        (OVER_TLS, Hop("TLS", "192.0.2.1", 5061, "pbx.example"), True, True, True),
        # By its address, in a Record-Route or Contact: the connection that is there.
        (OVER_TLS, Hop("TLS", "192.0.2.1", 5061), True, True, True),
        # Opened by whoever is at that address; a registrar may be, and shows nothing.
        (OVER_TLS, Hop("TLS", "192.0.2.1", 5061, accepted=True), False, False, True),
        (OVER_TLS, Hop("TLS", "192.0.2.1", 34567, accepted=True), False, False, True),
        (OVER_TLS, Hop("UDP", "192.0.2.1", 5061), False, False, False),
        (OVER_TLS, Hop("TCP", "192.0.2.1", 5061), False, False, False),
        # Another name with a certificate of its own.
        (OVER_TLS, Hop("TLS", "192.0.2.1", 5061, "eve.example"), False, False, True),
        (OVER_TLS, Hop("TLS", "192.0.2.2", 5061, "pbx.example"), False, False, False),
        (BY_PROXY, Hop("TLS", "192.0.2.1", 5061), True, True, True),
        (BY_PROXY, Hop("UDP", "192.0.2.1", 5061), False, False, False),
    ],
)
def test_over_tls_an_address_proves_nothing(
    account: Account, source: Hop, is_at: bool, sent_by: bool, may_be: bool
) -> None:
    home = AccountCredentials(account, random.Random(1)).home
    home.located(Destination("pbx.example", transport="TLS"), [Hop("TLS", "192.0.2.1", 5061, "pbx.example")])
    assert (home.is_at(source), home.sent_by(source), home.may_be(source)) == (is_at, sent_by, may_be)


def test_a_service_route_of_an_account_over_tls_is_no_way_round_it() -> None:
    home = AccountCredentials(OVER_TLS, random.Random(1)).home
    home.route(Destination("192.0.2.3", 5060))
    assert not home.is_at(Hop("UDP", "192.0.2.3", 5060))
    assert home.is_at(Hop("TLS", "192.0.2.3", 5060))


def test_what_is_remembered_is_bounded() -> None:
    credentials = AccountCredentials(BY_NAME, random.Random(1))
    for number in range(MAX_REMEMBERED + 5):
        hop = Hop("UDP", f"10.0.0.{number}", 5060, "pbx.example")
        credentials.home.located(Destination("pbx.example"), [hop])
        asked = Response(401, "Because")
        asked.headers.add("WWW-Authenticate", f'Digest realm="{number}", nonce="n"')
        credentials.registrar_asked(asked)
    assert len(credentials.home._places) == MAX_REMEMBERED
    assert len(credentials._realms) == MAX_REALMS
    assert credentials.home.is_at(Hop("UDP", f"10.0.0.{MAX_REMEMBERED + 4}", 5060))
