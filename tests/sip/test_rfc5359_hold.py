"""RFC 5359 §2.1 and §2.2: hold and consultation hold, from either side, and what holds at both ends then."""

import pytest

from offhook.sip import Direction
from offhook.sip.events import Answered, Ended, Incoming, PeerHold

from .parties import Parties, Party

SENDRECV, SENDONLY = Direction.SENDRECV, Direction.SENDONLY
RECVONLY, INACTIVE = Direction.RECVONLY, Direction.INACTIVE


class Talk(Parties):
    def __init__(self) -> None:
        super().__init__()
        self.here = self.alice.call(self.bob)
        self.there = self.bob.calls[0]

    @property
    def directions(self) -> tuple[Direction | None, Direction | None]:
        return self.alice.direction(self.here), self.bob.direction(self.there)

    def ends(self) -> tuple[tuple[Party, str], tuple[Party, str]]:
        return (self.alice, self.here), (self.bob, self.there)


@pytest.mark.parametrize("who", [0, 1])
def test_2_1_call_hold(who: int) -> None:
    talk = Talk()
    (holder, call), (other, held) = talk.ends()[::-1] if who else talk.ends()
    before = len(talk.network.log)
    holder.hold(call)
    holder.resume(call)
    holder.hang_up(call)
    assert talk.between(holder, other)[before:] == [
        "INVITE", "<200", "ACK", "INVITE", "<200", "ACK", "BYE", "<200",
    ]  # fmt: skip
    hold, resume = talk.sent(holder, "INVITE")[-2:]
    assert "a=sendonly" in hold
    assert "a=sendrecv" in resume
    versions = [int(text.split("o=- ")[1].split()[1]) for text in (hold, resume)]
    assert versions[1] == versions[0] + 1, "RFC 3264 §8"
    assert other.held == [True, False]
    assert holder.held == []
    assert other.told[-1] == Ended(held, "the far end hung up")
    talk.assert_nothing_is_left()


def test_hold_is_each_ends_own() -> None:
    talk = Talk()
    talk.alice.hold(talk.here)
    assert talk.directions == (SENDONLY, RECVONLY)
    talk.bob.hold(talk.there)
    assert talk.directions == (INACTIVE, INACTIVE)
    assert "a=inactive" in talk.sent(talk.bob, "INVITE")[-1], "RFC 3264 §8.4"
    assert talk.alice.held == talk.bob.held == [True]
    talk.alice.resume(talk.here)
    assert talk.directions == (RECVONLY, SENDONLY), "the other still holds"
    assert talk.bob.held == [True, False]
    talk.bob.resume(talk.there)
    assert talk.directions == (SENDRECV, SENDRECV)
    assert talk.alice.held == talk.bob.held == [True, False]


def test_the_other_order() -> None:
    talk = Talk()
    talk.alice.hold(talk.here)
    talk.bob.hold(talk.there)
    talk.bob.resume(talk.there)
    assert talk.directions == (SENDONLY, RECVONLY)
    talk.alice.resume(talk.here)
    assert talk.directions == (SENDRECV, SENDRECV)


def test_hold_on_hold_and_resume_of_what_talks_send_nothing() -> None:
    talk = Talk()
    before = len(talk.network.log)
    talk.alice.resume(talk.here)
    assert len(talk.network.log) == before
    talk.alice.hold(talk.here)
    before = len(talk.network.log)
    talk.alice.hold(talk.here)
    assert len(talk.network.log) == before


@pytest.mark.parametrize(
    ("wishes", "offers", "direction"),
    [
        ("hrh", 1, SENDONLY),
        ("hr", 2, SENDRECV),
        ("hrhr", 2, SENDRECV),
        ("hh", 1, SENDONLY),
        ("r", 0, SENDRECV),
    ],
)
def test_the_last_wish_counts_while_one_is_on_its_way(wishes: str, offers: int, direction: Direction) -> None:
    talk = Talk()
    before = len(talk.sent(talk.alice, "INVITE"))
    for wish in wishes:
        (talk.alice.agent.hold if wish == "h" else talk.alice.agent.resume)(talk.here, talk.network.now)
    talk.network.run(2)
    assert len(talk.sent(talk.alice, "INVITE")) - before == offers
    assert talk.alice.direction(talk.here) is direction


