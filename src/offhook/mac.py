"""The phone's MAC address: made once and kept (IEEE 802: locally administered, unicast)."""

import re
import secrets
import uuid
from pathlib import Path
from typing import Final

from offhook.data_folder import read_text, write_atomically

_SPELLINGS: Final = re.compile(
    r"[0-9a-f]{12}|[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}"
)
_PHONES: Final = uuid.UUID("5ddc466d-d58f-4c4a-af7c-3d850a2d0eb4")
"""The namespace of this program's phones."""
_MULTICAST: Final = 0x01
_LOCAL: Final = 0x02


class BadMac(ValueError):
    """One line that says what would be right."""


def parse_mac(text: str) -> str:
    """A MAC address in any usual spelling as 12 lower-case hexadecimal digits. Raises BadMac."""
    spelt = text.strip().lower()
    if not _SPELLINGS.fullmatch(spelt):
        raise BadMac("a MAC address is 12 hexadecimal digits, as in 0a:00:27:00:10:01")
    digits = re.sub(r"[:.-]", "", spelt)
    if int(digits[:2], 16) & _MULTICAST:
        raise BadMac(
            "that is a group of addresses; the second digit of a phone's is even, as in 0a:00:27:00:10:01"
        )
    if int(digits, 16) == 0:
        raise BadMac("a MAC address of nothing but zeros belongs to no phone")
    return digits


def new_mac() -> str:
    first, *rest = secrets.token_bytes(6)
    return bytes([first & ~_MULTICAST | _LOCAL, *rest]).hex()


def kept_mac(folder: Path) -> str:
    """The address that the data folder keeps, made and written there at the first start.

    Raises BadDataFolder, and BadMac where somebody edited the file: a phone's address does not change by
    itself.
    """
    file = folder / "mac"
    try:
        return parse_mac(read_text(file))
    except FileNotFoundError:
        mac = new_mac()
        write_atomically(file, f"{mac}\n".encode(), mode=0o644)
        return mac
    except BadMac as error:
        raise BadMac(f"{file}: {error}; mend the file, or delete it for a new address") from None


def instance_of(mac: str) -> str:
    """The URN by which registrars know the phone again after a restart (RFC 5626 §4.1).

    A version 5 UUID: it tells nobody the address it was made from.
    """
    return uuid.uuid5(_PHONES, mac).urn
