"""The transfers of RFC 5589, replayed between three user agents, and the ways in which they fail."""

import re
import urllib.parse

import pytest

from offhook.sip.dialog import Dialog
from offhook.sip.events import (
    Answered,
    Ended,
    Failed,
    PeerHold,
    Progress,
    ReferAccepted,
    ReferDone,
    ReferFailed,
    ReferReceived,
    Replacing,
)
from offhook.sip.refer import refer_to, target_of_dialog
from offhook.sip.uri import parse_uri

from .parties import Parties, Party


class Transfer(Parties):
    """Bob is talking with Alice and holds her, as the transferor does."""

    def __init__(self) -> None:
        super().__init__()
        self.transferee, self.transferor, self.target = self.alice, self.bob, self.carol
        self.hers = self.alice.call(self.bob)
        self.his = self.bob.calls[0]
        self.bob.hold(self.his)

    def blind(self) -> None:
        self.bob.agent.refer(self.his, self.carol.uri, self.network.now)
        self.network.run(2)

    def consult(self) -> str:
        consultation = self.bob.call(self.carol)
        self.bob.hold(consultation)
        return consultation

    def attended(self) -> str:
        consultation = self.consult()
        self.bob.agent.refer_replacing(self.his, consultation, self.network.now)
        self.network.run(2)
        return consultation

    @property
    def outcome(self) -> list[object]:
        return list(self.bob.of(ReferAccepted, ReferDone, ReferFailed))

    def fragments(self) -> list[tuple[str, str]]:
        """Subscription-State and body of each NOTIFY that Alice sent."""
        return [
            (text.partition("Subscription-State: ")[2].partition("\r\n")[0], text.partition("\r\n\r\n")[2])
            for text in self.sent(self.alice, "NOTIFY")
        ]

    def hang_up_all(self) -> None:
        for party in self.everybody:
            party.agent.hang_up_all(self.network.now)
        self.network.run(2)
        self.assert_nothing_is_left()


def test_6_1_blind_transfer() -> None:
    transfer = Transfer()
    before = len(transfer.network.log)
    transfer.blind()
    assert transfer.between(transfer.bob, transfer.alice)[before:] == [
        "REFER", "<202", "<NOTIFY", "200", "<NOTIFY", "200", "BYE", "<200",
    ]  # fmt: skip
    assert transfer.between(transfer.alice, transfer.carol) == ["INVITE", "<100", "<200", "ACK"]
    assert transfer.outcome == [ReferAccepted(transfer.his), ReferDone(transfer.his)]
    assert transfer.fragments() == [
        ("active;expires=300", "SIP/2.0 100 Trying\r\n"),
        ("terminated;reason=noresource", "SIP/2.0 200 OK\r\n"),
    ]
    (refer,) = transfer.sent(transfer.bob, "REFER")
    assert f"Refer-To: <{transfer.carol.uri}>\r\n" in refer
    assert f"Referred-By: <{transfer.bob.uri}>\r\n" in refer
    assert "Contact: <sip:bob@192.0.2.2:5060>" in refer
    invite = transfer.sent(transfer.alice, "INVITE")[-1]
    assert invite.startswith(f"INVITE {transfer.carol.uri} SIP/2.0")
    assert f"Referred-By: <{transfer.bob.uri}>\r\n" in invite
    for notify in transfer.sent(transfer.alice, "NOTIFY"):
        sequence = refer.partition("CSeq: ")[2].split()[0]
        assert f"Event: refer;id={sequence}\r\n" in notify
        assert "Content-Type: message/sipfrag;version=2.0\r\n" in notify
    new = transfer.alice.calls[1]
    assert transfer.alice.told == [
        Answered(transfer.hers),
        PeerHold(transfer.hers, True),
        ReferReceived(transfer.hers, transfer.carol.uri, transfer.bob.uri),
        Answered(new),
        Ended(transfer.hers, "the far end hung up"),
    ]
    transfer.hang_up_all()


def test_6_1_a_target_that_rings_first() -> None:
    transfer = Transfer()
    transfer.carol.on_incoming = transfer.carol.ring
    transfer.blind()
    assert transfer.outcome == [ReferAccepted(transfer.his)]
    assert [body for _, body in transfer.fragments()] == ["SIP/2.0 100 Trying\r\n", "SIP/2.0 180 Ringing\r\n"]
    transfer.carol.answer(transfer.carol.calls[0])
    transfer.network.run(2)
    assert transfer.outcome[-1] == ReferDone(transfer.his)
    transfer.hang_up_all()


