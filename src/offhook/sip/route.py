"""What route set and target make of a request: Request-URI, Route, and whither it goes
first (RFC 3261 §12.2.1.1)."""

import re
from collections.abc import Sequence

from .name_addr import NameAddr
from .uri import WireUri, parse_uri

_NOT_IN_REQUEST_URI = re.compile(r";method=[^;?]*|\?.*", re.IGNORECASE | re.DOTALL)
"""§19.1.1, table 1."""


def routed(target: WireUri, route_set: Sequence[str]) -> tuple[WireUri, list[str], WireUri]:
    """`route_set` are name-addrs, top first. Raises ValueError for a top one that cannot be read."""
    if not route_set:
        return target, [], target
    routes = list(route_set)
    first = parse_uri(NameAddr.parse(routes[0]).uri)
    if "lr" in first.parameters:
        return target, routes, first
    # A strict router of RFC 2543 wants itself in the Request-URI, and the target last.
    return parse_uri(_NOT_IN_REQUEST_URI.sub("", str(first))), [*routes[1:], f"<{target}>"], first
