"""What a registrar's 2xx grants (RFC 3261 §10.2.4): for how long, by which route, how the flow is kept."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from sipmessage import URI, Response

from .delta_seconds import seconds
from .name_addr import NameAddr, split_list
from .uri import DEFAULT_PORT, parse_uri

MAX_ROUTES: Final = 8
"""Of a Service-Route. They go with every request of the account."""

LONGEST_FLOW_TIMER: Final = 3600


def granted(response: Response, contact: URI) -> int | None:
    """Seconds: those of our own Contact, or of the only one (a registrar may rewrite it for a NAT), else of
    the Expires header; None where neither says."""
    bindings: list[tuple[bool, int | None]] = []
    for item in _items(response, "Contact"):
        with suppress(ValueError):
            binding = NameAddr.parse(item)
            ours = same_contact(parse_uri(binding.uri), contact)
            bindings.append((ours, seconds(binding.parameters.get("expires"))))
    candidates = [lasting for ours, lasting in bindings if ours] or [lasting for _, lasting in bindings]
    lasting = candidates[0] if len(candidates) == 1 else None
    return seconds(response.headers.get("Expires")) if lasting is None else lasting


def service_route(response: Response) -> tuple[str, ...]:
    """The route of the account's requests (RFC 3608 §5), top first; empty where one of it cannot be read."""
    routes = [*_items(response, "Service-Route")]
    try:
        usable = all(parse_uri(NameAddr.parse(route).uri).is_sip for route in routes)
    except ValueError:
        usable = False
    return tuple(routes) if usable and len(routes) <= MAX_ROUTES else ()


def keeps_flow(response: Response) -> bool:
    """The registrar reaches this end by this very flow from now on (RFC 5626 §6)."""
    return "outbound" in (item.lower() for item in _items(response, "Require"))


def flow_timer(response: Response) -> int | None:
    """Seconds within which it wants a sign of life (RFC 5626 §10)."""
    wanted = seconds(response.headers.get("Flow-Timer"))
    return min(wanted, LONGEST_FLOW_TIMER) if wanted else None


def same_contact(one: URI, other: URI) -> bool:
    """Parameters are left out of it: registrars add and drop them."""
    return _key(one) == _key(other)


def _key(uri: URI) -> tuple[str | None, str, int]:
    return uri.user, uri.host.lower(), uri.port or DEFAULT_PORT["UDP"]


def _items(response: Response, name: str) -> Iterator[str]:
    for value in response.headers.getlist(name):
        yield from split_list(value)
