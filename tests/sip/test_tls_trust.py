"""Whom a phone believes over TLS, and what it says of whom it does not."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from offhook.sip import Hop, streams
from offhook.sip.events import (
    Failed,
    InviteSent,
)
from offhook.sip.tls import TlsSettings

from ..authority import Authority  # noqa: TID252 - two folders of tests need it
from .tls_phones import (
    HOST,
    Run,
    blocking_server,
    options,
    phone,
    server,
    server_context,
    until,
)


@pytest.mark.parametrize(
    ("made", "trusted", "why"),
    [
        (lambda ca: ca.certificate("pbx.example", "b.example"), True,
         "the certificate of {where} is for pbx.example, b.example, not for 127.0.0.1"),
        (lambda ca: ca.certificate(*(f"{n}.test" for n in range(9))), True,
         "the certificate of {where} is for 0.test, 1.test, 2.test, 3.test, …, not for 127.0.0.1"),
        (lambda ca: ca.certificate(common_name=HOST), True,
         "the certificate of {where} is for nobody, not for 127.0.0.1"),
        (lambda ca: ca.certificate(HOST, valid=(-30, -1)), True, "the certificate of {where} has expired"),
        (lambda ca: ca.certificate(HOST, valid=(1, 30)), True,
         "the certificate of {where} is not valid yet, or the clock here is wrong"),
        (lambda ca: ca.certificate(HOST), False,
         "the certificate of {where} is from a CA that is not trusted here (--tls-ca)"),
        (lambda ca: ca.certificate(HOST, itself=True), True,
         "the certificate of {where} is self-signed and not trusted here (--tls-ca)"),
    ],
    ids=["name", "many names", "common name", "expired", "early", "unknown CA", "self-signed"],
)  # fmt: skip
def test_who_cannot_be_believed(
    run: Run,
    authority: Authority,
    tmp_path: Path,
    made: Callable[[Authority], Path],
    trusted: bool,
    why: str,
) -> None:
    """The reason reaches the call, and nothing is sent."""
    ca = authority.file if trusted else Authority(tmp_path, "another CA").file

    async def test() -> None:
        async with server(server_context(made(authority))) as far, phone(TlsSettings(ca)) as near:
            near.invite(f"sips:{HOST}:{far.port}")
            failed = await near.told(Failed)
            assert failed == Failed("call", 503, why.format(where=f"{HOST}:{far.port}"))
            assert InviteSent("call") not in near.events
            assert far.heard == b""
            assert near.ua.lost == []

    run(test())


def test_the_systems_store_is_what_is_trusted_otherwise(
    run: Run, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with server(server_context(authority.certificate(HOST))) as far:
            async with phone() as near:
                near.invite(f"sips:{HOST}:{far.port}")
                assert "not trusted here" in (await near.told(Failed)).reason
            # OpenSSL reads it from where this says.
            monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
            async with phone() as near:
                near.invite(f"sips:{HOST}:{far.port}")
                await near.told(InviteSent)

    run(test())


@pytest.mark.parametrize("names", [("sip:127.0.0.1",), (HOST, "pbx.example"), ("::1", HOST)])
def test_who_is_believed(run: Run, authority: Authority, names: tuple[str, ...]) -> None:
    async def test() -> None:
        certificate = authority.certificate(*names)
        async with server(server_context(certificate)) as far, phone(TlsSettings(authority.file)) as near:
            near.invite(f"sips:{HOST}:{far.port}")
            await near.told(InviteSent)
            await until(lambda: far.heard.startswith(b"INVITE sips:"))

    run(test())


def test_a_self_signed_certificate_is_its_own_authority(run: Run, authority: Authority) -> None:
    async def test() -> None:
        certificate = authority.certificate(HOST, itself=True)
        async with server(server_context(certificate)) as far, phone(TlsSettings(certificate)) as near:
            near.invite(f"sips:{HOST}:{far.port}")
            await near.told(InviteSent)

    run(test())


def test_without_verification_anybody_is_believed(run: Run, authority: Authority) -> None:
    async def test() -> None:
        certificate = authority.certificate("x", valid=(-9, -1), itself=True)
        async with server(server_context(certificate)) as far, phone(TlsSettings(verify=False)) as near:
            near.invite(f"sips:{HOST}:{far.port}")
            await near.told(InviteSent)

    run(test())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_a_certificate(run: Run, authority: Authority, version: ssl.TLSVersion) -> None:
    """With TLS 1.3 it says so when the client has already sent its request."""
    context = server_context(authority.certificate(HOST), authority.file, maximum_version=version)
    ours = authority.certificate("phone.example")

    async def test() -> None:
        with blocking_server(context) as port:
            async with phone(TlsSettings(authority.file)) as near:
                near.invite(f"sips:{HOST}:{port}")
                failed = await near.told(Failed)
                assert isinstance(failed, Failed)
                assert "--tls-certificate" in failed.reason
        async with server(context) as far, phone(TlsSettings(authority.file, ours)) as near:
            near.invite(f"sips:{HOST}:{far.port}")
            await until(lambda: far.heard.startswith(b"INVITE"))

    run(test())


def test_a_server_that_refuses_our_certificate(run: Run, authority: Authority, tmp_path: Path) -> None:
    context = server_context(
        authority.certificate(HOST), authority.file, maximum_version=ssl.TLSVersion.TLSv1_2
    )
    strange = Authority(tmp_path, "another CA").certificate("phone.example")

    async def test() -> None:
        with blocking_server(context) as port:
            async with phone(TlsSettings(authority.file, strange)) as near:
                near.invite(f"sips:{HOST}:{port}")
                why = f"{HOST}:{port} does not accept the certificate of this phone"
                assert await near.told(Failed) == Failed("call", 503, why)

    run(test())


def test_no_tls_at_the_far_end(run: Run) -> None:
    """Nothing is sent in the open instead."""

    async def test() -> None:
        async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"SIP/2.0 400 What?\r\n\r\n")
            writer.close()

        for far, why in ((hang_up, "in the middle of the TLS handshake"), (talk, "is not TLS")):
            listening = await asyncio.start_server(far, HOST, 0)
            async with phone() as near:
                near.invite(f"sips:{HOST}:{listening.sockets[0].getsockname()[1]}")
                assert why in (await near.told(Failed)).reason
            listening.close()
            await listening.wait_closed()

    run(test())


def test_a_far_end_that_never_shakes_hands(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "CONNECT_TIMEOUT", 0.2)

    async def test() -> None:
        async with server(None) as far, phone() as near:
            near.invite(f"sips:{HOST}:{far.port}")
            why = f"{HOST}:{far.port} does not answer the handshake of TLS"
            assert await near.told(Failed) == Failed("call", 503, why)

    run(test())


def test_tls_1_1_is_not_spoken(run: Run, authority: Authority) -> None:
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context = server_context(authority.certificate(HOST), maximum_version=ssl.TLSVersion.TLSv1_1)
    context.set_ciphers("ALL:@SECLEVEL=0")

    async def test() -> None:
        with blocking_server(context) as port:
            async with phone(TlsSettings(authority.file)) as near:
                near.invite(f"sips:{HOST}:{port}")
                why = f"{HOST}:{port} does not speak TLS 1.2 or newer"
                assert await near.told(Failed) == Failed("call", 503, why)

    run(test())


def test_a_name_that_no_certificate_can_have(run: Run) -> None:
    async def test() -> None:
        async with phone() as near:
            near.send(options(), Hop("TLS", HOST, 9, "a" * 64 + ".example"))
            await asyncio.sleep(0.01)
            assert near.ua.lost == []

    run(test())
