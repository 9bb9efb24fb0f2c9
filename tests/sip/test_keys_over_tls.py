"""Keys of SRTP, and who can read them (RFC 4568 §8.3): of an account that is spoken to over TLS none goes
another way, and the lock is shown for as long as nobody can read along."""

from random import Random

import pytest
from sipmessage import Request, Response

from offhook.sip import Account, Hop, LocalMedia, UserAgent
from offhook.sip.account import Srtp
from offhook.sip.events import (
    Answered,
    ChangeRefused,
    Failed,
    Incoming,
    MediaChanged,
    SignallingChanged,
    Unwelcome,
    UserAgentEvent,
)

from .message_text import read, request, response

PBX = Hop("TLS", "192.0.2.111", 5061)
STRANGER = Hop("TLS", "192.0.2.111", 34567, accepted=True)
OPEN = Hop("UDP", "192.0.2.111", 5060)
SOUND = LocalMedia("192.0.2.101", 4000)
BY_TLS, BY_UDP = "<sip:b@192.0.2.111:5061;transport=tls>", "<sip:b@192.0.2.111>"
WHY = "srtp=required, and its keys go over TLS alone"


def sdp(profile: str = "RTP/SAVP", *, tag: int = 1, key: str = "A", version: int = 1) -> str:
    return (
        f"v=0\r\no=- 1 {version} IN IP4 192.0.2.111\r\ns=-\r\nc=IN IP4 192.0.2.111\r\nt=0 0\r\n"
        f"m=audio 40000 {profile} 0\r\na=crypto:{tag} AES_CM_128_HMAC_SHA1_80 inline:{key * 40}\r\n"
    )


class Desk:
    """Alice, whose account is spoken to over TLS. What she sends is read and kept with where it went."""

    def __init__(self, srtp: Srtp = "required", *, privacy: bool = False) -> None:
        self.alice = UserAgent(Hop("UDP", "192.0.2.101", 5060), "alice", Random(1))
        self.alice.tls_port = 5061
        account = Account(1, "alice", PBX.host, PBX.port, "TLS", srtp=srtp, privacy=privacy)
        self.account = account
        self.alice.add_account(account)

    def sent(self) -> list[tuple[Hop, Request | Response]]:
        sent = [(transmit.hop, read(transmit.data)) for transmit in self.alice.outbox]
        self.alice.outbox.clear()
        return sent

    def told(self) -> list[UserAgentEvent]:
        self.alice.tick(0.0)
        told = [*self.alice.events]
        self.alice.events.clear()
        return told

    def receive(self, data: bytes, source: Hop = PBX) -> list[tuple[Hop, Request | Response]]:
        self.alice.receive(data, source, 0.0)
        return self.sent()

    def dial(self, target: str = "1002") -> list[tuple[Hop, Request | Response]]:
        self.alice.invite("c", self.account, target, SOUND, 0.0)
        return self.sent()

    def called(self, source: Hop, body: str = "", contact: str = BY_TLS) -> list[Request | Response]:
        headers = {"Via": f"SIP/2.0/{source.transport} x;branch=z9hG4bK1;rport", "Contact": contact}
        data = request("INVITE", "sip:alice@192.0.2.101", body=body, headers=headers)
        return [message for _, message in self.receive(data, source)]

    def answer(self) -> Response:
        [incoming] = self.told()
        assert isinstance(incoming, Incoming)
        self.alice.answer(incoming.call, SOUND, 0.0)
        [(_, answered)] = self.sent()
        assert isinstance(answered, Response)
        return answered

    def within(
        self, answered: Response, method: str, source: Hop, body: str = "", contact: str = BY_TLS
    ) -> bytes:
        sequence = 1 if method == "ACK" else 2
        headers = {
            "Via": f"SIP/2.0/{source.transport} x;branch=z9hG4bK{method};rport",
            "To": answered.headers["To"],
            "CSeq": f"{sequence} {method}",
            "Contact": contact,
        }
        return request(method, "sip:alice@192.0.2.101", body=body, headers=headers)


