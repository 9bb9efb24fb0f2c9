"""A 3xx to an INVITE of ours (RFC 3261 §8.1.3.4): followed where it leads on, told where it does not."""

from collections.abc import Callable

import pytest
from sipmessage import Request, Response

from offhook.sip import Account, Hop
from offhook.sip.events import Answered, Failed, MediaChanged, Progress, ReferDone, ReferFailed
from offhook.sip.redirection import MAX_REDIRECTIONS, Redirections, Redirects
from offhook.sip.uri import parse_uri

from .message_text import SDP, read, request, response
from .parties import Parties
from .test_user_agent import SOUND, Stage

CAROL = "sip:carol@192.0.2.77"
CHALLENGE = 'Digest realm="r", nonce="n", qop="auth"'


class Redirected(Stage):
    """Bob calls Alice at his own provider's, and is asked for a password there."""

    def __init__(self, may_call: Callable[[str], bool] = lambda _uri: True) -> None:
        super().__init__()
        self.bob._calls.may_call = may_call
        account = Account(7, "bob", "192.0.2.101", password="secret", display_name="Bob")
        self.bob.add_account(account)
        self.bob.invite("c", account, "sip:alice@192.0.2.101", SOUND, 0.0)
        self.hop, self.data = self._last()

    def _last(self) -> tuple[Hop, bytes]:
        transmit = self.bob.outbox[-1]
        self.bob.outbox.clear()
        return transmit.hop, transmit.data

    def answered(self, code: int, contact: str = "", body: str = "", **headers: str) -> Request:
        """What comes of a response to the latest INVITE: the last that is sent."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if contact:
            named["Contact"] = contact
        self.bob.receive(response(self.data, code, tag="a", body=body, headers=named), self.hop, 0.0)
        if not self.bob.outbox:
            return self.invite
        self.hop, self.data = self._last()
        return self.invite

    @property
    def invite(self) -> Request:
        message = read(self.data)
        assert isinstance(message, Request)
        return message


def moved(*contacts: str) -> Response:
    answer = read(response(request(), 302, headers={"Contact": ", ".join(f"<{uri}>" for uri in contacts)}))
    assert isinstance(answer, Response)
    return answer


def test_the_next_invite_and_its_answer() -> None:
    stage = Redirected()
    stage.answered(180)
    first = stage.answered(401, WWW_Authenticate=CHALLENGE)
    assert "Authorization" in first.headers.keys()  # noqa: SIM118 - no mapping
    stage.answered(183, "<sip:alice@192.0.2.101>", SDP)
    invite = stage.answered(302, f"<{CAROL};transport=tcp;method=INVITE?Subject=a%20b>")
    assert str(invite.uri) == f"{CAROL};transport=tcp"
    assert stage.hop == Hop("TCP", "192.0.2.77", 5060)
    for name in ("From", "Call-ID", "To"):
        assert invite.headers[name] == first.headers[name]
    assert "tag=" not in invite.headers["To"]
    assert (first.headers["CSeq"], invite.headers["CSeq"]) == ("2 INVITE", "3 INVITE")
    assert invite.headers["Via"] != first.headers["Via"]
    assert invite.headers["Contact"] == "<sip:bob@192.0.2.201:5060;transport=tcp>"
    assert invite.body == first.body
    assert "Authorization" not in invite.headers.keys()  # noqa: SIM118 - no mapping
    assert [type(event) for event in stage.told()] == [Progress, MediaChanged, Progress]
    ack = stage.answered(200, f"<{CAROL}>", SDP)
    assert (ack.method, str(ack.uri), ack.headers["CSeq"]) == ("ACK", CAROL, "3 ACK")
    assert [type(event) for event in stage.told()] == [MediaChanged, Answered]


@pytest.mark.parametrize("code", [401, 407])
def test_a_stranger_gets_no_credentials(code: int) -> None:
    stage = Redirected()
    stage.answered(407, Proxy_Authenticate=CHALLENGE)
    stage.answered(302, f"<{CAROL}>")
    last = stage.answered(code, **{"WWW_Authenticate" if code == 401 else "Proxy_Authenticate": CHALLENGE})
    assert last.method == "ACK"
    assert stage.told() == [Failed("c", code, "Because")]


def test_back_at_home_they_are_given() -> None:
    stage = Redirected()
    invite = stage.answered(302, "<sip:desk@192.0.2.101>")
    assert "Authorization" not in invite.headers.keys()  # noqa: SIM118 - no mapping
    invite = stage.answered(401, WWW_Authenticate=CHALLENGE)
    assert "Authorization" in invite.headers.keys()  # noqa: SIM118 - no mapping
    assert str(invite.uri) == "sip:desk@192.0.2.101"


@pytest.mark.parametrize(
    "contact",
    [
        "sip:carol@192.0.2.77:5061;transport=tls",
        "sips:carol@192.0.2.77:5061",
        "sip:carol@192.0.2.77;transport=tcp",
    ],
)
def test_by_another_transport(contact: str) -> None:
    stage = Redirected()
    invite = stage.answered(302, f"<{contact}>")
    assert str(invite.uri) == contact
    assert stage.hop.transport == ("TCP" if "tcp" in contact else "TLS")
    assert invite.headers["Via"].startswith(f"SIP/2.0/{stage.hop.transport} ")
    assert invite.headers["Contact"].startswith("<sips:" if contact.startswith("sips:") else "<sip:")


def test_sips_is_sent_on_by_tls_alone() -> None:
    wanted = parse_uri("sips:alice@192.0.2.101")
    assert Redirections(wanted).next(moved("sip:c@192.0.2.77;transport=tls")) is None
    assert (
        str(Redirections(wanted).next(moved("sip:c@192.0.2.77", "sips:c@192.0.2.77"))) == "sips:c@192.0.2.77"
    )


def test_no_more_than_five() -> None:
    stage = Redirected()
    for number in range(MAX_REDIRECTIONS):
        assert str(stage.answered(302, f"<sip:{number}@192.0.2.77>").uri) == f"sip:{number}@192.0.2.77"
    assert stage.answered(301, "<sip:x@192.0.2.77>").method == "ACK"
    assert stage.told() == [Failed("c", 301, "Because", ("sip:x@192.0.2.77",))]


@pytest.mark.parametrize(
    "contact", ["<sip:alice@192.0.2.101>", "<tel:+49301>, <sips:a@b;transport=sctp>", "", "<bad", "*"]
)
def test_one_that_leads_nowhere_is_told(contact: str) -> None:
    stage = Redirected()
    assert stage.answered(300, contact).method == "ACK"
    (failed,) = stage.told()
    assert isinstance(failed, Failed)
    assert failed.code == 300
    assert not stage.bob.calls


def test_who_may_not_be_called_is_passed_over() -> None:
    stage = Redirected(may_call=lambda uri: "0900" not in uri)
    assert str(stage.answered(302, "<sip:0900@192.0.2.77>, <sip:c@192.0.2.77>").uri) == "sip:c@192.0.2.77"
    assert stage.answered(302, "<sip:0900@192.0.2.77>").method == "ACK"
    assert stage.told() == [Failed("c", 302, "Because", ("sip:0900@192.0.2.77",))]


SEVERAL = "<sip:c@192.0.2.77>;q=0.5, <sip:b@192.0.2.77>;q=0.9, <sip:d@192.0.2.77>;q=0.1"


@pytest.mark.parametrize("code", [302, 404, 407, 486, 503])
def test_one_contact_after_the_other_is_tried(code: int) -> None:
    stage = Redirected()
    assert str(stage.answered(302, SEVERAL).uri) == "sip:b@192.0.2.77"
    assert str(stage.answered(code).uri) == "sip:c@192.0.2.77"
    invite = stage.answered(302, "<sip:e@192.0.2.77>;q=0.3, <sip:f@192.0.2.77>;q=0.05")
    assert str(invite.uri) == "sip:e@192.0.2.77", "the new ones among the old, by q"
    assert invite.headers["CSeq"] == "4 INVITE"
    assert str(stage.answered(480).uri) == "sip:d@192.0.2.77"
    assert stage.told() == []
    assert stage.answered(200, f"<{CAROL}>", SDP).method == "ACK"
    assert [type(event) for event in stage.told()] == [MediaChanged, Answered]


def test_the_last_contact_says_why_the_call_failed() -> None:
    stage = Redirected()
    stage.answered(302, "<sip:c@192.0.2.77>, <sip:b@192.0.2.77>")
    stage.answered(404)
    assert stage.answered(486).method == "ACK"
    assert stage.told() == [Failed("c", 486, "Because")]


def test_who_declines_for_everybody_is_believed() -> None:
    stage = Redirected()
    stage.answered(302, SEVERAL)
    assert stage.answered(603).method == "ACK"
    assert stage.told() == [Failed("c", 603, "Because")]


@pytest.mark.parametrize("code", [305, 380])
def test_another_proxy_or_service_is_not_whom_to_call(code: int) -> None:
    stage = Redirected()
    assert stage.answered(code, f"<{CAROL}>").method == "ACK"
    assert stage.told() == [Failed("c", code, "Because", (CAROL,))]


def test_a_circle_is_left() -> None:
    stage = Redirected()
    stage.answered(302, f"<{CAROL}>")
    assert stage.answered(302, f"<sip:alice@192.0.2.101>, <{CAROL}>").method == "ACK"
    assert stage.told() == [Failed("c", 302, "Because", ("sip:alice@192.0.2.101", CAROL))]


def test_one_that_crosses_our_cancel_is_not_followed() -> None:
    stage = Redirected()
    invite = stage.data
    stage.answered(180)
    stage.bob.hang_up("c", 0.0)
    stage.sent()
    (ack,) = stage.receive(response(invite, 302, tag="a", headers={"Contact": f"<{CAROL}>"}))
    assert isinstance(ack, Request)
    assert ack.method == "ACK"
    assert not stage.bob.calls


def test_hanging_up_reaches_who_was_called_last() -> None:
    stage = Redirected()
    stage.answered(180)
    stage.answered(302, f"<{CAROL}>")
    stage.bob.hang_up("c", 0.0)
    assert stage.sent() == [], "no CANCEL before a provisional response"
    cancel = stage.answered(180)
    assert (cancel.method, str(cancel.uri), cancel.headers["CSeq"]) == ("CANCEL", CAROL, "2 CANCEL")


@pytest.mark.parametrize(
    ("contacts", "target"),
    [
        (("sip:a@b;transport=ws", "tel:1", "sip:a@b;method=BYE", "sip:c@b"), "sip:c@b"),
        (("sip:what?@b;Method=invite;x=1?To=d@e",), "sip:what?@b;x=1"),
        (("sip:b?To=c",), "sip:b"),
        (("sip:bob@a", "sip:bob@a?Subject=x"), None),
    ],
)
def test_what_is_called(contacts: tuple[str, ...], target: str | None) -> None:
    found = Redirections(parse_uri("sip:bob@a")).next(moved(*contacts))
    assert (None if found is None else str(found)) == target
    assert Redirections(parse_uri("sips:bob@a")).next(moved(*contacts)) is None


@pytest.mark.parametrize("maddr", ["192.0.2.66", "evil.example", "A"])
def test_one_to_the_domain_that_was_called_is_not_led_out_of_it(maddr: str) -> None:
    followed = Redirections(parse_uri("sip:bob@a"), Redirects.DOMAIN).next(
        moved(f"sip:carol@a;maddr={maddr}")
    )
    assert (followed is not None) == (maddr == "A")


@pytest.mark.parametrize("answers", [True, False])
def test_the_outcome_of_a_transfer_that_is_redirected(answers: bool) -> None:
    parties = Parties()
    alice, bob, carol = parties.everybody
    alice.call(bob)
    bob.on_refer = bob.follow
    elsewhere = "sip:carol@192.0.2.3;line=2"
    seen: list[str] = []

    def on_incoming(call: str) -> None:
        seen.append(call)
        if len(seen) == 1 or not answers:
            carol.agent.refuse(call, 302, carol.now, contact=elsewhere)
        else:
            carol.answer(call)

    carol.on_incoming = on_incoming
    alice.agent.refer(alice.calls[0], carol.uri, parties.network.now)
    parties.network.run(2)
    assert len(seen) == 2
    outcome = alice.of(ReferDone, ReferFailed)
    if answers:
        assert outcome == [ReferDone(alice.calls[0])]
    else:
        assert outcome == [ReferFailed(alice.calls[0], 302, "Moved Temporarily")]
        assert bob.of(Failed) == [Failed(bob.calls[-1], 302, "Moved Temporarily", (elsewhere,))]