def test_the_transferor_leaves_before_the_outcome() -> None:
    """An unprotected transfer: at the transferee the subscription outlives the call, and gets its 481."""
    transfer = Transfer()
    transfer.carol.on_incoming = transfer.carol.ring
    transfer.blind()
    transfer.bob.hang_up(transfer.his)
    transfer.carol.answer(transfer.carol.calls[0])
    transfer.network.run(2)
    assert transfer.between(transfer.bob, transfer.alice)[-2:] == ["<NOTIFY", "481"]
    assert Answered(transfer.alice.calls[1]) in transfer.alice.told
    transfer.hang_up_all()


@pytest.mark.parametrize("code", [486, 404, 603])
def test_6_3_a_target_that_refuses(code: int) -> None:
    transfer = Transfer()
    transfer.carol.on_incoming = transfer.carol.refuse_with(code)
    transfer.blind()
    accepted, failed = transfer.outcome
    assert accepted == ReferAccepted(transfer.his)
    assert isinstance(failed, ReferFailed)
    assert failed.code == code
    assert isinstance(transfer.alice.told[-1], Failed)
    transfer.bob.resume(transfer.his)
    assert transfer.alice.held == [True, False], "the first call is back"
    transfer.hang_up_all()


def test_6_3_a_target_that_never_answers() -> None:
    transfer = Transfer()
    transfer.carol.on_incoming = transfer.carol.ring
    transfer.blind()
    new = transfer.alice.calls[1]
    transfer.network.run(30)
    assert transfer.outcome == [ReferAccepted(transfer.his)]
    transfer.alice.hang_up(new)
    assert transfer.fragments()[-1] == ("terminated;reason=noresource", "SIP/2.0 487 Request Terminated\r\n")
    assert transfer.outcome[-1] == ReferFailed(transfer.his, 487, "Request Terminated")
    transfer.hang_up_all()


def test_6_3_a_target_that_is_not_there() -> None:
    transfer = Transfer()
    transfer.bob.agent.refer(transfer.his, "sip:nobody@192.0.2.99", transfer.network.now)
    transfer.network.run(40)
    assert transfer.outcome[-1] == ReferFailed(transfer.his, 408, "no answer from 192.0.2.99:5060")
    transfer.hang_up_all()


@pytest.mark.parametrize("after", [1.0, 10.0])
def test_6_3_a_transferee_that_takes_its_time_and_does_not_want_to(after: float) -> None:
    """A 202 said meanwhile that it was being thought about (RFC 3515 §2.4.2)."""
    transfer = Transfer()
    alice = transfer.alice
    alice.on_refer = lambda call: None
    transfer.blind()
    transfer.network.run(after)
    alice.agent.refuse_refer(transfer.hers, 603, transfer.network.now)
    transfer.network.run(2)
    states = [state.partition(";")[0] for state, _ in transfer.fragments()]
    assert states == ["pending", "terminated"]
    assert transfer.outcome == [ReferAccepted(transfer.his), ReferFailed(transfer.his, 603, "Decline")]
    transfer.hang_up_all()


def test_6_3_a_refer_that_is_refused_at_once() -> None:
    transfer = Transfer()
    transfer.alice.on_refer = lambda call: transfer.alice.agent.refuse_refer(call, 603, transfer.network.now)
    transfer.blind()
    assert transfer.outcome == [ReferFailed(transfer.his, 603, "Decline")]
    assert transfer.fragments() == []
    transfer.hang_up_all()


def test_a_decision_that_comes_late_is_followed() -> None:
    transfer = Transfer()
    transfer.alice.on_refer = lambda call: None
    transfer.blind()
    transfer.network.run(20)
    transfer.alice.follow(transfer.hers)
    transfer.network.run(2)
    assert transfer.outcome == [ReferAccepted(transfer.his), ReferDone(transfer.his)]
    transfer.hang_up_all()


def test_a_refer_that_nobody_decides_ends_with_its_call() -> None:
    transfer = Transfer()
    transfer.alice.on_refer = lambda call: None
    transfer.blind()
    transfer.bob.hang_up(transfer.his)
    with pytest.raises(KeyError):
        transfer.alice.agent.refuse_refer(transfer.hers, 603, transfer.network.now)
    transfer.hang_up_all()


