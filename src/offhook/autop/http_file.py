"""One file over HTTP or HTTPS: a connection for each request, and the whole of the answer or none."""

import asyncio
import base64
import functools
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

import h11

from offhook import __version__

from .configuration_file import LONGEST_FILE
from .not_fetched import NotFetched

MOST_REDIRECTS: Final = 3
CHUNK: Final = 16 * 1024
_PORTS: Final = {"http": 80, "https": 443}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_KEPT: Final = "!$%&'()*+,/:;=?@~-._[]"


async def fetch(url: SplitResult, ca: Path | None) -> bytes | None:
    """The file, None where there is none (404). Raises NotFetched, OSError or ValueError."""
    credentials = _basic(url)
    for _ in range(MOST_REDIRECTS + 1):
        answer = await _get(url, credentials, ca)
        if not isinstance(answer, str):
            return answer
        target = urlsplit(urljoin(url.geturl(), answer))
        if target.scheme not in _PORTS or not target.hostname:
            raise NotFetched("the server sends the phone on to what is no http or https")
        if target.scheme == "http" and url.scheme == "https":
            raise NotFetched("the server sends the phone from https on to http")
        # A password is for whom it was given.
        credentials = _basic(target) or (credentials if _origin(target) == _origin(url) else None)
        url = target
    raise NotFetched(f"the server sends the phone on more than {MOST_REDIRECTS} times")


async def _get(url: SplitResult, credentials: str | None, ca: Path | None) -> bytes | str | None:
    """The file, None where there is none, or as a text where else to look."""
    secure = await _verifying(ca) if url.scheme == "https" else None
    assert url.hostname  # noqa: S101  # said by the reader of the setting, and by `fetch`
    host, port = url.hostname, url.port or _PORTS[url.scheme]
    reader, writer = await asyncio.open_connection(host, port, ssl=secure)
    try:
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=CHUNK)
        target = quote((url.path or "/") + (f"?{url.query}" if url.query else ""), safe=_KEPT)
        headers = [
            ("Host", url.netloc.rpartition("@")[2]),
            ("User-Agent", f"offhook/{__version__}"),
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
        ]
        if credentials:
            headers.append(("Authorization", credentials))
        writer.write(connection.send(h11.Request(method="GET", target=target, headers=headers)) or b"")
        writer.write(connection.send(h11.EndOfMessage()) or b"")
        return await _answer(_events(connection, reader))
    except h11.RemoteProtocolError as error:
        raise NotFetched(f"its answer was not whole, or no HTTP ({error})") from None
    finally:
        # Nothing is waited for: the answer is here, or is not wanted.
        writer.transport.abort()


async def _answer(events: AsyncIterator[h11.Event]) -> bytes | str | None:
    got = bytearray()
    async for event in events:
        match event:
            case h11.Response():
                headers = {name.decode().lower(): value.decode("latin-1") for name, value in event.headers}
                if event.status_code == 404:
                    return None
                if event.status_code in _REDIRECTS and headers.get("location"):
                    return headers["location"]
                _check(event, headers)
            case h11.Data():
                got += event.data
                if len(got) > LONGEST_FILE:
                    raise NotFetched(f"it is longer than {LONGEST_FILE} bytes")
            case h11.EndOfMessage():
                break
    return bytes(got)


def _check(response: h11.Response, headers: dict[str, str]) -> None:
    if response.status_code == 401:
        raise NotFetched("the server asks for another user name and password than the address has (401)")
    if response.status_code != 200:
        phrase = response.reason.decode("latin-1")[:60]
        raise NotFetched(f"the server says {response.status_code} {phrase if phrase.isprintable() else ''}")
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise NotFetched("the server sends it compressed, which was not asked for")
    if headers.get("content-type", "").partition(";")[0].strip().lower() == "text/html":
        raise NotFetched("the server sends a web page in its place")
    length = headers.get("content-length", "0")
    if int(length) > LONGEST_FILE:
        raise NotFetched(f"it is longer than {LONGEST_FILE} bytes")


async def _events(connection: h11.Connection, reader: asyncio.StreamReader) -> AsyncIterator[h11.Event]:
    """Raises RemoteProtocolError, where the end comes too early too."""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(CHUNK))
        elif isinstance(event, h11.Event):
            yield event
            if isinstance(event, h11.EndOfMessage):
                return
        else:
            return


def _basic(url: SplitResult) -> str | None:
    if url.username is None:
        return None
    pair = f"{unquote(url.username)}:{unquote(url.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or _PORTS.get(url.scheme)


async def _verifying(ca: Path | None) -> ssl.SSLContext:
    """Reading the machine's certificates takes its time: not on the loop, and once."""
    return await asyncio.to_thread(_context, ca)


@functools.cache
def _context(ca: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca is not None:
        context.load_verify_locations(ca)
    return context
