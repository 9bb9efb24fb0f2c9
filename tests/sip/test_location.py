"""From the answers of DNS to hops (RFC 3263 §4, RFC 2782), without a name server."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.sip.destination import Destination
from offhook.sip.hop import Hop
from offhook.sip.location import (
    MAX_HOPS,
    Answer,
    Answers,
    Naptr,
    NotFound,
    Question,
    Srv,
    Unanswered,
    hops_to,
    in_order,
)

HOST = "example.com"
NOTHING = Answer(reason="no IPv4 address found for it")


def dns(**records: Answer) -> dict[Question, Answer]:
    """Answers by names such as `NAPTR_example_com`."""
    return {
        Question(kind, name.replace("_", ".").replace("..", "_")): answer  # type: ignore[arg-type]
        for key, answer in records.items()
        for kind, _, name in (key.partition("_"),)
    }


def naptr(*services: tuple[int, int, str, str]) -> Answer:
    return Answer(tuple(Naptr(*each) for each in services))


def srv(*servers: tuple[int, int, int, str]) -> Answer:
    return Answer(tuple(Srv(*each) for each in servers))


def found(asked: Destination, answers: Answers) -> tuple[list[Hop], set[Question]]:
    """The hops, and what had to be asked; what is not in `answers` has no records."""
    known: dict[Question, Answer] = {}
    rng = random.Random(1)
    while True:
        try:
            return hops_to(asked, known, rng), set(known)
        except Unanswered as missing:
            for question in missing.questions:
                known[question] = answers.get(question, NOTHING)


# The records of RFC 3263 §4.1 and §4.2.
RFC_3263 = dns(
    NAPTR_example_com=naptr(
        (50, 50, "SIPS+D2T", "_sips._tcp.example.com"),
        (90, 50, "SIP+D2T", "_sip._tcp.example.com"),
        (100, 50, "SIP+D2U", "_sip._udp.example.com"),
    ),
    address_server1_example_com=Answer(("192.0.2.1",)),
    address_server2_example_com=Answer(("192.0.2.2",)),
    address_example_com=Answer(("192.0.2.9",)),
) | {
    Question("SRV", "_sip._tcp.example.com"): srv(
        (0, 1, 5060, "server1.example.com"), (1, 2, 5060, "server2.example.com")
    ),
    Question("SRV", "_sip._udp.example.com"): srv((0, 1, 5080, "server2.example.com")),
    Question("SRV", "_sips._tcp.example.com"): srv((0, 1, 5061, "server1.example.com")),
}


@pytest.mark.parametrize(
    ("asked", "hops"),
    [
        # no port, no transport: NAPTR says which, in its order
        (
            Destination(HOST),
            ["TLS 192.0.2.1:5061", "TCP 192.0.2.1:5060", "TCP 192.0.2.2:5060", "UDP 192.0.2.2:5080"],
        ),
        # a sips URI has no other service
        (Destination(HOST, secure=True), ["TLS 192.0.2.1:5061"]),
        # the transport is fixed: SRV at once
        (Destination(HOST, transport="TCP"), ["TCP 192.0.2.1:5060", "TCP 192.0.2.2:5060"]),
        (Destination(HOST, transport="UDP"), ["UDP 192.0.2.2:5080"]),
        (Destination(HOST, transport="TLS", secure=True), ["TLS 192.0.2.1:5061"]),
        # a port: nothing but the address
        (Destination(HOST, 5070), ["UDP 192.0.2.9:5070"]),
        (Destination(HOST, 5070, "TCP"), ["TCP 192.0.2.9:5070"]),
        (Destination(HOST, 5070, secure=True), ["TLS 192.0.2.9:5070"]),
    ],
)
def test_the_domain_of_rfc_3263(asked: Destination, hops: list[str]) -> None:
    located, _ = found(asked, RFC_3263)
    assert [f"{hop.transport} {hop}" for hop in located] == hops
    assert {hop.domain for hop in located} == {HOST}, "what a certificate has to be for"


@pytest.mark.parametrize(
    ("asked", "answers", "hops"),
    [
        # neither NAPTR nor SRV
        (Destination(HOST), dns(address_example_com=Answer(("192.0.2.9",))), ["UDP 192.0.2.9:5060"]),
        (
            Destination(HOST, secure=True),
            dns(address_example_com=Answer(("192.0.2.9",))),
            ["TLS 192.0.2.9:5061"],
        ),
        (
            Destination(HOST, transport="TCP"),
            dns(address_example_com=Answer(("192.0.2.9", "192.0.2.8"))),
            ["TCP 192.0.2.9:5060", "TCP 192.0.2.8:5060"],
        ),
        # SRV without NAPTR: UDP goes before TCP, TCP before TLS
        (
            Destination(HOST),
            {Question("SRV", "_sip._tcp.example.com"): srv((0, 0, 5066, "a.example.com"))}
            | {Question("SRV", "_sip._udp.example.com"): srv((0, 0, 5065, "a.example.com"))}
            | dns(address_a_example_com=Answer(("192.0.2.3",))),
            ["UDP 192.0.2.3:5065"],
        ),
        (
            Destination(HOST),
            {Question("SRV", "_sips._tcp.example.com"): srv((0, 0, 5061, "a.example.com"))}
            | dns(address_a_example_com=Answer(("192.0.2.3",))),
            ["TLS 192.0.2.3:5061"],
        ),
        # services of NAPTR that nobody here speaks, and servers without an address, are passed over
        (
            Destination(HOST),
            dns(NAPTR_example_com=naptr((1, 1, "SIP+D2S", "x"), (2, 1, "sip+d2u", "u.example.com")))
            | dns(SRV_u_example_com=srv((1, 0, 5060, "gone.example.com"), (2, 0, 5062, "a.example.com")))
            | dns(address_a_example_com=Answer(("192.0.2.3",))),
            ["UDP 192.0.2.3:5062"],
        ),
        # NAPTR that leads nowhere
        (
            Destination(HOST),
            dns(NAPTR_example_com=naptr((1, 1, "SIP+D2T", "nowhere.example.com")))
            | dns(address_example_com=Answer(("192.0.2.9",))),
            ["UDP 192.0.2.9:5060"],
        ),
        (
            Destination(HOST, 5060),
            dns(address_example_com=Answer(("2001:db8::1",))),
            ["UDP [2001:db8::1]:5060"],
        ),
    ],
)
def test_domains_that_say_less(asked: Destination, answers: Answers, hops: list[str]) -> None:
    assert [f"{hop.transport} {hop}" for hop in found(asked, answers)[0]] == hops


@pytest.mark.parametrize("name", ["pbx", "pbx.local", "phones.localhost"])
def test_a_name_that_dns_does_not_know_is_asked_for_its_address_alone(name: str) -> None:
    hops, asked = found(Destination(name), {Question("address", name): Answer(("192.0.2.9",))})
    assert [str(hop) for hop in hops] == ["192.0.2.9:5060"]
    assert asked == {Question("address", name)}


@pytest.mark.parametrize(
    ("asked", "answers", "why"),
    [
        (Destination(HOST, 5060), {}, "no IPv4 address found for it"),
        (
            Destination(HOST, transport="UDP"),
            {Question("SRV", "_sip._udp.example.com"): srv((0, 0, 5060, ""))},
            "example.com says that it takes no SIP over UDP",
        ),
        (
            Destination(HOST),
            {Question("SRV", "_sip._udp.example.com"): srv((0, 0, 5060, ""))},
            "example.com says that it takes no SIP over UDP, and names no other way",
        ),
        (
            Destination(HOST),
            {
                Question("SRV", f"{prefix}.example.com"): srv((0, 0, 5060, ""))
                for prefix in ("_sip._udp", "_sip._tcp", "_sips._tcp")
            },
            "example.com says that it takes no SIP over UDP or TCP or TLS",
        ),
    ],
)
def test_what_is_not_found_has_a_reason(asked: Destination, answers: Answers, why: str) -> None:
    with pytest.raises(NotFound, match=f"^{why}$"):
        found(asked, answers)


def test_a_domain_of_a_thousand_servers_gives_a_few() -> None:
    answers = {
        Question("SRV", "_sip._udp.example.com"): srv(*((n, 1, 5060, f"h{n}.com") for n in range(1000)))
    } | {Question("address", f"h{n}.com"): Answer((f"10.0.0.{n}", f"10.0.1.{n}")) for n in range(100)}
    hops, asked = found(Destination(HOST, transport="UDP"), answers)
    assert len(hops) == MAX_HOPS
    assert len(asked) < 12


def test_servers_are_drawn_by_their_weights() -> None:
    """RFC 2782: of 4000 draws each is first as often as its weight says; one of weight 0 hardly ever."""
    rng = random.Random(7)
    records = [Srv(1, weight, 5060, str(weight)) for weight in (10, 30, 60, 0)]
    first = Counter(in_order(records, rng)[0].target for _ in range(4000))
    for weight in (10, 30, 60):
        assert abs(first[str(weight)] / 4000 - weight / 101) < 0.03
    assert first["0"] / 4000 < 0.03


def test_servers_of_no_weight_share() -> None:
    rng = random.Random(7)
    first = Counter(in_order([Srv(1, 0, 5060, name) for name in "abc"], rng)[0].target for _ in range(3000))
    assert all(abs(count / 3000 - 1 / 3) < 0.05 for count in first.values())


servers = st.builds(Srv, st.integers(0, 3), st.integers(0, 65535), st.just(5060), st.sampled_from("abcdef"))


@given(st.lists(servers, max_size=8, unique=True), st.integers(0, 99))
def test_every_server_comes_once_and_by_priority(records: list[Srv], seed: int) -> None:
    ordered = in_order(records, random.Random(seed))
    assert sorted(ordered, key=repr) == sorted(records, key=repr)
    assert [each.priority for each in ordered] == sorted(each.priority for each in records)


names = st.sampled_from(["example.com", "a.com", "b.com", "", "_sip._udp.example.com"])
answers_of = st.one_of(
    st.just(Answer()),
    st.lists(st.builds(Srv, st.integers(0, 9), st.integers(0, 9), st.integers(1, 65535), names)),
    st.lists(
        st.builds(
            Naptr,
            st.integers(0, 9),
            st.integers(0, 9),
            st.sampled_from(["SIP+D2U", "SIPS+D2T", "x"]),
            names,
        )
    ),
    st.lists(st.sampled_from(["192.0.2.1", "192.0.2.2"])),
).map(lambda each: each if isinstance(each, Answer) else Answer(tuple(each)))


@given(st.data(), st.sampled_from([None, "UDP", "TCP", "TLS"]), st.booleans())
def test_whatever_is_answered_it_ends(data: st.DataObject, transport: str | None, secure: bool) -> None:
    asked = Destination(HOST, None, "TLS" if secure and transport else transport, secure)  # type: ignore[arg-type]
    known: dict[Question, Answer] = {}
    for _ in range(5):
        try:
            hops = hops_to(asked, known, random.Random(1))
        except Unanswered as missing:
            for question in missing.questions:
                known[question] = data.draw(answers_of)
        except NotFound:
            return
        else:
            assert hops
            assert not secure or {hop.transport for hop in hops} == {"TLS"}
            return
    pytest.fail("it asks and asks")
