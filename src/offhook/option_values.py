"""How the value of one option is read, from a text or as TOML types it.

Every reader raises ValueError with one line: the value (unless it is a secret), and what would be right.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from offhook.account_uri import account_from_table, parse_account
from offhook.action_uri.allow_list import AllowList
from offhook.action_uri.host_name import read_host_name
from offhook.action_uri.provenance import read_origin
from offhook.mac import BadMac, parse_mac
from offhook.phone.number import NotDiallable, dialled
from offhook.phone.settings import REFUSAL_CODES, AutoAnswer, ReferPolicy
from offhook.rtp.ports import RtpPorts
from offhook.sip.account import Account
from offhook.sip.resolve import DNS_PORT, NameServer

_Choice = TypeVar("_Choice", bound=StrEnum)

_AUTOP_SCHEMES: Final = frozenset({"http", "https", "tftp"})
_YES: Final = {"yes": True, "no": False}
# Display names hold spaces and commas, so that in one text each account is known by its scheme.
_BETWEEN_ACCOUNTS: Final = re.compile(r"\s+(?=sips?:)", re.IGNORECASE)


def read_port(value: object) -> int:
    """A TCP or UDP port, or 0."""
    number = _integer(value)
    if number is None or not 0 <= number <= 65535:
        raise ValueError(f"{quoted(value)} is no port; write a number from 0 to 65535")
    return number


def read_rtp_ports(value: object) -> RtpPorts:
    return value if isinstance(value, RtpPorts) else RtpPorts.parse(_text(value))


def read_count(value: object) -> int:
    number = _integer(value)
    if number is None or not 1 <= number <= 10_000:
        raise ValueError(f"{quoted(value)} is no number of phones; write one from 1 to 10000")
    return number


def read_extension(value: object) -> str:
    text = str(value) if isinstance(value, int) else _text(value).strip()
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise ValueError(f"{quoted(value)} is no extension; write up to 15 digits, as in 1001")
    return text


def read_path(value: object) -> Path:
    if isinstance(value, Path):
        return value
    text = _text(value)
    if not text or "\0" in text:
        raise ValueError(f"{quoted(value)} is no path")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError(f"{quoted(value)} names the home folder of a user that there is not") from None


def read_address(value: object) -> str:
    """An IP address of this machine to listen at, without brackets; `localhost` is 127.0.0.1."""
    text = _text(value).strip()
    if text.lower() == "localhost":
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        hint = "0.0.0.0 for all of IPv4, :: for all of IPv6" if text == "*" else "127.0.0.1 or ::1, say"
        raise ValueError(f"{quoted(value)} is no IP address; write {hint}") from None
    if address.is_multicast or "%" in text:
        raise ValueError(f"{quoted(value)} is no address that a phone can have; write 192.168.1.20, say")
    return str(address)


def read_addresses(value: object) -> tuple[str, ...]:
    """Addresses to listen at; in one text they are separated by white space or commas."""
    addresses = tuple(dict.fromkeys(map(read_address, _words(value))))
    if not addresses:
        raise ValueError("there is no address; write 127.0.0.1, say")
    return addresses


def read_public_address(value: object) -> str:
    address = read_address(value)
    if ipaddress.ip_address(address).is_unspecified:
        raise ValueError(
            f"{quoted(value)} is nowhere to send to; write the address that others reach this phone at"
        )
    return address


def read_name_server(value: object) -> NameServer:
    """`ADDR[:PORT]`, an IPv6 address with a port in brackets."""
    if isinstance(value, NameServer):
        return value
    text = _text(value).strip()
    with_port = re.fullmatch(r"(\[.*\]|[^:]*):([^:]*)", text)
    host, port = with_port.groups() if with_port else (text, str(DNS_PORT))
    try:
        address = str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]")))
        number = read_port(port)
    except ValueError:
        address, number = "", 0
    if not address or not number:
        raise ValueError(
            f"{quoted(value)} is no name server; write its address, as 192.168.1.1 or [2001:db8::1]:53"
        )
    return NameServer(address, number)


def read_allow_list(value: object) -> AllowList:
    if isinstance(value, AllowList):
        return value
    return AllowList.parse(value if isinstance(value, str) else ",".join(map(_text, _items(value))))


def read_host_names(value: object) -> frozenset[str]:
    """Names as a `Host` has them; in one text they are separated by white space or commas."""
    return frozenset(read_host_name(_text(word)) for word in _words(value))


def read_origins(value: object) -> frozenset[str]:
    """Origins of web pages; in one text they are separated by white space or commas."""
    return frozenset(read_origin(_text(word)) for word in _words(value))


def read_yes(value: object) -> bool:
    if isinstance(value, bool):
        return value
    answer = _YES.get(_text(value).strip().lower())
    if answer is None:
        raise ValueError(f"{quoted(value)} is neither yes nor no")
    return answer


def read_refusal_code(value: object) -> int:
    number = _integer(value)
    if number not in REFUSAL_CODES:
        codes = ", ".join(map(str, REFUSAL_CODES))
        raise ValueError(f"{quoted(value)} is no code to refuse a call with; write one of {codes}")
    return number


def read_seconds(value: object) -> int:
    number = _integer(value)
    if number is None or not 1 <= number <= 600:
        raise ValueError(f"{quoted(value)} is no time; write seconds from 1 to 600")
    return number


def read_choice(kind: type[_Choice]) -> Callable[[object], _Choice]:
    """Reads one of the values of `kind`."""

    def read(value: object) -> _Choice:
        try:
            return kind(_text(value).strip().lower())
        except ValueError:
            raise ValueError(f"{quoted(value)} is none of {', '.join(kind)}") from None

    return read


read_auto_answer = read_choice(AutoAnswer)
read_refer_policy = read_choice(ReferPolicy)


def read_number(value: object) -> str:
    """What may be dialled."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(value)
    try:
        return dialled(text).shown
    except NotDiallable as wrong:
        raise ValueError(str(wrong)) from None