def crypto(message: Request | Response) -> bool:
    return b"a=crypto" in message.body


# --- calls out


@pytest.mark.parametrize("srtp", ["no", "optional", "required"])
def test_a_redirection_that_leads_away_from_tls_is_not_followed(srtp: Srtp) -> None:
    desk = Desk(srtp)
    [(hop, invite)] = desk.dial()
    assert (hop, crypto(invite)) == (PBX, srtp != "no")
    moved = {"Contact": "<sip:1003@192.0.2.9;transport=udp>"}
    [(hop, ack)] = desk.receive(response(bytes(invite), 302, "Moved", tag="q", headers=moved))
    assert (hop, ack.method) == (PBX, "ACK")
    [failed] = desk.told()
    assert isinstance(failed, Failed)
    assert (failed.code, failed.reason) == (302, "Moved, not over TLS to 192.0.2.9")


def test_a_redirection_that_names_no_transport_is_asked_for_tls() -> None:
    desk = Desk()
    [(_, invite)] = desk.dial()
    moved = {"Contact": "<sip:1003@192.0.2.9>"}
    _, (hop, again) = desk.receive(response(bytes(invite), 302, tag="q", headers=moved))
    assert hop == Hop("TLS", "192.0.2.9", 5061)
    assert again.body == invite.body


def test_who_is_dialled_without_tls_gets_no_keys() -> None:
    desk = Desk("optional")
    [(hop, invite)] = desk.dial("sip:bob@192.0.2.9")
    assert hop == Hop("UDP", "192.0.2.9", 5060)
    assert not crypto(invite)
    assert b" RTP/AVP " in invite.body


def test_who_is_dialled_without_tls_is_not_called_where_keys_are_a_must() -> None:
    desk = Desk()
    assert desk.dial("sip:bob@192.0.2.9;transport=udp") == []
    assert desk.told() == [Failed("c", 503, f"{WHY}, not to 192.0.2.9")]
    assert not desk.alice.busy
    [(hop, invite)] = desk.dial("sip:bob@192.0.2.9")
    assert (hop, crypto(invite)) == (Hop("TLS", "192.0.2.9", 5061), True)


@pytest.mark.parametrize("code", [183, 200])
@pytest.mark.parametrize(("contact", "safe"), [(BY_TLS, True), (BY_UDP, False)])
def test_the_lock_goes_by_where_the_next_request_goes(code: int, contact: str, safe: bool) -> None:
    desk = Desk()
    [(_, invite)] = desk.dial()
    headers = {"Contact": contact}
    desk.receive(response(bytes(invite), code, tag="b", body=sdp(tag=3), headers=headers))
    assert [event.over_tls for event in desk.told() if isinstance(event, MediaChanged)] == [safe]


def test_the_lock_goes_out_when_the_call_is_answered_elsewhere() -> None:
    desk = Desk()
    [(_, invite)] = desk.dial()
    desk.receive(response(bytes(invite), 183, tag="b", body=sdp(tag=3), headers={"Contact": BY_TLS}))
    [changed, _] = desk.told()
    assert isinstance(changed, MediaChanged)
    assert changed.over_tls
    accepted = response(bytes(invite), 200, tag="b", body=sdp(tag=3), headers={"Contact": BY_UDP})
    [(hop, _)] = desk.receive(accepted)
    assert hop == OPEN
    assert desk.told() == [SignallingChanged("c", changed.flow, over_tls=False), Answered("c")]
    # And no key follows.
    desk.alice.hold("c", 0.0)
    assert desk.sent() == []
    assert desk.told() == [ChangeRefused("c", 488, f"{WHY}, not to 192.0.2.111")]


def test_a_hold_without_tls_leaves_the_keys_out() -> None:
    desk = Desk("optional")
    [(_, invite)] = desk.dial()
    accepted = response(bytes(invite), 200, tag="b", body=sdp("RTP/AVP", tag=3), headers={"Contact": BY_UDP})
    desk.receive(accepted)
    desk.alice.hold("c", 0.0)
    [(hop, again)] = desk.sent()
    assert (hop, again.method, crypto(again)) == (OPEN, "INVITE", False)