def test_7_3_attended_transfer() -> None:
    transfer = Transfer()
    consultation = transfer.attended()
    (refer,) = transfer.sent(transfer.bob, "REFER")
    value = refer.partition("Refer-To: ")[2].partition("\r\n")[0]
    assert value.startswith("<sip:carol@192.0.2.3:5060?Replaces="), "her Contact: no proxy stands between"
    replaces = urllib.parse.unquote(value.partition("Replaces=")[2].rstrip(">"))
    invite = transfer.sent(transfer.alice, "INVITE")[-1]
    assert f"\r\nReplaces: {replaces}\r\n" in invite
    assert "?" not in invite.partition("\r\n")[0]

    first, new = transfer.carol.calls
    assert transfer.carol.of(Replacing) == [Replacing(new, first, 1, transfer.alice.uri, "")]
    assert transfer.outcome == [ReferAccepted(transfer.his), ReferDone(transfer.his)]
    assert Ended(consultation, "the far end hung up") in transfer.bob.told, (
        "the target ends what was replaced"
    )
    assert not transfer.bob.agent.calls
    assert Answered(new) in transfer.carol.told
    assert transfer.alice.direction(transfer.alice.calls[1]) is transfer.carol.direction(new)
    transfer.hang_up_all()


def test_7_3_the_far_ends_of_calls_the_other_way_round() -> None:
    """The transferor was called by the one and called by the other: tags are those of either view."""
    parties = Parties()
    hers = parties.alice.call(parties.bob)
    theirs = parties.carol.call(parties.bob)
    his, consultation = parties.bob.calls
    parties.bob.agent.refer_replacing(his, consultation, parties.network.now)
    parties.network.run(2)
    assert parties.bob.of(ReferDone) == [ReferDone(his)]
    assert parties.carol.replaced == [theirs]
    assert Ended(hers, "the far end hung up") in parties.alice.told


def test_7_3_a_target_that_knows_the_call_no_more() -> None:
    transfer = Transfer()
    consultation = transfer.consult()
    transfer.carol.agent.hang_up(transfer.carol.calls[0], transfer.network.now)
    transfer.bob.agent.refer_replacing(transfer.his, consultation, transfer.network.now)
    transfer.network.run(2)
    assert transfer.outcome[-1] == ReferFailed(transfer.his, 481, "Call/Transaction Does Not Exist")
    transfer.hang_up_all()


def test_7_5_a_contact_that_may_not_be_reachable() -> None:
    """Behind proxies the far end is named by its address, and the Replaces finds the right one."""
    dialog = Dialog(
        call_id="1@x",
        local="<sip:bob@x>;tag=b",
        local_tag="b",
        remote='"Carol" <sip:carol@example.com>;tag=c',
        remote_tag="c",
        remote_target=parse_uri("sip:carol@10.0.0.3:5062"),
        route_set=(),
        local_sequence=1,
        remote_sequence=None,
    )
    assert str(target_of_dialog(dialog)) == "sip:carol@10.0.0.3:5062"
    dialog.route_set = ("<sip:proxy;lr>",)
    assert refer_to(target_of_dialog(dialog), dialog) == (
        "<sip:carol@example.com?Replaces=1%40x%3Bto-tag%3Dc%3Bfrom-tag%3Db>"
    )


def test_7_6_semi_attended_transfer() -> None:
    """The target still rings: that call is cancelled, and the REFER has no Replaces (RFC 3891 §3)."""
    transfer = Transfer()
    carol = transfer.carol
    carol.on_incoming = carol.ring
    consultation = transfer.bob.call(carol)
    assert Progress(consultation, 180, "Ringing", early_media=False) in transfer.bob.told
    with pytest.raises(ValueError, match="not up"):
        transfer.bob.agent.refer_replacing(transfer.his, consultation, transfer.network.now)
    transfer.bob.agent.hang_up(consultation, transfer.network.now)
    transfer.bob.agent.refer(transfer.his, carol.uri, transfer.network.now)
    transfer.network.run(2)
    assert isinstance(carol.told[1], Ended)
    carol.answer(carol.calls[1])
    transfer.network.run(2)
    assert transfer.outcome == [ReferAccepted(transfer.his), ReferDone(transfer.his)]
    transfer.hang_up_all()


def test_a_second_refer_after_the_first_failed() -> None:
    transfer = Transfer()
    transfer.carol.on_incoming = transfer.carol.refuse_with(486)
    transfer.blind()
    transfer.carol.on_incoming = transfer.carol.answer
    transfer.blind()
    assert [type(event) for event in transfer.outcome] == [
        ReferAccepted, ReferFailed, ReferAccepted, ReferDone,
    ]  # fmt: skip
    transfer.hang_up_all()


