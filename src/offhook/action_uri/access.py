"""Who may drive the phone, and the guard that judges every request by it before its path is looked at.

In this order: the allow list, the `Host`, the page that the request comes from.
"""

from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

from .allow_list import AllowList
from .answer_line import API, NOT_STORED, answer_line, quoted
from .credential import Asked, Credential
from .forwarding import Untraceable, trace
from .host_name import is_literal, name_of, names_of_this_machine, read_host_name
from .http import Header, HttpRequest, HttpResponse
from .provenance import Provenance, origin_of, provenance, read_origin, told_origin

ACTION_PATH = "/fcgi/do"
BEARER: Header = (b"www-authenticate", b'Bearer realm="offhook"')

_PREFLIGHT: tuple[Header, ...] = (
    (b"access-control-allow-methods", b"GET, HEAD, POST"),
    (b"access-control-allow-headers", b"Authorization, Content-Type"),
)
_FACTORY_LIST = AllowList(("127.0.0.1", "::1"))
_NOBODY = AllowList(())


@dataclass(frozen=True)
class Access:
    """The settings that the guard goes by."""

    allow: AllowList = _FACTORY_LIST
    trusted_origins: frozenset[str] = frozenset()
    """Origins whose pages may do everything but `Reset`, such as `https://crm.example.org`."""
    trusted_proxies: AllowList = _NOBODY
    """Proxies whose `X-Forwarded-For` or `Forwarded` counts. They are to pass `Host` on as they got it."""
    host_names: frozenset[str] = frozenset()
    """Names beyond the machine's own by which this phone may be called."""
    confirm_page: bool = True
    """Whether `Reset` and `Reboot` from a browser that does not say where from ask for a click first."""
    asked: Asked = Asked.OFF
    """Whether the Action URI wants `credential`; without one nobody is asked."""
    credential: Credential | None = None
    machine_names: frozenset[str] = field(default_factory=names_of_this_machine)

    def __post_init__(self) -> None:
        """:raises ValueError: for a trusted origin that is none, or a host name that is none"""
        object.__setattr__(self, "trusted_origins", frozenset(map(read_origin, self.trusted_origins)))
        object.__setattr__(self, "host_names", frozenset(map(read_host_name, self.host_names)))


@dataclass(frozen=True, slots=True)
class Admission:
    """A request that passed the guard; `cors` goes with its answer.

    `address` and `scheme` are the client's, whatever proxy stands between; `listed` is whether the address
    is on the list, and not let in for another reason.
    """

    provenance: Provenance
    address: str
    scheme: str
    listed: bool
    cors: tuple[Header, ...] = ()


class Door(Protocol):
    """A log-in, for whoever is not on the list."""

    path: str
    """Where a browser is sent."""
    looks: str
    """What the paths begin with of what pages look like."""

    def lets_in(self, request: HttpRequest) -> bool:
        """Whether this is somebody who has logged in, or the way to do so."""


def judge(request: HttpRequest, access: Access, door: Door | None = None) -> Admission | HttpResponse:
    """Let the request pass, or answer it: a 400 or 403 that says what is wrong, or a trusted page's CORS
    preflight.

    Whomever the `door` lets in needs not be on the list, but for the Action URI.
    """
    try:
        address, scheme = trace(request, access.trusted_proxies)
    except Untraceable as reason:
        return answer_line(request, 403, str(reason))
    listed = access.allow.admits(address)
    credential = access.credential if request.path == ACTION_PATH else None
    if not listed and credential is not None and access.asked is Asked.INSTEAD:
        if refusal := credential.refusal(request, address):
            return refusal
    elif not listed and (door is None or request.path == ACTION_PATH or not door.lets_in(request)):
        if door is not None and request.path.startswith(API):
            text = f"{address} is not on this phone's Allowed Access IP List, and shows no token"
            return answer_line(request, 401, text, BEARER)
        if door is not None and request.path != ACTION_PATH and _wants_a_page(request):
            return _sent_to(door.path, request)
        return answer_line(
            request,
            403,
            f"{address} is not on this phone's Allowed Access IP List: "
            f"start the phone with an --allow that names it, or add it at "
            f"Phone > Call Feature > Remote Control > Allowed Access IP List",
        )
    host = request.text(b"host")
    if host is not None and not is_literal(host):
        name = name_of(host)
        if name is None:
            return answer_line(request, 400, f"Host is no host: {quoted(host)}")
        if name not in access.machine_names and name not in access.host_names:
            return answer_line(
                request,
                403,
                f"this phone is not known as {quoted(name)}: start it with that --host-name, "
                f"or use its address",
            )
    kind = provenance(request, scheme, access.trusted_origins)
    if kind is Provenance.FOREIGN or (kind is Provenance.CLICKED and request.path != ACTION_PATH):
        return foreign(request)
    cors: tuple[Header, ...] = ()
    if kind is Provenance.TRUSTED and (origin := request.fields.get(b"origin")):
        # What a trusted page needs to read the answer (Fetch, section "CORS protocol").
        cors = ((b"access-control-allow-origin", origin), (b"vary", b"Origin"))
        if request.method == "OPTIONS" and b"access-control-request-method" in request.fields:
            # A preflight brings no credential (Fetch, "CORS-preflight fetch").
            return HttpResponse(204, [*NOT_STORED, *cors, *_PREFLIGHT])
    if (
        credential is not None
        and access.asked is Asked.ALSO
        and (refusal := credential.refusal(request, address))
    ):
        refusal.headers.extend(cors)
        return refusal
    return Admission(kind, address, scheme, listed, cors)


def _wants_a_page(request: HttpRequest) -> bool:
    return request.method == "GET" and "text/html" in (request.text(b"accept") or "").lower()


def _sent_to(log_in: str, request: HttpRequest) -> HttpResponse:
    location = f"{log_in}?next={quote(request.path, safe='/')}"
    return HttpResponse(303, [(b"location", location.encode()), *NOT_STORED])


def foreign(request: HttpRequest) -> HttpResponse:
    """The 403 for a foreign web page."""
    page = told_origin(request)
    whose = (
        f"a foreign web page ({quoted(origin_of(page) or page)})" if page else "a foreign web page, it seems"
    )
    return answer_line(
        request,
        403,
        f"this comes from {whose}: start the phone with --trusted-origin and the page's origin, "
        f"or open the address by itself",
    )
