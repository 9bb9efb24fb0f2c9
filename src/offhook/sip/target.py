"""What a person dials, made a Request-URI, and the way to it."""

from functools import lru_cache

from .account import Account
from .destination import Destination, destination_of
from .name_addr import NameAddr, one_line
from .uri import WireUri, parse_uri, sip_uri


def target_of(text: str, account: Account | None) -> WireUri:
    """A SIP URI, `user@host`, or a user at the account's host. Raises ValueError."""
    if text.lower().startswith(("sip:", "sips:")):
        return parse_uri(text)
    if ":" in text.partition("@")[0]:
        raise ValueError(f"{text!r} cannot be called; right would be a number or sip:user@host")
    if "@" in text:
        return parse_uri(f"sip:{text}")
    if not text:
        raise ValueError("there is nothing to dial; right would be a number or sip:user@host")
    if account is None:
        raise ValueError(
            f"{text!r} names no host, and there is no account to complete it; right would be sip:user@host"
        )
    return sip_uri(one_line(text), account.host, account.port)


def at_registrar(target: WireUri, account: Account | None, acting: Account | None) -> WireUri:
    """What was dialled at the account's own host, at the registrar that it is registered with now."""
    if acting is account or account is None or acting is None:
        return target
    if (target.host.lower(), target.port) != (account.host.lower(), account.port):
        return target
    return sip_uri(target.user or "", acting.host, acting.port)


def destination_of_account(account: Account) -> Destination:
    """The registrar, and where what is dialled goes, unless there is a proxy before it."""
    return Destination(account.host.strip("[]").lower(), account.port, account.transport)


def first_of_all(account: Account) -> Destination:
    """Where whatever the account sends outside a dialog goes first: its proxy, else its registrar."""
    return destination_of(parse_uri(account.proxy)) if account.proxy else destination_of_account(account)


def preloaded(account: Account | None, service_route: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The routes of what this end sends outside a dialog (RFC 3261 §8.1.2, RFC 3608 §5).

    The proxy is a loose router. A registrar that it stands before may name it as its own first route.
    """
    if account is None or not account.proxy:
        return service_route
    proxy = _loose(account.proxy)
    if service_route and _place(service_route[0]) == _place(proxy):
        return service_route
    return (proxy, *service_route)


def first_destination(first: WireUri, account: Account | None) -> Destination:
    """Of the URI that a request goes to first: the account's own host by the account's transport, any other
    as its URI says."""
    if account is not None and first.host.lower() == account.host.lower() and first.port == account.port:
        own = destination_of_account(account)
        if own.over_tls or "maddr" not in first.parameters:
            return own
    return destination_of(first)


@lru_cache
def _loose(proxy: str) -> str:
    return f"<{proxy}>" if "lr" in parse_uri(proxy).parameters else f"<{proxy};lr>"


def _place(route: str) -> tuple[str, int | None]:
    uri = parse_uri(NameAddr.parse(route).uri)
    return uri.host.lower(), uri.port
