"""Who calls, by what the network vouches for and by what the caller says (RFC 3323, RFC 3325)."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sipmessage import Request, Response

from offhook.sip import Account, Hop, LocalMedia, UserAgent
from offhook.sip.destination import Destination
from offhook.sip.events import Incoming, RemoteChanged
from offhook.sip.identity import ANONYMOUS, asserted_identity
from offhook.sip.name_addr import NameAddr

from .message_text import SDP, read, request, response

PHONE = Hop("UDP", "192.0.2.201", 5060)
PBX = Hop("UDP", "192.0.2.1", 5060)
STRANGER = Hop("UDP", "192.0.2.66", 5060)
SOUND = LocalMedia("192.0.2.201", 3456)
HIDDEN = ("sip:anonymous@anonymous.invalid", "Anonymous", True)


class Desk:
    """Bob's phone, whose account is at PBX; `account` are more of its settings."""

    def __init__(self, host: str = PBX.host, **account: object) -> None:
        self.account = Account(1, "bob", host, display_name="Bob B", **account)  # type: ignore[arg-type]
        self.bob = UserAgent(PHONE, "offhook/test", random.Random(1))
        self.bob.add_account(self.account)

    def receive(self, data: bytes, source: Hop = PBX) -> list[Request | Response]:
        self.bob.receive(data, source, 0.0)
        return [read(data) for data in self.sent()]

    def sent(self) -> list[bytes]:
        sent = [transmit.data for transmit in self.bob.outbox]
        self.bob.outbox.clear()
        return sent

    def rung(self, headers: dict[str, str], source: Hop = PBX) -> tuple[str, str, bool]:
        self.receive(request(body=SDP, headers=headers), source)
        (event,) = self.bob.events
        assert isinstance(event, Incoming)
        return event.remote, event.remote_name, event.anonymous

    def changes(self) -> list[tuple[str, str]]:
        changed = [event for event in self.bob.events if isinstance(event, RemoteChanged)]
        self.bob.events.clear()
        return [(event.remote, event.remote_name) for event in changed]


ALICE = ("sip:alice@192.0.2.101", "Alice", False)
PAI, RPID = "P-Asserted-Identity", "Remote-Party-ID"
NOBODY = '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({}, ALICE),
        ({PAI: '"Carol C" <sip:1003@pbx.example>'}, ("sip:1003@pbx.example", "Carol C", False)),
        ({PAI: "sip:1003@pbx.example"}, ("sip:1003@pbx.example", "", False)),
        (
            {PAI: "<sip:1003@pbx;user=phone>, <tel:+4930>"},
            ("sip:1003@pbx;user=phone", "", False),
        ),
        ({PAI: "<tel:+49-30-1>, <sip:1003@pbx.example>"}, ("sip:1003@pbx.example", "", False)),
        (
            {PAI: '"Carol" <tel:+49-(30).123;phone-context=x>'},
            ("sip:+4930123@192.0.2.101;user=phone", "Carol", False),
        ),
        ({PAI: '"O\\"Neil, Sam" <sip:1@b>'}, ("sip:1@b", 'O"Neil, Sam', False)),
        # Nobody in particular, as an exchange writes that has not been told who.
        ({PAI: "<sip:pbx.example>"}, ALICE),
        ({PAI: "<sip:@pbx.example>"}, ALICE),
        ({PAI: ""}, ALICE),
        ({PAI: "<mailto:a@b>, rubbish <"}, ALICE),
        ({PAI: "<sip:1003@pbx.example>", "Privacy": "id"}, HIDDEN),
        ({PAI: "<sip:1003@pbx.example>", "Privacy": "user;id;critical"}, HIDDEN),
        ({PAI: "<sip:1003@pbx.example>", "Privacy": "none"}, ("sip:1003@pbx.example", "", False)),
        ({PAI: "<sip:1003@pbx.example>", "Privacy": "header"}, ("sip:1003@pbx.example", "", False)),
        ({"From": NOBODY}, HIDDEN),
        ({"From": "<sip:anonymous@pbx.example>;tag=1"}, HIDDEN),
        ({"From": NOBODY, PAI: "<sip:1003@pbx.example>"}, ("sip:1003@pbx.example", "", False)),
        # Cisco, Asterisk (chan_sip), FreeSWITCH.
        (
            {RPID: '"Carol" <sip:1003@10.1.1.1>;party=calling;screen=yes;privacy=off'},
            ("sip:1003@10.1.1.1", "Carol", False),
        ),
        ({RPID: '"C" <sip:1003@pbx>;party=called;privacy=off;screen=no'}, ("sip:1003@pbx", "C", False)),
        ({RPID: "<sip:1003@pbx.example>;privacy=full;screen=yes"}, HIDDEN),
        ({RPID: '"C" <sip:1003@pbx>;privacy="name-network"'}, HIDDEN),
        ({RPID: '"C" <sip:1003@pbx>;party=redirector'}, ALICE),
        ({RPID: "<sip:1@a>", PAI: "<sip:2@b>"}, ("sip:2@b", "", False)),
    ],
)
def test_the_caller(headers: dict[str, str], shown: tuple[str, str, bool]) -> None:
    assert Desk().rung(headers) == shown


