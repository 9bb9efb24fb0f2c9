"""Asking for what `location` wants to know: NAPTR and SRV of DNS, addresses of the system.

Addresses come from getaddrinfo, which knows the hosts file, mDNS and what else the machine is set up with; it
can ask for nothing but addresses, so NAPTR and SRV come from dnspython. With a name server of one's own
dnspython asks that one for addresses too, and the system only for those that it does not have.
"""

import asyncio
import random
import socket
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from .destination import Destination
from .hop import Hop
from .location import Answer, Naptr, NotFound, Question, Srv, Unanswered, hops_to

QUERY_PATIENCE: Final = 1.5
"""Seconds for NAPTR or SRV; then there are none, and the address counts. `MakeCall` is answered after two."""

SERVER_PATIENCE: Final = 0.6
"""Seconds for one of several name servers."""

ADDRESS_PATIENCE: Final = 6.0
"""Seconds for an address. Without it nothing can be sent at all."""

LOOKUPS_AT_ONCE: Final = 3
"""Threads that getaddrinfo may keep busy for as long as the system's name servers are silent. The others of
the pool are for the rest of the process."""

SHORTEST: Final = 1
LONGEST: Final = 3600
FOUND: Final = 60
NOT_FOUND: Final = 30
NOT_ANSWERED: Final = 10
"""Seconds that an answer is used again: by its TTL, else these. A name server that is down is not
asked anew for every request, and one that comes back is found soon."""

MAX_REMEMBERED: Final = 512

_FAMILIES: Final = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
_OTHER: Final = {socket.AF_INET: socket.AF_INET6, socket.AF_INET6: socket.AF_INET}


DNS_PORT: Final = 53


class NameServer(NamedTuple):
    address: str
    port: int = DNS_PORT

    def __str__(self) -> str:
        return f"the name server {Hop('UDP', self.address, self.port)}"


_Key = tuple[Question, socket.AddressFamily | None]


