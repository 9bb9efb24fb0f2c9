"""Who connects to a phone over TLS, proves nothing, and what that gets him."""

import asyncio
import ssl
from contextlib import suppress

import pytest

from offhook.sip import Account, connection, streams
from offhook.sip.events import (
    Answered,
    Binding,
    BindingChanged,
)
from offhook.sip.tls import Tls, TlsSettings

from ..authority import Authority  # noqa: TID252 - two folders of tests need it
from .message_text import SDP, read, request
from .tls_phones import (
    HOST,
    Run,
    client_context,
    free_port,
    options,
    phone,
    until,
)


def test_who_connects_is_answered_by_the_same_connection(run: Run, authority: Authority) -> None:
    async def test() -> None:
        async with phone(own=authority.certificate(HOST)) as near:
            reader, writer = await asyncio.open_connection(HOST, near.port, ssl=client_context(authority))
            writer.write(b"\r\n\r\n")
            assert await reader.readexactly(2) == b"\r\n"
            writer.write(options(uri=f"sips:{HOST}"))
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200 ")
            assert near.ua.sources[0].transport == "TLS"
            writer.close()
            await writer.wait_closed()
            assert near.ua.lost == []

    run(test())


def test_who_connects_from_the_registrars_address_is_not_taken_for_it(run: Run, authority: Authority) -> None:
    """It has shown no certificate: what is meant for the registrar waits for a connection to one that has."""

    async def test() -> None:
        port = free_port()
        async with phone(TlsSettings(authority.file, authority.certificate(HOST))) as near:
            reader, writer = await asyncio.open_connection(
                HOST, near.port, ssl=client_context(authority), local_addr=("127.0.0.2", port)
            )
            writer.write(options())
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200 ")
            near.ua.add_account(Account(1, "1001", "127.0.0.2", port, "TLS"))
            near.ua.register(1, near.now)
            near.endpoint.flush()
            refused = BindingChanged(1, Binding.FAILED, f"connection refused by 127.0.0.2:{port}")
            await until(lambda: refused in near.events)
            await near.endpoint.close()
            assert await reader.read() == b""
            writer.close()

    run(test())


def test_an_exchange_that_connects_by_itself_is_hung_up_on_by_its_own_connection(
    run: Run, authority: Authority
) -> None:
    """Its Contact names the connection, at whose other end nobody could be connected to."""

    async def test() -> None:
        async with phone(own=authority.certificate(HOST)) as near:
            reader, writer = await asyncio.open_connection(HOST, near.port, ssl=client_context(authority))
            port = writer.get_extra_info("sockname")[1]
            headers = {
                "Via": f"SIP/2.0/TLS {HOST}:{port};branch=z9hG4bK1",
                "Contact": f"<sip:pbx@{HOST}:{port};transport=tls>",
            }
            sound = SDP.replace("192.0.2.101", HOST)
            writer.write(request("INVITE", f"sip:{HOST}", body=sound, headers=headers))
            heard = await reader.readuntil(b"a=sendrecv\r\n")
            accepted = read(heard[heard.index(b"SIP/2.0 200 ") :])
            headers |= {"To": accepted.headers["To"], "Via": f"SIP/2.0/TLS {HOST}:{port};branch=z9hG4bK2"}
            writer.write(request("ACK", f"sip:{HOST}", headers=headers))
            await near.told(Answered)
            near.ua.hang_up_all(near.now)
            near.endpoint.flush()
            await reader.readuntil(f"BYE sip:pbx@{HOST}:{port};transport=tls SIP/2.0\r\n".encode())
            writer.close()

    run(test())


def test_a_sips_request_that_came_in_the_open_is_refused(run: Run) -> None:
    async def test() -> None:
        async with phone() as near:
            reader, writer = await asyncio.open_connection(HOST, near.endpoint.port)
            writer.write(options(uri=f"sips:{HOST}", transport="TCP"))
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"SIP/2.0 480 ")
            assert f'Warning: 380 {HOST} "SIPS Not Allowed, it came by TCP"'.encode() in answer
            writer.close()

    run(test())


def test_the_open_is_not_spoken_where_tls_is(run: Run, authority: Authority) -> None:
    async def test() -> None:
        async with phone(own=authority.certificate(HOST)) as near:
            reader, writer = await asyncio.open_connection(HOST, near.port)
            writer.write(options())
            with suppress(ConnectionError):
                assert b"SIP/2.0" not in await reader.read()
            writer.close()
            assert near.ua.sources == []

    run(test())


def test_half_open_handshakes_are_few_and_short(
    run: Run, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They do not crowd out who is through with his."""
    monkeypatch.setattr(streams, "MAX_HANDSHAKES", 3)
    monkeypatch.setattr(connection, "HANDSHAKE_TIMEOUT", 0.3)

    async def test() -> None:
        async with phone(own=authority.certificate(HOST)) as near:
            good, good_writer = await asyncio.open_connection(HOST, near.port, ssl=client_context(authority))
            ends = []
            for _ in range(5):
                ends.append(await asyncio.open_connection(HOST, near.port))
                await asyncio.sleep(0.01)
            began = near.now
            for number, (reader, _) in enumerate(ends):
                with suppress(ConnectionError):
                    assert await reader.read() == b""
                if number == 1:
                    assert near.now - began < 0.25
            assert near.now - began < 5
            good_writer.write(options())
            assert await good.readline() == b"SIP/2.0 200 OK\r\n"
            for writer in (good_writer, *(writer for _, writer in ends)):
                writer.close()

    run(test())


def test_renegotiation_is_refused(run: Run, authority: Authority) -> None:
    """Each would be work for this end at no cost to the other. (Python's ssl cannot ask for one.)"""
    tls = Tls(TlsSettings(authority.file), authority.certificate(HOST))
    assert tls._client.options & ssl.OP_NO_RENEGOTIATION
    assert tls._server.options & ssl.OP_NO_RENEGOTIATION
