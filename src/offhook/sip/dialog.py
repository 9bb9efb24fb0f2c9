"""A dialog: what two ends keep in common between requests (RFC 3261 §12)."""

from dataclasses import dataclass, replace

from sipmessage import Request, Response

from .destination import Destination, destination_of, numeric_hop
from .hop import Hop
from .message import ReceivedRequest, ReceivedResponse, finish
from .name_addr import NameAddr, split_list
from .route import routed
from .uri import WireUri, parse_uri
from .via import MAGIC_COOKIE

DialogId = tuple[str, str, str]
"""Call-ID, local tag, remote tag."""


@dataclass(slots=True)
class Dialog:
    call_id: str
    local: str
    """Our From, or To, with our tag, as it is sent."""
    local_tag: str
    remote: str
    remote_tag: str
    remote_target: WireUri
    route_set: tuple[str, ...]
    """As name-addrs, in the order of our Route headers."""
    local_sequence: int
    remote_sequence: int | None
    flow: Hop | None = None
    """The connection that the other end opened to ask for it, if it did: the way back to whoever is reached
    at that address (RFC 5923)."""

    @classmethod
    def of_response(cls, invite: Request, response: ReceivedResponse) -> "Dialog":
        """The caller's side (§12.1.2).

        A Contact or Record-Route that cannot be read is passed over: the call stands at the other end, and
        an ACK by the next best way is better than none.
        """
        dialog = cls(
            call_id=response.call_id,
            local=invite.headers["From"],
            local_tag=response.from_.tag,
            remote=response.message.headers["To"],
            remote_tag=response.to.tag,
            remote_target=parse_uri(str(invite.uri)),
            route_set=(),
            local_sequence=response.sequence,
            remote_sequence=None,
        )
        dialog.confirm(response)
        return dialog

    @classmethod
    def of_request(cls, invite: ReceivedRequest, local_tag: str) -> "Dialog":
        """The side that is called (§12.1.1). Raises ValueError for a bad Contact or Record-Route."""
        headers = invite.message.headers
        target = contact_of(invite.message)
        if target is None:
            # RFC 2543 could do without: From was where its sender is.
            target = parse_uri(invite.from_.uri)
            if invite.via.branch.startswith(MAGIC_COOKIE) or not target.is_sip:
                raise ValueError("Contact missing")
        return cls(
            call_id=invite.call_id,
            local=f"{headers['To']};tag={local_tag}",
            local_tag=local_tag,
            remote=headers["From"],
            remote_tag=invite.from_.tag,
            remote_target=target,
            route_set=_record_route(invite.message),
            local_sequence=0,
            remote_sequence=invite.sequence,
            flow=invite.source if invite.source.accepted else None,
        )

    @property
    def id(self) -> DialogId:
        return (self.call_id, self.local_tag, self.remote_tag)

    def confirm(self, response: ReceivedResponse) -> None:
        """Take route set and target from the response anew, as a 2xx wants it (§13.2.2.4)."""
        try:
            self.route_set = _record_route(response.message)[::-1]
        except ValueError:
            self.route_set = ()
        self.refresh(response.message)

    def refresh(self, message: Request | Response, source: Hop | None = None) -> None:
        """A target refresh names where the other end is reached from now on (§12.2), and who it is
        (RFC 4916 §4.5); `source` is where a request came from."""
        if source is not None and source.accepted:
            self.flow = source
        if isinstance(message, Request):
            self.remote = message.headers["From"]
        try:
            self.remote_target = contact_of(message) or self.remote_target
        except ValueError:
            return

    @property
    def destination(self) -> Destination:
        """Where the next request within it goes."""
        return self._destination(routed(self.remote_target, self.route_set)[2])

    @property
    def first(self) -> WireUri:
        """Whose hop that is: of the first route, else of the other end itself."""
        return parse_uri(NameAddr.parse(self.route_set[0]).uri) if self.route_set else self.remote_target

    def _destination(self, first: WireUri) -> Destination:
        destination = destination_of(first)
        if self.remote_target.scheme == "sips":
            destination = destination.secured()
        if self.flow is not None:
            there = replace(destination, accepted=True)
            return there if numeric_hop(there) == self.flow else destination
        return destination

    def request(self, method: str, sequence: int | None = None) -> tuple[Request, Destination]:
        """A request and where it goes (§12.2.1.1); `sequence` is for an ACK, which has its INVITE's."""
        if sequence is None:
            self.local_sequence += 1
            sequence = self.local_sequence
        target, routes, first = routed(self.remote_target, self.route_set)
        request = Request(method, target)
        headers = request.headers
        if routes:
            headers.setlist("Route", routes)
        headers.set("Max-Forwards", "70")
        headers.set("From", self.local)
        headers.set("To", self.remote)
        headers.set("Call-ID", self.call_id)
        headers.set("CSeq", f"{sequence} {method}")
        finish(request)
        return request, self._destination(first)


def contact_of(message: Request | Response) -> WireUri | None:
    """The one Contact of a message that makes or refreshes a dialog. Raises ValueError."""
    values = [item for value in message.headers.getlist("Contact") for item in split_list(value)]
    if not values:
        return None
    uri = parse_uri(NameAddr.parse(values[0]).uri)
    if not uri.is_sip:
        raise ValueError("Contact is no SIP URI")
    return uri


def _record_route(message: Request | Response) -> tuple[str, ...]:
    """Top first. Raises ValueError."""
    routes = [item for value in message.headers.getlist("Record-Route") for item in split_list(value)]
    for route in routes:
        if not parse_uri(NameAddr.parse(route).uri).is_sip:
            raise ValueError("Record-Route is no SIP URI")
    return tuple(routes)