@pytest.mark.parametrize("name", [PAI, RPID])
def test_a_stranger_vouches_for_nobody(name: str) -> None:
    assert Desk().rung({name: '"The Boss" <sip:1000@pbx.example>'}, STRANGER) == ALICE


def test_a_stranger_may_hide() -> None:
    assert Desk().rung({"Privacy": "id"}, STRANGER) == HIDDEN


def test_the_registrar_is_believed_whatever_port_it_sends_from_and_where_its_name_was_found() -> None:
    boss = {PAI: '"The Boss" <sip:1000@pbx.example>'}
    assert Desk().rung(boss, Hop("TCP", PBX.host, 40000))[1] == "The Boss"
    assert Desk("pbx.example").rung(boss)[1] == "Alice"
    desk = Desk("pbx.example")
    desk.bob.located(Destination("pbx.example", None, "UDP"), [replace(PBX, domain="pbx.example")], 0.0)
    assert desk.rung(boss)[1] == "The Boss"


@given(
    value=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80)
    | st.lists(st.sampled_from(['"', "<", ">", "sip:", "tel:", "@", ";", "=", ",", "a", "privacy", " "])).map(
        "".join
    ),
    name=st.sampled_from([PAI, RPID, "Privacy"]),
)
def test_whatever_is_written_there(name: str, value: str) -> None:
    message = Request("INVITE", read(request()).uri)  # type: ignore[union-attr]
    message.headers.add(name, value)
    found = asserted_identity(message, NameAddr("", "sip:a@b"))
    assert found is None or found == ANONYMOUS or found.uri.startswith("sip")


def test_a_flood_of_identities_is_not_read_to_its_end() -> None:
    many = ", ".join(f"<sip:@{number}>" for number in range(500))
    assert Desk().rung({PAI: f"{many}, <sip:1@b>"}) == ALICE


def test_who_was_a_registrar_once_vouches_for_nobody_any_more() -> None:
    desk = Desk()
    desk.bob.change_account(Account(1, "bob", "192.0.2.2"), 0.0)
    assert desk.rung({PAI: '"The Boss" <sip:1000@pbx.example>'}) == ALICE


# --- while a call lasts


def within(method: str, tag: str, number: int, headers: dict[str, str]) -> bytes:
    own = {
        "To": f"Bob <sip:bob@192.0.2.201>;tag={tag}",
        "CSeq": f"{number} {method}",
        "Via": f"SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{method}{number}",
    }
    return request(method, "sip:bob@192.0.2.201:5060", headers={**own, **headers})


