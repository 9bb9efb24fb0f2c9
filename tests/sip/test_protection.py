"""Who encrypts with whom (RFC 4568 §5, RFC 8643), and that keys stay as long as they are to."""

from dataclasses import replace
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sip.account import Srtp
from offhook.sip.events import Failed, Incoming, MediaChanged
from offhook.sip.hop import Hop, Transport
from offhook.sip.media import Direction, LocalMedia, MediaFlow
from offhook.sip.offer_answer import NotAcceptable, accept, answer, offer
from offhook.sip.protection import Protection
from offhook.sip.sdes import SUITES, CryptoLine, parse
from offhook.sip.sdp import Origin
from offhook.sip.sdp import parse as parse_sdp
from offhook.sip.user_agent import UserAgent

from .message_text import request
from .parties import Parties, Party

ORIGIN = Origin(7, 1, "10.0.0.1")
ONE, OTHER = LocalMedia("10.0.0.1", 5004), LocalMedia("10.0.0.2", 6000)
SUITE = "AES_CM_128_HMAC_SHA1_80"


MADE = cycle(range(100, 256))
"""What our keys are filled with; none comes twice in one test."""


def protection(policy: Srtp) -> Protection:
    return Protection(policy, lambda octets: bytes([next(MADE)]) * octets)


def key(octet: int, suite: str = SUITE) -> bytes:
    return bytes([octet]) * SUITES[suite]


def line(octet: int = 99, *, tag: int = 1, suite: str = SUITE) -> str:
    return f"a=crypto:{CryptoLine(tag, suite, key(octet, suite)).attribute[1]}"


def described(*lines: str, profile: str = "RTP/AVP") -> bytes:
    head = f"v=0\no=- 1 1 IN IP4 10.0.0.2\ns=-\nc=IN IP4 10.0.0.2\nt=0 0\nm=audio 6000 {profile} 0\n"
    return (head + "".join(f"{line}\n" for line in lines)).encode()


def lines_of(description: bytes) -> list[CryptoLine]:
    [stream] = parse_sdp(description).media
    return [parse(value) for name, value in stream.attributes if name == "crypto" and value]


def profile_of(description: bytes) -> str:
    return parse_sdp(description).media[0].protocol


def first_offer(ours: Protection, *, whole: bool = False) -> bytes:
    ours.begin_offer(whole=whole)
    return offer(ONE, ORIGIN, ours)


def test_what_is_offered() -> None:
    assert lines_of(first_offer(protection("no"))) == []
    for policy, profile in (("optional", "RTP/AVP"), ("required", "RTP/SAVP")):
        description = first_offer(protection(policy))
        assert profile_of(description) == profile
        lines = lines_of(description)
        assert [line.suite for line in lines] == list(SUITES)
        assert [line.tag for line in lines] == [1, 2, 3, 4]
        assert len({line.key for line in lines}) == 4


POLICIES: tuple[Srtp, ...] = ("no", "optional", "required")
# Who calls, who is called, and whether their sound is encrypted; None: no call comes of it.
OUTCOMES = {
    ("no", "no"): False,
    ("no", "optional"): False,
    ("no", "required"): None,
    ("optional", "no"): False,
    ("optional", "optional"): True,
    ("optional", "required"): True,
    ("required", "no"): None,
    ("required", "optional"): True,
    ("required", "required"): True,
}


@pytest.mark.parametrize(("caller", "called"), OUTCOMES)
def test_every_policy_with_every_other(caller: Srtp, called: Srtp) -> None:
    ours, theirs = protection(caller), protection(called)
    offered = first_offer(ours)
    outcome = OUTCOMES[caller, called]
    if outcome is None:
        with pytest.raises(NotAcceptable, match=r"srtp=(no|required)"):
            answer(offered, OTHER, ORIGIN, theirs)
        return
    answered, there, _ = answer(offered, OTHER, ORIGIN, theirs)
    here = accept(answered, ONE, ours)
    assert profile_of(answered) == profile_of(offered)
    if not outcome:
        assert here.srtp is there.srtp is None
        assert lines_of(answered) == []
        return
    assert here.srtp is not None
    assert there.srtp is not None
    assert here.srtp.suite == there.srtp.suite == next(iter(SUITES))
    assert (here.srtp.sending, here.srtp.receiving) == (there.srtp.receiving, there.srtp.sending)
    assert here.srtp.sending != here.srtp.receiving


