"""The two files of a phone, over HTTP, HTTPS or TFTP."""

import asyncio
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from .not_fetched import NotFetched

COMMON: Final = "r000000000048.cfg"
"""What all phones read, before the one of their own."""

WITHIN: Final = 30.0
"""Seconds that one file may take."""


def own_file(mac: str) -> str:
    """Of the phone with this MAC address."""
    return "".join(digit for digit in mac.lower() if digit.isalnum()) + ".cfg"


async def fetch(address: str, file: str, ca: Path | None = None) -> bytes | None:
    """A file from the folder at `address`, None where there is none. Raises NotFetched.

    `ca` is a PEM file of those that HTTPS trusts besides the system's.
    """
    folder = urlsplit(address)
    url = folder._replace(path=f"{folder.path.rstrip('/')}/{file}", fragment="")
    at = f"{file} at {_shown(url)}"
    try:
        async with asyncio.timeout(WITHIN):
            return await _fetch(url, ca)
    except NotFetched as why:
        raise NotFetched(f"{at}: {why}") from None
    except TimeoutError:
        raise NotFetched(f"{at}: it took longer than {WITHIN:g} seconds") from None
    except ssl.SSLCertVerificationError as error:
        raise NotFetched(f"{at}: the server's certificate is not trusted: {error.verify_message}") from None
    except (OSError, ValueError) as error:
        raise NotFetched(f"{at}: {getattr(error, 'strerror', None) or error}") from None


async def _fetch(url: SplitResult, ca: Path | None) -> bytes | None:
    # By scheme, and only when it is wanted: most phones fetch nothing.
    if url.scheme == "tftp":
        from . import tftp_file  # noqa: PLC0415

        return await tftp_file.fetch(url)
    from . import http_file  # noqa: PLC0415

    return await http_file.fetch(url, ca)


def _shown(url: SplitResult) -> str:
    """Without user name, password, path and query: there may be a secret in each."""
    host = url.hostname or ""
    return f"{url.scheme}://{f'[{host}]' if ':' in host else host}" + (f":{url.port}" if url.port else "")