def read_provisioning_url(value: object) -> str:
    """Where AutoP looks for its files. The URL is not repeated: it may hold a password."""
    wrong = "that is no address of provisioning files; write http://, https:// or tftp://HOST/FOLDER/"
    text = _text(value).strip()
    if not text.isprintable() or " " in text:
        raise ValueError(wrong)
    try:
        url = urlsplit(text)
        usable = url.scheme in _AUTOP_SCHEMES and url.hostname and url.port != 0
    except ValueError:
        raise ValueError(wrong) from None
    if not usable:
        raise ValueError(wrong)
    return text


def read_mac(value: object) -> str:
    text = _text(value)
    try:
        return parse_mac(text)
    except BadMac as error:
        raise ValueError(f"{quoted(value)}: {error}") from None


def read_accounts(value: object) -> tuple[Account, ...]:
    """Accounts as URIs or tables, numbered from 1. In one text they are separated by white space."""
    if isinstance(value, str):
        items: Iterable[object] = _BETWEEN_ACCOUNTS.split(value.strip())
    elif isinstance(value, Mapping):
        items = [value]
    else:
        items = _items(value)
    accounts: list[Account] = []
    seen: dict[tuple[str, str], int] = {}
    for number, item in enumerate(items, start=1):
        account = item if isinstance(item, Account) else _account(item, number)
        earlier = seen.setdefault((account.user, account.host), number)
        if earlier != number:
            raise ValueError(
                f"accounts {earlier} and {number} have the same user and host; leave one of them out"
            )
        accounts.append(account)
    return tuple(accounts)


def _account(item: object, number: int) -> Account:
    try:
        if isinstance(item, Mapping):
            return account_from_table(item, number)
        return parse_account(_text(item), number)
    except ValueError as error:
        raise ValueError(f"account {number}: {error}") from None


def quoted(value: object) -> str:
    """A value as an error shows it: on one line, and not too long for it."""
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:76]}…{shown[-1]}"


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("the value must be a text; put it in quotes")


def _words(value: object) -> Iterable[object]:
    return value.replace(",", " ").split() if isinstance(value, str) else _items(value)


def _items(value: object) -> Iterable[object]:
    if isinstance(value, list | tuple):
        return value
    raise ValueError("the value must be a text or a list of texts; put it in quotes")


def _integer(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return int(value)
    return None