@pytest.mark.parametrize(
    ("policy", "profile", "lines", "chosen"),
    [
        ("optional", "RTP/SAVP", [line(tag=3)], 3),
        ("optional", "rtp/savp", [line(tag=3)], 3),
        ("optional", "RTP/AVP", [line(tag=3)], 3),
        # In the order of the one who offers.
        ("optional", "RTP/AVP", [line(tag=1), line(tag=2, suite="AEAD_AES_256_GCM")], 1),
        ("optional", "RTP/AVP", ["a=crypto:1 X inline:y", line(tag=2)], 2),
        ("optional", "RTP/AVP", [f"{line(tag=1)} UNENCRYPTED_SRTP", line(tag=2)], 2),
        ("optional", "RTP/AVP", [f"{line(tag=1)} UNENCRYPTED_SRTP"], None),
        ("optional", "RTP/AVP", ["a=crypto"], None),
        ("no", "RTP/AVP", [line()], None),
        ("required", "RTP/SAVP", ["a=crypto:", line(tag=2)], 2),
    ],
)
def test_what_is_answered(policy: Srtp, profile: str, lines: list[str], chosen: int | None) -> None:
    answered, flow, _ = answer(described(*lines, profile=profile), ONE, ORIGIN, protection(policy))
    assert profile_of(answered) == profile.upper()
    assert [line.tag for line in lines_of(answered)] == ([] if chosen is None else [chosen])
    if chosen is None:
        assert flow.srtp is None
    else:
        [ours] = lines_of(answered)
        assert flow.srtp is not None
        assert (flow.srtp.suite, flow.srtp.receiving) == (SUITE, key(99))
        assert flow.srtp.sending == ours.key != key(99)


@pytest.mark.parametrize(
    ("policy", "profile", "lines", "why"),
    [
        ("no", "RTP/SAVP", [line()], "RTP/SAVP is not spoken here, RTP/AVP is: srtp=no"),
        ("required", "RTP/AVP", [], "it has none, and srtp=required"),
        ("required", "RTP/AVP", ["a=crypto:1 X y"], "srtp=required"),
        ("required", "RTP/SAVP", [], "it has none"),
        ("optional", "RTP/SAVP", [], "it has none"),
        ("optional", "RTP/SAVP", [f"{line()} KDR=1", "a=crypto:1 X y"], "session parameter.*; its suite"),
        ("optional", "RTP/SAVPF", [line()], "RTP/SAVPF is not spoken"),
        ("optional", "UDP/TLS/RTP/SAVP", [line()], "UDP/TLS/RTP/SAVP is not spoken"),
    ],
)
def test_offers_that_are_refused(policy: Srtp, profile: str, lines: list[str], why: str) -> None:
    with pytest.raises(NotAcceptable, match=why):
        answer(described(*lines, profile=profile), ONE, ORIGIN, protection(policy))


def test_of_two_streams_the_one_that_can_be_used_is_taken() -> None:
    """How it was done before RFC 8643: the same sound twice."""
    both = described(line(tag=5), profile="RTP/SAVP") + b"m=audio 7000 RTP/AVP 0\n"
    for policy, port, protocols in (
        ("no", 7000, [("RTP/SAVP", 0), ("RTP/AVP", 5004)]),
        ("required", 6000, [("RTP/SAVP", 5004), ("RTP/AVP", 0)]),
    ):
        answered, flow, _ = answer(both, ONE, ORIGIN, protection(policy))
        assert flow.port == port
        assert (flow.srtp is None) == (policy == "no")
        assert [(stream.protocol, stream.port) for stream in parse_sdp(answered).media] == protocols


@pytest.mark.parametrize(
    ("policy", "profile", "lines", "why"),
    [
        ("required", "RTP/AVP", [], "has no key"),
        ("required", "RTP/SAVP", [], "has no key"),
        ("optional", "RTP/SAVP", [], "has no key"),
        ("required", "RTP/AVP", [line(tag=3)], "RTP/SAVP was offered, and RTP/AVP answered"),
        ("optional", "RTP/AVP", [line(tag=3), line(tag=4)], "several"),
        ("optional", "RTP/AVP", [line(tag=4)], "no line of ours"),
        ("optional", "RTP/AVP", [line(tag=9)], "no line of ours"),
        ("optional", "RTP/AVP", [f"{line(tag=3)} UNENCRYPTED_SRTP"], "cannot be used: it has a session"),
        ("no", "RTP/SAVP", [line()], "RTP/SAVP is not spoken here"),
    ],
)
def test_answers_that_are_none(policy: Srtp, profile: str, lines: list[str], why: str) -> None:
    ours = protection(policy)
    first_offer(ours)
    with pytest.raises(NotAcceptable, match=why):
        accept(described(*lines, profile=profile), ONE, ours)


