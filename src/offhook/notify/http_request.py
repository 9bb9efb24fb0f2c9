"""One HTTP request to a receiver, and the status of its answer.

What is wanted of the answer is its status, so a connection serves one request: no pool, no cookies, no
redirects, and neither proxies nor passwords from the environment.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import secrets
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

import h11

from offhook import __version__
from offhook.sip.digest import Challenge

from .outgoing import PORTS, NotReached, NotSendable, Outgoing

PATIENCE: Final = 5.0
"""Seconds that a request may take, from the look-up of its host to the head of its answer."""

REST_WITHIN: Final = 1.0
"""Seconds that the rest of an answer is waited for. It is of no interest, but some receivers stop what they
are doing where nobody takes it."""

LONGEST_REST: Final = 64 * 1024
SHUTDOWN: Final = 2.0
"""Seconds for the farewell of TLS."""

MOST_AT_ONE_RECEIVER: Final = 32
"""Requests on their way at one time, of all phones together."""

MOST_LOOKUPS: Final = 2
"""Names looked up at one time. A look-up that hangs keeps a thread whatever becomes of the request, and calls
need such threads too."""

CHUNK: Final = 8192

_KEPT: Final = "!$%&'()*+,/:;=?@~-._[]|^"
"""What of an admin's template is sent as it stands; other bytes are percent-encoded."""


class HttpSender:
    """For all phones of a process."""

    def __init__(self) -> None:
        self._contexts: dict[bool, ssl.SSLContext] = {}
        self._gates: dict[str, _Gate] = {}
        self._lookups: dict[str, asyncio.Task[list[str]]] = {}
        self._lookup_places = asyncio.Semaphore(MOST_LOOKUPS)

    async def send(self, request: Outgoing) -> int:
        """The status of the final answer. Raises NotReached or NotSendable."""
        try:
            parts = urlsplit(request.url)
            host = (parts.hostname or "").encode("idna").decode()
            port = parts.port or PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise NotSendable("the URL is none, once its variables are filled in") from None
        if not host:
            raise NotSendable("the URL has no host, once its variables are filled in")
        async with self._gate(f"{host}:{port}"):
            status, challenges = await self._ask(request, parts, host, port, None)
            if status == 401 and parts.username is not None:
                user, password = unquote(parts.username), unquote(parts.password or "")
                target = _target(parts)
                if credentials := _credentials(challenges, user, password, request, target):
                    status, _ = await self._ask(request, parts, host, port, credentials)
        return status

    async def _ask(
        self, request: Outgoing, parts: SplitResult, host: str, port: int, credentials: str | None
    ) -> tuple[int, list[str]]:
        try:
            async with (
                asyncio.timeout(PATIENCE),
                self._connected(parts.scheme, host, port, request) as (
                    reader,
                    writer,
                ),
            ):
                connection = h11.Connection(h11.CLIENT)
                bracketed = f"[{host}]" if ":" in host else host
                headers = [
                    ("Host", bracketed if port == PORTS[parts.scheme] else f"{bracketed}:{port}"),
                    ("User-Agent", f"offhook/{__version__}"),
                    ("Accept", "*/*"),
                    ("Connection", "close"),
                    *request.headers,
                ]
                if request.body is not None:
                    headers.append(("Content-Length", str(len(request.body))))
                if credentials is not None:
                    headers.append(("Authorization", credentials))
                head = h11.Request(method=request.method, target=_target(parts), headers=headers)
                writer.write(connection.send(head) or b"")
                if request.body:
                    writer.write(connection.send(h11.Data(data=request.body)) or b"")
                connection.send(h11.EndOfMessage())
                answer = await _answer(connection, reader)
                await _rest(connection, reader)
        except TimeoutError:
            raise NotReached(f"no answer within {PATIENCE:g} s") from None
        except ssl.SSLCertVerificationError as error:
            raise NotReached(f"its certificate is not accepted: {error.verify_message}") from None
        except OSError as error:
            raise NotReached(_in_words(error)) from None
        except h11.RemoteProtocolError:
            raise NotReached("what it answered is no HTTP") from None
        except h11.LocalProtocolError as error:
            raise NotSendable(f"the request cannot be written: {error}") from None
        except UnicodeError:
            raise NotSendable("its host is no name") from None
        asked = [value.decode("latin-1") for name, value in answer.headers if name == b"www-authenticate"]
        return answer.status_code, asked

    @asynccontextmanager
    async def _connected(
        self, scheme: str, host: str, port: int, request: Outgoing
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        secure: dict[str, Any] = {}
        if scheme == "https":
            context = await self._context(request.verify)
            secure = {"ssl": context, "server_hostname": host, "ssl_shutdown_timeout": SHUTDOWN}
        *others, last = await self._addresses(host)
        for address in others:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection(address, port, **secure)
                break
        else:
            reader, writer = await asyncio.open_connection(last, port, **secure)
        try:
            yield reader, writer
        finally:
            writer.close()

    async def _addresses(self, host: str) -> list[str]:
        """At least one."""
        try:
            return [str(ip_address(host))]
        except ValueError:
            pass
        if (task := self._lookups.get(host)) is None:
            task = asyncio.get_running_loop().create_task(self._look_up(host))
            # It may fail after the last one who asked has gone.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._lookups[host] = task
        # Whoever asks next waits for the same answer, though this request may be given up before.
        return await asyncio.shield(task)

    async def _look_up(self, host: str) -> list[str]:
        try:
            async with self._lookup_places:
                found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
            return list(dict.fromkeys(str(address[0]) for *_, address in found))
        finally:
            del self._lookups[host]

    async def _context(self, verify: bool) -> ssl.SSLContext:
        if verify not in self._contexts:
            # Reading the system's authorities takes longer than the loop may wait.
            context = await asyncio.to_thread(ssl.create_default_context)
            if not verify:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            self._contexts[verify] = context
        return self._contexts[verify]

    @asynccontextmanager
    async def _gate(self, receiver: str) -> AsyncIterator[None]:
        gate = self._gates.setdefault(receiver, _Gate())
        gate.users += 1
        try:
            async with gate.places:
                yield
        finally:
            gate.users -= 1
            if not gate.users:
                del self._gates[receiver]


class _Gate:
    def __init__(self) -> None:
        self.places = asyncio.Semaphore(MOST_AT_ONE_RECEIVER)
        self.users = 0


def _in_words(error: OSError) -> str:
    """asyncio and ssl put addresses and places in C into what they say."""
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or error}"
    if isinstance(error, socket.gaierror) or not error.errno:
        return error.strerror or str(error) or type(error).__name__
    return os.strerror(error.errno)


