"""Accounts as a person writes them: one URI, or one table of a configuration file.

    sip:USER[:PASSWORD]@HOST[:PORT][;transport=udp|tcp|tls][;auth=NAME][;name=DISPLAY NAME]
                                   [;srtp=no|optional|required][;register=yes|no]
                                   [;backup=HOST[:PORT]][;keepalive=no|SECONDS][;ping=crlf|options]
                                   [;codecs=g722,pcmu,pcma,opus][;dtmf=auto|rtp|info|inband]
                                   [;refresh=no|SECONDS][;proxy=HOST[:PORT]]
                                   [;privacy=yes|no][;mwi=auto|yes|no]

It looks like a SIP URI (RFC 3261 §19.1) and is read more leniently, for people type it:

- Everything up to the last `@` before the first `;` is user and password, so a password may hold `:` and `@`
  as they are; a `;` must be written `%3B`, and a `%` before two hexadecimal digits `%25`.
- A display name needs neither quotes nor percent-encoding, and may have both.
- `sips:` is `;transport=tls`. Without one DNS may say which; else it is UDP (RFC 3263 §4.1).
- The outbound proxy may have a transport of its own, in quotes: `;proxy="edge.example;transport=tcp"`; else
  it has the account's.
- An IPv6 address stands in brackets.

No error repeats any part of a URI: where a person made a mistake, any part may be a part of the password.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final, TypeVar
from urllib.parse import unquote

from offhook.sip import session_expires
from offhook.sip.account import USUAL_CODECS, Account, Dtmf, Mwi, Ping, Srtp
from offhook.sip.hop import Transport, uri_host
from offhook.sip.media import CODECS

_SHAPE: Final = "sip:USER[:PASSWORD]@HOST[:PORT]"
_PARAMETERS: Final = (
    "transport",
    "auth",
    "name",
    "srtp",
    "register",
    "backup",
    "keepalive",
    "ping",
    "codecs",
    "dtmf",
    "refresh",
    "proxy",
    "privacy",
    "mwi",
)
_KEYS: Final = ("uri", "user", "password", "host", "port", *_PARAMETERS)
PARTS: Final = tuple(key for key in _KEYS if key != "uri")
"""What an account consists of, as a table spells it."""

Part = str | int | None
_ATTRIBUTES: Final = {"auth": "auth_name", "name": "display_name"}
_TRANSPORTS: Final[Mapping[str, Transport]] = {"udp": "UDP", "tcp": "TCP", "tls": "TLS"}
_SRTP: Final[Mapping[str, Srtp]] = {"no": "no", "optional": "optional", "required": "required"}
_DTMF: Final[Mapping[str, Dtmf]] = {"auto": "auto", "rtp": "rtp", "info": "info", "inband": "inband"}
_YES: Final[Mapping[str, bool]] = {"yes": True, "no": False}
_PING: Final[Mapping[str, Ping]] = {"crlf": "crlf", "options": "options"}
_MWI: Final[Mapping[str, Mwi]] = {"auto": "auto", "yes": "yes", "no": "no"}

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "transport": ("", *_TRANSPORTS),
    "srtp": tuple(_SRTP),
    "ping": tuple(_PING),
    "dtmf": tuple(_DTMF),
    "mwi": tuple(_MWI),
}
"""What parts may be that are one of a few words; an empty one is no value."""

LONGEST_KEEPALIVE: Final = 3600
LONGEST_REFRESH: Final = 86400

# A quoted value may hold semicolons.
_PARAMETER: Final = re.compile(r';([^=;]*)(?:=(\s*"(?:[^"\\]|\\.)*"\s*(?=;|\Z)|[^;]*))?', re.DOTALL)
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_HOST_PORT: Final = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::(.*))?", re.DOTALL)
_LABEL: Final = re.compile(
    r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
)  # `_` is common in the names of containers
_NOT_IN_USER: Final = re.compile(r'[\s<>"]')
_NOT_PRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")  # bytes of a command line that were not UTF-8
_Chosen = TypeVar("_Chosen")


class BadAccount(ValueError):
    """One line that says what is wrong and what would be right, and never holds the password."""


def parse_account(text: str, id: int) -> Account:  # noqa: A002  # as the account's field is called
    """The account that a URI describes; `id` counts from 1.

    User name and password come percent-decoded, an IPv6 host without its brackets. Raises BadAccount.
    """
    return _account(_fields(text), id)


def account_from_table(table: Mapping[str, object], id: int) -> Account:  # noqa: A002
    """The account that a table of a configuration file describes; `id` counts from 1.

    Its keys are the parts of the URI spelt out (`user`, `password`, `host`, `port`, `transport`, `auth`,
    `name`, `srtp`, `register`, `backup`, `keepalive`, `ping`, `codecs`, `dtmf`, `refresh`, `proxy`,
    `privacy`, `mwi`), or `uri` and whatever that leaves out, so that a password can stand by itself. `codecs`
    is a list. Values are taken as they are: only in `uri` anything is percent-decoded. Raises BadAccount.
    """
    fields: dict[str, str] = {}
    for key, value in table.items():
        if key not in _KEYS:
            raise BadAccount(f"an account has no {key!r}{_nearest(key, _KEYS)}")
        match key, value:
            case "register" | "privacy" | "mwi", bool():
                fields[key] = "yes" if value else "no"
            case "codecs", list() if all(isinstance(codec, str) for codec in value):
                fields[key] = ",".join(value)
            case "port" | "keepalive" | "refresh", int() if not isinstance(value, bool):
                fields[key] = str(value)
            case "keepalive" | "refresh", False:
                fields[key] = "no"
            case _, str():
                fields[key] = value
            case _:
                raise BadAccount(f"{key} must be a text in quotes")
    if "uri" in fields:
        in_uri = _fields(fields.pop("uri"))
        if twice := sorted(in_uri.keys() & fields.keys()):
            raise BadAccount(f"{twice[0]} stands in the uri and beside it too; write it once")
        fields |= in_uri
    for key in ("user", "host"):
        if key not in fields:
            raise BadAccount(f'{key} is missing; write {key} = "…", or uri = "{_SHAPE}"')
    return _account(fields, id)


def read_part(key: str, value: object) -> Part:
    """One part of an account by itself, as a table would have it and in one spelling. Raises BadAccount."""
    account = account_from_table({"user": "user", "host": "host.invalid", key: value}, 1)
    return _part(key, account)


def table_of(account: Account) -> dict[str, Part]:
    """The table that describes the account: of what has a usual value only what is not as usual."""
    usual = Account(account.id, "", "")
    parts = {key: _part(key, account) for key in PARTS}
    return {key: part for key, part in parts.items() if part is not None and part != _part(key, usual)}


def _part(key: str, account: Account) -> Part:
    value = getattr(account, _ATTRIBUTES.get(key, key))
    match key, value:
        case "transport", str():
            return value.lower()
        case "keepalive" | "refresh", 0:
            return "no"
        case "backup", (str() as host, port):
            return uri_host(host) + (f":{port}" if port else "")
        case "codecs", tuple():
            return ",".join(value).lower()
        case _, str() | int() | None:
            return value
    raise TypeError(f"{key} of an account cannot be written")


def _fields(uri: str) -> dict[str, str]:
    scheme, colon, rest = uri.strip().partition(":")
    if not colon or scheme.lower() not in {"sip", "sips"}:
        raise BadAccount(f"it must begin with sip:, as in {_SHAPE}")
    address, semicolon, tail = rest.partition(";")
    userinfo, at, host_port = address.rpartition("@")
    if not at:
        raise BadAccount(
            f"there is no @HOST before the first ';'; write {_SHAPE}, and a ';' in the password as %3B"
            if semicolon
            else f"there is no @HOST; write {_SHAPE}"
        )
    user, colon, password = userinfo.partition(":")
    fields = {"user": _decoded(user, "user name")}
    if colon:
        fields["password"] = _decoded(password, "password")

    fields |= _host_port(host_port)

    fields |= _parameters(semicolon + tail)
    if scheme.lower() == "sips":
        if fields.get("transport", "").lower() == "udp":
            raise BadAccount("sips: cannot go over udp; write sip:, or leave ;transport=udp out")
        fields["transport"] = "tls"
    return fields


def _host_port(text: str) -> dict[str, str]:
    match = _HOST_PORT.fullmatch(text.strip())
    if match is None or ":" in (match[2] or ""):
        raise BadAccount(
            "HOST must be a name or an address, an IPv6 address in brackets, as in [2001:db8::1]"
        )
    return {"host": match[1]} if match[2] is None else {"host": match[1], "port": match[2]}


def _parameters(text: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for number, match in enumerate(_PARAMETER.finditer(text), start=1):
        name, value = match[1].strip().lower(), (match[2] or "").strip()
        if not name and match[2] is None:
            continue
        if name not in _PARAMETERS:
            raise BadAccount(
                f"parameter {number} is unknown{_nearest(name, _PARAMETERS)}; there are "
                f"{_listed(_PARAMETERS, 'and')}, and a ';' in the password is written %3B"
            )
        if not value:
            raise BadAccount(f";{name}= is empty; give it a value or leave it out")
        if name in parameters:
            raise BadAccount(f";{name}= stands there twice; write it once")
        if quoted := _QUOTED.fullmatch(value):
            value = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL)
        parameters[name] = _decoded(value, name)
    return parameters


def _decoded(text: str, what: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise BadAccount(f"the percent-encoding of the {what} is not UTF-8; ü, say, is %C3%BC") from None


def _account(fields: Mapping[str, str], id: int) -> Account:  # noqa: A002
    user = fields["user"]
    if not user:
        raise BadAccount(f"USER is empty; write {_SHAPE}")
    if _NOT_IN_USER.search(user):
        raise BadAccount('the user name may not hold spaces, quotes, "<" or ">"')
    for what in ("user", "auth", "name"):
        if _NOT_PRINTABLE.search(fields.get(what, "")):
            raise BadAccount(f"the {what} holds a character that cannot be printed; leave it out")
    password = fields.get("password", "")
    if _SURROGATE.search(password):
        raise BadAccount("the password holds bytes that are not UTF-8; percent-encode them")
    transport = _choice("transport", fields["transport"], _TRANSPORTS) if "transport" in fields else None
    return Account(
        id=id,
        user=user,
        host=_host(fields["host"]),
        port=_port(fields["port"]) if "port" in fields else None,
        transport=transport,
        password=password,
        auth_name=fields.get("auth", ""),
        display_name=fields.get("name", ""),
        register=_choice("register", fields.get("register", "yes"), _YES),
        privacy=_choice("privacy", fields.get("privacy", "no"), _YES),
        mwi=_choice("mwi", fields.get("mwi", "auto"), _MWI),
        srtp=_choice("srtp", fields.get("srtp", "no"), _SRTP),
        backup=_backup(fields["backup"]) if "backup" in fields else None,
        keepalive=_keepalive(fields["keepalive"]) if "keepalive" in fields else None,
        ping=_choice("ping", fields.get("ping", "crlf"), _PING),
        codecs=_codecs(fields["codecs"]) if "codecs" in fields else USUAL_CODECS,
        dtmf=_choice("dtmf", fields.get("dtmf", "auto"), _DTMF),
        refresh=_refresh(fields["refresh"]) if "refresh" in fields else session_expires.DEFAULT,
        proxy=_proxy(fields["proxy"], transport) if "proxy" in fields else "",
    )


def _backup(text: str) -> tuple[str, int | None]:
    try:
        fields = _host_port(text)
        return _host(fields["host"]), _port(fields["port"]) if "port" in fields else None
    except BadAccount as error:
        raise BadAccount(f"backup: {error}") from None


def _keepalive(text: str) -> int:
    if text.lower() == "no":
        return 0
    if text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= LONGEST_KEEPALIVE:
        return int(text)
    raise BadAccount(f"keepalive must be no, or seconds from 1 to {LONGEST_KEEPALIVE}")


def _refresh(text: str) -> int:
    if text.lower() == "no":
        return 0
    least = session_expires.LEAST
    if text.isascii() and text.isdigit() and len(text) <= 5 and least <= int(text) <= LONGEST_REFRESH:
        return int(text)
    raise BadAccount(f"refresh must be no, or seconds from {least} to {LONGEST_REFRESH}")


def _proxy(text: str, transport: Transport | None) -> str:
    """As a SIP URI. Everything in it may be an error of somebody who meant to write a password."""
    shape = 'proxy must be HOST[:PORT], with a transport as "HOST[:PORT];transport=tcp"'
    scheme, _, rest = text.partition(":") if text.lower().startswith(("sip:", "sips:")) else ("sip", "", text)
    address, _, parameters = rest.partition(";")
    try:
        where = _host_port(address)
        host = uri_host(_host(where["host"]))
        port = f":{_port(where['port'])}" if "port" in where else ""
    except BadAccount as error:
        raise BadAccount(f"{shape}; {error}") from None
    given = [each.strip().lower() for each in parameters.split(";") if each.strip().lower() not in {"", "lr"}]
    if scheme.lower() == "sips":
        transport = "TLS"
    for each in given:
        name, _, value = each.partition("=")
        if name != "transport" or len(given) > 1:
            raise BadAccount(shape)
        transport = _choice("the proxy's transport", value, _TRANSPORTS)
    return f"sip:{host}{port}" + (f";transport={transport.lower()}" if transport else "")


def _host(text: str) -> str:
    host = text.lower()
    if "%" in host:
        raise BadAccount("HOST may hold no '%'; a SIP address has no zone")
    if ":" in host or host.startswith("["):
        try:
            return str(ipaddress.IPv6Address(host.removeprefix("[").removesuffix("]")))
        except ValueError:
            raise BadAccount("HOST is no IPv6 address; write one as in [2001:db8::1]") from None
    if not host:
        raise BadAccount(f"HOST is empty; write {_SHAPE}")
    if not host.isascii():
        raise BadAccount("HOST must be ASCII; write an international name in its xn-- form")
    labels = host.removesuffix(".").split(".")
    if labels[-1].isdigit():
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise BadAccount("HOST is no IPv4 address; that is four numbers from 0 to 255") from None
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadAccount("HOST is no host name; that is letters, digits and dashes, with dots between")
    return ".".join(labels)


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535:
        return int(text)
    raise BadAccount("PORT must be a number from 1 to 65535")


def _codecs(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().upper() for name in text.split(","))
    if not set(names) <= CODECS.keys():
        raise BadAccount(
            f"codecs must be some of {_listed(map(str.lower, CODECS), 'and')}, best first, divided by commas"
        )
    if len(set(names)) < len(names):
        raise BadAccount("codecs names one twice; write each once, best first")
    return names


def _choice(name: str, value: str, choices: Mapping[str, _Chosen]) -> _Chosen:
    try:
        return choices[value.lower()]
    except KeyError:
        raise BadAccount(f"{name} must be {_listed(choices, 'or')}") from None


def _listed(words: Iterable[str], conjunction: str) -> str:
    *first, last = words
    return f"{', '.join(first)} {conjunction} {last}"


def _nearest(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