def test_2_2_consultation_hold() -> None:
    talk = Talk()
    bob, alice, carol = talk.bob, talk.alice, talk.carol
    bob.hold(talk.there)
    consultation = bob.call(carol)
    assert bob.direction(consultation) is SENDRECV
    bob.hang_up(consultation)
    bob.resume(talk.there)
    assert talk.between(bob, carol) == ["INVITE", "<100", "<200", "ACK", "BYE", "<200"]
    assert alice.told == [Answered(talk.here), PeerHold(talk.here, True), PeerHold(talk.here, False)]
    assert carol.told[0] == Incoming(carol.calls[0], 1, bob.uri, "")
    talk.alice.hang_up(talk.here)
    talk.assert_nothing_is_left()


def test_a_hang_up_that_crosses_a_hold() -> None:
    talk = Talk()
    talk.alice.agent.hold(talk.here, talk.network.now)
    talk.bob.hang_up(talk.there)
    assert talk.alice.told[-1] == Ended(talk.here, "the far end hung up")
    talk.assert_nothing_is_left()


def test_hanging_up_while_a_hold_is_on_its_way() -> None:
    talk = Talk()
    talk.alice.agent.hold(talk.here, talk.network.now)
    talk.alice.hang_up(talk.here)
    assert isinstance(talk.bob.told[-1], Ended)
    talk.assert_nothing_is_left()


def test_only_a_call_that_is_answered_can_be_held() -> None:
    parties = Parties()
    parties.bob.on_incoming = parties.bob.ring
    call = parties.alice.call(parties.bob)
    for agent, name in ((parties.alice.agent, call), (parties.bob.agent, parties.bob.calls[0])):
        with pytest.raises(ValueError, match="not up"):
            agent.hold(name, 1.0)
        with pytest.raises(ValueError, match="not up"):
            agent.send_digit_info(name, "1", 1.0)
        with pytest.raises(ValueError, match="not up"):
            agent.refer(name, "sip:x@y", 1.0)
    with pytest.raises(KeyError):
        parties.alice.agent.hold("nobody", 1.0)


@pytest.mark.parametrize("lost", ["INVITE", "ACK", "200"])
def test_a_lost_message_is_made_good(lost: str) -> None:
    talk = Talk()
    wanted = f"SIP/2.0 {lost}".encode() if lost == "200" else lost.encode()
    losses = iter([True])
    talk.network.lose = lambda data: data.startswith(wanted) and next(losses, False)
    talk.alice.agent.hold(talk.here, talk.network.now)
    talk.network.run(5)
    assert talk.directions == (SENDONLY, RECVONLY)
    talk.bob.resume(talk.there)
    talk.bob.hold(talk.there)
    assert talk.directions == (INACTIVE, INACTIVE)


def test_both_hold_at_once() -> None:
    """Glare: both are refused with 491, the owner of the Call-ID waits longer, and both have their way."""
    talk = Talk()
    talk.alice.agent.hold(talk.here, talk.network.now)
    talk.bob.agent.hold(talk.there, talk.network.now)
    talk.network.run(0.5)
    assert talk.network.ladder().count("491") == 2
    retried = len(talk.network.log)
    talk.network.run(10)
    assert talk.directions == (INACTIVE, INACTIVE)
    assert talk.network.log[retried][0] == talk.bob.hop, "0 to 2 s against 2.1 to 4 s"
    assert talk.alice.held == talk.bob.held == [True]
    talk.alice.resume(talk.here)
    talk.bob.resume(talk.there)
    assert talk.directions == (SENDRECV, SENDRECV)
    talk.alice.hang_up(talk.here)
    talk.assert_nothing_is_left()


@pytest.mark.parametrize("wish", ["hold", "resume"])
def test_one_holds_as_the_other_resumes(wish: str) -> None:
    talk = Talk()
    talk.bob.hold(talk.there)
    getattr(talk.alice.agent, "hold")(talk.here, talk.network.now)  # noqa: B009 - next to its twin
    getattr(talk.bob.agent, wish)(talk.there, talk.network.now)
    talk.network.run(10)
    assert talk.directions == ((INACTIVE, INACTIVE) if wish == "hold" else (SENDONLY, RECVONLY))


def test_a_wish_that_is_taken_back_while_glare_waits() -> None:
    talk = Talk()
    talk.alice.agent.hold(talk.here, talk.network.now)
    talk.bob.agent.hold(talk.there, talk.network.now)
    talk.network.run(0.1)
    talk.alice.agent.resume(talk.here, talk.network.now)
    talk.network.run(10)
    assert talk.directions == (RECVONLY, SENDONLY)
    assert len(talk.sent(talk.alice, "INVITE")) == 2, "the call, and the one hold that met the other"
