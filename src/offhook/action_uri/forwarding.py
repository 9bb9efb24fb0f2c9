"""Whom a request comes from when a proxy may stand between: RFC 7239, and `X-Forwarded-*` before it.

Anybody can write these headers, so they count only from a proxy that the settings name. From loopback
without that they mean a proxy nobody named, behind which everybody would be 127.0.0.1.
"""

from ipaddress import ip_address

from .allow_list import AllowList
from .answer_line import quoted
from .http import HttpRequest

_FORWARDED_FOR = b"x-forwarded-for"
_FORWARDED_PROTO = b"x-forwarded-proto"


class Untraceable(ValueError):
    """The request went through a proxy that does not count, or that does not say for whom."""


def trace(request: HttpRequest, proxies: AllowList) -> tuple[str, str]:
    """The address to judge and the scheme the client used.

    :raises Untraceable:
    """
    peer, fields = request.peer, request.fields
    carried = [name for name in fields if name.startswith(b"x-forwarded-") or name in {b"forwarded", b"via"}]
    if not carried:
        return peer, request.scheme
    if not proxies.admits(peer):
        if _is_loopback(peer):
            raise Untraceable(
                f"this came through a proxy on this machine ({carried[0].decode('latin-1')}): "
                f"start the phone with --trusted-proxy {peer}, so that those behind it can be told apart"
            )
        return peer, request.scheme
    clients = set()
    if _FORWARDED_FOR in fields:
        clients.add(_client(request, fields[_FORWARDED_FOR].decode("latin-1").split(","), proxies))
    forwarded = [_pairs(element) for element in fields.get(b"forwarded", b"").decode("latin-1").split(",")]
    if b"forwarded" in fields:
        clients.add(_client(request, [pairs.get("for", "") for pairs in forwarded], proxies))
    if len(clients) != 1:
        what = "contradicts itself about" if clients else "does not say"
        raise Untraceable(f"the proxy {peer} {what} whom it forwards for; let it set X-Forwarded-For alone")
    told = fields.get(_FORWARDED_PROTO, b"").decode("latin-1").rpartition(",")[2].strip().lower()
    told = told or forwarded[-1].get("proto", "").lower()
    return clients.pop(), told if told in {"http", "https"} else request.scheme


def _client(request: HttpRequest, hops: list[str], proxies: AllowList) -> str:
    """The rightmost hop that is not a proxy of ours: what stands left of it the client may have made up."""
    address = request.peer
    for hop in reversed(hops):
        address = _address(hop)
        if not proxies.admits(address):
            break
    return address


def _pairs(element: str) -> dict[str, str]:
    # Quotes reach over no comma or semicolon: a client's unclosed one could swallow what the proxy adds.
    pairs = (pair.partition("=") for pair in element.split(";"))
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _address(hop: str) -> str:
    """Of a node identifier (RFC 7239 §6) without its port.

    :raises Untraceable:
    """
    node = hop.strip().strip('"')
    if node.startswith("["):
        node = node[1:].partition("]")[0]
    elif node.count(":") == 1:
        node = node.partition(":")[0]
    try:
        return str(ip_address(node))
    except ValueError:
        raise Untraceable(f"the proxy forwards for {quoted(node)}, which is no address") from None


def _is_loopback(address: str) -> bool:
    return address.startswith(("127.", "::ffff:127.")) or address == "::1"
