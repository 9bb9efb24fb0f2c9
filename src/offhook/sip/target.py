"""What a person dials, made a Request-URI, and the first hop to it."""

from .account import Account
from .hop import Hop
from .name_addr import one_line
from .uri import DEFAULT_PORT, WireUri, hop_of, parse_uri, sip_uri


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


def hop_of_account(account: Account) -> Hop:
    port = account.port or DEFAULT_PORT[account.transport]
    return Hop(account.transport, account.host.strip("[]"), port)


def first_hop(target: WireUri, account: Account | None) -> Hop:
    """Where a request without a route goes: the account's own host by its transport, any other as its URI
    says."""
    if account is not None and target.host.lower() == account.host.lower() and target.port == account.port:
        return hop_of_account(account)
    return hop_of(target)