def test_an_answer_under_the_profile_that_was_not_offered() -> None:
    """Some peers answer RTP/SAVP to RTP/AVP with keys."""
    ours = protection("optional")
    first_offer(ours)
    flow = accept(described(line(tag=3), profile="RTP/SAVP"), ONE, ours)
    assert flow.srtp is not None
    assert profile_of(first_offer(ours)) == "RTP/SAVP"


def agreed(policy: Srtp = "optional", tag: int = 3) -> tuple[Protection, MediaFlow]:
    """A call of ours, in which the far end chose the third suite."""
    ours = protection(policy)
    first_offer(ours)
    profile = "RTP/SAVP" if policy == "required" else "RTP/AVP"
    return ours, accept(described(line(tag=tag), profile=profile), ONE, ours)


def test_an_offer_in_the_call_keeps_the_key() -> None:
    for policy in ("optional", "required"):
        ours, flow = agreed(policy)
        assert flow.srtp is not None
        for _ in range(2):
            held = first_offer(ours)
            [kept] = lines_of(held)
            assert (kept.tag, kept.suite, kept.key) == (1, SUITE, flow.srtp.sending)
            assert accept(described(line(tag=1), profile=profile_of(held)), ONE, ours).srtp == flow.srtp


def test_an_offer_to_whoever_asks_for_one_says_all_and_keeps_the_key() -> None:
    ours, flow = agreed()
    assert flow.srtp is not None
    lines = lines_of(first_offer(ours, whole=True))
    assert [line.suite for line in lines] == [SUITE, *(suite for suite in SUITES if suite != SUITE)]
    assert lines[0].key == flow.srtp.sending
    assert len({line.key for line in lines}) == 4


def test_the_same_key_from_the_far_end_is_answered_by_ours() -> None:
    ours, flow = agreed()
    answered, again, _ = answer(described(line(tag=8), "a=sendonly"), ONE, ORIGIN, ours)
    assert again == replace(flow, direction=Direction.RECVONLY)
    assert [line.tag for line in lines_of(answered)] == [8]


@pytest.mark.parametrize("changed", [line(55), line(suite="AEAD_AES_128_GCM")])
def test_a_new_key_from_the_far_end_is_answered_by_a_new_one(changed: str) -> None:
    ours, flow = agreed()
    _, again, _ = answer(described(changed), ONE, ORIGIN, ours)
    assert flow.srtp is not None
    assert again.srtp is not None
    assert again.srtp.receiving == parse(changed.removeprefix("a=crypto:")).key
    assert again.srtp.sending != flow.srtp.sending
    [kept] = lines_of(first_offer(ours))
    assert (kept.suite, kept.key) == (again.srtp.suite, again.srtp.sending)


def test_a_far_end_that_stops_to_encrypt() -> None:
    ours, _ = agreed()
    answered, flow, _ = answer(described(), ONE, ORIGIN, ours)
    assert flow.srtp is None
    assert lines_of(answered) == []
    strict, _ = agreed("required")
    with pytest.raises(NotAcceptable, match="srtp=required"):
        answer(described(), ONE, ORIGIN, strict)
    assert len(lines_of(first_offer(strict))) == 1


def test_keys_are_seen_nowhere() -> None:
    _, flow = agreed()
    assert repr(key(99)) not in repr(flow)
    assert "sending" not in repr(flow)


OFFERED = [line(), line(5, tag=2), f"{line()} X", "a=crypto:1", "a=inactive"]


def test_required_goes_on_in_the_profile_that_keys_were_offered_in():
    """RFC 8643: to be encrypted is what counts, not what the profile calls itself."""
    strict = protection("required")
    answered, flow, _ = answer(described(line(tag=7)), ONE, ORIGIN, strict)
    assert profile_of(answered) == "RTP/AVP"
    assert flow.srtp is not None
    again = first_offer(strict)
    assert profile_of(again) == "RTP/AVP"
    [ours] = lines_of(again)
    kept = accept(described(line(tag=ours.tag)), ONE, strict)
    assert kept.srtp is not None
    assert kept.srtp.sending == flow.srtp.sending
    with pytest.raises(NotAcceptable, match="has no key"):
        accept(described(), ONE, strict)


@given(st.lists(st.sampled_from(OFFERED), max_size=5))
def test_whatever_is_offered_the_answer_has_one_of_its_lines_or_none(lines: list[str]) -> None:
    for policy in POLICIES:
        for profile in ("RTP/AVP", "RTP/SAVP"):
            offered = described(*lines, profile=profile)
            try:
                answered, flow, _ = answer(offered, ONE, ORIGIN, protection(policy))
            except NotAcceptable:
                continue
            tags = [line.tag for line in lines_of(answered)]
            assert len(tags) == (flow.srtp is not None)
            assert flow.srtp is not None or (profile == "RTP/AVP" and policy != "required")


