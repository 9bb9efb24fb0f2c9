"""What route set and target make of a request: Request-URI, Route, next hop (RFC 3261 §12.2.1.1)."""

import re
from collections.abc import Sequence

from .hop import Hop
from .name_addr import NameAddr
from .uri import WireUri, hop_of, parse_uri

_NOT_IN_REQUEST_URI = re.compile(r";method=[^;?]*|\?.*", re.IGNORECASE | re.DOTALL)
"""§19.1.1, table 1."""


def routed(target: WireUri, route_set: Sequence[str]) -> tuple[WireUri, list[str], Hop]:
    """`route_set` are name-addrs, top first. Raises ValueError for a top one that cannot be read."""
    if not route_set:
        return target, [], hop_of(target)
    routes = list(route_set)
    first = parse_uri(NameAddr.parse(routes[0]).uri)
    if "lr" in first.parameters:
        return target, routes, hop_of(first)
    # A strict router of RFC 2543 wants itself in the Request-URI, and the target last.
    return parse_uri(_NOT_IN_REQUEST_URI.sub("", str(first))), [*routes[1:], f"<{target}>"], hop_of(first)
