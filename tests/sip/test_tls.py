"""SIP over TLS with real sockets on loopback, on asyncio's own loop and on uvloop."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from offhook.sip import Account, Hop
from offhook.sip.endpoint import CannotBind
from offhook.sip.events import (
    Answered,
    Binding,
    BindingChanged,
    Ended,
    Failed,
    InviteSent,
)
from offhook.sip.framing import PING, PONG
from offhook.sip.hop import Transport
from offhook.sip.tls import BadTlsFile, Tls, TlsSettings

from ..authority import Authority  # noqa: TID252 - two folders of tests need it
from .tls_phones import (
    HOST,
    MEDIA,
    Agent,
    Phone,
    Run,
    options,
    phone,
    server,
    server_context,
    until,
)

# --- calls


@pytest.mark.parametrize("target", ["sip:{host}:{port};transport=tls", "sips:{host}:{port}"])
def test_a_call(run: Run, authority: Authority, target: str) -> None:
    async def test() -> None:
        mine = TlsSettings(authority.file, authority.certificate(HOST))
        async with phone(mine) as near, phone(mine) as far:
            near.invite(target.format(host=HOST, port=far.port))
            await near.told(Answered)
            await far.told(Answered)
            assert near.events.count(InviteSent("call")) == 1
            # Each end names the port at which it takes TLS.
            scheme = target.partition(":")[0]
            [call] = far.ua.calls.values()
            contact = str(call._dialog.remote_target)
            suffix = ";transport=tls" if scheme == "sip" else ""
            assert contact == f"{scheme}:{HOST}:{near.port}{suffix}"
            near.ua.hang_up("call", near.now)
            near.endpoint.flush()
            await far.told(Ended)

    run(test())


def test_one_connection_serves_both_ways(run: Run, authority: Authority) -> None:
    """The far end's requests come by the connection that was opened here, and their answers go back by it."""

    async def test() -> None:
        pbx_shows = authority.certificate("pbx.example")
        async with server(server_context(pbx_shows)) as pbx, phone(TlsSettings(authority.file)) as near:
            hop = Hop("TLS", HOST, pbx.port, "pbx.example")
            near.send(options("z9hG4bKa"), hop)
            await until(lambda: b"z9hG4bKa" in pbx.heard)
            pbx.writers[0].write(options("z9hG4bKb"))
            await until(lambda: b"SIP/2.0 200 " in pbx.heard)
            assert near.ua.sources == [hop]
            # By its address alone, as a Record-Route has it, it is the same server.
            near.send(options("z9hG4bKc"), Hop("TLS", HOST, pbx.port))
            await until(lambda: b"z9hG4bKc" in pbx.heard)
            assert pbx.connections == 1

    run(test())


@pytest.mark.parametrize("transport", ["TCP", "TLS"])
def test_another_name_of_the_same_server_is_reached_by_the_same_connection(
    run: Run, authority: Authority, transport: Transport
) -> None:
    """As a Record-Route has it: over TLS by a certificate that is for both."""

    async def test() -> None:
        shown = server_context(authority.certificate("pbx.example", "edge.example"))
        async with (
            server(shown if transport == "TLS" else None) as pbx,
            phone(TlsSettings(authority.file)) as near,
        ):
            for number, name in enumerate(("pbx.example", "edge.example", "", "pbx.example")):
                branch = f"z9hG4bK{number}"
                near.send(options(branch), Hop(transport, HOST, pbx.port, name))
                await until(lambda branch=branch: branch.encode() in pbx.heard)
            assert pbx.connections == 1

    run(test())


def test_what_was_asked_by_another_name_fails_with_the_connection() -> None:
    agent = Agent()
    agent.invite("call", None, "sip:bob@edge.example;transport=tcp", MEDIA, 0.0)
    agent.located(agent.wanted.pop(), [Hop("TCP", HOST, 5060, "edge.example")], 0.0)
    agent.flow_lost(Hop("TCP", HOST, 5062, "pbx.example"), "it broke", 1.0)
    assert agent.events == []
    agent.flow_lost(Hop("TCP", HOST, 5060, "pbx.example"), "it broke", 1.0)
    assert agent.events == [Failed("call", 503, "it broke")]


def test_another_domain_at_the_same_address_is_asked_for_its_own_certificate(
    run: Run, authority: Authority
) -> None:
    async def test() -> None:
        pbx_shows = authority.certificate("a.example")
        async with server(server_context(pbx_shows)) as pbx, phone(TlsSettings(authority.file)) as near:
            near.send(options(), Hop("TLS", HOST, pbx.port, "a.example"))
            await until(lambda: pbx.heard)
            near.ua.add_account(Account(1, "1001", "b.example", pbx.port, "TLS"))
            near.ua.register(1, near.now)
            wanted = near.ua.wanted.pop()
            near.ua.located(wanted, [Hop("TLS", HOST, pbx.port, "b.example")], near.now)
            near.endpoint.flush()
            await until(lambda: BindingChanged(1, Binding.FAILED, WRONG.format(port=pbx.port)) in near.events)

    run(test())


WRONG = f"the certificate of {HOST}:{{port}} is for a.example, not for b.example"


# --- connections that are lost, or kept