class Resolver:
    """Locates for any number of user agents. `name_server` is asked instead of the system's."""

    def __init__(self, name_server: NameServer | None = None, rng: random.Random | None = None) -> None:
        self._name_server = name_server
        self._random = rng or random.SystemRandom()
        self._remembered: dict[_Key, tuple[Answer, float]] = {}
        self._running: dict[_Key, asyncio.Task[Answer]] = {}
        self._slots = asyncio.Semaphore(LOOKUPS_AT_ONCE)

    def known(self, destination: Destination, family: socket.AddressFamily) -> list[Hop] | None:
        """The hops, where all that has to be asked is remembered. Raises OSError as `locate` does."""
        answers: dict[Question, Answer] = {}
        while True:
            try:
                return hops_to(destination, answers, self._random)
            except Unanswered as missing:
                for question in missing.questions:
                    answer = self._recall(_key(question, family))
                    if answer is None:
                        return None
                    answers[question] = answer
            except NotFound as error:
                raise OSError(str(error)) from None

    async def locate(self, destination: Destination, family: socket.AddressFamily) -> list[Hop]:
        """All the hops to `destination` that a socket of `family` reaches, best first.

        Raises OSError that says for a person what was not found.
        """
        answers: dict[Question, Answer] = {}
        while True:
            try:
                return hops_to(destination, answers, self._random)
            except Unanswered as missing:
                keys = [_key(question, family) for question in missing.questions]
                found = await asyncio.gather(*(self._answer(key, family) for key in keys))
                answers |= zip(missing.questions, found, strict=True)
            except NotFound as error:
                raise OSError(str(error)) from None

    async def close(self) -> None:
        running = [*self._running.values()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _answer(self, key: _Key, family: socket.AddressFamily) -> Answer:
        """What several want to know at the same time is asked once, and goes on when they give up."""
        remembered = self._recall(key)
        if remembered is not None:
            return remembered
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.get_running_loop().create_task(self._ask(key[0], family))
            task.add_done_callback(lambda _: self._running.pop(key, None))
        try:
            async with asyncio.timeout(ADDRESS_PATIENCE):
                return await asyncio.shield(task)
        except TimeoutError:
            return Answer(reason=_silence(key[0].name))

    async def _ask(self, question: Question, family: socket.AddressFamily) -> Answer:
        if question.kind != "address":
            records, ttl = await self._query(question.name, question.kind)
            answer = Answer(_read(question.kind, records or ()))
        else:
            answer, ttl = await self._address(question.name, family)
        self._remember(_key(question, family), answer, ttl)
        return answer

    async def _address(self, name: str, family: socket.AddressFamily) -> tuple[Answer, float]:
        silent = None
        if self._name_server is not None:
            records, ttl = await self._query(name, "A" if family == socket.AF_INET else "AAAA")
            if records:
                return Answer(tuple(each.to_text() for each in records)), ttl
            silent = self._name_server if records is None else None
        async with self._slots:
            try:
                if found := await _of_the_system(name, family):
                    return Answer(found), FOUND
                if await _of_the_system(name, _OTHER[family]):
                    other = _FAMILIES[_OTHER[family]]
                    reason = (
                        f"{name} has {other} addresses only, and SIP listens at an {_FAMILIES[family]} one"
                    )
                    return Answer(reason=reason), NOT_FOUND
            except TimeoutError:
                return Answer(reason=_silence(name)), NOT_ANSWERED
        if silent is not None:
            return Answer(reason=f"{silent} does not say where {name} is (--dns)"), NOT_ANSWERED
        return Answer(reason=f"no {_FAMILIES[family]} address found for {name}"), NOT_FOUND

    async def _query(self, name: str, kind: str) -> tuple[list[Any] | None, float]:
        """The records, None where nobody says, and how long that holds."""
        # A phone whose PBX is an address needs none of it.
        import dns.asyncresolver  # noqa: PLC0415
        import dns.exception  # noqa: PLC0415
        import dns.resolver  # noqa: PLC0415

        try:
            asking = dns.asyncresolver.Resolver(configure=self._name_server is None)
            if self._name_server is not None:
                asking.nameservers = [self._name_server.address]
                asking.port = self._name_server.port
            asking.lifetime, asking.timeout = QUERY_PATIENCE, SERVER_PATIENCE
            async with asyncio.timeout(QUERY_PATIENCE):
                found = await asking.resolve(f"{name}.", kind, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN:
            return [], NOT_FOUND
        except (dns.exception.DNSException, OSError, ValueError):
            return None, NOT_ANSWERED
        return ([], NOT_FOUND) if found.rrset is None else ([*found.rrset], found.rrset.ttl)

    def _recall(self, key: _Key) -> Answer | None:
        answer, until = self._remembered.get(key, (None, 0.0))
        return answer if _now() < until else None

    def _remember(self, key: _Key, answer: Answer, seconds: float) -> None:
        self._remembered.pop(key, None)
        self._remembered[key] = answer, _now() + min(max(seconds, SHORTEST), LONGEST)
        if len(self._remembered) > MAX_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]


def _key(question: Question, family: socket.AddressFamily) -> _Key:
    return question, family if question.kind == "address" else None


def _now() -> float:
    return asyncio.get_running_loop().time()


def _silence(name: str) -> str:
    return f"no name server says where {name} is"


async def _of_the_system(name: str, family: socket.AddressFamily) -> tuple[str, ...]:
    """Raises TimeoutError where its name servers are silent."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(name, None, family=family, type=socket.SOCK_DGRAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise TimeoutError from None
        return ()
    except (OSError, ValueError):
        return ()
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def _read(kind: str, records: Iterable[Any]) -> tuple[Naptr | Srv, ...]:
    return tuple(_READ[kind](each) for each in records if _USABLE[kind](each))


def _naptr(record: Any) -> Naptr:
    service = record.service.decode("ascii", "replace")
    return Naptr(record.order, record.preference, service, _name(record.replacement))


def _srv(record: Any) -> Srv:
    return Srv(record.priority, record.weight, record.port, _name(record.target))


def _name(name: object) -> str:
    return str(name).rstrip(".").lower()


_READ: Final[dict[str, Callable[[Any], Naptr | Srv]]] = {"NAPTR": _naptr, "SRV": _srv}
_USABLE: Final[dict[str, Callable[[Any], bool]]] = {
    "NAPTR": lambda record: record.flags.lower() == b"s",
    "SRV": lambda record: bool(record.port) or not _name(record.target),
}