def _target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=_KEPT)
    return f"{path}?{quote(parts.query, safe=_KEPT)}" if parts.query else path


async def _answer(connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Response:
    """The head of the final answer; those of 1xx are not final."""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(CHUNK))
        elif isinstance(event, h11.Response):
            return event
        elif isinstance(event, h11.ConnectionClosed):
            raise NotReached("it closed the connection without an answer")


async def _rest(connection: h11.Connection, reader: asyncio.StreamReader) -> None:
    taken = 0
    try:
        async with asyncio.timeout(REST_WITHIN):
            while taken < LONGEST_REST:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    data = await reader.read(CHUNK)
                    taken += len(data)
                    connection.receive_data(data)
                elif not isinstance(event, h11.Data):
                    return
    except (OSError, h11.RemoteProtocolError):
        # TimeoutError is an OSError. It has answered; how it ends is its own affair.
        return


@dataclass(frozen=True, slots=True)
class _Signed:
    """What a proof is made of."""

    method: str
    uri: str
    body: bytes


# A scheme begins a challenge, and a first parameter stands behind it.
_SCHEME: Final = re.compile(r"(?:^|,)\s*([A-Za-z][\w-]*)(?=\s+[\w-]+\s*=)")


def _credentials(
    challenges: list[str], user: str, password: str, request: Outgoing, target: str
) -> str | None:
    """What answers the strongest challenge (RFC 7235 §2.1): Digest goes before Basic."""
    each = [challenge for line in challenges for challenge in _split(line)]
    digests = [asked for challenge in each if (asked := Challenge.parse(challenge))]
    if digests:
        best = min(digests, key=lambda asked: asked.preference)
        signed = _Signed(request.method, target, request.body or b"")
        return best.respond(user, password, signed, cnonce=secrets.token_hex(16), count=1)
    if any(challenge.lower().startswith("basic") for challenge in each):
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return None


def _split(line: str) -> list[str]:
    """The challenges of one header, which may hold several."""
    starts = [match.start(1) for match in _SCHEME.finditer(line)] or [0]
    return [line[start:end].strip(" ,") for start, end in zip(starts, [*starts[1:], len(line)], strict=True)]
