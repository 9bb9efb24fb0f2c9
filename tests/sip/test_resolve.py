"""The resolver against a name server on loopback, on asyncio's own loop and on uvloop."""

import asyncio
import random
import re
import socket
from collections.abc import Awaitable, Callable, Iterator

import pytest
import uvloop
from tests.dns_server import NameServer as DnsServer

from offhook.sip.destination import Destination
from offhook.sip.resolve import NameServer, Resolver

Run = Callable[[Awaitable[None]], None]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    async def checked(test: Awaitable[None]) -> None:
        async with asyncio.timeout(20):
            await test
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with asyncio.Runner(loop_factory=request.param) as runner:
        yield lambda test: runner.run(checked(test))


ZONE = (
    'pbx.test. 60 IN NAPTR 10 10 "s" "SIP+D2T" "" _sip._tcp.pbx.test.',
    'pbx.test. 60 IN NAPTR 20 10 "s" "SIP+D2U" "" _sip._udp.pbx.test.',
    'pbx.test. 60 IN NAPTR 5 10 "u" "E2U+sip" "!^.*$!sip:x@y!" .',
    "_sip._tcp.pbx.test. 60 IN SRV 0 0 5070 a.pbx.test.",
    "_sip._udp.pbx.test. 60 IN SRV 0 0 5060 b.pbx.test.",
    "a.pbx.test. 60 IN A 127.0.0.2",
    "b.pbx.test. 60 IN A 127.0.0.3",
    "b.pbx.test. 60 IN AAAA ::1",
    "plain.test. 1 IN A 127.0.0.4",
)


def test_by_naptr_srv_and_address_and_asked_once(run: Run) -> None:
    async def test() -> None:
        with DnsServer(*ZONE) as server:
            resolver = Resolver(NameServer("127.0.0.1", server.port), random.Random(1))
            asked = Destination("pbx.test")
            assert resolver.known(asked, socket.AF_INET) is None
            both = [resolver.locate(asked, socket.AF_INET) for _ in range(2)]
            hops, same = await asyncio.gather(*both)
            assert [f"{hop.transport} {hop} {hop.domain}" for hop in hops] == [
                "TCP 127.0.0.2:5070 pbx.test",
                "UDP 127.0.0.3:5060 pbx.test",
            ]
            assert hops == same == resolver.known(asked, socket.AF_INET)
            assert len(server.asked) == len(set(server.asked))
            await resolver.close()

    run(test())


def test_a_name_without_services_is_its_address_for_as_long_as_its_ttl(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        loop = asyncio.get_running_loop()
        later = [0.0]
        monkeypatch.setattr("offhook.sip.resolve._now", lambda: loop.time() + later[0])
        with DnsServer(*ZONE) as server:
            resolver = Resolver(NameServer("127.0.0.1", server.port))
            (hop,) = await resolver.locate(Destination("plain.test"), socket.AF_INET)
            assert f"{hop.transport} {hop}" == "UDP 127.0.0.4:5060"
            assert resolver.known(Destination("plain.test"), socket.AF_INET)
            later[0] = 1.5
            assert resolver.known(Destination("plain.test"), socket.AF_INET) is None
            await resolver.close()

    run(test())


def test_a_socket_gets_addresses_of_its_family(run: Run) -> None:
    async def test() -> None:
        with DnsServer(*ZONE) as server:
            resolver = Resolver(NameServer("127.0.0.1", server.port))
            hops = await resolver.locate(Destination("pbx.test"), socket.AF_INET6)
            assert [str(hop) for hop in hops] == ["[::1]:5060"]
            await resolver.close()

    run(test())


def test_name_servers_that_are_down_leave_the_hosts_file(run: Run) -> None:
    """And the wait is shorter than the two seconds that `MakeCall` has."""

    async def test() -> None:
        with DnsServer(silent=True) as server:
            resolver = Resolver(NameServer("127.0.0.1", server.port))
            began = asyncio.get_running_loop().time()
            (hop,) = await resolver.locate(Destination("localhost"), socket.AF_INET)
            assert str(hop) == "127.0.0.1:5060"
            assert asyncio.get_running_loop().time() - began < 2.0
            assert resolver.known(Destination("localhost"), socket.AF_INET)
            await resolver.close()

    run(test())


def test_a_name_server_that_does_not_answer_is_what_the_reason_names(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wanted soon after is asked for anew: it may be back."""

    async def test() -> None:
        loop = asyncio.get_running_loop()
        later = [0.0]
        monkeypatch.setattr("offhook.sip.resolve._now", lambda: loop.time() + later[0])
        destination = Destination("pbx.test", port=5060)
        with DnsServer(*ZONE, "pbx.test. 60 IN A 127.0.0.2", silent=True) as server:
            resolver = Resolver(NameServer("127.0.0.1", server.port))
            reason = f"the name server 127.0.0.1:{server.port} does not say where pbx.test is (--dns)"
            with pytest.raises(OSError, match=f"^{re.escape(reason)}$"):
                await resolver.locate(destination, socket.AF_INET)
            server.silent = False
            later[0] = 11
            assert await resolver.locate(destination, socket.AF_INET)
            await resolver.close()

    run(test())


def test_the_other_family_is_named(run: Run) -> None:
    async def test() -> None:
        resolver = Resolver()
        with pytest.raises(OSError, match=r"^no IPv4 address found for a{64}\.local$"):
            await resolver.locate(Destination("a" * 64 + ".local"), socket.AF_INET)
        await resolver.close()

    run(test())