def test_whoever_need_prove_nothing_lights_no_lock() -> None:
    desk = Desk()
    desk.alice.layer.tls_proves = False
    [(_, invite)] = desk.dial()
    desk.receive(response(bytes(invite), 200, tag="b", body=sdp(tag=3), headers={"Contact": BY_TLS}))
    assert [event.over_tls for event in desk.told() if isinstance(event, MediaChanged)] == [False]


@pytest.mark.parametrize("privacy", [False, True])
def test_a_sips_call_has_a_sips_contact(privacy: bool) -> None:
    [(_, invite)] = Desk(privacy=privacy).dial("sips:bob@192.0.2.111")
    user = "" if privacy else "alice@"
    assert invite.headers["Contact"] == f"<sips:{user}192.0.2.101:5061>"


# --- calls that come in


@pytest.mark.parametrize(
    ("srtp", "body", "refused"),
    [
        ("required", sdp(), WHY),
        ("required", sdp("RTP/AVP"), WHY),
        ("required", "", WHY),
        ("optional", sdp(), "RTP/SAVP wants keys, and here they go over TLS alone"),
        ("optional", sdp("RTP/AVP"), None),
        ("optional", "", None),
    ],
)
def test_who_calls_without_tls_gets_no_keys(srtp: Srtp, body: str, refused: str | None) -> None:
    desk = Desk(srtp)
    [first, *_] = desk.called(OPEN, body, BY_UDP)
    assert isinstance(first, Response)
    if refused is not None:
        assert first.code == 488
        # What refuses a short request over UDP is too short to say why.
        assert refused in first.headers.get("Warning", refused)
        assert desk.told() == [Unwelcome(OPEN, f"{refused}, and it calls by UDP")]
        return
    answered = desk.answer()
    assert answered.code == 200
    assert not crypto(answered)


@pytest.mark.parametrize(("source", "safe"), [(PBX, True), (STRANGER, False)])
def test_whoever_connects_gets_keys_and_lights_no_lock(source: Hop, safe: bool) -> None:
    desk = Desk()
    desk.called(source, sdp())
    assert crypto(desk.answer())
    [changed] = desk.told()
    assert isinstance(changed, MediaChanged)
    assert changed.over_tls == safe


def test_a_change_that_comes_in_the_open_is_refused_and_puts_the_lock_out() -> None:
    desk = Desk()
    desk.called(PBX, sdp())
    answered = desk.answer()
    desk.receive(desk.within(answered, "ACK", PBX))
    [changed, _] = desk.told()
    assert isinstance(changed, MediaChanged)
    assert changed.over_tls
    [(_, refused)] = desk.receive(desk.within(answered, "INVITE", OPEN, sdp()), OPEN)
    assert isinstance(refused, Response)
    assert (refused.code, crypto(refused)) == (488, False)
    assert desk.told() == [SignallingChanged(changed.call, changed.flow, over_tls=False)]


def test_a_target_that_is_not_reached_over_tls_puts_the_lock_out() -> None:
    desk = Desk()
    desk.called(PBX, sdp())
    answered = desk.answer()
    desk.receive(desk.within(answered, "ACK", PBX))
    desk.told()
    desk.receive(desk.within(answered, "INVITE", PBX, sdp(key="B", version=2), BY_UDP))
    [changed, put_out] = desk.told()
    assert isinstance(changed, MediaChanged)
    assert put_out == SignallingChanged(changed.call, changed.flow, over_tls=False)


def test_an_answer_in_the_open_lights_no_lock() -> None:
    """In the ACK, where the INVITE had no offer."""
    desk = Desk()
    desk.called(PBX)
    answered = desk.answer()
    assert crypto(answered)
    desk.receive(desk.within(answered, "ACK", OPEN, sdp(tag=3)), OPEN)
    [changed, _] = desk.told()
    assert isinstance(changed, MediaChanged)
    assert not changed.over_tls
