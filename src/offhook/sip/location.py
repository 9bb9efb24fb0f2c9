"""From the answers of DNS to hops, and what to ask next (RFC 3263 §4, RFC 2782, RFC 3403). Pure."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .destination import Destination
from .hop import Hop, Transport
from .uri import DEFAULT_PORT

MAX_SERVICES = 4
MAX_TARGETS = 8
"""Of one name, the best ones: how many services and servers are looked at. Everyone who runs a name server
may write thousands."""

MAX_HOPS = 8

Kind = Literal["NAPTR", "SRV", "address"]


@dataclass(frozen=True, slots=True)
class Question:
    kind: Kind
    name: str
    """In lower case, without a final dot."""


@dataclass(frozen=True, slots=True)
class Naptr:
    """One that leads to SRV records (flag `s`); others are of no use here and are left out by who asks."""

    order: int
    preference: int
    service: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Srv:
    priority: int
    weight: int
    port: int
    target: str
    """Empty: the service is decidedly not available (RFC 2782)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Nothing found is an answer too; `reason` says for a person why an address was not."""

    records: tuple[Naptr | Srv | str, ...] = ()
    reason: str = ""


Answers = Mapping[Question, Answer]

SERVICES: dict[str, Transport] = {"sip+d2u": "UDP", "sip+d2t": "TCP", "sips+d2t": "TLS"}
"""What NAPTR calls the transports that are spoken here (RFC 3263 §4.1)."""

PREFIX: dict[Transport, str] = {"UDP": "_sip._udp", "TCP": "_sip._tcp", "TLS": "_sips._tcp"}

WITHOUT_NAPTR: tuple[Transport, ...] = ("UDP", "TCP", "TLS")
"""In this order, where the domain does not say what it likes better."""


class Unanswered(Exception):
    """These have to be asked first."""

    def __init__(self, *questions: Question) -> None:
        super().__init__(*questions)
        self.questions = questions


class NotFound(Exception):
    """One line that says for a person what is missing."""


def hops_to(destination: Destination, answers: Answers, rng: random.Random) -> list[Hop]:
    """All the hops to a name, best first. Raises Unanswered or NotFound.

    The servers of a priority are put in an order that is drawn anew each time (RFC 2782).
    """
    if destination.port is not None or not _may_have_services(destination.host):
        transport = destination.transport or ("TLS" if destination.secure else "UDP")
        port = destination.port or DEFAULT_PORT[transport]
        return _at(destination, [(transport, destination.host, port)], answers)
    services, told = _services(destination, answers)
    _ask([Question("SRV", name) for _, name in services], answers)
    servers: list[tuple[Transport, str, int]] = []
    refused: list[Transport] = []
    for transport, name in services:
        records = [each for each in answers[Question("SRV", name)].records if isinstance(each, Srv)]
        if records and all(not each.target for each in records):
            refused.append(transport)
        ordered = in_order([each for each in records if each.target], rng)
        servers += [(transport, each.target, each.port) for each in ordered]
        if servers and not told:
            break
    if servers:
        return _at(destination, servers[:MAX_HOPS], answers)
    if refused and (told or len(refused) == len(services)):
        raise NotFound(f"{destination.host} says that it takes no SIP over {' or '.join(refused)}")
    transport = destination.transport or ("TLS" if destination.secure else "UDP")
    if transport in refused:
        raise NotFound(
            f"{destination.host} says that it takes no SIP over {transport}, and names no other way"
        )
    return _at(destination, [(transport, destination.host, DEFAULT_PORT[transport])], answers)


def _may_have_services(name: str) -> bool:
    """A name of the hosts file, of a container, or of mDNS has but an address (RFC 6762 §3)."""
    return "." in name and name.rpartition(".")[2] not in {"local", "localhost"}


def _services(destination: Destination, answers: Answers) -> tuple[list[tuple[Transport, str]], bool]:
    """By which transport to ask for which servers, and whether the domain itself has said so."""
    host, fixed = destination.host, destination.transport
    if fixed is not None:
        return [(fixed, f"{PREFIX[fixed]}.{host}")], False
    allowed: tuple[Transport, ...] = ("TLS",) if destination.secure else WITHOUT_NAPTR
    usual = [(transport, f"{PREFIX[transport]}.{host}") for transport in allowed]
    question = Question("NAPTR", host)
    # All in one round: a name server that is silent is waited for once.
    _ask([question, *(Question("SRV", name) for _, name in usual)], answers)
    offered = sorted(
        (each for each in answers[question].records if isinstance(each, Naptr)),
        key=lambda each: (each.order, each.preference),
    )
    told = [
        (transport, each.replacement)
        for each in offered
        if (transport := SERVICES.get(each.service.lower())) in allowed and transport is not None
    ]
    if told:
        return list(dict.fromkeys(told))[:MAX_SERVICES], True
    return usual, False


def in_order(records: Sequence[Srv], rng: random.Random) -> list[Srv]:
    """By priority; within one by chance, each in proportion to its weight (RFC 2782)."""
    ordered: list[Srv] = []
    for priority in sorted({each.priority for each in records}):
        left = [each for each in records if each.priority == priority]
        rng.shuffle(left)
        # Those of weight 0 go first, so that they have a small chance beside others.
        left.sort(key=lambda each: each.weight > 0)
        while left and len(ordered) < MAX_TARGETS:
            drawn = rng.randint(0, sum(each.weight for each in left))
            for index, each in enumerate(left):
                drawn -= each.weight
                if drawn <= 0:
                    ordered.append(left.pop(index))
                    break
    return ordered


def _at(
    destination: Destination, servers: Sequence[tuple[Transport, str, int]], answers: Answers
) -> list[Hop]:
    questions = {name: Question("address", name) for _, name, _ in servers}
    _ask(questions.values(), answers)
    hops = [
        Hop(transport, address, port, destination.host)
        for transport, name, port in servers
        for address in answers[questions[name]].records
        if isinstance(address, str)
    ]
    if not hops:
        raise NotFound(next(answers[question].reason for question in questions.values()))
    return list(dict.fromkeys(hops))[:MAX_HOPS]


def _ask(questions: Iterable[Question], answers: Answers) -> None:
    unanswered = [question for question in questions if question not in answers]
    if unanswered:
        raise Unanswered(*unanswered)