def test_what_was_asked_over_a_connection_that_breaks_has_failed(run: Run, authority: Authority) -> None:
    async def test() -> None:
        pbx_shows = authority.certificate(HOST)
        async with server(server_context(pbx_shows)) as pbx, phone(TlsSettings(authority.file)) as near:
            near.ua.add_account(Account(1, "1001", HOST, pbx.port, "TLS"))
            near.ua.register(1, near.now)
            near.endpoint.flush()
            await until(lambda: pbx.heard)
            pbx.writers[0].transport.abort()
            await until(lambda: near.ua.lost)
            [(hop, reason)] = near.ua.lost
            assert hop == Hop("TLS", HOST, pbx.port)
            assert reason.startswith(f"connection closed by {hop}")
            assert BindingChanged(1, Binding.FAILED, reason) in near.events

    run(test())


def test_who_is_registered_by_a_connection_that_breaks_registers_anew(run: Run, authority: Authority) -> None:
    async def test() -> None:
        pbx_shows = authority.certificate(HOST)
        async with server(server_context(pbx_shows)) as pbx, phone(TlsSettings(authority.file)) as near:
            near.ua.add_account(Account(1, "1001", HOST, pbx.port, "TLS"))
            near.ua.register(1, near.now)
            near.endpoint.flush()
            await until(lambda: pbx.heard.endswith(b"\r\n\r\n"))
            head = pbx.heard.decode().split("\r\n")
            copied = [line for line in head if line[:3] in {"Via", "Fro", "To:", "Cal", "CSe"}]
            pbx.writers[0].write("\r\n".join(["SIP/2.0 200 OK", *copied, "l: 0", "", ""]).encode())
            await until(lambda: BindingChanged(1, Binding.REGISTERED) in near.events)
            pbx.writers[0].close()
            await until(lambda: pbx.connections == 2 and pbx.heard.count(b"REGISTER sip:") == 2)

    run(test())


def test_keep_alives(run: Run, authority: Authority) -> None:
    """They go where a connection is, and their answers are told apart from the far end's own."""

    async def test() -> None:
        pbx_shows = authority.certificate(HOST)
        async with server(server_context(pbx_shows)) as pbx, phone(TlsSettings(authority.file)) as near:
            hop = Hop("TLS", HOST, pbx.port)
            near.send(PING, hop)
            await asyncio.sleep(0.02)
            assert pbx.connections == 0
            near.send(options(), hop)
            await until(lambda: pbx.heard)
            near.send(PING, hop)
            await until(lambda: pbx.heard.endswith(2 * PING))
            pbx.writers[0].write(PING)
            await until(lambda: pbx.heard.endswith(2 * PING + PONG))
            assert near.ua.pongs == []
            pbx.writers[0].write(PONG)
            await until(lambda: near.ua.pongs == [hop])

    run(test())


def test_a_connection_that_is_of_no_use_any_more(run: Run, authority: Authority) -> None:
    async def test() -> None:
        pbx_shows = authority.certificate(HOST)
        async with server(server_context(pbx_shows)) as pbx, phone(TlsSettings(authority.file)) as near:
            hop = Hop("TLS", HOST, pbx.port)
            near.send(options("z9hG4bKa"), hop)
            await until(lambda: b"z9hG4bKa" in pbx.heard)
            near.send(b"", hop)
            near.send(options("z9hG4bKb"), hop)
            await until(lambda: b"z9hG4bKb" in pbx.heard)
            assert pbx.connections == 2
            assert near.ua.lost == []

    run(test())


# --- what a phone without TLS does without


def test_no_context_is_made_before_it_is_needed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def make(*_: object) -> ssl.SSLContext:
        raise AssertionError("a context was made")

    monkeypatch.setattr(ssl, "SSLContext", make)

    async def test() -> None:
        async with phone() as near, phone() as far:
            near.invite(f"sip:{HOST}:{far.endpoint.port};transport=tcp")
            await near.told(Answered)

    run(test())


def test_a_port_in_use_is_named(run: Run, authority: Authority) -> None:
    async def test() -> None:
        with socket.socket() as other:
            other.bind((HOST, 0))
            other.listen()
            port = other.getsockname()[1]
            near = Phone(Tls(own=authority.certificate(HOST)))
            with pytest.raises(CannotBind) as caught:
                await near.endpoint.open(HOST, 0, tls_port=port)
            assert (caught.value.port, caught.value.tls) == (port, True)
            assert caught.value.strerror.startswith(f"cannot listen on {HOST}:{port} for SIP over TLS: ")

    run(test())


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (lambda ca, _: TlsSettings(ca=ca / "none"), "{}/none: it cannot be read: No such file"),
        (lambda ca, _: TlsSettings(ca=ca / "text"), "--tls-ca {}/text: it does not hold PEM certificates"),
        (lambda ca, authority: TlsSettings(certificate=authority.file),
         "it does not hold a PEM certificate with its key, which is not encrypted"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used(
    authority: Authority, tmp_path: Path, settings: Callable[[Path, Authority], TlsSettings], why: str
) -> None:
    (tmp_path / "text").write_text("nothing of the kind")
    with pytest.raises(BadTlsFile) as caught:
        Tls(settings(tmp_path, authority)).check(listening=False)
    assert why.format(tmp_path) in str(caught.value)