# --- whole calls


def parties(alice: Srtp, bob: Srtp) -> Parties:
    both = Parties()
    for party, policy in ((both.alice, alice), (both.bob, bob)):
        party.account = replace(party.account, srtp=policy)
        party.agent.add_account(party.account)
    return both


def flow_of(party: Party) -> MediaFlow:
    flow = party.agent.calls[party.calls[0]].flow
    assert flow is not None
    return flow


@pytest.mark.parametrize("policy", ["optional", "required"])
def test_hold_and_resume_keep_the_keys(policy: Srtp) -> None:
    both = parties(policy, policy)
    alice, bob = both.alice, both.bob
    call = alice.call(bob)
    keys, theirs = flow_of(alice).srtp, flow_of(bob).srtp
    assert keys is not None
    assert theirs is not None
    assert (keys.sending, keys.receiving) == (theirs.receiving, theirs.sending)
    alice.hold(call)
    alice.resume(call)
    bob.hold(bob.calls[0])
    bob.resume(bob.calls[0])
    assert flow_of(alice).srtp == keys
    assert flow_of(bob).srtp == theirs
    assert alice.direction(call) is Direction.SENDRECV
    alice.hang_up(call)
    both.assert_nothing_is_left()


def test_required_against_none() -> None:
    both = parties("required", "no")
    both.alice.call(both.bob)
    assert both.alice.of(Failed) == [Failed(both.alice.calls[0], 488, "Not Acceptable Here")]
    assert both.bob.told == []
    refusal = [data.decode() for _, _, data in both.network.log if data.startswith(b"SIP/2.0 488")]
    assert 'Warning: 399 192.0.2.2 "RTP/SAVP is not spoken here, RTP/AVP is: srtp=no"' in refusal[0]
    both.assert_nothing_is_left()


def test_none_against_required() -> None:
    both = parties("no", "required")
    both.alice.call(both.bob)
    assert both.alice.of(Failed) == [Failed(both.alice.calls[0], 488, "Not Acceptable Here")]
    both.assert_nothing_is_left()


def test_a_direct_call_is_offered_plain_and_answered_as_it_is_asked() -> None:
    """Nobody is named, so nobody's setting counts."""
    for policy in POLICIES:
        both = parties(policy, "no")
        both.alice.call(f"sip:{both.bob.hop.host}")
        assert (flow_of(both.bob).srtp is None) == (policy == "no")
        both.bob.agent.invite("direct", None, both.alice.uri, both.bob.sound, both.bob.now)
        both.network.run(1)
        failed = both.bob.of(Failed)
        assert failed == ([Failed("direct", 488, "Not Acceptable Here")] if policy == "required" else [])
        if not failed:
            flow = both.bob.agent.calls["direct"].flow
            assert flow is not None
            assert flow.srtp is None


def test_the_signalling_of_a_call_over_udp_is_not_safe() -> None:
    both = parties("required", "required")
    both.alice.call(both.bob)
    for party in (both.alice, both.bob):
        [changed] = [event for event in both.network.events[party.hop] if isinstance(event, MediaChanged)]
        assert changed.flow.srtp is not None
        assert not changed.over_tls


@pytest.mark.parametrize(
    ("transport", "contact", "safe"),
    [("TLS", ";transport=tls", True), ("TLS", "", False), ("UDP", "", False)],
)
def test_the_signalling_is_safe_as_far_as_this_ends_hop_is(
    transport: Transport, contact: str, safe: bool
) -> None:
    """The way there and the way back."""
    agent = UserAgent(Hop("UDP", "192.0.2.201", 5060), "test")
    offered = described(line(), profile="RTP/SAVP").decode().replace("10.0.0.2", "192.0.2.101")
    source = Hop(transport, "192.0.2.101", 5061)
    headers = {
        "Contact": f"<sip:alice@192.0.2.101{contact}>",
        "Via": f"SIP/2.0/{transport} x;branch=z9hG4bK1",
    }
    agent.receive(request("INVITE", "sip:192.0.2.201", body=offered, headers=headers), source, 0.0)
    [incoming] = agent.events
    assert isinstance(incoming, Incoming)
    agent.answer(incoming.call, LocalMedia("192.0.2.201", 5004), 0.0)
    changed = agent.events[-1]
    assert isinstance(changed, MediaChanged)
    assert changed.flow.srtp is not None
    assert changed.over_tls is safe