def test_hold_and_refer_at_once_go_one_after_the_other() -> None:
    """Otherwise a REFER that overtakes a lost re-INVITE has that refused for its CSeq."""
    parties = Parties()
    parties.alice.call(parties.bob)
    his = parties.bob.calls[0]
    losses = iter([True])
    parties.network.lose = lambda data: data.startswith(b"INVITE") and next(losses, False)
    parties.bob.agent.hold(his, parties.network.now)
    parties.bob.agent.refer(his, parties.carol.uri, parties.network.now)
    parties.network.run(5)
    assert "500" not in parties.network.ladder()
    assert parties.bob.of(ReferDone) == [ReferDone(his)]
    assert parties.alice.held == [True]


def test_lost_notifies_are_repeated_in_order() -> None:
    transfer = Transfer()
    losses = iter([True, True, False, True])
    transfer.network.lose = lambda data: data.startswith(b"NOTIFY") and next(losses, False)
    transfer.carol.on_incoming = transfer.carol.ring
    transfer.blind()
    transfer.carol.answer(transfer.carol.calls[0])
    transfer.network.run(20)
    assert transfer.outcome == [ReferAccepted(transfer.his), ReferDone(transfer.his)]
    transfer.hang_up_all()


class OneAtATime:
    """One end answers with 491 what comes beside an INVITE, and its first 200 to that is lost."""

    def __init__(self, parties: Parties, asked: Party, asking: Party) -> None:
        self._network = parties.network
        self._asked, self._asking = asked.agent.contact, asking.agent.contact
        self._inviting = False
        self._lost = False
        parties.network.lose = self

    def __call__(self, data: bytes) -> bool:
        source, target, _ = self._network.log[-1]
        method = data.partition(b" ")[0]
        if (source, target) == (self._asking, self._asked):
            if method == b"INVITE" and not self._lost:
                self._inviting = True
                self._say(b"100 Trying", data)
            elif method == b"ACK":
                self._inviting = False
            elif method in {b"REFER", b"NOTIFY"} and self._inviting:
                self._say(b"491 Request Pending", data)
                return True
        elif self._inviting and not self._lost and data.startswith(b"SIP/2.0 200"):
            self._lost = True
            return True
        return False

    def _say(self, status: bytes, request: bytes) -> None:
        same = re.findall(rb"(?m)^(?:Via|From|To|Call-ID|CSeq): .*\r\n", request)
        response = [b"SIP/2.0 ", status, b"\r\n", *same, b"Content-Length: 0\r\n\r\n"]
        self._network.send(b"".join(response), self._asked, self._asking)


def test_a_transferee_that_does_nothing_beside_an_invite_is_asked_again_after_it() -> None:
    parties = Parties()
    parties.alice.call(parties.bob)
    his = parties.bob.calls[0]
    OneAtATime(parties, parties.alice, parties.bob)
    parties.bob.agent.hold(his, parties.network.now)
    parties.bob.agent.refer(his, parties.carol.uri, parties.network.now)
    parties.network.run(5)
    assert parties.between(parties.bob, parties.alice).count("<491") == 1
    assert parties.bob.of(ReferAccepted, ReferDone, ReferFailed) == [ReferAccepted(his), ReferDone(his)]
    assert parties.alice.held == [True]


def test_a_transferor_that_does_nothing_beside_an_invite_is_told_again_after_it() -> None:
    transfer = Transfer()
    transfer.carol.on_incoming = transfer.carol.ring
    transfer.blind()
    OneAtATime(transfer, transfer.bob, transfer.alice)
    transfer.alice.agent.hold(transfer.hers, transfer.network.now)
    transfer.network.run(0.1)
    transfer.carol.answer(transfer.carol.calls[0])
    transfer.network.run(5)
    assert transfer.between(transfer.bob, transfer.alice).count("491") == 1
    assert transfer.outcome == [ReferAccepted(transfer.his), ReferDone(transfer.his)]
    transfer.hang_up_all()


def test_who_hangs_up_meanwhile_asks_no_more() -> None:
    parties = Parties()
    parties.alice.call(parties.bob)
    his = parties.bob.calls[0]
    OneAtATime(parties, parties.alice, parties.bob)
    parties.bob.agent.hold(his, parties.network.now)
    parties.bob.agent.refer(his, parties.carol.uri, parties.network.now)
    parties.network.run(0.025)
    parties.bob.hang_up(his)
    parties.network.run(5)
    assert parties.between(parties.bob, parties.alice).count("<491") == 1
    assert len(parties.sent(parties.bob, "REFER")) == 1