def test_an_exchange_connects_somebody_else() -> None:
    desk = Desk()
    desk.receive(request(body=SDP))
    (event,) = desk.bob.events
    assert isinstance(event, Incoming)
    desk.bob.answer(event.call, SOUND, 0.0)
    tag = read(desk.sent()[-1]).headers["To"].partition("tag=")[2]
    desk.receive(within("ACK", tag, 1, {}))
    desk.bob.events.clear()
    carol = '"Carol" <sip:1003@pbx.example>'
    desk.receive(within("UPDATE", tag, 2, {PAI: carol}))
    assert desk.changes() == [("sip:1003@pbx.example", "Carol")]
    desk.receive(within("UPDATE", tag, 3, {PAI: carol}))
    assert desk.changes() == [], "nothing new"
    desk.receive(within("UPDATE", tag, 4, {PAI: "<sip:9@x>"}), STRANGER)
    assert desk.changes() == []
    # RFC 4916: the From changes, its tag does not; and our requests go to the new one.
    (answer,) = desk.receive(within("UPDATE", tag, 5, {"From": "Dave <sip:1004@pbx.example>;tag=9fxced76sl"}))
    assert isinstance(answer, Response)
    assert answer.code == 200
    assert desk.changes() == [("sip:1004@pbx.example", "Dave")]
    desk.receive(within("UPDATE", tag, 6, {"From": NOBODY.replace("=1", "=9fxced76sl")}))
    assert desk.changes() == [], "known is known"
    desk.bob.hang_up(event.call, 0.0)
    bye = read(desk.sent()[-1])
    assert bye.headers["To"] == NOBODY.replace("=1", "=9fxced76sl")


def test_who_answers() -> None:
    desk = Desk()
    desk.bob.invite("c", desk.account, "1002", SOUND, 0.0)
    (invite,) = desk.sent()
    contact = {"Contact": "<sip:1002@192.0.2.1>"}
    ringing = contact | {RPID: '"Carol" <sip:1002@192.0.2.1>;party=called'}
    desk.receive(response(invite, 180, tag="x", headers=ringing))
    assert desk.changes() == [("sip:1002@192.0.2.1", "Carol")]
    desk.receive(response(invite, 200, tag="x", body=SDP, headers=contact | {PAI: '"Dave" <sip:1004@b>'}))
    assert desk.changes() == [("sip:1004@b", "Dave")]


def test_who_answers_elsewhere_is_not_vouched_for() -> None:
    desk = Desk()
    desk.bob.invite("c", desk.account, "sip:eve@192.0.2.66", SOUND, 0.0)
    (invite,) = desk.sent()
    desk.receive(response(invite, 180, tag="x", headers={PAI: '"The Boss" <sip:1000@pbx.example>'}), STRANGER)
    assert desk.changes() == []


# --- who calls from here does not want to be known


def test_an_anonymous_call() -> None:
    desk = Desk(privacy=True)
    desk.bob.invite("c", desk.account, "1002", SOUND, 0.0)
    invite = read(desk.sent()[0])
    assert invite.headers["From"].startswith('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=')
    assert invite.headers["Privacy"] == "id"
    assert invite.headers["P-Preferred-Identity"] == '"Bob B" <sip:bob@192.0.2.1>'
    assert invite.headers["Contact"] == "<sip:192.0.2.201:5060>"


def test_an_anonymous_call_past_the_own_proxy_names_nobody() -> None:
    desk = Desk(privacy=True)
    desk.bob.invite("c", desk.account, "1002", SOUND, 0.0)
    (invite,) = desk.sent()
    _, followed = desk.receive(response(invite, 302, tag="x", headers={"Contact": "<sip:eve@192.0.2.66>"}))
    assert isinstance(followed, Request)
    assert (str(followed.uri), followed.headers["Privacy"]) == ("sip:eve@192.0.2.66", "id")
    assert b"bob" not in bytes(followed).lower()
