"""A call whose end is somewhere else from now on: the far end is told by a re-INVITE (RFC 3261 §14.1)."""

from offhook.sip import Hop
from offhook.sip.events import ChangeRefused

from .message_text import read
from .parties import Parties, Party

NEW = Hop("UDP", "198.51.100.7", 5060)


def call(parties: Parties) -> str:
    name = parties.alice.call(parties.bob)
    parties.network.run(1)
    return name


def move(party: Party, name: str) -> None:
    party.network.add_peer(NEW, lambda data, source: party.agent.receive(data, source, party.now))
    party.agent.moved(NEW, party.now)
    party.agent.renew(name, NEW.host, 41000, party.now)


def test_the_far_end_hears_where_signalling_and_sound_are_now() -> None:
    parties = Parties()
    name = call(parties)
    move(parties.alice, name)
    invite = read(parties.alice.agent.outbox[-1].data)
    assert invite.headers["Contact"] == "<sip:alice@198.51.100.7:5060>"
    assert b"\r\nc=IN IP4 198.51.100.7\r\n" in invite.body
    assert b"\r\nm=audio 41000 " in invite.body
    parties.network.run(1)
    flow = parties.bob.agent.calls[parties.bob.calls[0]].flow
    assert flow is not None
    assert (flow.address, flow.port) == ("198.51.100.7", 41000)


def test_a_held_call_stays_held() -> None:
    parties = Parties()
    name = call(parties)
    parties.alice.hold(name)
    move(parties.alice, name)
    assert b"\r\na=sendonly\r\n" in read(parties.alice.agent.outbox[-1].data).body
    parties.network.run(1)
    assert parties.bob.held == [True]


def test_a_far_end_that_does_not_want_to_know_is_no_refused_hold() -> None:
    parties = Parties()
    name = call(parties)
    move(parties.alice, name)
    invite = parties.alice.agent.outbox.pop()
    refusal = (
        b"SIP/2.0 488 Not Acceptable Here\r\n"
        + b"\r\n".join(
            line
            for line in invite.data.split(b"\r\n")
            if line.startswith((b"Via", b"From", b"To", b"Call-ID", b"CSeq"))
        )
        + b"\r\nContent-Length: 0\r\n\r\n"
    )
    parties.alice.agent.receive(refusal, parties.bob.hop, parties.network.now)
    parties.network.run(1)
    assert not parties.alice.of(ChangeRefused)
    assert name in parties.alice.agent.calls


def test_a_call_that_is_not_up_is_left_to_what_it_comes_to() -> None:
    parties = Parties()
    parties.bob.on_incoming = parties.bob.ring
    name = call(parties)
    move(parties.alice, name)
    assert not [each for each in parties.alice.agent.outbox if each.data.startswith(b"INVITE")]


def test_glare_does_not_make_it_forget() -> None:
    parties = Parties()
    name = call(parties)
    parties.bob.agent.hold(parties.bob.calls[0], parties.network.now)
    move(parties.alice, name)
    before = len(parties.sent(parties.alice, "INVITE"))
    parties.network.run(10)
    invites = parties.sent(parties.alice, "INVITE")[before:]
    assert len({invite.split("branch=")[1][:20] for invite in invites}) >= 2, "once more after a 491"
    flow = parties.bob.agent.calls[parties.bob.calls[0]].flow
    assert flow is not None
    assert flow.port == 41000
